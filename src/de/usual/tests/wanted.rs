//! A type that asks for each value as k8s-openapi's types do, by what the schema
//! says of it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::schema::row::{Field, Form, Label, Message, Type};

#[derive(Clone, Copy)]
pub(super) enum Wanted {
    Object(&'static Message),
    Field(&'static Field),
    /// One value of the field.
    One(&'static Field),
    Any,
}

impl Wanted {
    fn member(message: &'static Message, name: &str) -> Wanted {
        let field = |field: &'static Field| match (field.is_inline(), field.kind()) {
            (true, Type::Message(inline)) => match Wanted::member(inline, name) {
                Wanted::Any => None,
                wanted => Some(wanted),
            },
            _ => (field.name() == name).then_some(Wanted::Field(field)),
        };
        // `kind` and `apiVersion` have no field.
        message.fields.iter().find_map(field).unwrap_or(Wanted::Any)
    }
}

impl<'de> DeserializeSeed<'de> for Wanted {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Wanted {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the schema says")
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let (kind, label) = match self {
            Wanted::Object(_) => return deserializer.deserialize_struct("", &[], self),
            Wanted::Field(field) => (field.kind(), field.label),
            Wanted::One(field) => (field.kind(), Label::One),
            Wanted::Any => return deserializer.deserialize_any(self),
        };
        match (label, kind) {
            (Label::Repeated, _) => deserializer.deserialize_seq(self),
            (Label::Map, _) => deserializer.deserialize_map(self),
            (_, Type::String | Type::Bytes) => deserializer.deserialize_string(self),
            (_, Type::Bool) => deserializer.deserialize_bool(self),
            (_, Type::Double) => deserializer.deserialize_f64(self),
            (_, Type::Int32 | Type::Int64 | Type::Uint32) => deserializer.deserialize_i64(self),
            (_, Type::Message(message)) => match message.form {
                Form::Object => Wanted::Object(message).visit_some(deserializer),
                Form::Slice => deserializer.deserialize_seq(Wanted::Any),
                Form::Map => deserializer.deserialize_map(Wanted::Any),
                Form::Quantity | Form::Time => deserializer.deserialize_str(Wanted::Any),
                _ => deserializer.deserialize_any(Wanted::Any),
            },
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let one = match self {
            Wanted::Field(field) => Wanted::One(field),
            _ => Wanted::Any,
        };
        let mut list = Vec::with_capacity(values.size_hint().unwrap_or_default());
        while let Some(value) = values.next_element_seed(one)? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let wanted = match self {
                Wanted::Object(message) => Wanted::member(message, &name),
                Wanted::Field(field) => Wanted::One(field),
                Wanted::One(_) | Wanted::Any => Wanted::Any,
            };
            let value = entries.next_value_seed(wanted)?;
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(map.into())
    }
}
