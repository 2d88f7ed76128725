//! Keys are wiped: no memory that is given back holds one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable, LocalKms};

use crate::allocator::left_in_freed_memory;

const SECRET: [u8; 32] = *b"0123456789abcdefFEDCBA9876543210";

fn left(work: impl FnOnce()) -> usize {
    let mut half = [0; 16];
    half.copy_from_slice(&SECRET[..16]);
    left_in_freed_memory(half, work)
}

#[test]
fn the_search_finds_what_is_left() {
    assert_eq!(left(|| drop(vec![SECRET])), 1);
    let grown = left(|| {
        let mut bytes = SECRET.to_vec();
        bytes.extend([0; 1_000]);
    });
    assert!(grown > 0);
    assert_eq!(left(|| drop(vec![[0; 32]])), 0);
}

#[test]
fn keys_of_a_configuration_are_wiped() {
    let secret = STANDARD.encode(SECRET);
    for provider in ["aescbc", "aesgcm", "secretbox"] {
        let text = format!(
            r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration",
            "resources":[{{"resources":["secrets"],"providers":[{{"{provider}":{{"keys":
            [{{"name":"a","secret":"{secret}"}},{{"name":"b","secret":"{secret}"}}]}}}}]}}]}}"#
        );
        let left = left(|| {
            let configuration = EncryptionConfiguration::parse(text.as_bytes()).expect("valid");
            let keyring = Keyring::new().with_configuration(&configuration);
            let value = format!("k8s:enc:{provider}:v1:a:").into_bytes();
            let value = [value, vec![7; 64]].concat();
            assert!(
                keyring
                    .decrypt(&value, Some("secrets"), Some(b"/k"), &|_| true)
                    .is_err()
            );
        });
        assert_eq!(left, 0, "{provider}");
    }
}

#[test]
fn what_a_kms_unwrapped_is_wiped() {
    let hex = hex::encode(SECRET);
    let map = format!(r#"{{"aabb":"{hex}","ccdd":"{hex}"}}"#);
    assert_eq!(
        left(|| drop(KmsTable::from_json(map.as_bytes()).expect("a map"))),
        0
    );
    let broken = format!(r#"{{"aabb":"{hex}","ccdd":"{hex}zz"}}"#);
    assert_eq!(
        left(|| drop(KmsTable::from_json(broken.as_bytes()).err())),
        0
    );
    let key = format!("kek={hex}");
    assert_eq!(left(|| drop(LocalKms::parse(&key).expect("a key"))), 0);
}
