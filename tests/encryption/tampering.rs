//! Every single-byte change and every truncation of a value of each provider.

use std::collections::{BTreeMap, BTreeSet};

use k8s_etcd::encryption::{
    DekSource, EncryptionConfiguration, Keyring, KmsTable, LocalKms, Provider, Sealer, aescbc,
    aesgcm, secretbox,
};

use crate::support::recognize;

const ETCD_KEY: &[u8] = b"/registry/secrets/default/a";
const PLAINTEXT: &[u8] = b"k8s\0 what nobody may change";
const SECRET: [u8; 32] = [0x5a; 32];

/// All providers with one key, `key1` and `kms`, and no way to read plain values.
fn keyring() -> Keyring {
    use base64::Engine;
    let secret = base64::engine::general_purpose::STANDARD.encode(SECRET);
    let keys = format!("{{keys: [{{name: key1, secret: {secret}}}]}}");
    let kms = |name: &str, version: &str| {
        format!("{{apiVersion: {version}, name: {name}, endpoint: 'unix:///kms'}}")
    };
    let yaml = format!(
        "apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aesgcm: {keys}
  - aescbc: {keys}
  - secretbox: {keys}
  - kms: {}
  - kms: {}
",
        kms("kms", "v2"),
        kms("kms", "v1")
    );
    Keyring::new().with_configuration(&EncryptionConfiguration::parse(yaml.as_bytes()).unwrap())
}

fn kms() -> LocalKms {
    LocalKms::new("kek", &[7; 32]).unwrap()
}

fn seal(provider: Provider) -> Vec<u8> {
    let dek = aesgcm::Key::new(&SECRET).unwrap();
    let annotations = BTreeMap::from([("a.b".to_owned(), b"note".to_vec())]);
    let (info, nonce) = (&[3; 32], &[4; 12]);
    let wrapped = kms().wrap(provider, &[1; 12], &SECRET);
    let sealer = match provider {
        Provider::AesGcm => Sealer::AesGcm {
            name: "key1",
            key: &dek,
            nonce,
        },
        Provider::AesCbc => Sealer::AesCbc {
            name: "key1",
            key: &aescbc::Key::new(&SECRET).unwrap(),
            iv: &[5; 16],
        },
        Provider::Secretbox => Sealer::Secretbox {
            name: "key1",
            key: &secretbox::Key::new(&SECRET).unwrap(),
            nonce: &[6; 24],
        },
        Provider::KmsV1 => Sealer::KmsV1 {
            name: "kms",
            wrapped: &wrapped.unwrap(),
            dek: &dek,
            nonce,
        },
        _ => Sealer::KmsV2 {
            name: "kms",
            key_id: "kek",
            wrapped: &wrapped.unwrap(),
            annotations: &annotations,
            source: DekSource::Seed {
                seed: &SECRET,
                info,
            },
            nonce,
        },
    };
    sealer.seal(PLAINTEXT, ETCD_KEY).unwrap()
}

/// The offsets at which a change may go unnoticed, at each of which at least one
/// does. Whatever opens is the same plaintext.
fn unnoticed(keyring: &Keyring, value: &[u8]) -> BTreeSet<usize> {
    let mut offsets = BTreeSet::new();
    let opened = keyring.decrypt(value, Some("secrets"), Some(ETCD_KEY), &recognize);
    assert_eq!(*opened.unwrap().plaintext, *PLAINTEXT);
    for at in 0..value.len() {
        for change in 1..=255 {
            let mut changed = value.to_vec();
            changed[at] ^= change;
            match keyring.decrypt(&changed, Some("secrets"), Some(ETCD_KEY), &recognize) {
                Ok(opened) => {
                    assert_eq!(*opened.plaintext, *PLAINTEXT, "byte {at} ^ {change}");
                    assert!(opened.info.out_of_policy || !kms_name().contains(&at));
                    offsets.insert(at);
                }
                Err(failure) => assert!(!failure.error.detail().is_empty()),
            }
        }
        let cut = keyring.decrypt(&value[..at], Some("secrets"), Some(ETCD_KEY), &recognize);
        if at > 0 {
            assert!(cut.is_err(), "cut to {at} bytes");
        }
    }
    offsets
}

/// Where the name of a KMS provider is. Nothing authenticates it: plugins are asked
/// whatever it says, and what they open under another name is out of policy.
fn kms_name() -> std::ops::Range<usize> {
    let start = Provider::KmsV1.header().len();
    start..start + "kms".len()
}

#[test]
fn every_change_of_an_authenticated_value_is_noticed() {
    let keyring = keyring().with_kms_plugin(kms());
    for provider in [Provider::AesGcm, Provider::Secretbox, Provider::KmsV1] {
        let offsets = unnoticed(&keyring, &seal(provider));
        let expected = match provider.is_kms() {
            true => kms_name().collect(),
            false => BTreeSet::new(),
        };
        assert_eq!(offsets, expected, "{provider:?}");
    }
}

/// The value, with what its bytes are. Of those that nothing authenticates a
/// change gives the same plaintext, or none.
#[test]
fn what_nothing_authenticates_in_a_kms_v2_value() {
    let value = seal(Provider::KmsV2);
    let find = |part: &[u8]| {
        let at = value.windows(part.len()).position(|w| w == part).unwrap();
        at..at + part.len()
    };
    let key_id = find(b"kek");
    // The whole of field 4: its tag, its length, and in it name and value.
    let annotation = find(b"\x22\x0b\x0a\x03a.b\x12\x04note");
    let annotation: BTreeSet<_> = annotation.collect();

    // LocalKms authenticates the key id.
    let mut local = unnoticed(&keyring().with_kms_plugin(kms()), &value);
    assert!(kms_name().all(|at| local.remove(&at)));
    assert!(local.is_subset(&annotation), "{local:?} {annotation:?}");
    // A table looks at the wrapped bytes alone.
    let mut table = KmsTable::new();
    let wrapped = kms().wrap(Provider::KmsV2, &[1; 12], &SECRET).unwrap();
    table.insert(wrapped, SECRET);
    let mut table = unnoticed(&keyring().with_kms_plugin(table), &value);
    assert!(kms_name().all(|at| table.remove(&at)));
    let more: BTreeSet<_> = table.difference(&local).copied().collect();
    let start = *annotation.first().unwrap();
    // A shorter length makes the annotation's value a second key id, which counts.
    assert_eq!(more, key_id.chain([start + 1]).collect());

    // Of the annotation, every change is noticed of: its length, the tag and the
    // length of its name, the dot that makes the name a domain's, the length of
    // its value. Some is not of: its tag, the rest of its name, its value.
    let noticed: Vec<_> = annotation.difference(&local).map(|at| at - start).collect();
    assert_eq!(noticed, [1, 2, 3, 5, 8]);
}

/// A changed head gives no object, whatever is changed in it but the name of a KMS
/// provider: then it is out of policy.
#[test]
fn every_change_in_the_prefix_gives_no_object_and_a_reason() {
    let keyring = keyring().with_kms_plugin(kms());
    let mut reasons = BTreeMap::new();
    for provider in Provider::ALL {
        let value = seal(provider);
        let name = if provider.is_kms() { "kms:" } else { "key1:" };
        for at in 0..provider.header().len() + name.len() {
            for change in 1..=255u8 {
                let mut changed = value.clone();
                changed[at] ^= change;
                let result = keyring.decrypt(&changed, Some("secrets"), Some(ETCD_KEY), &recognize);
                if let (true, Ok(opened)) = (provider.is_kms(), &result) {
                    assert!(kms_name().contains(&at) && opened.info.out_of_policy);
                    assert_eq!(*opened.plaintext, *PLAINTEXT);
                    continue;
                }
                let failure = result.expect_err("no object");
                *reasons.entry(failure.reason.as_str()).or_insert(0) += 1;
                assert!(failure.api_server_message.is_some());
            }
            for lost in 1..=4 {
                let changed = [&value[..at], &value[at + lost..]].concat();
                let result = keyring.decrypt(&changed, Some("secrets"), Some(ETCD_KEY), &recognize);
                if let (true, Ok(opened)) = (provider.is_kms(), &result) {
                    assert!(opened.info.out_of_policy);
                    continue;
                }
                let failure = result.expect_err("no object");
                *reasons.entry(failure.reason.as_str()).or_insert(0) += 1;
            }
        }
    }
    println!("{reasons:?}");
}

/// AES-CBC notices nothing by itself: changes give garbage, which counts only
/// if it is recognisable, and truncations at most whole blocks less.
#[test]
fn aescbc_gives_nothing_unrecognisable() {
    let keyring = keyring();
    let value = seal(Provider::AesCbc);
    let (mut opened, mut closed) = (0, 0);
    for at in 0..value.len() {
        for change in 1..=255 {
            let mut changed = value.clone();
            changed[at] ^= change;
            match keyring.decrypt(&changed, Some("secrets"), None, &recognize) {
                Ok(value) => {
                    opened += 1;
                    assert!(recognize(&value.plaintext));
                }
                Err(_) => closed += 1,
            }
        }
        let cut = keyring.decrypt(&value[..at], Some("secrets"), None, &recognize);
        assert!(cut.is_err() || at == 0, "cut to {at} bytes");
    }
    println!("aescbc: {opened} changes open to garbage that is recognised, {closed} do not");
    assert!(opened > 0 && closed > opened);
}
