//! Each bound, lowered until it is reached: always category `limit`.

use base64::{Engine, engine::general_purpose::STANDARD};
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::storage_value::{Content, StorageValue};
use k8s_etcd::{Category, Decoder, Limits};

use crate::fixtures::values;

/// The category of what a decoder with these bounds says of a value.
fn refusal(limits: Limits, value: &[u8]) -> Category {
    let decoder = Decoder::new().limits(limits);
    let opened = decoder.open(None, value);
    let decoded = opened.decode::<serde_json::Value>();
    decoded.expect_err("the bound is reached").category()
}

fn lowered(lower: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::DEFAULT;
    lower(&mut limits);
    limits
}

fn value(name: &str) -> Vec<u8> {
    let mut values = values(2_400).into_iter();
    values.find(|(other, _)| other == name).expect("the seed").1
}

#[test]
fn nesting_of_messages() {
    let limits = lowered(|limits| limits.message_depth = 3);
    assert_eq!(refusal(limits, &value("plain-pods")), Category::Limit);
}

#[test]
fn nesting_of_json_that_is_decoded() {
    let limits = lowered(|limits| limits.tree_depth = 2);
    let json = br#"{"kind":"A","apiVersion":"v1","spec":{"a":{"b":1}}}"#;
    assert_eq!(refusal(limits, json), Category::Limit);
}

#[test]
fn nesting_of_json_that_is_printed() {
    let limits = lowered(|limits| limits.json_depth = 2);
    let json = br#"{"kind":"A","apiVersion":"v1","spec":{"a":{"b":1}}}"#;
    let decoder = Decoder::new().limits(limits);
    let opened = decoder.open(None, json);
    let content = opened.storage_value().unwrap().into_content();
    assert_eq!(content.unwrap_err().category(), Category::Limit);
}

#[test]
fn nesting_of_cbor_and_yaml() {
    let limits = lowered(|limits| limits.tree_depth = 2);
    assert_eq!(
        refusal(limits, &value("cbor-stable.acme.example")),
        Category::Limit
    );
    let yaml = b"apiVersion: v1\nkind: A\nspec:\n  a:\n    b: {c: 1}\n";
    assert_eq!(refusal(limits, yaml), Category::Limit);
}

#[test]
fn bytes_of_a_value() {
    let limits = lowered(|limits| limits.value_bytes = 100);
    assert_eq!(refusal(limits, &value("plain-pods")), Category::Limit);
}

/// What has no room is counted, and the object is decoded all the same.
#[test]
fn entries_of_a_report() {
    let limits = lowered(|limits| limits.report_entries = 1);
    // Two fields with numbers that no message has.
    let raw = b"\xfa\x7f\x01a\xfa\x7f\x01b";
    let mut value = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x08".to_vec();
    value.extend(raw);
    let decoder = Decoder::new().limits(limits);
    let opened = decoder.open(None, &value);
    let content = opened.storage_value().unwrap().into_content().unwrap();
    let Content::Object(object) = content else {
        panic!("no protobuf");
    };
    let (_, report) = object.to_json().unwrap();
    assert_eq!((report.unknown_fields.len(), report.left_out), (1, 1));
    assert!(!report.is_empty());
}

#[test]
fn bytes_that_a_walk_looks_at() {
    let limits = lowered(|limits| limits.page_visits = 0);
    let file = std::fs::read("testdata/cluster/snapshot.db").unwrap();
    let snapshot = Snapshot::parse_with(&file, &limits).unwrap();
    let errors = snapshot.revisions().unwrap_err();
    assert_eq!(errors.category(), Category::Limit);
}

#[test]
fn entries_of_a_carve() {
    let limits = lowered(|limits| limits.carved_entries = 10);
    let file = std::fs::read("testdata/cluster/snapshot.db").unwrap();
    // Both meta pages gone: all that is left is to search.
    let carving = k8s_etcd::etcd::carve(&file[8192..], &limits);
    assert_eq!(carving.len(), 10);
    let stopped = carving.stopped().unwrap();
    assert_eq!(stopped.category(), Category::Limit);
    assert!(stopped.offset().is_some());
}

#[test]
fn keys_that_are_tried_on_a_value() {
    let keys: Vec<_> = (0..20_u8)
        .map(|n| {
            let secret = STANDARD.encode([n; 16]);
            format!(r#"{{"name":"k","secret":"{secret}"}}"#)
        })
        .collect();
    let text = format!(
        r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration","resources":
        [{{"resources":["secrets"],"providers":[{{"aesgcm":{{"keys":[{}]}}}}]}}]}}"#,
        keys.join(",")
    );
    let configuration = EncryptionConfiguration::parse(text.as_bytes()).unwrap();
    let keyring = || Keyring::new().with_configuration(&configuration);
    let value = [b"k8s:enc:aesgcm:v1:k:".as_slice(), &[0; 64]].concat();
    let key = b"/registry/secrets/default/name";

    let limits = lowered(|limits| limits.keys_tried = 10);
    let decoder = Decoder::new().limits(limits).keyring(keyring());
    let opened = decoder.open(Some(key), &value);
    let failure = opened.failure().unwrap();
    assert_eq!(failure.error.category(), Category::Limit);
    assert_eq!(failure.reason.as_str(), "too-many-keys");
    assert_eq!(failure.api_server_message, None);

    let decoder = Decoder::new().keyring(keyring());
    let opened = decoder.open(Some(key), &value);
    assert_eq!(
        opened.plaintext().unwrap_err().category(),
        Category::Decryption
    );
}

/// None of what the real clusters hold comes near the defaults.
#[test]
fn the_defaults_stand_far_above_what_is_written() {
    for (name, value) in values(2_400) {
        let half = Limits::DEFAULT;
        let limits = lowered(|limits| {
            limits.message_depth = half.message_depth / 4;
            limits.json_depth = half.json_depth / 100;
            limits.tree_depth = half.tree_depth / 4;
            limits.value_bytes = half.value_bytes / 1_000;
        });
        let decoder = Decoder::new().limits(limits);
        let opened = decoder.open(None, &value);
        let Ok(parsed) = opened.storage_value() else {
            continue;
        };
        assert!(parsed.into_content().is_ok(), "{name}");
        assert!(StorageValue::parse(&value).into_content().is_ok(), "{name}");
    }
}
