//! Scalar fields: which wire type a row takes, and what the payload means.

use crate::convert::{low_i32, low_u32};
use crate::de::Value;
use crate::schema::row::{Field, Label, Type};
use crate::wire::{Payload, WireType};

/// Whether Go's decoder takes this payload for this field.
#[inline]
pub(crate) fn takes(field: &Field, payload: &Payload<'_>) -> bool {
    match (payload, field.kind()) {
        (Payload::LengthDelimited(_), Type::String | Type::Bytes | Type::Message(_)) => true,
        // Packed, or a map entry.
        (Payload::LengthDelimited(_), _) => field.label != Label::One,
        (Payload::Varint(_), kind) => field.label != Label::Map && is_varint(kind),
        (Payload::Fixed64(_), Type::Double) => field.label != Label::Map,
        _ => false,
    }
}

/// The wire type of one value.
pub(crate) fn wire_type(kind: Type) -> WireType {
    match kind {
        Type::String | Type::Bytes | Type::Message(_) => WireType::LengthDelimited,
        Type::Double => WireType::Fixed64,
        Type::Bool | Type::Int32 | Type::Int64 | Type::Uint32 => WireType::Varint,
    }
}

#[inline]
pub(crate) fn is_varint(kind: Type) -> bool {
    matches!(kind, Type::Bool | Type::Int32 | Type::Int64 | Type::Uint32)
}

/// The value of a scalar's payload; `None` where the two do not go together.
#[inline]
pub(crate) fn value<'a>(kind: Type, payload: Payload<'a>) -> Option<Value<'a>> {
    Some(match (kind, payload) {
        (Type::String, Payload::LengthDelimited(bytes)) => Value::String(bytes),
        (Type::Bytes, Payload::LengthDelimited(bytes)) => Value::Bytes(bytes),
        (Type::Bool, Payload::Varint(number)) => Value::Bool(number != 0),
        (Type::Int32 | Type::Uint32 | Type::Int64, Payload::Varint(number)) => {
            Value::Int(integer(kind, number))
        }
        (Type::Double, Payload::Fixed64(bits)) => Value::Double(f64::from_bits(bits)),
        _ => return None,
    })
}

/// A varint as Go's variable of the field's type holds it: of 32 bits, the low ones.
#[inline]
pub(crate) fn integer(kind: Type, number: u64) -> i64 {
    match kind {
        Type::Bool => i64::from(number != 0),
        Type::Int32 => i64::from(low_i32(number)),
        Type::Uint32 => i64::from(low_u32(number)),
        _ => number.cast_signed(),
    }
}

/// What Go's variable holds when the field is not on the wire.
pub(crate) fn zero<'a>(kind: Type) -> Value<'a> {
    match kind {
        Type::String => Value::String(b""),
        Type::Bytes | Type::Message(_) => Value::Null,
        Type::Bool => Value::Bool(false),
        Type::Int32 | Type::Int64 | Type::Uint32 => Value::Int(0),
        Type::Double => Value::Double(0.0),
    }
}

/// Whether Go's `omitempty` leaves the value out.
#[inline]
pub(crate) fn is_empty(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Double(value) => *value == 0.0,
        Value::String(bytes) | Value::Bytes(bytes) => bytes.is_empty(),
        _ => false,
    }
}
