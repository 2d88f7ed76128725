//! Messages with a JSON form of their own, one file per family.
//!
//! The form of a message is decided once, in its row of the table. Source of
//! the rules: the `MarshalJSON` and `Unmarshal` methods of the types, in
//! k8s.io/apimachinery and k8s.io/apiextensions-apiserver.

mod duration;
mod int_or_string;
mod quantity;
mod raw_json;
mod schema_props;
mod time;

pub(crate) use duration::write_duration;
pub(crate) use quantity::canonical as canonical_quantity;
pub(crate) use raw_json::begins_as_json;
pub(crate) use time::{write_micro_time, write_time};

use std::ops::Range;

use crate::convert::low_i32;
use crate::de::{Pieces, Value, Walk, scalar};
use crate::error::Result;
use crate::schema::row::{Field, Form, Message, Type};

impl<'a> Walk<'a> {
    /// The JSON form of a message.
    #[inline]
    pub(crate) fn message_value(
        &mut self,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result<Value<'a>> {
        if message.form == Form::Object {
            return Ok(Value::Object(message, pieces));
        }
        self.special_value(message, pieces)
    }

    fn special_value(
        &mut self,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result<Value<'a>> {
        match message.form {
            // An empty payload resets a time, and a second one replaces the first.
            Form::Time | Form::MicroTime => return self.time_value(message, pieces),
            Form::Quantity => return self.quantity_value(message, pieces),
            _ => {}
        }
        let fields = Gathered {
            message,
            all: self.gather(message, pieces, 0)?,
        };
        match message.form {
            Form::Slice => Ok(Value::List(fields.kind(1), fields.all)),
            Form::Map => Ok(Value::Map(fields.kind(1), fields.all)),
            Form::Fields if fields.all.is_empty() => Ok(Value::Null),
            Form::Fields => Ok(Value::Map(fields.kind(1), fields.all)),
            Form::Duration => Ok(Value::Duration(fields.int(self, 1))),
            Form::GroupVersion => Ok(self.group_version(&fields)),
            Form::IntOrString => self.int_or_string(&fields),
            Form::FieldsV1 => self.fields_v1(&fields),
            Form::Json => Ok(self.json(&fields)),
            Form::RawExtension => self.raw_extension(&fields),
            Form::Unknown => self.nested_unknown(&fields),
            Form::JsonSchemaPropsOrArray => self.schema_or_list(&fields, 1, 2),
            Form::JsonSchemaPropsOrStringArray => self.schema_or_list(&fields, 1, 2),
            Form::JsonSchemaPropsOrBool => self.schema_or_bool(&fields),
            Form::Object | Form::Time | Form::MicroTime | Form::Quantity => {
                Ok(Value::Object(message, Pieces::Absent))
            }
        }
    }

    /// `group/version`, or the version alone.
    fn group_version(&mut self, fields: &Gathered) -> Value<'a> {
        let group = fields.bytes(self, 1).unwrap_or_default();
        let version = fields.bytes(self, 2).unwrap_or_default();
        match group {
            [] => Value::String(version),
            _ => Value::Joined([group, version].join(&b'/')),
        }
    }
}

/// The occurrences of a special message's fields, read by number.
pub(super) struct Gathered {
    message: &'static Message,
    all: Range<usize>,
}

impl Gathered {
    fn row(&self, number: u32) -> Option<(usize, &'static Field)> {
        self.message.field_by_number(number, 0)
    }

    /// What field `number` holds.
    fn kind(&self, number: u32) -> Type {
        self.row(number)
            .map_or(Type::Bytes, |(_, field)| field.kind())
    }

    /// The occurrences of field `number`.
    fn run(&self, walk: &Walk<'_>, number: u32) -> Range<usize> {
        let Some((row, _)) = self.row(number) else {
            return 0..0;
        };
        let stands = |index: &usize| {
            walk.occurrence(*index)
                .is_some_and(|occurrence| usize::from(occurrence.row) == row)
        };
        match (
            self.all.clone().find(stands),
            self.all.clone().rfind(stands),
        ) {
            (Some(first), Some(last)) => first..last.saturating_add(1),
            _ => 0..0,
        }
    }

    /// The last value of a scalar field, and its offset.
    fn last<'a>(&self, walk: &Walk<'a>, number: u32) -> Option<(Value<'a>, u64)> {
        let last = self.run(walk, number).last()?;
        let occurrence = walk.occurrence(last)?;
        let value = scalar::value(self.kind(number), occurrence.payload)?;
        Some((value, occurrence.offset))
    }

    /// The last value of an integer field; zero if absent.
    fn int(&self, walk: &Walk<'_>, number: u32) -> i64 {
        match self.last(walk, number) {
            Some((Value::Int(value), _)) => value,
            _ => 0,
        }
    }

    /// The last value of a string or bytes field.
    fn bytes<'a>(&self, walk: &Walk<'a>, number: u32) -> Option<&'a [u8]> {
        self.bytes_at(walk, number).map(|(bytes, _)| bytes)
    }

    fn bytes_at<'a>(&self, walk: &Walk<'a>, number: u32) -> Option<(&'a [u8], u64)> {
        match self.last(walk, number)? {
            (Value::String(bytes) | Value::Bytes(bytes), offset) => Some((bytes, offset)),
            _ => None,
        }
    }
}

/// The time that is not `null` for having no bytes: the first instant of the year
/// 1 is, too. Of a Time, nanoseconds are dropped.
pub(crate) fn time_of<'a>(form: Form, seconds: i64, nanos: i32) -> Value<'a> {
    /// Go's zero time, 0001-01-01T00:00:00Z, in seconds since 1970.
    const ZERO: i64 = -62_135_596_800;
    match form {
        Form::Time if seconds == ZERO => Value::Null,
        Form::Time => Value::Time(seconds),
        _ => match time::whole_microseconds(seconds, nanos) {
            (ZERO, 0) => Value::Null,
            (seconds, nanos) => Value::MicroTime(seconds, nanos),
        },
    }
}

impl<'a> Walk<'a> {
    /// Wire `{1: seconds, 2: nanos}`. No bytes, or year 1, is Go's zero time: `null`.
    fn time_value(&mut self, message: &'static Message, pieces: Pieces<'a>) -> Result<Value<'a>> {
        let mut value = Value::Null;
        self.each_piece(pieces, |walk, bytes, offset| {
            let all = walk.gather(message, Pieces::One(bytes, offset), 0)?;
            let fields = Gathered { message, all };
            let seconds = fields.int(walk, 1);
            value = if bytes.is_empty() {
                Value::Null
            } else {
                let nanos = low_i32(fields.int(walk, 2).cast_unsigned());
                time_of(message.form, seconds, nanos)
            };
            Ok(())
        })?;
        Ok(value)
    }

    /// Wire `{1: text}`. Every text must parse, the last one counts.
    fn quantity_value(
        &mut self,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result<Value<'a>> {
        let all = self.gather(message, pieces, 0)?;
        let fields = Gathered { message, all };
        let mut value = Value::Quantity("0".into());
        for index in fields.run(self, 1) {
            if let Some(occurrence) = self.occurrence(index)
                && let Some(Value::String(text)) = scalar::value(fields.kind(1), occurrence.payload)
            {
                self.set_offset(occurrence.offset);
                value = Value::Quantity(quantity::canonical(text)?);
            }
        }
        Ok(value)
    }

    /// Calls `visit` with each payload of a message, in wire order.
    fn each_piece(
        &mut self,
        pieces: Pieces<'a>,
        mut visit: impl FnMut(&mut Self, &'a [u8], u64) -> Result<()>,
    ) -> Result<()> {
        match pieces {
            Pieces::Absent => Ok(()),
            Pieces::One(bytes, offset) => visit(self, bytes, offset),
            Pieces::Many(range) => {
                for index in range {
                    let occurrence = self.occurrence(index);
                    if let Some((Pieces::One(bytes, offset), _)) =
                        occurrence.map(|o| (Pieces::of_payload(o.payload, o.offset), ()))
                    {
                        let mark = self.mark();
                        visit(self, bytes, offset)?;
                        self.release(mark);
                    }
                }
                Ok(())
            }
        }
    }
}
