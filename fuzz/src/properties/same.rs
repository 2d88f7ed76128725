//! Two ways to one value: straight from the bytes, and through the JSON that is
//! printed of them.

use k8s_etcd::{Category, Report, Result};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::fmt::Debug;

/// Printed JSON is JSON, and what is read from it equals `straight`. What cannot
/// be printed for being damaged cannot be decoded either.
pub fn same(printed: &Result<(Vec<u8>, Report)>, straight: Result<Value>) {
    match printed {
        Ok((json, report)) => {
            assert_json(json, report);
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

/// JSON by its grammar, without any bound. What was stored as JSON keeps its bad
/// bytes, as in Go, and that is reported.
fn assert_json(json: &[u8], report: &Report) {
    let text = String::from_utf8_lossy(json);
    let is_reported = !report.invalid_utf8.is_empty() || report.left_out > 0;
    assert!(std::str::from_utf8(json).is_ok() || is_reported);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    IgnoredAny::deserialize(&mut deserializer).expect("JSON");
    deserializer.end().expect("one value");
    assert_eq!(text.trim(), text);
}

/// Equal but for the form of numbers: YAML has no negative zero, and integers
/// beyond 64 bits are floats.
pub fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut members = one.iter();
            let same = |(name, one)| other.get(name).is_some_and(|other| alike(one, other));
            one.len() == other.len() && members.all(same)
        }
        _ => one == other,
    }
}
