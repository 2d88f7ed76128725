//! What is sealed opens to the plaintext. Any other bytes never panic, and never
//! pass as a recognised stored value. Nothing authenticates them, so that this
//! last holds only of bytes that know nothing of the key: of the input, and not
//! of a changed payload. Nor does the input choose the initialization vector: with
//! that it would choose the first block's plaintext, bit by bit, and a fuzzer that
//! sees what is compared with it finds the way.

use k8s_etcd::encryption::aescbc::{BLOCK, Key};
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, Provider};
use k8s_etcd::storage_value::StorageValue;
use std::sync::OnceLock;

use super::sealed::{Sealed, aes_key};

/// Of the key `a key of the fuzz targets: 32 by`.
const CONFIGURATION: &[u8] = br#"{
  "apiVersion": "apiserver.config.k8s.io/v1",
  "kind": "EncryptionConfiguration",
  "resources": [{
    "resources": ["secrets"],
    "providers": [{"aescbc": {"keys": [
      {"name": "key1", "secret": "YSBrZXkgb2YgdGhlIGZ1enogdGFyZ2V0czogMzIgYnk="}
    ]}}]
  }]
}"#;

struct Keys {
    keys: [Key; 3],
    keyring: Keyring,
}

impl Keys {
    fn new() -> Keys {
        let new = |choice| Key::new(aes_key(choice)).expect("a key");
        let configuration = EncryptionConfiguration::parse(CONFIGURATION);
        Keys {
            keys: [new(0), new(1), new(2)],
            keyring: Keyring::new().with_configuration(&configuration.expect("sound")),
        }
    }
}

pub fn aescbc(data: &[u8]) {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let Keys { keys, keyring } = KEYS.get_or_init(Keys::new);
    let sealed = Sealed::parse(data);
    let key = &keys[usize::from(sealed.key % 3)];

    let payload = key.seal(sealed.nonce::<BLOCK>(), sealed.plaintext);
    assert_eq!(
        *key.open(&payload).expect("what was sealed"),
        sealed.plaintext
    );
    for payload in [&sealed.changed(&payload), data] {
        if let Ok(plaintext) = key.open(payload) {
            assert!(plaintext.len() + BLOCK < payload.len());
        }
    }

    let header = Provider::AesCbc.header().as_bytes();
    let recognize = |plaintext: &[u8]| StorageValue::is_recognizable(plaintext);
    let open = |value: &[&[u8]]| {
        let value = value.concat();
        let opened = keyring.decrypt(&value, Some("secrets"), None, &recognize);
        opened.map(drop)
    };
    let _ = open(&[header, b"key1:", data]);
    let opened = open(&[header, b"key1:", &[0x5a; BLOCK], data]);
    let failure = opened.expect_err("no stored value");
    assert!(
        failure
            .api_server_message
            .is_none_or(|message| !message.is_empty())
    );
}
