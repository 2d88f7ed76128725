//! What nothing authenticates is marked, and can be refused.

use k8s_etcd::Category;
use k8s_etcd::encryption::{
    EncryptionConfiguration, Keyring, LocalKms, Provider, Reason, Sealer, aescbc, aesgcm,
};

const DEK: [u8; 32] = [3; 32];
const WRITTEN_FOR: &[u8] = b"/registry/secrets/default/mine";
const FORGED_AT: &[u8] = b"/registry/clusterrolebindings/other";
const KNOWN: &[u8; 16] = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secr";

fn kms() -> LocalKms {
    LocalKms::new("kek", &[7; 32]).unwrap()
}

fn recognize(plaintext: &[u8]) -> bool {
    plaintext.starts_with(b"k8s\0") || plaintext.starts_with(b"{\"kind\"")
}

/// A value of KMS v1 with a wrapped DEK and this data.
fn value(data: &[u8]) -> Vec<u8> {
    let wrapped = kms().wrap(Provider::KmsV1, &[1; 12], &DEK).unwrap();
    let length = (wrapped.len() as u16).to_be_bytes();
    [b"k8s:enc:kms:v1:lab:", &length[..], &wrapped, data].concat()
}

/// Data that opens to `plaintext`, of 15 bytes at most, under any etcd key: made
/// without any key, of a sealed value of which 16 bytes are known.
fn forge(sealed: &[u8], known: &[u8; 16], plaintext: &[u8]) -> Vec<u8> {
    let (nonce, ciphertext) = sealed.split_at(12);
    // AES-GCM encrypts the first block by adding the encryption of this one.
    let counter: Vec<u8> = [nonce, &[0, 0, 0, 2]].concat();
    let encrypted: Vec<u8> = ciphertext.iter().zip(known).map(|(c, p)| c ^ p).collect();
    let padding = 16 - plaintext.len();
    let padded = [plaintext, &vec![padding as u8; padding]].concat();
    let iv: Vec<u8> = counter.iter().zip(padded).map(|(b, p)| b ^ p).collect();
    [iv, encrypted].concat()
}

#[test]
fn a_forged_value_of_kms_v1_is_marked_and_can_be_refused() {
    let data = aesgcm::Key::new(&DEK)
        .unwrap()
        .seal(
            &[5; 12],
            WRITTEN_FOR,
            &[&KNOWN[..], b"et and so on"].concat(),
        )
        .unwrap();
    let keyring = || Keyring::new().with_kms_plugin(kms());
    let refusing = keyring().refuse_unauthenticated(true);
    let sealed = value(&data);
    for keyring in [&keyring(), &refusing] {
        let opened = keyring
            .decrypt(&sealed, Some("secrets"), Some(WRITTEN_FOR), &recognize)
            .unwrap();
        assert!(!opened.info.unauthenticated);
    }

    let forged = value(&forge(&data, KNOWN, b"{\"kind\":\"X\"}"));
    let opened = keyring().decrypt(&forged, None, Some(FORGED_AT), &recognize);
    let opened = opened.unwrap();
    assert_eq!(&*opened.plaintext, b"{\"kind\":\"X\"}");
    assert!(opened.info.unauthenticated);
    let json = serde_json::to_string(&opened.info).unwrap();
    assert!(json.contains(r#""unauthenticated":true"#), "{json}");

    let failure = refusing
        .decrypt(&forged, None, Some(FORGED_AT), &recognize)
        .unwrap_err();
    assert_eq!(failure.reason, Reason::Unauthenticated);
    assert_eq!(failure.reason.as_str(), "unauthenticated");
    assert_eq!(failure.error.category(), Category::Decryption);
    assert!(!failure.may_have_moved());
}

#[test]
fn kms_v1_of_before_1_25_is_marked() {
    let data = aescbc::Key::new(&DEK).unwrap().seal(&[5; 16], b"k8s\0...");
    let value = value(&data);
    let keyring = Keyring::new().with_kms_plugin(kms());
    let opened = keyring.decrypt(&value, None, None, &recognize).unwrap();
    assert!(opened.info.unauthenticated);
}

#[test]
fn of_the_local_providers_aescbc_alone_is_marked() {
    let secret = [9; 32];
    let configured = |provider: &str| {
        let text = format!(
            r#"{{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
            "resources": [{{"resources": ["secrets"], "providers": [{{"{provider}": {{"keys":
            [{{"name": "key1", "secret": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="}}]}}}}]}}]}}"#
        );
        let configuration = EncryptionConfiguration::parse(text.as_bytes()).unwrap();
        Keyring::new().with_configuration(&configuration)
    };
    for provider in ["aescbc", "aesgcm", "secretbox"] {
        let keyring = configured(provider);
        let value = keyring
            .seal(b"k8s\0...", Some("secrets"), WRITTEN_FOR, &[1; 24])
            .unwrap();
        let open = |keyring: &Keyring| {
            let opened = keyring.decrypt(&value, Some("secrets"), Some(WRITTEN_FOR), &recognize);
            opened.map(|opened| opened.info.unauthenticated)
        };
        assert_eq!(open(&keyring).unwrap(), provider == "aescbc", "{provider}");
        match open(&keyring.refuse_unauthenticated(true)) {
            Ok(marked) => assert!(!marked && provider != "aescbc", "{provider}"),
            Err(failure) => assert_eq!(
                (provider, failure.reason),
                ("aescbc", Reason::Unauthenticated)
            ),
        }
    }
    // A wrong key is told as before.
    let value = Sealer::AesCbc {
        name: "key1",
        key: &aescbc::Key::new(&secret.map(|byte| byte ^ 1)).unwrap(),
        iv: &[1; 16],
    };
    let value = value.seal(b"k8s\0...", WRITTEN_FOR).unwrap();
    let refusing = configured("aescbc").refuse_unauthenticated(true);
    let failure = refusing
        .decrypt(&value, None, None, &recognize)
        .unwrap_err();
    assert_ne!(failure.reason, Reason::Unauthenticated);
    // A plain value stays as it is.
    assert!(
        refusing
            .decrypt(b"k8s\0...", None, None, &recognize)
            .is_ok()
    );
}
