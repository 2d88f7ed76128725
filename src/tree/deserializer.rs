//! Any serde type out of a tree.

use super::{Text, Value, View};
use crate::utf8::lossy;
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::marker::PhantomData;

/// A deserializer with this crate's error.
pub(crate) fn deserializer<'t, 'de>(
    value: Value<'t, 'de>,
) -> ValueDeserializer<'t, 'de, crate::Error> {
    value.into_deserializer()
}

impl<'t, 'de, E: de::Error> IntoDeserializer<'de, E> for Value<'t, 'de> {
    type Deserializer = ValueDeserializer<'t, 'de, E>;

    fn into_deserializer(self) -> ValueDeserializer<'t, 'de, E> {
        ValueDeserializer {
            value: self,
            error: PhantomData,
        }
    }
}

/// Any serde type out of a [`Value`], with the error type of the caller's choice.
pub(crate) struct ValueDeserializer<'t, 'de, E> {
    value: Value<'t, 'de>,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> Deserializer<'de> for ValueDeserializer<'_, 'de, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.value.view() {
            View::Null => visitor.visit_unit(),
            View::Bool(value) => visitor.visit_bool(value),
            View::Int(value) => visitor.visit_i64(value),
            View::Uint(value) => visitor.visit_u64(value),
            // Kubernetes decodes YAML by way of JSON, where Go prints 9e3
            // as `9000`, which fits an int32. An integer's shortest digits
            // are the same here and in Go: none lies halfway between two.
            View::Float(value) => visit_number(&value.to_string(), value, visitor),
            View::Spelled(number) => {
                let text = lossy(number);
                visit_number(&text, text.parse().map_err(E::custom)?, visitor)
            }
            View::String(text) => match Str::of(text) {
                Str::Lent(text) => visitor.visit_borrowed_str(text),
                Str::Seen(text) => visitor.visit_str(&text),
            },
            View::Array(items) => {
                let mut sequence = SeqDeserializer::new(items);
                let result = visitor.visit_seq(&mut sequence)?;
                sequence.end()?;
                Ok(result)
            }
            View::Object(members) => {
                let entries = members.map(|(key, value)| (Key(key), value));
                let mut map = MapDeserializer::new(entries);
                let result = visitor.visit_map(&mut map)?;
                map.end()?;
                Ok(result)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.value.view() {
            View::Null => visitor.visit_none(),
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
        match self.value.view() {
            View::String(text) => match Str::of(text) {
                Str::Lent(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
                Str::Seen(text) => visitor.visit_enum((&*text).into_deserializer()),
            },
            View::Object(mut members) => match (members.next(), members.next()) {
                (Some((key, value)), None) => {
                    let entries = std::iter::once((Key(key), value));
                    let map = MapDeserializer::new(entries);
                    visitor.visit_enum(de::value::MapAccessDeserializer::new(map))
                }
                _ => Err(no_enum()),
            },
            _ => Err(no_enum()),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

fn no_enum<E: de::Error>() -> E {
    E::custom("neither a string nor an object of one member, where an enum is due")
}

/// `value` as the integer that `text` spells, if it does.
fn visit_number<'de, V: Visitor<'de>, E: de::Error>(
    text: &str,
    value: f64,
    visitor: V,
) -> Result<V::Value, E> {
    match (text.parse(), text.parse()) {
        (Ok(integer), _) if text != "-0" => visitor.visit_i64(integer),
        (_, Ok(integer)) => visitor.visit_u64(integer),
        _ => visitor.visit_f64(value),
    }
}

/// Text as a visitor takes it.
enum Str<'t, 'de> {
    Lent(&'de str),
    /// Of the tree, or with what is not UTF-8 replaced.
    Seen(Cow<'t, str>),
}

impl<'t, 'de: 't> Str<'t, 'de> {
    fn of(text: Text<'t, 'de>) -> Str<'t, 'de> {
        match text {
            Text::Lent(bytes) => match lossy(bytes) {
                Cow::Borrowed(text) => Str::Lent(text),
                Cow::Owned(text) => Str::Seen(Cow::Owned(text)),
            },
            Text::Made(bytes) => Str::Seen(lossy(bytes)),
        }
    }
}

/// A member's key. Maps keyed by numbers or bools find them in the key's text,
/// as with `serde_json`.
struct Key<'t, 'de>(Text<'t, 'de>);

impl<'t, 'de: 't, E: de::Error> IntoDeserializer<'de, E> for Key<'t, 'de> {
    type Deserializer = KeyDeserializer<'t, 'de, E>;

    fn into_deserializer(self) -> KeyDeserializer<'t, 'de, E> {
        KeyDeserializer {
            key: Str::of(self.0),
            error: PhantomData,
        }
    }
}

struct KeyDeserializer<'t, 'de, E> {
    key: Str<'t, 'de>,
    error: PhantomData<E>,
}

impl<E> KeyDeserializer<'_, '_, E> {
    fn text(&self) -> &str {
        match &self.key {
            Str::Lent(text) => text,
            Str::Seen(text) => text,
        }
    }
}

macro_rules! parsed_key {
    ($($deserialize:ident $visit:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
            match self.text().parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de, E: de::Error> Deserializer<'de> for KeyDeserializer<'_, 'de, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.key {
            Str::Lent(text) => visitor.visit_borrowed_str(text),
            Str::Seen(text) => visitor.visit_str(&text),
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
        visitor.visit_enum(self.text().into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Builder, Scalar, Tree};
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

    /// The tree of what is JSON, which lends the string `borrowed`.
    fn tree<'a>(json: &serde_json::Value, borrowed: &'a str) -> Tree<'a> {
        let mut tree = Builder::new(borrowed.as_bytes());
        add(&mut tree, json, borrowed);
        tree.finish()
    }

    fn add<'a>(tree: &mut Builder<'a>, json: &serde_json::Value, borrowed: &'a str) {
        match json {
            serde_json::Value::Array(values) => {
                let array = tree.begin_array().unwrap();
                values.iter().for_each(|value| add(tree, value, borrowed));
                tree.end_array(array).unwrap();
            }
            serde_json::Value::Object(members) => {
                let mut object = tree.begin_object().unwrap();
                for (key, value) in members {
                    let key = tree.made(key.as_bytes()).unwrap();
                    tree.key(&mut object, key);
                    add(tree, value, borrowed);
                }
                tree.end_object(object).unwrap();
            }
            _ => {
                let scalar = match json {
                    serde_json::Value::Bool(value) => Scalar::Bool(*value),
                    serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                        (Some(value), _) => Scalar::Int(value),
                        (_, Some(value)) => Scalar::Uint(value),
                        _ => Scalar::Float(number.as_f64().unwrap()),
                    },
                    serde_json::Value::String(text) if text == borrowed => {
                        Scalar::String(Cow::Borrowed(borrowed.as_bytes()))
                    }
                    serde_json::Value::String(text) => {
                        Scalar::String(Cow::Owned(text.clone().into()))
                    }
                    _ => Scalar::Null,
                };
                tree.scalar(scalar).unwrap();
            }
        }
    }

    fn of(scalar: Scalar<'_>) -> Tree<'_> {
        let mut tree = Builder::new(&[]);
        tree.scalar(scalar).unwrap();
        tree.finish()
    }

    fn decode<'de, T: Deserialize<'de>>(tree: &Tree<'de>) -> Result<T, de::value::Error> {
        T::deserialize(tree.root().into_deserializer())
    }

    #[test]
    fn any_shape_of_serde_type() {
        let json = serde_json::json!({
            "text": "borrowed", "letter": "é", "null": null, "some": -1, "float": 2,
            "wrapper": u64::MAX, "unit": null, "pair": [1, true], "unknown": {"x": [1]},
            "shapes": ["Point", {"Circle": 3}, {"Box": {"width": 4}}],
            "by_number": {"7": true},
        });
        let all: All = decode(&tree(&json, "borrowed")).unwrap();
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
            let tree = of(Scalar::Float(float));
            crate::json::write_value(&mut printed, tree.root()).unwrap();
            let reread: serde_json::Value = serde_json::from_slice(&printed).unwrap();
            let value: serde_json::Value = decode(&tree).unwrap();
            assert_eq!(value, reread, "{float}");
        }
        assert_eq!(decode::<i32>(&of(Scalar::Float(9000.0))), Ok(9000));
        assert_eq!(decode::<f64>(&of(Scalar::Float(9000.0))), Ok(9000.0));
        assert!(decode::<i32>(&of(Scalar::Float(0.5))).is_err());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let json = serde_json::json!([[], [1, 2], 256, "secret", 1]);
        let serde_json::Value::Array(values) = json else {
            panic!("a list");
        };
        let trees: Vec<_> = values.iter().map(|value| tree(value, "")).collect();
        let error = decode::<Shape>(&trees[0]).unwrap_err();
        assert!(error.to_string().contains("enum"));
        assert!(decode::<(u8,)>(&trees[1]).is_err());
        assert!(decode::<u8>(&trees[2]).is_err());
        assert!(decode::<u8>(&trees[3]).is_err());
        assert!(decode::<String>(&trees[4]).is_err());
    }

    #[test]
    fn numbers_as_json_spells_them() {
        let source = b"1.50 -2 18446744073709551615";
        let mut tree = Builder::new(source);
        let array = tree.begin_array().unwrap();
        for number in source.split(|byte| *byte == b' ') {
            tree.spelled(number).unwrap();
        }
        tree.end_array(array).unwrap();
        let numbers: (f64, i8, u64) = decode(&tree.finish()).unwrap();
        assert_eq!(numbers, (1.5, -2, u64::MAX));
    }
}
