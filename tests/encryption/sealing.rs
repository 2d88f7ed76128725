//! From plaintexts to stored values, and back.

use std::collections::BTreeMap;

use k8s_etcd::Category;
use k8s_etcd::encryption::{
    DekSource, EncryptionConfiguration, Key, Keyring, LocalKms, Plaintext, Prefix, Provider,
    ProviderConfiguration, Sealer, aescbc, aesgcm, secretbox,
};

use crate::support::{configuration, encrypted, keyring, recognize, sha256};

const ETCD_KEY: &[u8] = b"/registry/secrets/default/a";

/// What the API server sealed, opened and sealed again with its own nonce, is
/// what it was.
#[test]
fn values_of_the_api_server_are_sealed_to_the_same_bytes() {
    for (scenario, count) in [("aesgcm", 102), ("aescbc", 42), ("secretbox", 438)] {
        let path = format!("snapshots/{scenario}/encryption-config.yaml");
        let keyring = keyring(&[&path]);
        let configuration = configuration(&path);
        let key: &Key = match &configuration.resources()[0].providers()[0] {
            ProviderConfiguration::AesGcm(keys)
            | ProviderConfiguration::AesCbc(keys)
            | ProviderConfiguration::Secretbox(keys) => &keys[0],
            _ => panic!("a provider with keys"),
        };
        let values = encrypted(scenario);
        assert_eq!(values.len(), count);
        for line in values {
            let etcd_key = line.key.as_bytes();
            let opened = keyring
                .decrypt(
                    &line.value,
                    line.resource.as_deref(),
                    Some(etcd_key),
                    &recognize,
                )
                .unwrap();
            let prefix = Prefix::parse(&line.value).unwrap();
            let payload = &prefix.rest()[key.name().len() + 1..];
            let name = key.name();
            let sealed = match prefix.provider().unwrap() {
                Provider::AesGcm => Sealer::AesGcm {
                    name,
                    key: &aesgcm::Key::new(key.secret()).unwrap(),
                    nonce: payload.first_chunk().unwrap(),
                }
                .seal(&opened.plaintext, etcd_key),
                Provider::AesCbc => Sealer::AesCbc {
                    name,
                    key: &aescbc::Key::new(key.secret()).unwrap(),
                    iv: payload.first_chunk().unwrap(),
                }
                .seal(&opened.plaintext, etcd_key),
                _ => Sealer::Secretbox {
                    name,
                    key: &secretbox::Key::new(key.secret()).unwrap(),
                    nonce: payload.first_chunk().unwrap(),
                }
                .seal(&opened.plaintext, etcd_key),
            };
            assert_eq!(sha256(&sealed.unwrap()), sha256(&line.value));
        }
    }
}

/// Re-encryption: what one policy opens, another seals and opens.
#[test]
fn a_policy_seals_as_it_writes() {
    let keyring = keyring(&["snapshots/rotation/encryption-config.yaml"]);
    let plaintext = b"k8s\0 anything";
    for (resource, header) in [
        ("secrets", "k8s:enc:aesgcm:v1:key2:"),
        ("configmaps", "k8s:enc:secretbox:v1:sbkey:"),
        ("deployments.apps", "k8s:enc:aesgcm:v1:apps-key:"),
        ("nodes", ""),
    ] {
        let value = keyring
            .seal(plaintext, Some(resource), ETCD_KEY, &[9; 24])
            .unwrap();
        assert!(value.starts_with(header.as_bytes()), "{resource}");
        let opened = keyring
            .decrypt(&value, Some(resource), Some(ETCD_KEY), &recognize)
            .unwrap();
        assert_eq!(*opened.plaintext, *plaintext);
        let stored = matches!(opened.plaintext, Plaintext::Stored(_));
        assert_eq!(stored, header.is_empty());
        assert!(!opened.info.out_of_policy && opened.info.policy.is_none());
    }
    let value = keyring.seal(plaintext, None, ETCD_KEY, &[9; 24]).unwrap();
    assert_eq!(value, plaintext);
    let phase2 = "snapshots/rotation/encryption-config.phase2.yaml";
    let value = crate::support::keyring(&[phase2])
        .seal(plaintext, Some("secrets"), ETCD_KEY, &[9; 24])
        .unwrap();
    assert!(value.starts_with(b"k8s:enc:aescbc:v1:key1:"));
}

#[test]
fn what_could_not_be_read_back_is_not_sealed() {
    let refused = |sealer: Sealer<'_>, plaintext: &[u8]| {
        let error = sealer.seal(plaintext, ETCD_KEY).unwrap_err();
        assert_eq!(error.category(), Category::Configuration);
        error.detail().to_owned()
    };
    assert_eq!(
        refused(Sealer::Identity, b"k8s:enc:x"),
        "a plaintext that begins with k8s:enc:, which the API server could not read back"
    );
    let dek = &aesgcm::Key::new(&[1; 32]).unwrap();
    let v1 = Sealer::KmsV1 {
        name: "kms",
        wrapped: &[0; 65536],
        dek,
        nonce: &[0; 12],
    };
    assert_eq!(refused(v1, b""), "65536 bytes, KMS v1 holds 65,535 at most");
    let annotations = BTreeMap::new();
    let v2 = |name, key_id, source| Sealer::KmsV2 {
        name,
        key_id,
        wrapped: b"wrapped",
        annotations: &annotations,
        source,
        nonce: &[0; 12],
    };
    assert_eq!(
        refused(v2("a:b", "kek", DekSource::Key(dek)), b""),
        "a KMS v2 provider's name with a ':', which the API server could not read back"
    );
    assert_eq!(
        refused(v2("a", "", DekSource::Key(dek)), b""),
        "failed to validate key id: keyID is empty"
    );
    let source = DekSource::Seed {
        seed: &[0; 31],
        info: &[0; 32],
    };
    assert_eq!(
        refused(v2("a", "kek", source), b""),
        "a seed of 31 bytes, need at least 32"
    );
    let keyring = keyring(&["snapshots/kmsv2/encryption-config.yaml"]);
    let error = keyring
        .seal(b"", Some("secrets"), ETCD_KEY, &[0; 24])
        .unwrap_err();
    assert_eq!(error.category(), Category::Configuration);
}

#[test]
fn keys_of_other_lengths_are_refused() {
    for length in 0..=64 {
        let key = vec![0; length];
        let sound = matches!(length, 16 | 24 | 32);
        assert_eq!(aesgcm::Key::new(&key).is_ok(), sound, "{length}");
        assert_eq!(aescbc::Key::new(&key).is_ok(), sound, "{length}");
        assert_eq!(secretbox::Key::new(&key).is_ok(), length == 32, "{length}");
        assert_eq!(LocalKms::new("id", &key).is_ok(), sound, "{length}");
    }
    let error = aesgcm::Key::new(&[0; 31]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "configuration: AES-GCM key: a key of 31 bytes, need 16, 24 or 32"
    );
}

#[test]
fn nothing_prints_a_key_or_a_plaintext() {
    let secret = [0xab; 32];
    let gcm = aesgcm::Key::new(&secret).unwrap();
    let (iv, nonce) = (&[0; 16], &[0; 24]);
    let cbc = aescbc::Key::new(&secret).unwrap();
    let nacl = secretbox::Key::new(&secret).unwrap();
    let sealers = [
        Sealer::AesCbc {
            name: "a",
            key: &cbc,
            iv,
        },
        Sealer::Secretbox {
            name: "a",
            key: &nacl,
            nonce,
        },
    ];
    let keyring = keyring(&["snapshots/aesgcm/encryption-config.yaml"]);
    let plain = Plaintext::Stored(b"secret");
    let source = DekSource::Key(&gcm);
    let printed = format!("{gcm:?} {cbc:?} {nacl:?} {sealers:?} {keyring:?} {plain:?} {source:?}");
    for shown in ["171", "ab, ab", "abab", "secret\"", "115, 101"] {
        assert!(!printed.contains(shown), "{shown}: {printed}");
    }
}

/// A keyring may be asked from many threads at once.
#[test]
fn a_keyring_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Keyring>();
    shared::<EncryptionConfiguration>();
}
