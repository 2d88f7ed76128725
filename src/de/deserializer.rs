//! `serde::Deserializer` over wire bytes.
//!
//! Typed objects come out equal to what serde_json makes of our JSON, without
//! the JSON in between: strings borrow from the bytes where they are UTF-8,
//! bytes are base64 text where text is asked for.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::convert::to_u64;
use crate::de::well_known::{write_duration, write_micro_time, write_time};
use crate::de::{Entries, Items, Members, Options, Pieces, Segment, Value, Walk};
use crate::error::{Buffer, Category, Error, Result};
use crate::limits::Limits;
use crate::schema::row::Message;
use crate::tree;
use crate::utf8;

/// What the envelope says of a top-level object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: &'a [u8],
    pub(crate) api_version: &'a [u8],
}

/// One value, ready for a visitor.
pub(crate) struct ValueDeserializer<'w, 'de> {
    walk: &'w mut Walk<'de>,
    value: Value<'de>,
    head: Option<Head<'de>>,
}

impl<'w, 'de> ValueDeserializer<'w, 'de> {
    pub(crate) fn new(walk: &'w mut Walk<'de>, value: Value<'de>) -> Self {
        ValueDeserializer {
            walk,
            value,
            head: None,
        }
    }

    /// A top-level object.
    pub(crate) fn object(
        walk: &'w mut Walk<'de>,
        head: Option<Head<'de>>,
        message: &'static Message,
        pieces: Pieces<'de>,
    ) -> Result<Self> {
        let head = head.filter(|_| message.type_meta);
        let value = walk.message_value(message, pieces)?;
        Ok(ValueDeserializer { walk, value, head })
    }
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let ValueDeserializer { walk, value, head } = self;
        match value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::Double(value) => visit_double(value, visitor),
            Value::String(bytes) => visit_text(walk, bytes, visitor),
            Value::Bytes(bytes) => visitor.visit_string(STANDARD.encode(bytes)),
            Value::Quantity(text) => visitor.visit_str(&text),
            Value::Time(seconds) => visit_ascii(visitor, |out| write_time(out, seconds)),
            Value::MicroTime(seconds, nanos) => {
                visit_ascii(visitor, |out| write_micro_time(out, seconds, nanos))
            }
            Value::Duration(nanos) => visit_ascii(visitor, |out| write_duration(out, nanos)),
            Value::Joined(bytes) => {
                if std::str::from_utf8(&bytes).is_err() {
                    walk.invalid_utf8()?;
                }
                visitor.visit_str(&utf8::lossy(&bytes))
            }
            Value::Json(bytes, offset) => visit_json(walk, bytes, offset, visitor),
            Value::Tree(tree) => {
                walk.invalid_utf8_in(&tree)?;
                tree::deserializer(tree).deserialize_any(visitor)
            }
            Value::List(kind, run) => {
                let mark = walk.mark();
                let left = run.len();
                let items = Items::open(walk, kind, run);
                let value = visitor.visit_seq(ListAccess { walk, items, left })?;
                walk.release(mark);
                Ok(value)
            }
            Value::Map(kind, run) => {
                let mark = walk.mark();
                let entries = Entries::open(walk, kind, run)?;
                let value = visitor.visit_map(EntriesAccess {
                    walk,
                    entries,
                    value: Value::Null,
                })?;
                walk.release(mark);
                Ok(value)
            }
            Value::Object(message, pieces) => {
                let mark = walk.mark();
                let access = ObjectAccess::open(walk, head, message, pieces)?;
                let value = visitor.visit_map(access)?;
                walk.release(mark);
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Null => visitor.visit_none(),
            Value::Json(b"null", _) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// A `bytes` field gives its bytes, not their base64 text.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Bytes(bytes) | Value::String(bytes) => visitor.visit_borrowed_bytes(bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let ValueDeserializer { walk, value, head } = self;
        match value {
            Value::String(bytes) => {
                let text: &str = &utf8::lossy(bytes);
                visitor.visit_enum(text.into_deserializer())
            }
            Value::Object(message, pieces) => {
                let mark = walk.mark();
                let access = ObjectAccess::open(walk, head, message, pieces)?;
                let value = visitor.visit_enum(MapAccessDeserializer::new(access))?;
                walk.release(mark);
                Ok(value)
            }
            Value::Tree(tree) => tree::deserializer(tree).deserialize_enum(name, variants, visitor),
            Value::Json(bytes, offset) => with_json(walk, bytes, offset, |json| match json {
                Json::Borrowed(json) => json.deserialize_enum(name, variants, visitor),
                Json::Owned(value) => value.deserialize_enum(name, variants, visitor),
            }),
            _ => Err(Error::custom("an enum is neither a string nor an object")),
        }
    }

    /// Passes over the value without looking at it.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// As serde_json reads what Go prints: a double without fraction is an integer
/// there, unless it is too large or minus zero.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the bounds are powers of two, and what is cast is a whole number between them"
)]
fn visit_double<'de, V: Visitor<'de>>(value: f64, visitor: V) -> Result<V::Value> {
    if !value.is_finite() {
        return Err(Error::new(
            Category::Unrepresentable,
            "double",
            "NaN or an infinity",
        ));
    }
    let integral = value.fract() == 0.0 && !(value == 0.0 && value.is_sign_negative());
    if integral && value >= 0.0 && value < u64::MAX as f64 {
        visitor.visit_u64(value as u64)
    } else if integral && value < 0.0 && value >= i64::MIN as f64 {
        visitor.visit_i64(value as i64)
    } else {
        visitor.visit_f64(value)
    }
}

fn visit_text<'de, V: Visitor<'de>>(
    walk: &mut Walk<'de>,
    bytes: &'de [u8],
    visitor: V,
) -> Result<V::Value> {
    match std::str::from_utf8(bytes) {
        Ok(text) => visitor.visit_borrowed_str(text),
        Err(_) => {
            walk.invalid_utf8()?;
            visitor.visit_str(&utf8::lossy(bytes))
        }
    }
}

fn visit_ascii<'de, V: Visitor<'de>>(
    visitor: V,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<V::Value> {
    let mut text = Vec::with_capacity(40);
    write(&mut text);
    visitor.visit_str(&utf8::lossy(&text))
}

type SliceDeserializer<'j, 'de> = &'j mut serde_json::Deserializer<serde_json::de::SliceRead<'de>>;

enum Json<'j, 'de> {
    Borrowed(SliceDeserializer<'j, 'de>),
    /// Text with bad bytes replaced, which nothing can borrow from.
    Owned(serde_json::Value),
}

fn visit_json<'de, V: Visitor<'de>>(
    walk: &mut Walk<'de>,
    bytes: &'de [u8],
    offset: u64,
    visitor: V,
) -> Result<V::Value> {
    with_json(walk, bytes, offset, |json| match json {
        Json::Borrowed(json) => json.deserialize_any(visitor),
        Json::Owned(value) => value.deserialize_any(visitor),
    })
}

fn with_json<'de, T>(
    walk: &mut Walk<'de>,
    bytes: &'de [u8],
    offset: u64,
    decode: impl FnOnce(Json<'_, 'de>) -> Result<T, serde_json::Error>,
) -> Result<T> {
    let locate = |error, walk: &Walk<'_>| json_error(&error, bytes, walk.buffer(), offset);
    if std::str::from_utf8(bytes).is_err() {
        walk.invalid_utf8()?;
        let value = serde_json::from_str(&utf8::lossy(bytes)).map_err(|e| locate(e, walk))?;
        return decode(Json::Owned(value)).map_err(|e| locate(e, walk));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = decode(Json::Borrowed(&mut json)).map_err(|e| locate(e, walk))?;
    json.end().map_err(|e| locate(e, walk))?;
    Ok(value)
}

/// Any serde type from JSON text.
pub(crate) fn decode_json<'de, T: serde::Deserialize<'de>>(
    json: &'de [u8],
    buffer: Buffer,
) -> Result<T> {
    let mut walk = Walk::new(Limits::default(), Options::default(), buffer);
    T::deserialize(ValueDeserializer::new(&mut walk, Value::Json(json, 0)))
}

/// Our error for one of serde_json's, whose text may quote the payload.
#[cold]
fn json_error(error: &serde_json::Error, bytes: &[u8], buffer: Buffer, offset: u64) -> Error {
    use serde_json::error::Category as Fault;
    // Its position is a line and a column, both counted from 1.
    let line = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum::<usize>();
    let within = line.saturating_add(error.column().saturating_sub(1));
    let deep = error.to_string().starts_with("recursion limit");
    let made = match error.classify() {
        _ if deep => Error::limit("JSON", "nested deeper than serde_json allows"),
        Fault::Data => Error::custom(error),
        Fault::Eof => Error::malformed("JSON", "ends too early"),
        Fault::Syntax | Fault::Io => Error::malformed("JSON", "not valid"),
    };
    made.at(buffer, offset.saturating_add(to_u64(within)))
}

struct ListAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    items: Items<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for ListAccess<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(value) = self.items.next(self.walk)? else {
            return Ok(None);
        };
        self.left = self.left.saturating_sub(1);
        seed.deserialize(ValueDeserializer::new(self.walk, value))
            .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

struct EntriesAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    entries: Entries,
    value: Value<'de>,
}

impl<'de> MapAccess<'de> for EntriesAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((key, value)) = self.entries.next(self.walk)? else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(ValueDeserializer::new(self.walk, Value::String(key)))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let value = std::mem::replace(&mut self.value, Value::Null);
        seed.deserialize(ValueDeserializer::new(self.walk, value))
    }
}

struct ObjectAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    members: Members,
    head: [Option<(&'static str, &'de [u8])>; 2],
    value: Value<'de>,
    path: usize,
}

impl<'w, 'de> ObjectAccess<'w, 'de> {
    fn open(
        walk: &'w mut Walk<'de>,
        head: Option<Head<'de>>,
        message: &'static Message,
        pieces: Pieces<'de>,
    ) -> Result<Self> {
        let path = walk.path.len();
        let members = Members::open(walk, message, pieces)?;
        Ok(ObjectAccess {
            walk,
            members,
            head: match head {
                // Taken from the back.
                Some(head) => [
                    Some(("apiVersion", head.api_version)),
                    Some(("kind", head.kind)),
                ],
                None => [None, None],
            },
            value: Value::Null,
            path,
        })
    }
}

impl<'de> MapAccess<'de> for ObjectAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let head = self.head.iter_mut().rev().find_map(Option::take);
        let name = match head {
            Some((name, text)) => {
                self.walk.path.truncate(self.path);
                self.walk.path.push(Segment::Member(name));
                self.value = Value::String(text);
                name
            }
            None => match self.members.next(self.walk)? {
                Some((name, value)) => {
                    self.value = value;
                    name
                }
                None => return Ok(None),
            },
        };
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let value = std::mem::replace(&mut self.value, Value::Null);
        seed.deserialize(ValueDeserializer::new(self.walk, value))
    }
}
