//! Any serde type out of a tree.

use super::Value;
use crate::utf8::lossy;
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::marker::PhantomData;

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

impl<'de, E: de::Error> Deserializer<'de> for ValueDeserializer<'de, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::Uint(value) => visitor.visit_u64(value),
            Value::Float(value) => {
                // Kubernetes decodes YAML by way of JSON, where Go prints 9e3
                // as `9000`, which fits an int32. An integer's shortest digits
                // are the same here and in Go: none lies halfway between two.
                let printed = value.to_string();
                match (printed.parse(), printed.parse()) {
                    (Ok(integer), _) if printed != "-0" => visitor.visit_i64(integer),
                    (_, Ok(integer)) => visitor.visit_u64(integer),
                    _ => visitor.visit_f64(value),
                }
            }
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
            _ => Err(E::custom(
                "neither a string nor an object of one member, where an enum is due",
            )),
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
    fn floats_that_print_as_integers_are_integers() {
        for float in [
            9000.0,
            0.0,
            -0.0,
            -1.5,
            1e-7,
            -2.0,
            9007199254740993.0,
            9223372036854775808.0,
            1e19,
            1e20,
            1e21,
            f64::MAX,
            f64::MIN_POSITIVE,
        ] {
            let mut printed = Vec::new();
            crate::json::write_value(&mut printed, &Value::Float(float)).unwrap();
            let reread: serde_json::Value = serde_json::from_slice(&printed).unwrap();
            let value: serde_json::Value = decode(Value::Float(float)).unwrap();
            assert_eq!(value, reread, "{float}");
        }
        assert_eq!(decode::<i32>(Value::Float(9000.0)), Ok(9000));
        assert_eq!(decode::<f64>(Value::Float(9000.0)), Ok(9000.0));
        assert!(decode::<i32>(Value::Float(0.5)).is_err());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let string = || Value::String(Cow::Borrowed(b"secret"));
        let error = decode::<Shape>(Value::Array(vec![])).unwrap_err();
        assert!(error.to_string().contains("enum"));
        assert!(decode::<(u8,)>(Value::Array(vec![Value::Int(1), Value::Int(2)])).is_err());
        assert!(decode::<u8>(Value::Int(256)).is_err());
        assert!(decode::<u8>(string()).is_err());
        assert!(decode::<String>(Value::Int(1)).is_err());
    }
}
