//! `serde::Deserializer` over wire bytes.
//!
//! Typed objects come out equal to what serde_json makes of our JSON, without
//! the JSON in between: `&str` borrows from the bytes where they are UTF-8, bytes
//! are base64 text where text is asked for.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::convert::to_u64;
use crate::de::access::{EntriesAccess, ListAccess, ObjectAccess};
use crate::de::usual::{At, Room, Slot, Source, message_value};
use crate::de::well_known::{write_duration, write_micro_time, write_time};
use crate::de::{Options, Pieces, Value, Walk};
use crate::error::{Buffer, Category, Error, Result};
use crate::limits::Limits;
use crate::schema::row::{Message, Shape};
use crate::skip_fields::Skip;
use crate::tree;
use crate::utf8;

/// What the envelope says of a top-level object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) kind: &'a [u8],
    pub(crate) api_version: &'a [u8],
}

/// The value in a slot, ready for a visitor.
pub(crate) struct ValueDeserializer<'w, 's, 'de> {
    walk: &'w mut Walk<'de>,
    slot: &'w mut Slot<'s, 'de>,
}

impl<'w, 's, 'de> ValueDeserializer<'w, 's, 'de> {
    #[inline]
    pub(crate) fn new(walk: &'w mut Walk<'de>, slot: &'w mut Slot<'s, 'de>) -> Self {
        ValueDeserializer { walk, slot }
    }

    #[inline]
    fn take(&mut self) -> Result<Source<'s, 'de>> {
        match self.slot.take() {
            Some(source) => Ok(source),
            None => self.nothing().map(|()| Source::One(Value::Null)),
        }
    }

    /// Asked for twice, or where there is no value: by all rules, that is null.
    #[inline]
    fn nothing(&mut self) -> Result<()> {
        match self.walk.is_only_usual() {
            true => Err(self.walk.unusual()),
            false => Ok(()),
        }
    }

    #[inline]
    fn is(&self, shape: Shape) -> bool {
        self.slot.is(shape)
    }
}

/// Any serde type from a value.
pub(crate) fn decode_value<'de, T: Deserialize<'de>>(
    walk: &mut Walk<'de>,
    value: Value<'de>,
) -> Result<T> {
    let mut slot = Slot::of(Source::One(value));
    T::deserialize(ValueDeserializer::new(walk, &mut slot))
}

/// Any serde type from a top-level object, by all rules.
pub(crate) fn decode_object<'de, S: DeserializeSeed<'de>>(
    walk: &mut Walk<'de>,
    head: Option<Head<'de>>,
    message: &'static Message,
    pieces: Pieces<'de>,
    seed: S,
) -> Result<S::Value> {
    walk.head = head.filter(|_| message.type_meta);
    let value = walk.message_value(message, pieces)?;
    let mut slot = Slot::of(Source::One(value));
    seed.deserialize(ValueDeserializer::new(walk, &mut slot))
}

/// The same, if the object stands on the wire as usual and is not lossless. Of an
/// error only that there is one counts.
#[inline]
pub(crate) fn decode_usual<'de, S: DeserializeSeed<'de>>(
    walk: &mut Walk<'de>,
    head: Option<Head<'de>>,
    message: &'static Message,
    bytes: &'de [u8],
    skip: Skip<'_>,
    seed: S,
) -> Result<S::Value> {
    if walk.is_lossless() {
        return Err(walk.unusual());
    }
    walk.head = head.filter(|_| message.type_meta);
    let at = At::top(walk.limits(), skip);
    let Some(source) = message_value(message, bytes, at) else {
        return Err(walk.unusual());
    };
    walk.expect_usual();
    let mut slot = Slot::of(source);
    let decoded = seed.deserialize(ValueDeserializer::new(walk, &mut slot));
    match walk.is_usual() {
        true => decoded,
        false => Err(walk.unusual()),
    }
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_, '_, 'de> {
    type Error = Error;

    #[inline(never)]
    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let (source, walk) = (self.take()?, self.walk);
        let value = match source {
            Source::One(value) => value,
            Source::List(list) => return ListAccess::usual(walk, list).visit(visitor),
            Source::Map(map) => return EntriesAccess::usual(walk, map).visit(visitor),
            Source::Object(object) => return ObjectAccess::usual(walk, object).visit(visitor),
        };
        match value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(value) => visitor.visit_i64(value),
            Value::Double(value) => visit_double(value, visitor),
            Value::String(bytes) => visit_text(walk, bytes, visitor),
            Value::Bytes(bytes) => visitor.visit_string(STANDARD.encode(bytes)),
            Value::Quantity(text) => visitor.visit_str(&text),
            Value::Time(seconds) => visit_written(walk, visitor, |out| write_time(out, seconds)),
            Value::MicroTime(seconds, nanos) => {
                visit_written(walk, visitor, |out| write_micro_time(out, seconds, nanos))
            }
            Value::Duration(nanos) => {
                visit_written(walk, visitor, |out| write_duration(out, nanos))
            }
            Value::Joined(bytes) => visitor.visit_str(&text_of(walk, &bytes)?),
            Value::Json(bytes, offset) => visit_json(walk, bytes, offset, visitor),
            Value::Tree(tree) => {
                walk.invalid_utf8_in(tree.root())?;
                tree::deserializer(tree.root()).deserialize_any(visitor)
            }
            Value::List(kind, run) => ListAccess::ruled(walk, kind, run).visit(visitor),
            Value::Map(kind, run) => EntriesAccess::ruled(walk, kind, run)?.visit(visitor),
            Value::Object(message, pieces) => {
                ObjectAccess::ruled(walk, message, pieces)?.visit(visitor)
            }
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        match self.slot.is_null() {
            Some(true) => visitor.visit_none(),
            Some(false) => visitor.visit_some(self),
            None => {
                self.nothing()?;
                visitor.visit_none()
            }
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// A `bytes` field gives its bytes, not their base64 text.
    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        match self.take()? {
            Source::One(Value::Bytes(bytes) | Value::String(bytes)) => {
                visitor.visit_borrowed_bytes(bytes)
            }
            source => {
                self.slot.put(source);
                self.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let (source, walk) = (self.take()?, self.walk);
        let value = match source {
            Source::One(value) => value,
            Source::Object(object) => {
                return ObjectAccess::usual(walk, object).visit_enum(visitor);
            }
            Source::List(_) | Source::Map(_) => return Err(no_enum()),
        };
        match value {
            Value::Object(message, pieces) => {
                ObjectAccess::ruled(walk, message, pieces)?.visit_enum(visitor)
            }
            Value::String(bytes) => {
                let text = text_of(walk, bytes)?;
                visitor.visit_enum((&*text).into_deserializer())
            }
            Value::Tree(tree) => {
                tree::deserializer(tree.root()).deserialize_enum(name, variants, visitor)
            }
            Value::Json(bytes, offset) => with_json(walk, bytes, offset, |json| match json {
                Json::Borrowed(json) => json.deserialize_enum(name, variants, visitor),
                Json::Owned(value) => value.deserialize_enum(name, variants, visitor),
            }),
            _ => Err(no_enum()),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.is(Shape::String) {
            return self.deserialize_any(visitor);
        }
        match self.slot.text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => Err(self.walk.unusual()),
        }
    }

    /// Who asks for a `String` copies: the text of a field is never lent, whichever way
    /// it is read.
    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.is(Shape::String) {
            return match self.slot.text_read() {
                Some(bytes) => visitor.visit_str(&text_of(self.walk, bytes)?),
                None => self.deserialize_any(visitor),
            };
        }
        match self.slot.text_in(&mut Room::new()) {
            Some(text) => visitor.visit_str(text),
            None => Err(self.walk.unusual()),
        }
    }

    // What types usually ask for, apart from all that may come instead: each is
    // compiled for every type.

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if !self.slot.is_object() {
            return self.deserialize_any(visitor);
        }
        visitor.visit_map(&mut ObjectAccess::in_slot(self.walk, self.slot))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.is(Shape::Map) {
            return self.deserialize_any(visitor);
        }
        visitor.visit_map(&mut EntriesAccess::in_slot(self.walk, self.slot))
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.is(Shape::List) {
            return self.deserialize_any(visitor);
        }
        visitor.visit_seq(&mut ListAccess::in_slot(self.walk, self.slot))
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.is(Shape::Bool) {
            return self.deserialize_any(visitor);
        }
        match self.slot.integer() {
            Some(value) => visitor.visit_bool(value != 0),
            None => Err(self.walk.unusual()),
        }
    }

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_i64(visitor)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.slot.is_integer() {
            return self.deserialize_any(visitor);
        }
        match self.slot.integer() {
            Some(value) => visitor.visit_i64(value),
            None => Err(self.walk.unusual()),
        }
    }

    /// Passes over the value: what has to be looked at all the same is, when it is
    /// left.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char
        unit unit_struct tuple tuple_struct identifier
    }
}

#[cold]
fn no_enum() -> Error {
    Error::custom("an enum is neither a string nor an object")
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
    match text_of(walk, bytes)? {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

/// The text, in which invalid UTF-8 is replaced and reported.
fn text_of<'t>(walk: &mut Walk<'_>, bytes: &'t [u8]) -> Result<Cow<'t, str>> {
    let text = utf8::lossy(bytes);
    if let Cow::Owned(_) = text {
        walk.invalid_utf8()?;
    }
    Ok(text)
}

/// Visits text that is written first, into a buffer that is used again.
fn visit_written<'de, V: Visitor<'de>>(
    walk: &mut Walk<'de>,
    visitor: V,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<V::Value> {
    let mut text = std::mem::take(&mut walk.text);
    text.clear();
    // A time has up to 27 bytes, unless its year is odd.
    text.reserve(32);
    write(&mut text);
    let visited = visitor.visit_str(&utf8::lossy(&text));
    walk.text = text;
    visited
}

type StrDeserializer<'j, 'de> = &'j mut serde_json::Deserializer<serde_json::de::StrRead<'de>>;

enum Json<'j, 'de> {
    Borrowed(StrDeserializer<'j, 'de>),
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
    let text = match text_of(walk, bytes)? {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => {
            let value = serde_json::from_str(&text).map_err(|e| locate(e, walk))?;
            return decode(Json::Owned(value)).map_err(|e| locate(e, walk));
        }
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = decode(Json::Borrowed(&mut json)).map_err(|e| locate(e, walk))?;
    json.end().map_err(|e| locate(e, walk))?;
    Ok(value)
}

/// Any serde type from JSON text.
pub(crate) fn decode_json<'de, T: Deserialize<'de>>(json: &'de [u8], buffer: Buffer) -> Result<T> {
    let mut walk = Walk::new(Limits::default(), Options::default(), buffer, json.len());
    decode_value(&mut walk, Value::Json(json, 0))
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
