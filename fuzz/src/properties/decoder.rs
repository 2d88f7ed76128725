//! A byte is the key's length, then come etcd key and stored value. With the keys
//! of all clusters of the test data: what is not encrypted comes out as it is;
//! what opens does not open under another etcd key where that is authenticated,
//! and is found to have been moved; whatever comes out can be told and printed.
//! Without keys nothing that is encrypted comes out. A bound on a value's bytes
//! is kept.

use k8s_etcd::encryption::{
    EncryptionConfiguration, Keyring, LocalKms, MoveTries, Moved, Prefix, Reason, is_encrypted,
};
use k8s_etcd::{Category, Decoder, Limits, Opened};
use serde_json::Value;
use std::sync::OnceLock;

use super::bytes::Bytes;
use super::storage_value::storage_value;

pub fn decoder(data: &[u8]) {
    let mut bytes = Bytes(data);
    let (key, value) = (bytes.short(), bytes.rest());
    // A keyring keeps what its KMS answered, so that it would grow.
    let fresh;
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    let decoder = if value.starts_with(b"k8s:enc:kms:") {
        fresh = decoder_of_all();
        &fresh
    } else {
        DECODER.get_or_init(decoder_of_all)
    };

    let opened = decoder.open(Some(key), value);
    let _ = (opened.encryption(), opened.decode::<Value>());
    match opened.plaintext() {
        Ok(plaintext) => {
            storage_value(plaintext);
            assert_eq!(opened.storage_value().is_ok(), opened.failure().is_none());
            if is_encrypted(value) {
                moved(decoder, key, value, plaintext);
            } else {
                assert_eq!(plaintext, value);
            }
        }
        Err(error) => {
            assert!(is_encrypted(value) || has_damaged_header(&opened));
            let category = error.category();
            assert!(matches!(
                category,
                Category::Encrypted | Category::Decryption
            ));
        }
    }
    keyless(key, value);
}

/// What was encrypted, and no longer begins so.
fn has_damaged_header(opened: &Opened<'_>) -> bool {
    let is_header = |reason| matches!(reason, Reason::HeaderCut | Reason::HeaderDamaged);
    opened
        .failure()
        .is_some_and(|failure| is_header(failure.reason))
}

fn keyless(key: &[u8], value: &[u8]) {
    let mut limits = Limits::DEFAULT;
    limits.value_bytes = 64;
    let decoder = Decoder::new().limits(limits);
    let opened = decoder.open(Some(key), value);
    let is_plain = !is_encrypted(value) && !has_damaged_header(&opened);
    assert_eq!(opened.plaintext().is_ok(), is_plain);
    if let (Ok(stored), true) = (opened.storage_value(), value.len() > 64) {
        let error = stored.into_content().expect_err("too long");
        assert_eq!(error.category(), Category::Limit);
    }
}

fn moved(decoder: &Decoder, key: &[u8], value: &[u8], plaintext: &[u8]) {
    let provider = Prefix::parse(value).and_then(|prefix| prefix.provider());
    if !provider.is_some_and(|provider| provider.authenticates_etcd_key()) {
        return;
    }
    let other = [key, b"-other"].concat();
    let opened = decoder.open(Some(&other), value);
    let failure = opened.failure().expect("the etcd key is authenticated");
    assert!(failure.may_have_moved());
    let found = decoder.find_moved(&other, value, [key].into_iter(), &MoveTries::default());
    let Moved::From { etcd_key, opened } = found else {
        panic!("not found where it was");
    };
    assert_eq!((&*etcd_key, &*opened.plaintext), (key, plaintext));
}

macro_rules! testdata {
    ($path:literal) => {
        include_bytes!(concat!("../../../testdata/snapshots/", $path))
    };
}

const CONFIGURATIONS: [&[u8]; 7] = [
    testdata!("rotation/encryption-config.yaml"),
    testdata!("rotation/encryption-config.phase1.yaml"),
    testdata!("aesgcm/encryption-config.yaml"),
    testdata!("aescbc/encryption-config.yaml"),
    testdata!("secretbox/encryption-config.yaml"),
    testdata!("kmsv1/encryption-config.yaml"),
    testdata!("kmsv2/encryption-config.yaml"),
];

const KMS: [&[u8]; 2] = [testdata!("kmsv1/kms.json"), testdata!("kmsv2/kms.json")];

fn decoder_of_all() -> Decoder {
    static PARSED: OnceLock<(Vec<EncryptionConfiguration>, Vec<String>)> = OnceLock::new();
    let (configurations, kms) = PARSED.get_or_init(|| {
        let parse = |text| EncryptionConfiguration::parse(text).expect("a configuration");
        (CONFIGURATIONS.map(parse).into(), kms_keys())
    });
    let mut keyring = Keyring::new();
    for configuration in configurations {
        keyring = keyring.with_configuration(configuration);
    }
    for key in kms {
        keyring = keyring.with_kms_plugin(LocalKms::parse(key).expect("a key"));
    }
    Decoder::new().keyring(keyring)
}

/// As `ID=HEX`.
fn kms_keys() -> Vec<String> {
    let mut keys = Vec::new();
    for text in KMS {
        let kms: Value = serde_json::from_slice(text).expect("JSON");
        for (id, key) in kms["plugin"]["keys"].as_object().expect("keys") {
            keys.push(format!("{id}={}", key.as_str().expect("hexadecimal")));
        }
    }
    keys
}
