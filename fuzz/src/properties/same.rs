//! Two ways to one value: straight from the bytes, and through the JSON that is
//! printed of them.

use k8s_etcd::{Category, Result};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::fmt::Debug;

/// Printed JSON is JSON, and what is read from it equals `straight`. What cannot
/// be printed for being damaged cannot be decoded either.
pub fn same(json: &Result<Vec<u8>>, straight: Result<Value>) {
    match json {
        Ok(json) => {
            assert_json(json);
            same_type(json, straight);
        }
        Err(error) => {
            let damaged = matches!(error.category(), Category::Malformed | Category::Truncated);
            assert!(!damaged || straight.is_err(), "{error}");
        }
    }
}

/// What is read from the JSON is what was decoded. serde_json has bounds of its
/// own on what it reads: depth, range of numbers, lone surrogates.
pub fn same_type<T>(json: &[u8], straight: Result<T>)
where
    T: DeserializeOwned + PartialEq + Debug,
{
    if let Ok(reread) = serde_json::from_slice::<T>(json) {
        let straight = straight.expect("as decoded from its JSON");
        assert_eq!(reread, straight);
    }
}

/// JSON by its grammar, without any bound.
pub fn assert_json(json: &[u8]) {
    let text = std::str::from_utf8(json).expect("UTF-8");
    let mut deserializer = serde_json::Deserializer::from_str(text);
    IgnoredAny::deserialize(&mut deserializer).expect("JSON");
    deserializer.end().expect("one value");
    assert_eq!(text.trim(), text);
}
