//! Messages with a JSON form of their own.

use super::{At, List, Object, Source};
use crate::convert::low_i32;
use crate::de::Value;
use crate::de::well_known::{begins_as_json, canonical_quantity, time_of};
use crate::schema::row::{Form, Label, Message, Type};
use crate::wire::Quick;

/// Tags of fields 1, 2 and 3.
const VARINT_1: u16 = 1 << 3;
const VARINT_2: u16 = 2 << 3;
const BYTES_1: u16 = 1 << 3 | 2;
const BYTES_2: u16 = 2 << 3 | 2;
const BYTES_3: u16 = 3 << 3 | 2;

/// The form of a message that is no plain object.
pub(crate) fn special<'s, 'a>(
    message: &'static Message,
    bytes: &'a [u8],
    at: At<'s>,
) -> Option<Source<'s, 'a>> {
    let at = at.deeper()?;
    let mut wire = Quick::new(bytes);
    let value = match message.form {
        Form::Time | Form::MicroTime => time(message.form, &mut wire)?,
        Form::Quantity => match wire.take(BYTES_1) {
            true => Value::Quantity(canonical_quantity(wire.bytes()?).ok()?),
            false => Value::Quantity("0".into()),
        },
        Form::IntOrString => int_or_string(&mut wire)?,
        Form::Duration => Value::Duration(varint(&mut wire, VARINT_1)?.cast_signed()),
        Form::FieldsV1 | Form::Json | Form::RawExtension => match wire.take(BYTES_1) {
            true => json(wire.bytes()?)?,
            false => Value::Null,
        },
        Form::Slice => {
            let field = message.fields.first()?;
            wire.take(field.tag).then_some(())?;
            return List::whole(field, wire, at).map(Source::List);
        }
        Form::Map => {
            let field = message.fields.first()?;
            wire.take(field.tag).then_some(())?;
            return List::whole(field, wire, at).map(Source::Map);
        }
        Form::JsonSchemaPropsOrArray | Form::JsonSchemaPropsOrStringArray => {
            return schema_or_list(message, wire, at);
        }
        Form::JsonSchemaPropsOrBool => return schema_or_bool(message, wire, at),
        Form::Object | Form::Fields | Form::GroupVersion | Form::Unknown => return None,
    };
    wire.is_empty().then_some(Source::One(value))
}

/// The field with this tag, or zero.
#[inline]
fn varint(wire: &mut Quick<'_>, tag: u16) -> Option<u64> {
    match wire.take(tag) {
        true => wire.varint(),
        false => Some(0),
    }
}

/// `{1: seconds, 2: nanos}`; no bytes, or the first instant of the year 1, is null.
fn time<'a>(form: Form, wire: &mut Quick<'a>) -> Option<Value<'a>> {
    if wire.is_empty() {
        return Some(Value::Null);
    }
    let seconds = varint(wire, VARINT_1)?.cast_signed();
    let nanos = low_i32(varint(wire, VARINT_2)?);
    Some(time_of(form, seconds, nanos))
}

/// `{1: type, 2: intVal, 3: strVal}`.
fn int_or_string<'a>(wire: &mut Quick<'a>) -> Option<Value<'a>> {
    let kind = varint(wire, VARINT_1)?;
    let number = low_i32(varint(wire, VARINT_2)?);
    let text = match wire.take(BYTES_3) {
        true => wire.bytes()?,
        false => b"",
    };
    match kind {
        0 => Some(Value::Int(i64::from(number))),
        1 => Some(Value::String(text)),
        _ => None,
    }
}

/// What begins so is JSON by the rules of all three types.
fn json(json: &[u8]) -> Option<Value<'_>> {
    begins_as_json(json).then_some(Value::Json(json, 0))
}

/// `{1: schema, 2: list}`, one of them.
fn schema_or_list<'s, 'a>(
    message: &'static Message,
    mut wire: Quick<'a>,
    at: At<'s>,
) -> Option<Source<'s, 'a>> {
    if wire.take(BYTES_1) {
        return schema(message, wire, at);
    }
    let list = message.fields.iter().find(|field| field.number() == 2)?;
    wire.take(list.tag).then_some(())?;
    List::whole(list, wire, at).map(Source::List)
}

/// `{1: allows, 2: schema}`.
fn schema_or_bool<'s, 'a>(
    message: &'static Message,
    mut wire: Quick<'a>,
    at: At<'s>,
) -> Option<Source<'s, 'a>> {
    let allows = varint(&mut wire, VARINT_1)? != 0;
    if wire.take(BYTES_2) {
        return schema(message, wire, at);
    }
    wire.is_empty().then_some(Source::One(Value::Bool(allows)))
}

/// The schema that a union holds, whose tag is read and which ends the union.
fn schema<'s, 'a>(
    message: &'static Message,
    mut wire: Quick<'a>,
    at: At<'s>,
) -> Option<Source<'s, 'a>> {
    let bytes = wire.bytes()?;
    let message = message.fields.iter().find_map(|field| match field.kind() {
        Type::Message(schema) if field.label == Label::One => Some(schema),
        _ => None,
    })?;
    wire.is_empty()
        .then_some(Source::Object(Object { message, bytes, at }))
}
