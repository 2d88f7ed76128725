//! A type that asks for each value as k8s-openapi's types do, by what the schema
//! says of it, and wants some not at all.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::schema::row::{Field, Form, Label, Message, Type};

#[derive(Clone, Copy)]
pub(super) enum Wanted {
    Any,
    OfSchema(Kind, Choice),
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Object(&'static Message),
    Field(&'static Field),
    /// One value of the field.
    One(&'static Field),
}

/// What is not wanted: one value in four, the same each time; none if it is 0.
#[derive(Clone, Copy)]
pub(super) struct Choice(u64);

impl Choice {
    fn of(self, name: &str) -> Choice {
        let mix = |salt: u64, byte| (salt ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        match self.0 {
            0 => self,
            salt => Choice(name.bytes().fold(salt, mix) | 1),
        }
    }

    fn ignores(self) -> bool {
        self.0 != 0 && (self.0 >> 13).is_multiple_of(4)
    }
}

impl Wanted {
    pub(super) fn all(message: &'static Message) -> Wanted {
        Wanted::OfSchema(Kind::Object(message), Choice(0))
    }

    pub(super) fn all_but(message: &'static Message, choice: u64) -> Wanted {
        Wanted::OfSchema(Kind::Object(message), Choice(choice | 1))
    }

    /// What stands under this name.
    fn below(self, name: &str) -> (Wanted, Choice) {
        let Wanted::OfSchema(kind, choice) = self else {
            return (Wanted::Any, Choice(0));
        };
        let choice = choice.of(name);
        let kind = match kind {
            Kind::Object(message) => member(message, name).map(Kind::Field),
            Kind::Field(field) => Some(Kind::One(field)),
            Kind::One(_) => None,
        };
        // `kind` and `apiVersion` have no field.
        let wanted = kind.map_or(Wanted::Any, |kind| Wanted::OfSchema(kind, choice));
        (wanted, choice)
    }
}

pub(super) fn member(message: &'static Message, name: &str) -> Option<&'static Field> {
    message
        .fields
        .iter()
        .find_map(|field| match (field.is_inline(), field.kind()) {
            (true, Type::Message(inline)) => member(inline, name),
            _ => (field.name() == name).then_some(field),
        })
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
        let Wanted::OfSchema(kind, _) = self else {
            return deserializer.deserialize_any(self);
        };
        let (kind, label) = match kind {
            Kind::Object(_) => return deserializer.deserialize_struct("", &[], self),
            Kind::Field(field) => (field.kind(), field.label),
            Kind::One(field) => (field.kind(), Label::One),
        };
        match (label, kind) {
            (Label::Repeated, _) => deserializer.deserialize_seq(self),
            (Label::Map, _) => deserializer.deserialize_map(self),
            (_, Type::String | Type::Bytes) => deserializer.deserialize_string(self),
            (_, Type::Bool) => deserializer.deserialize_bool(self),
            (_, Type::Double) => deserializer.deserialize_f64(self),
            (_, Type::Int32 | Type::Int64 | Type::Uint32) => deserializer.deserialize_i64(self),
            (_, Type::Message(message)) => match message.form {
                Form::Object => {
                    let Wanted::OfSchema(_, choice) = self else {
                        return deserializer.deserialize_any(self);
                    };
                    let object = Wanted::OfSchema(Kind::Object(message), choice);
                    deserializer.deserialize_struct("", &[], object)
                }
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
        let mut list = Vec::with_capacity(values.size_hint().unwrap_or_default());
        loop {
            let (wanted, choice) = self.below(&list.len().to_string());
            let next = match choice.ignores() {
                true => values.next_element::<IgnoredAny>()?.map(|_| Value::Null),
                false => values.next_element_seed(wanted)?,
            };
            match next {
                Some(value) => list.push(value),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let (wanted, choice) = self.below(&name);
            let value = match choice.ignores() {
                true => entries.next_value::<IgnoredAny>().map(|_| Value::Null)?,
                false => entries.next_value_seed(wanted)?,
            };
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(map.into())
    }
}
