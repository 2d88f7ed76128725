//! A type that asks mostly as the schema says, and sometimes anyhow: for something
//! else, twice, too early, not at all; that stops early, or goes on after an error.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::{Value, json};

use super::wanted::{Kind, member};
use crate::schema::row::{Form, Label, Message, Type};

/// What is done with a value follows from `choice`, and is the same each time.
#[derive(Clone, Copy)]
pub(super) struct Careless {
    /// What the schema says of the value.
    kind: Option<Kind>,
    choice: u64,
    /// It does something odd about once in so many times.
    rate: u64,
    /// Whether the order of members is not asked for.
    is_struct: bool,
}

impl Careless {
    pub(super) fn new(message: &'static Message, choice: u64, rate: u64) -> Careless {
        Careless {
            kind: Some(Kind::Object(message)),
            choice,
            rate,
            is_struct: false,
        }
    }

    /// Chooses below `bound`; each `question` is decided anew.
    fn choose(self, question: &str, bound: u64) -> u64 {
        mix(self.choice, question) % bound
    }

    fn is_odd(self, question: &str, rarer: u64) -> bool {
        self.choose(question, self.rate.saturating_mul(rarer)) == 0
    }

    /// What stands under this name.
    fn below(self, name: &str) -> Careless {
        let kind = match self.kind {
            Some(Kind::Object(message)) => member(message, name).map(Kind::Field),
            Some(Kind::Field(field)) => Some(Kind::One(field)),
            Some(Kind::One(_)) | None => None,
        };
        Careless {
            kind,
            choice: mix(self.choice, name),
            is_struct: false,
            ..self
        }
    }

    /// The same value, otherwise.
    fn again(self) -> Careless {
        let choice = mix(self.choice, "again");
        Careless { choice, ..self }
    }

    fn a_struct(self) -> Careless {
        let is_struct = true;
        Careless { is_struct, ..self }
    }

    fn ask_anyhow<'de, D: Deserializer<'de>>(self, asked: D) -> Result<Value, D::Error> {
        match self.choose("anyhow", 24) {
            0 => asked.deserialize_any(self),
            1 => asked.deserialize_option(self),
            2 => asked.deserialize_struct("", &[], self.a_struct()),
            3 => asked.deserialize_map(self),
            4 => asked.deserialize_seq(self),
            5 => asked.deserialize_str(self),
            6 => asked.deserialize_string(self),
            7 => asked.deserialize_bytes(self),
            8 => asked.deserialize_byte_buf(self),
            9 => asked.deserialize_bool(self),
            10 => asked.deserialize_i64(self),
            11 => asked.deserialize_i32(self),
            12 => asked.deserialize_u64(self),
            13 => asked.deserialize_f64(self),
            14 => asked.deserialize_i128(self),
            15 => asked.deserialize_char(self),
            16 => asked.deserialize_unit(self),
            17 => asked.deserialize_newtype_struct("", self),
            18 => asked.deserialize_tuple(2, self),
            19 => asked.deserialize_enum("", &[], self),
            20 => asked.deserialize_ignored_any(self),
            21 => asked.deserialize_identifier(self),
            22 => asked.deserialize_unit_struct("", self),
            _ => asked.deserialize_tuple_struct("", 2, self),
        }
    }

    fn ask_by_schema<'de, D: Deserializer<'de>>(self, asked: D) -> Result<Value, D::Error> {
        let (kind, label) = match self.kind {
            None => return asked.deserialize_any(self),
            Some(Kind::Object(_)) => return asked.deserialize_struct("", &[], self.a_struct()),
            Some(Kind::Field(field)) => (field.kind(), field.label),
            Some(Kind::One(field)) => (field.kind(), Label::One),
        };
        let of_no_field = Careless { kind: None, ..self };
        match (label, kind) {
            (Label::Repeated, _) => asked.deserialize_seq(self),
            (Label::Map, _) => asked.deserialize_map(self),
            (_, Type::Bytes) => asked.deserialize_byte_buf(self),
            (_, Type::String) => match self.choose("text", 2) {
                0 => asked.deserialize_str(self),
                _ => asked.deserialize_string(self),
            },
            (_, Type::Bool) => asked.deserialize_bool(self),
            (_, Type::Double) => asked.deserialize_f64(self),
            (_, Type::Int32) => asked.deserialize_i32(self),
            (_, Type::Int64 | Type::Uint32) => asked.deserialize_i64(self),
            (_, Type::Message(message)) => match message.form {
                Form::Object => {
                    let kind = Some(Kind::Object(message));
                    let object = Careless { kind, ..self };
                    asked.deserialize_struct("", &[], object.a_struct())
                }
                Form::Slice => asked.deserialize_seq(of_no_field),
                Form::Map => asked.deserialize_map(of_no_field),
                _ => asked.deserialize_any(of_no_field),
            },
        }
    }

    fn done<E: Error>(self, value: Value) -> Result<Value, E> {
        match self.is_odd("refused", 4) {
            true => Err(E::custom("refused")),
            false => Ok(value),
        }
    }

    fn key<'de, A: MapAccess<'de>>(self, entries: &mut A) -> Result<Option<String>, A::Error> {
        match self.is_odd("key", 1) {
            false => entries.next_key(),
            true => Ok(match self.choose("odd key", 4) {
                0 => entries.next_key::<&str>()?.map(str::to_owned),
                1 => entries.next_key::<IgnoredAny>()?.map(|_| String::new()),
                2 => entries.next_key::<Value>()?.map(|key| key.to_string()),
                _ => entries
                    .next_key_seed(self.again())?
                    .map(|key| key.to_string()),
            }),
        }
    }

    fn value<'de, A: MapAccess<'de>>(self, entries: &mut A) -> Result<Value, A::Error> {
        if !self.is_odd("value", 1) {
            return entries.next_value_seed(self);
        }
        let not_read =
            |entries: &mut A| format!("{:?}", entries.next_value::<Option<IgnoredAny>>().ok());
        Ok(match self.choose("odd value", 6) {
            0 => entries.next_value::<IgnoredAny>().map(|_| Value::Null)?,
            1 => json!([not_read(entries), entries.next_value_seed(self)?]),
            2 => json!([entries.next_value_seed(self).ok(), not_read(entries)]),
            3 => json!([
                entries.next_value_seed(self).ok(),
                entries.next_value_seed(self.again())?
            ]),
            4 => not_read(entries).into(),
            _ => entries.next_value_seed(self).unwrap_or_default(),
        })
    }
}

fn mix(choice: u64, name: &str) -> u64 {
    let mixed = name.bytes().fold(choice, |choice, byte| {
        (choice ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (mixed ^ mixed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7
}

/// How many errors it goes on after: some come again for ever.
const PATIENCE: usize = 5;

impl<'de> DeserializeSeed<'de> for Careless {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, asked: D) -> Result<Value, D::Error> {
        if self.is_odd("not asked", 3) {
            return self.done(json!("not asked"));
        }
        let value = match self.choose("option", 3) {
            _ if self.is_odd("asked", 1) => self.ask_anyhow(asked),
            0 => asked.deserialize_option(self),
            _ => self.ask_by_schema(asked),
        };
        match self.is_odd("caught", 1) {
            true => Ok(value.unwrap_or_else(|_| json!("caught"))),
            false => value,
        }
    }
}

impl<'de> Visitor<'de> for Careless {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.done(json!("none"))
    }

    fn visit_some<D: Deserializer<'de>>(self, asked: D) -> Result<Value, D::Error> {
        match self.is_odd("some, not asked", 2) {
            true => self.done(json!("some, not asked")),
            false => Ok(json!({"some": self.again().deserialize(asked)?})),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, asked: D) -> Result<Value, D::Error> {
        self.visit_some(asked)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.done(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.done(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.done(json!(format!("i64 {value}")))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.done(json!(format!("u64 {value}")))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.done(json!(format!("f64 {value:?}")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.done(json!(format!("copied {value}")))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Value, E> {
        self.done(json!(format!("lent {value}")))
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
        self.done(json!(format!("copied {value:?}")))
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<Value, E> {
        self.done(json!(format!("lent {value:?}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut told = vec![json!(values.size_hint())];
        let mut patience = if self.is_odd("patient", 1) {
            PATIENCE
        } else {
            0
        };
        loop {
            let value = self.below(&told.len().to_string());
            if value.is_odd("left", 6) {
                return self.done(told.into());
            }
            let next = match value.is_odd("ignored", 2) {
                true => values
                    .next_element::<IgnoredAny>()
                    .map(|found| found.map(|_| Value::Null)),
                false => values.next_element_seed(value),
            };
            match next {
                Ok(Some(value)) => told.push(json!([value, values.size_hint()])),
                Ok(None) => break,
                Err(_) if patience > 0 => patience -= 1,
                Err(error) => return Err(error),
            }
        }
        if self.is_odd("after the end", 2) {
            told.push(json!(format!(
                "{:?}",
                values.next_element_seed(self.again()).ok()
            )));
        }
        self.done(told.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut told: Vec<Value> = Vec::new();
        let mut patience = if self.is_odd("patient", 1) {
            PATIENCE
        } else {
            0
        };
        let out_of_turn =
            |entries: &mut A| json!(format!("{:?}", entries.next_value_seed(self.again()).ok()));
        if self.is_odd("before the first", 4) {
            told.push(out_of_turn(&mut entries));
        }
        loop {
            if self.below(&told.len().to_string()).is_odd("left", 8) {
                break;
            }
            let key = match self.key(&mut entries) {
                Ok(Some(key)) => key,
                Ok(None) => {
                    if self.is_odd("after the end", 2) {
                        told.push(json!(entries.next_key::<String>().ok()));
                        told.push(out_of_turn(&mut entries));
                    }
                    break;
                }
                Err(_) if patience > 0 => {
                    patience -= 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let value = self.below(&key);
            if value.is_odd("left behind the key", 8) {
                break;
            }
            if value.is_odd("not wanted", 5) {
                continue;
            }
            match value.value(&mut entries) {
                Ok(value) => told.push(json!([key, value])),
                Err(_) if patience > 0 => patience -= 1,
                Err(error) => return Err(error),
            }
        }
        if self.is_struct {
            told.sort_by_key(Value::to_string);
        }
        self.done(told.into())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, asked: A) -> Result<Value, A::Error> {
        let (name, variant) = asked.variant::<String>()?;
        let value = self.below(&name);
        Ok(json!([
            name,
            match value.choose("variant", 5) {
                0 => variant.unit_variant().map(|()| Value::Null)?,
                1 => variant.newtype_variant_seed(value)?,
                2 => variant.tuple_variant(2, value)?,
                3 => variant.struct_variant(&[], value)?,
                _ => Value::Null,
            }
        ]))
    }
}
