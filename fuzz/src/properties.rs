//! What each fuzz target holds of any bytes. `tests/fuzz_seeds.rs` holds it of
//! the committed seeds, with the stable compiler.
#![allow(dead_code, reason = "each target calls one of them")]

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::storage_value::{Content, StorageValue};
use k8s_etcd::{Category, Decoder, Object, Result, schema};
use serde_json::Value;

/// Two bytes choose a message, the rest is its wire form. Printed JSON parses
/// and equals the `Value` that serde gives; what cannot be printed for being
/// damaged cannot be decoded either; lossless differs only by adding.
pub fn object(data: &[u8]) {
    let [low, high, raw @ ..] = data else { return };
    let number = usize::from(u16::from_le_bytes([*low, *high]));
    let mut messages = schema::messages();
    let length = messages.len();
    let Some(message) = messages.nth(number % length) else {
        return;
    };
    let object = Object::of_message(message, raw);
    let value = object.decode::<Value>();
    same(object.to_json().map(|(json, _)| json), value);

    let (plain, lossless) = (object.to_json(), object.lossless(true).to_json());
    if let (Ok((plain, report)), Ok((lossless, _))) = (plain, lossless) {
        if report.unknown_fields.is_empty() && report.retired_fields.is_empty() {
            assert_eq!(plain, lossless);
        } else {
            assert!(lossless.len() >= plain.len());
        }
    }
}

/// Text that a value's content prints as JSON parses and equals what serde
/// gives of it, and its YAML is printed too.
pub fn storage_value(data: &[u8]) {
    let value = StorageValue::parse(data);
    match value.into_content() {
        Ok(Content::Object(object)) => {
            same(object.to_json().map(|(json, _)| json), object.decode());
            let _ = (object.name(), object.namespace(), object.to_yaml());
        }
        Ok(Content::Document(document)) => {
            same(document.to_json().map(|(json, _)| json), document.decode());
            let _ = document.to_yaml();
        }
        Ok(Content::Text(text)) => assert_eq!(text.as_bytes(), data),
        Ok(_) | Err(_) => {}
    }
}

/// serde_json has bounds of its own on what it reads: depth, range of numbers,
/// lone surrogates.
fn same(json: Result<Vec<u8>>, value: Result<Value>) {
    match json {
        Ok(json) => {
            if let (Ok(reread), Ok(value)) = (serde_json::from_slice::<Value>(&json), value) {
                assert_eq!(reread, value);
            }
        }
        Err(error) => {
            let damaged = matches!(error.category(), Category::Malformed | Category::Truncated);
            assert!(!damaged || value.is_err(), "{error}");
        }
    }
}

/// Any file: every walk ends, and each key stands once and in order.
pub fn snapshot(data: &[u8]) {
    let _ = Snapshot::recognize(data);
    let Ok(snapshot) = Snapshot::parse(data) else {
        return;
    };
    let _ = (snapshot.verify_trailer(), snapshot.store_meta());
    if let Ok(revisions) = snapshot.revisions() {
        for entry in revisions {
            let _ = entry.map(|entry| (entry.key.len(), entry.value.len()));
        }
    }
    if let Ok(state) = snapshot.current() {
        let keys: Vec<_> = state.iter().map(|(key, _)| key).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        let _ = state.damage().count();
    }
}

/// A byte is the key's length, then key and stored value: opening never yields
/// a plaintext for what is encrypted with an unknown key, and whatever it does
/// yield can be told and printed.
pub fn decoder(data: &[u8]) {
    let [length, rest @ ..] = data else { return };
    let Some((key, value)) = rest.split_at_checked(usize::from(*length)) else {
        return;
    };
    let configuration = EncryptionConfiguration::parse(CONFIGURATION).expect("a configuration");
    let decoder = Decoder::new().keyring(Keyring::new().with_configuration(&configuration));
    let opened = decoder.open(Some(key), value);
    if let Ok(value) = opened.storage_value() {
        storage_value(opened.plaintext().unwrap_or_default());
        let _ = value.into_content();
    }
    let keyless = Decoder::new();
    let opened = keyless.open(Some(key), value);
    assert!(opened.plaintext().is_err() || opened.plaintext().is_ok_and(|plain| plain == value));
}

const CONFIGURATION: &[u8] = br#"{
  "apiVersion": "apiserver.config.k8s.io/v1",
  "kind": "EncryptionConfiguration",
  "resources": [{
    "resources": ["secrets", "configmaps"],
    "providers": [
      {"aesgcm": {"keys": [{"name": "k", "secret": "AAAAAAAAAAAAAAAAAAAAAA=="}]}},
      {"aescbc": {"keys": [{"name": "k", "secret": "AAAAAAAAAAAAAAAAAAAAAA=="}]}},
      {"secretbox": {"keys": [{"name": "k", "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}},
      {"identity": {}}
    ]
  }]
}"#;
