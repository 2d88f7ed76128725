//! A value in JSON's data model, for what carries no schema: YAML, CBOR.
//!
//! Strings are bytes, as Go's are: CBOR's byte strings need not be UTF-8, and two
//! keys that differ in a bad byte only are two keys. They are borrowed from the
//! stored bytes where those hold them as they are. Objects keep their keys in the
//! order of their bytes, as Go prints a `map[string]any`. The parsers bound the
//! depth ([`Limits::tree_depth`](crate::Limits::tree_depth)), so that recursion
//! over a tree, dropping it included, is safe.

use crate::utf8::lossy;
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

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

/// Prints the way to a value as a path: `metadata.labels[app/name]`.
pub(crate) struct Way<'w, 's>(pub(crate) &'w [Step<'s>]);

impl std::fmt::Display for Way<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => match str::from_utf8(key) {
                    Ok(name) if !name.is_empty() && name.bytes().all(is_name) => {
                        write!(f, "{}{name}", if position == 0 { "" } else { "." })?;
                    }
                    _ => write!(f, "[{}]", lossy(key).escape_debug())?,
                },
            }
        }
        Ok(())
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte == b'$'
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

    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::String(text) => Some(lossy(text)),
            _ => None,
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

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Int(value) => Unexpected::Signed(*value),
            Value::Uint(value) => Unexpected::Unsigned(*value),
            Value::Float(value) => Unexpected::Float(*value),
            Value::String(_) => Unexpected::Other("string"),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

/// A deserializer with this crate's error.
pub(crate) fn deserializer(value: Value<'_>) -> ValueDeserializer<'_, crate::Error> {
    value.into_deserializer()
}

impl<'de, E: de::Error> IntoDeserializer<'de, E> for Value<'de> {
    type Deserializer = ValueDeserializer<'de, E>;

    fn into_deserializer(self) -> ValueDeserializer<'de, E> {
        ValueDeserializer {
            value: self,
            error: PhantomData,
        }
    }
}

/// Any serde type out of a [`Value`], with the error type of the caller's choice.
pub(crate) struct ValueDeserializer<'de, E> {
    value: Value<'de>,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> ValueDeserializer<'de, E> {
    fn invalid_type(&self, expected: &dyn Expected) -> E {
        E::invalid_type(self.value.unexpected(), expected)
    }
}

impl<'de, E: de::Error> Deserializer<'de> for ValueDeserializer<'de, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::Uint(value) => visitor.visit_u64(value),
            Value::Float(value) => visitor.visit_f64(value),
            Value::String(text) => match into_str(text) {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Value::Array(values) => {
                let mut sequence = SeqDeserializer::new(values.into_iter());
                let result = visitor.visit_seq(&mut sequence)?;
                sequence.end()?;
                Ok(result)
            }
            Value::Object(members) => {
                let entries = members
                    .into_iter()
                    .map(|(key, value)| (Key(into_str(key)), value));
                let mut map = MapDeserializer::new(entries);
                let result = visitor.visit_map(&mut map)?;
                map.end()?;
                Ok(result)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    /// A string names a variant without content, an object of one member one with content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        match self.value {
            Value::String(text) => match into_str(text) {
                Cow::Borrowed(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
                Cow::Owned(text) => visitor.visit_enum(text.into_deserializer()),
            },
            Value::Object(members) if members.len() == 1 => {
                let entries = members
                    .into_iter()
                    .map(|(key, value)| (Key(into_str(key)), value));
                visitor.visit_enum(de::value::MapAccessDeserializer::new(MapDeserializer::new(
                    entries,
                )))
            }
            _ => Err(self.invalid_type(&"a string or an object of one member")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

fn into_str(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => lossy(error.as_bytes()).into_owned(),
        }),
    }
}

/// A member's key. Maps keyed by numbers or bools find them in the key's text,
/// as with `serde_json`.
struct Key<'de>(Cow<'de, str>);

impl<'de, E: de::Error> IntoDeserializer<'de, E> for Key<'de> {
    type Deserializer = KeyDeserializer<'de, E>;

    fn into_deserializer(self) -> KeyDeserializer<'de, E> {
        KeyDeserializer {
            key: self.0,
            error: PhantomData,
        }
    }
}

struct KeyDeserializer<'de, E> {
    key: Cow<'de, str>,
    error: PhantomData<E>,
}

macro_rules! parsed_key {
    ($($deserialize:ident $visit:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
            match self.key.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de, E: de::Error> Deserializer<'de> for KeyDeserializer<'de, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.key {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    parsed_key! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_u128 visit_u128
        deserialize_f32 visit_f32
        deserialize_f64 visit_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        visitor.visit_enum(self.key.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::HashMap;

    #[derive(Debug, PartialEq, Deserialize)]
    enum Shape {
        Point,
        Circle(u8),
        Box { width: i64 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapper(u64);

    #[derive(Debug, PartialEq, Deserialize)]
    struct All<'a> {
        text: &'a str,
        letter: char,
        absent: Option<u8>,
        null: Option<u8>,
        some: Option<i64>,
        float: f64,
        wrapper: Wrapper,
        unit: (),
        pair: (u8, bool),
        shapes: Vec<Shape>,
        by_number: HashMap<u32, bool>,
    }

    fn tree<'a>(json: serde_json::Value, borrowed: &'a str) -> Value<'a> {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Value::Int(value),
                (_, Some(value)) => Value::Uint(value),
                _ => Value::Float(number.as_f64().unwrap()),
            },
            serde_json::Value::String(text) if text == borrowed => {
                Value::String(Cow::Borrowed(borrowed.as_bytes()))
            }
            serde_json::Value::String(text) => Value::String(Cow::Owned(text.into())),
            serde_json::Value::Array(values) => {
                Value::Array(values.into_iter().map(|v| tree(v, borrowed)).collect())
            }
            serde_json::Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key.into()), tree(value, borrowed)))
                    .collect(),
            ),
        }
    }

    fn decode<'de, T: Deserialize<'de>>(value: Value<'de>) -> Result<T, de::value::Error> {
        T::deserialize(value.into_deserializer())
    }

    #[test]
    fn any_shape_of_serde_type() {
        let json = serde_json::json!({
            "text": "borrowed", "letter": "é", "null": null, "some": -1, "float": 2,
            "wrapper": u64::MAX, "unit": null, "pair": [1, true], "unknown": {"x": [1]},
            "shapes": ["Point", {"Circle": 3}, {"Box": {"width": 4}}],
            "by_number": {"7": true},
        });
        let all: All = decode(tree(json, "borrowed")).unwrap();
        assert_eq!(
            all,
            All {
                text: "borrowed",
                letter: 'é',
                absent: None,
                null: None,
                some: Some(-1),
                float: 2.0,
                wrapper: Wrapper(u64::MAX),
                unit: (),
                pair: (1, true),
                shapes: vec![Shape::Point, Shape::Circle(3), Shape::Box { width: 4 }],
                by_number: HashMap::from([(7, true)]),
            }
        );
    }

    #[test]
    fn the_same_errors_as_serde_json_and_no_payload_for_strings() {
        let string = || Value::String(Cow::Borrowed(b"secret"));
        let error = decode::<Shape>(Value::Array(vec![])).unwrap_err();
        assert!(error.to_string().contains("sequence"));
        assert!(decode::<(u8,)>(Value::Array(vec![Value::Int(1), Value::Int(2)])).is_err());
        assert!(decode::<u8>(Value::Int(256)).is_err());
        assert!(decode::<u8>(string()).is_err());
        assert!(decode::<String>(Value::Int(1)).is_err());
    }

    #[test]
    fn objects_are_sorted_by_bytes() {
        let json =
            serde_json::json!({"é": 1, "z": 2, "A": 3, "aa": 4, "a": 5, "\u{ffff}": 6, "😀": 7});
        let mut out = Vec::new();
        crate::json::write_value(&mut out, &tree(json, "")).unwrap();
        let expected = "{\"A\":3,\"a\":5,\"aa\":4,\"z\":2,\"é\":1,\"\u{ffff}\":6,\"😀\":7}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn bad_utf8_is_found_replaced_and_kept_apart_in_keys() {
        let string = |bytes: &'static [u8]| Value::String(Cow::Borrowed(bytes));
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
        let decoded: HashMap<String, serde_json::Value> = decode(value).unwrap();
        assert_eq!(decoded["a"], serde_json::json!(["x", "\u{fffd}"]));
        assert_eq!(decoded["k\u{fffd}"], "y");
    }
}
