//! A value in JSON's data model, for what carries no schema: YAML, CBOR.
//!
//! Strings are bytes, as Go's are: CBOR's byte strings need not be UTF-8, and two
//! keys that differ in a bad byte only are two keys. They are borrowed from the
//! stored bytes where those hold them as they are. Objects keep their keys in the
//! order of their bytes, as Go prints a `map[string]any`. The parsers bound the
//! depth ([`Limits::tree_depth`](crate::Limits::tree_depth)), so that recursion
//! over a tree, dropping it included, is safe.

mod deserializer;
mod way;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::skip_fields::Skip;
use crate::utf8;
pub(crate) use deserializer::deserializer;
pub(crate) use way::Way;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`, or any other integer from an unsigned source.
    Uint(u64),
    Float(f64),
    /// Mostly UTF-8; what is not is replaced when it is printed or decoded.
    String(Cow<'a, [u8]>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// One step of the way to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Key(&'a [u8]),
    Index(usize),
}

/// Members by key, sorted by the bytes of the key.
pub(crate) type Object<'a> = BTreeMap<Cow<'a, [u8]>, Value<'a>>;

impl<'a> Value<'a> {
    /// The member `key`, if this is an object that has one.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Value::Object(members) => members.get(key.as_bytes()),
            _ => None,
        }
    }

    /// Takes members out, those of all elements of an array.
    pub(crate) fn remove(&mut self, skip: Skip<'_>) {
        match self {
            Value::Array(values) => values.iter_mut().for_each(|value| value.remove(skip)),
            Value::Object(members) if !skip.is_empty() => members.retain(|key, value| {
                let name = || utf8::lossy(key);
                value.remove(skip.below(&name()));
                !skip.skips(&name())
            }),
            _ => {}
        }
    }

    /// Calls `found` with the way to each string, and to each key as the last
    /// step of its own way, that is not UTF-8.
    pub(crate) fn visit_invalid_utf8(&self, found: &mut impl FnMut(&[Step<'_>])) {
        self.visit_invalid_utf8_below(&mut Vec::new(), found);
    }

    fn visit_invalid_utf8_below<'s>(
        &'s self,
        way: &mut Vec<Step<'s>>,
        found: &mut impl FnMut(&[Step<'_>]),
    ) {
        match self {
            Value::String(text) if std::str::from_utf8(text).is_err() => found(way),
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    way.push(Step::Index(index));
                    value.visit_invalid_utf8_below(way, found);
                    way.pop();
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    way.push(Step::Key(key));
                    if std::str::from_utf8(key).is_err() {
                        found(way);
                    }
                    value.visit_invalid_utf8_below(way, found);
                    way.pop();
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use std::collections::HashMap;

    fn string(bytes: &'static [u8]) -> Value<'static> {
        Value::String(Cow::Borrowed(bytes))
    }

    #[test]
    fn objects_are_sorted_by_bytes() {
        let keys = ["é", "z", "A", "aa", "a", "\u{ffff}", "😀"];
        let members = keys.iter().zip(1..);
        let members = members.map(|(key, number)| (key.as_bytes().into(), Value::Int(number)));
        let value = Value::Object(members.collect());
        let mut out = Vec::new();
        crate::json::write_value(&mut out, &value).unwrap();
        let expected = "{\"A\":3,\"a\":5,\"aa\":4,\"z\":2,\"é\":1,\"\u{ffff}\":6,\"😀\":7}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn bad_utf8_is_found_replaced_and_kept_apart_in_keys() {
        let value = Value::Object(BTreeMap::from([
            (
                Cow::Borrowed(&b"a"[..]),
                Value::Array(vec![string(b"x"), string(b"\xff")]),
            ),
            (Cow::Borrowed(&b"k\xfe"[..]), string("é".as_bytes())),
            (Cow::Borrowed(&b"k\xff"[..]), string(b"y")),
        ]));
        let mut ways = Vec::new();
        value.visit_invalid_utf8(&mut |way| ways.push(format!("{way:?}")));
        assert_eq!(
            ways,
            [
                "[Key([97]), Index(1)]",
                "[Key([107, 254])]",
                "[Key([107, 255])]"
            ]
        );
        let mut out = Vec::new();
        crate::json::write_value(&mut out, &value).unwrap();
        let expected = r#"{"a":["x","\ufffd"],"k\ufffd":"é","k\ufffd":"y"}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let deserializer: deserializer::ValueDeserializer<'_, serde::de::value::Error> =
            value.into_deserializer();
        let decoded = HashMap::<String, serde_json::Value>::deserialize(deserializer).unwrap();
        assert_eq!(decoded["a"], serde_json::json!(["x", "\u{fffd}"]));
        assert_eq!(decoded["k\u{fffd}"], "y");
    }
}
