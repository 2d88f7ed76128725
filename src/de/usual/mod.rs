//! Objects that stand on the wire as Go writes them.
//!
//! Nearly every stored object does: fields known and each once, in the order of
//! their numbers or for [`Fields`] in any, map keys sorted, text in UTF-8. Then nothing has to be
//! gathered first, no path kept, and no report made. `None` means that something
//! is otherwise: the caller starts over with the [`Walk`](crate::de::Walk), which
//! knows all rules and says what was met. So nothing here decides what an unusual
//! object means; it may only know fewer objects, or read the same in them.
//!
//! ```text
//! Members ── rows of the table, the fields of one message at them
//! Fields ─── the fields of one message in the order of the wire
//!  │
//!  ├ Slot ── one field, not looked at before a type says what it takes
//!  └ Source ── one field: a value, or what is opened in turn:
//!     ├ Object ─▶ Members or Fields
//!     ├ List ─▶ Values or KeyValues, elements and entries still on the wire
//!     └ special ── messages with a JSON form of their own
//! ```

mod collections;
mod fields;
mod members;
mod rows;
mod slot;
mod special;
#[cfg(test)]
mod tests;

pub(crate) use collections::{ENTRY_KEY, KeyValues, List, Values, entry_value, pass};
pub(crate) use fields::{Fields, Next};
pub(crate) use members::{Members, Stacks, StacksMark, absent};
pub(crate) use rows::{find_rows, next_row};
pub(crate) use slot::{Room, Slot};
pub(crate) use special::special;

use crate::de::Value;
use crate::de::scalar::integer;
use crate::limits::Limits;
use crate::schema::row::{Field, Form, Label, Message, Type};
use crate::skip_fields::Skip;
use crate::wire::Quick;

/// One field as it is handed on. By all rules, it is always `One`.
pub(crate) enum Source<'s, 'a> {
    One(Value<'a>),
    Object(Object<'s, 'a>),
    List(List<'s, 'a>),
    Map(List<'s, 'a>),
}

/// A message whose JSON is an object of its fields.
#[derive(Clone, Copy)]
pub(crate) struct Object<'s, 'a> {
    pub(crate) message: &'static Message,
    pub(crate) bytes: &'a [u8],
    pub(crate) at: At<'s>,
}

/// Where in the object a message stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'s> {
    /// How many messages may be opened below.
    pub(crate) levels: u32,
    /// What to leave out below.
    pub(crate) skip: Skip<'s>,
}

impl<'s> At<'s> {
    /// Where nothing is to open.
    pub(super) fn nowhere() -> At<'s> {
        let (levels, skip) = (0, Skip::default());
        At { levels, skip }
    }

    /// At an object itself.
    pub(crate) fn top(limits: &Limits, skip: Skip<'s>) -> At<'s> {
        let levels = u32::try_from(limits.message_depth).unwrap_or(u32::MAX);
        At { levels, skip }
    }

    /// One message deeper.
    #[inline]
    pub(crate) fn deeper(self) -> Option<At<'s>> {
        self.deeper_by(1)
    }

    /// So many messages deeper.
    #[inline]
    fn deeper_by(self, messages: u32) -> Option<At<'s>> {
        Some(At {
            levels: self.levels.checked_sub(messages)?,
            skip: self.skip,
        })
    }

    /// At what a member holds.
    #[inline]
    pub(crate) fn member(self, field: &'static Field) -> At<'s> {
        At {
            levels: self.levels,
            skip: self.skip.below(field.name()),
        }
    }

    #[inline]
    pub(crate) fn skips(self, field: &'static Field) -> bool {
        !self.skip.is_empty() && self.skip.skips(field.name())
    }
}

/// Reads over a retired field whose tag is read, if it holds nothing.
#[cold]
pub(crate) fn retired(field: &'static Field, wire: &mut Quick<'_>) -> Option<()> {
    let nothing = match (field.label, field.kind()) {
        _ if field.is_pointer() => false,
        (Label::One, Type::String | Type::Bytes) => wire.bytes()?.is_empty(),
        (Label::One, Type::Bool | Type::Int64) => wire.varint()? == 0,
        _ => false,
    };
    nothing.then_some(())
}

/// The value after a tag of the field's type.
#[inline]
fn element<'s, 'a>(kind: Type, wire: &mut Quick<'a>, at: At<'s>) -> Option<Source<'s, 'a>> {
    Some(Source::One(match kind {
        Type::String => Value::String(wire.bytes()?),
        Type::Message(message) => return message_value(message, wire.bytes()?, at),
        Type::Bytes => Value::Bytes(wire.bytes()?),
        Type::Double => Value::Double(f64::from_bits(wire.fixed64()?)),
        Type::Bool => Value::Bool(wire.varint()? != 0),
        kind => Value::Int(integer(kind, wire.varint()?)),
    }))
}

#[inline]
pub(crate) fn message_value<'s, 'a>(
    message: &'static Message,
    bytes: &'a [u8],
    at: At<'s>,
) -> Option<Source<'s, 'a>> {
    match message.form {
        Form::Object => Some(Source::Object(Object { message, bytes, at })),
        _ => special(message, bytes, at),
    }
}
