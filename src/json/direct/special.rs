//! Messages with a JSON form of their own.

use super::{At, Direct};
use crate::Buffer;
use crate::convert::low_i32;
use crate::de::well_known::{canonical_quantity, whole_microseconds};
use crate::de::well_known::{write_duration, write_micro_time, write_time};
use crate::json::plain::is_plain;
use crate::json::{HtmlEscape, compact, write_i64};
use crate::schema::row::{Form, Label, Message, Type};
use crate::wire::{Quick, Reader};

/// Tags of fields 1, 2 and 3.
const VARINT_1: u16 = 1 << 3;
const VARINT_2: u16 = 2 << 3;
const BYTES_1: u16 = 1 << 3 | 2;
const BYTES_2: u16 = 2 << 3 | 2;
const BYTES_3: u16 = 3 << 3 | 2;

/// A point in time.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Time {
    /// No bytes, or the first instant of the year 1.
    Zero,
    Seconds(i64),
    Micros(i64, i32),
}

impl Time {
    pub(super) fn is_zero(self) -> bool {
        self == Time::Zero
    }
}

impl Direct<'_> {
    pub(super) fn special(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: At<'_>,
    ) -> Option<()> {
        match message.form {
            Form::Object => return self.object(message, bytes, at),
            Form::Time | Form::MicroTime => {
                let time = self.time(message, bytes, at)?;
                self.write_time(time);
                return Some(());
            }
            _ => {}
        }
        let at = self.deeper(at)?;
        let mut wire = Quick::new(bytes);
        match message.form {
            Form::Slice => {
                let field = message.fields.first()?;
                wire.take(field.tag).then_some(())?;
                self.elements(field, &mut wire, at)?;
            }
            Form::Map => {
                let field = message.fields.first()?;
                wire.take(field.tag).then_some(())?;
                self.entries(field, &mut wire, at)?;
            }
            Form::Quantity => {
                let text = match wire.take(BYTES_1) {
                    true => canonical_quantity(wire.bytes()?).ok()?,
                    false => "0".into(),
                };
                self.text(text.as_bytes())?;
            }
            Form::IntOrString => self.int_or_string(&mut wire)?,
            Form::Duration => {
                let nanos = match wire.take(VARINT_1) {
                    true => wire.varint()?.cast_signed(),
                    false => 0,
                };
                self.quoted(|out| write_duration(out, nanos));
            }
            Form::FieldsV1 | Form::Json | Form::RawExtension => match wire.take(BYTES_1) {
                true => self.json(wire.bytes()?)?,
                false => self.out.extend_from_slice(b"null"),
            },
            Form::JsonSchemaPropsOrArray | Form::JsonSchemaPropsOrStringArray => {
                self.schema_or_list(message, &mut wire, at)?;
            }
            Form::JsonSchemaPropsOrBool => self.schema_or_bool(message, &mut wire, at)?,
            Form::Fields | Form::GroupVersion | Form::Unknown => return None,
            Form::Object | Form::Time | Form::MicroTime => return None,
        }
        wire.is_empty().then_some(())
    }

    /// Each of the three at most once, in any order that Go may write.
    fn int_or_string(&mut self, wire: &mut Quick<'_>) -> Option<()> {
        let kind = match wire.take(VARINT_1) {
            true => wire.varint()?,
            false => 0,
        };
        let number = match wire.take(VARINT_2) {
            true => wire.varint()?,
            false => 0,
        };
        let text = match wire.take(BYTES_3) {
            true => wire.bytes()?,
            false => b"",
        };
        match kind {
            0 => write_i64(self.out, i64::from(low_i32(number))),
            1 => self.text(text)?,
            _ => return None,
        }
        Some(())
    }

    /// `{1: seconds, 2: nanos}`.
    pub(super) fn time(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: At<'_>,
    ) -> Option<Time> {
        /// 0001-01-01T00:00:00Z, in seconds since 1970.
        const ZERO: i64 = -62_135_596_800;
        self.deeper(at)?;
        if bytes.is_empty() {
            return Some(Time::Zero);
        }
        let mut wire = Quick::new(bytes);
        let seconds = match wire.take(VARINT_1) {
            true => wire.varint()?.cast_signed(),
            false => 0,
        };
        let nanos = match wire.take(VARINT_2) {
            true => low_i32(wire.varint()?),
            false => 0,
        };
        if !wire.is_empty() {
            return None;
        }
        Some(match message.form {
            Form::Time if seconds == ZERO => Time::Zero,
            Form::Time => Time::Seconds(seconds),
            _ => match whole_microseconds(seconds, nanos) {
                (ZERO, 0) => Time::Zero,
                (seconds, nanos) => Time::Micros(seconds, nanos),
            },
        })
    }

    pub(super) fn write_time(&mut self, time: Time) {
        match time {
            Time::Zero => self.out.extend_from_slice(b"null"),
            Time::Seconds(seconds) => self.quoted(|out| write_time(out, seconds)),
            Time::Micros(seconds, nanos) => {
                self.quoted(|out| write_micro_time(out, seconds, nanos));
            }
        }
    }

    /// JSON inside protobuf: what begins so is JSON by the rules of all three
    /// types.
    fn json(&mut self, json: &[u8]) -> Option<()> {
        match json {
            [
                b'{' | b'[' | b'"' | b'n' | b't' | b'f' | b'-' | b'0'..=b'9',
                ..,
            ] => {}
            _ => return None,
        }
        if is_plain(json, self.json_depth) {
            self.out.extend_from_slice(json);
            return Some(());
        }
        let reader = Reader::new(json, Buffer::Raw);
        let compacted = compact(self.out, reader, HtmlEscape::Yes, self.json_depth).ok()?;
        (!compacted.invalid_utf8).then_some(())
    }

    /// `{1: schema, 2: list}`, one of them.
    fn schema_or_list(
        &mut self,
        message: &'static Message,
        wire: &mut Quick<'_>,
        at: At<'_>,
    ) -> Option<()> {
        if wire.take(BYTES_1) {
            return self.object(schema(message)?, wire.bytes()?, at);
        }
        let list = message.fields.iter().find(|field| field.number == 2)?;
        wire.take(list.tag).then_some(())?;
        self.elements(list, wire, at)
    }

    /// `{1: allows, 2: schema}`.
    fn schema_or_bool(
        &mut self,
        message: &'static Message,
        wire: &mut Quick<'_>,
        at: At<'_>,
    ) -> Option<()> {
        let allows = wire.take(VARINT_1) && wire.varint()? != 0;
        if wire.take(BYTES_2) {
            return self.object(schema(message)?, wire.bytes()?, at);
        }
        let allows: &[u8] = if allows { b"true" } else { b"false" };
        self.out.extend_from_slice(allows);
        Some(())
    }

    #[inline]
    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }
}

/// The schema that a union of one and something else holds.
fn schema(message: &'static Message) -> Option<&'static Message> {
    message.fields.iter().find_map(|field| match field.kind {
        Type::Message(schema) if field.label == Label::One => Some(schema),
        _ => None,
    })
}
