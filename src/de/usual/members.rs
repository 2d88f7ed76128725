//! The members of an object: the rows of its message, and the fields at them.

use super::collections::{List, pass};
use super::{At, Object, Source, element, message_value, retired};
use super::{find_rows, next_row};
use crate::de::{Value, scalar};
use crate::schema::row::{Field, Form, Label, Message, Type};
use crate::wire::Quick;

/// Steps through the members of a message, those of inline messages at their
/// place.
pub(crate) struct Members<'s, 'a> {
    frame: Frame<'a>,
    /// The frames that an inline message interrupts.
    outer: Vec<Frame<'a>>,
    at: At<'s>,
    member: Option<Member<'a>>,
}

/// A member whose name was handed on.
#[derive(Clone, Copy)]
struct Member<'a> {
    field: &'static Field,
    /// Behind the first tag.
    wire: Quick<'a>,
    /// How many values stand there; none if it is shown without being there.
    count: u32,
}

struct Frame<'a> {
    fields: &'static [Field],
    /// The first row not yet handed on.
    row: usize,
    /// Bits of the rows that may be shown without being on the wire, from
    /// `row` on.
    absent: u64,
    order: Order<'a>,
}

enum Order<'a> {
    /// The fields stand in the order of the rows; the row of the next one, whose
    /// tag is read.
    Wire(Quick<'a>, Option<usize>),
    /// They do not: what of `bytes` is left behind the first tag of each row, at
    /// its place from `start` on in the places, and bits of the rows that are there.
    Rows {
        bytes: &'a [u8],
        present: u64,
        start: usize,
    },
}

/// What [`Order::Rows`] needs room for, one upon the other.
pub(crate) type Places = Vec<u32>;

impl<'s, 'a> Members<'s, 'a> {
    #[inline]
    pub(crate) fn open(object: Object<'s, 'a>, places: &mut Places) -> Option<Members<'s, 'a>> {
        let at = object.at.deeper()?;
        Some(Members {
            frame: Frame::open(object.message, object.bytes, places)?,
            outer: Vec::new(),
            at,
            member: None,
        })
    }

    /// The name of the next member that is printed.
    pub(crate) fn next(&mut self, places: &mut Places) -> Option<Option<&'static str>> {
        loop {
            let member = match self.frame.step(places)? {
                Step::End => match self.outer.pop() {
                    Some(frame) => {
                        self.frame = frame;
                        continue;
                    }
                    None => return Some(None),
                },
                Step::Inline(message, bytes) => {
                    self.at = self.at.deeper()?;
                    let inline = Frame::open(message, bytes, places)?;
                    self.outer.push(std::mem::replace(&mut self.frame, inline));
                    continue;
                }
                Step::Member(member) => member,
            };
            if self.is_shown(member)? {
                self.member = Some(member);
                return Some(Some(member.field.name()));
            }
        }
    }

    /// What the member holds whose name was last handed on.
    #[inline]
    pub(crate) fn value(&mut self) -> Option<Source<'s, 'a>> {
        let Member {
            field,
            mut wire,
            count,
        } = self.member.take()?;
        let below = self.at.member(field);
        match (field.label, field.kind) {
            _ if count == 0 => absent(field, below),
            (Label::One, Type::Message(message)) => message_value(message, wire.bytes()?, below),
            (Label::One, kind) => element(kind, &mut wire, below),
            (Label::Repeated, _) => Some(Source::List(List::of(field, wire, count, below))),
            (Label::Map, _) => Some(Source::Map(List::of(field, wire, count, below))),
        }
    }

    /// Whether Go prints the member.
    #[inline]
    fn is_shown(&self, member: Member<'a>) -> Option<bool> {
        let Member {
            field,
            mut wire,
            count,
        } = member;
        if field.is_retired() {
            retired(field, &mut wire)?;
            return Some(false);
        }
        if self.at.skips(field) {
            return Some(false);
        }
        // `omitempty` does not look through a pointer, and `omitzero` asks a time.
        Some(match (field.label, field.kind) {
            (Label::One, Type::Message(message)) => {
                let nil = count == 0 && matches!(message.form, Form::Slice | Form::Map);
                if nil && !field.is_pointer() {
                    !field.is_omitempty()
                } else if field.is_omitzero() {
                    let bytes = if count == 0 { b"" } else { wire.bytes()? };
                    let source = message_value(message, bytes, self.at)?;
                    !matches!(source, Source::One(Value::Null))
                } else {
                    true
                }
            }
            (Label::One, kind) if field.is_omitempty() && !field.is_pointer() => {
                match element(kind, &mut wire, self.at)? {
                    Source::One(value) => !scalar::is_empty(&value),
                    _ => true,
                }
            }
            _ => true,
        })
    }
}

/// A field that is not on the wire, but shown.
#[cold]
fn absent<'s, 'a>(field: &'static Field, at: At<'s>) -> Option<Source<'s, 'a>> {
    let value = match (field.label, field.kind) {
        (Label::One, _) if field.is_pointer() => Value::Null,
        (Label::One, Type::Message(message)) => match message.form {
            Form::Slice | Form::Map => Value::Null,
            _ => return message_value(message, b"", at),
        },
        (Label::One, kind) => scalar::zero(kind),
        _ => Value::Null,
    };
    Some(Source::One(value))
}

enum Step<'a> {
    End,
    Inline(&'static Message, &'a [u8]),
    Member(Member<'a>),
}

impl<'a> Frame<'a> {
    #[inline]
    fn open(message: &'static Message, bytes: &'a [u8], places: &mut Places) -> Option<Frame<'a>> {
        let order = match message.in_wire_order {
            true => Order::Wire(Quick::new(bytes), None),
            false => {
                let start = places.len();
                places.resize(start.saturating_add(message.fields.len()), 0);
                let present = find_rows(message, bytes, places.get_mut(start..)?)?;
                Order::Rows {
                    bytes,
                    present,
                    start,
                }
            }
        };
        Some(Frame {
            fields: message.fields,
            row: 0,
            absent: message.shown_absent,
            order,
        })
    }

    #[inline]
    fn step(&mut self, places: &Places) -> Option<Step<'a>> {
        let row = match &mut self.order {
            Order::Wire(wire, found) => {
                if found.is_none() {
                    *found = next_row(self.fields, self.row, wire)?;
                }
                found.unwrap_or(self.fields.len())
            }
            Order::Rows { present, .. } => lowest(*present).unwrap_or(self.fields.len()),
        };
        if let Some(skipped) = lowest(self.absent) {
            let absent = self.row.saturating_add(skipped);
            if absent < row {
                self.pass(absent)?;
                let field = self.fields.get(absent)?;
                return Some(match field.kind {
                    Type::Message(message) if field.is_inline() => Step::Inline(message, b""),
                    _ => Step::Member(Member {
                        field,
                        wire: Quick::new(b""),
                        count: 0,
                    }),
                });
            }
        }
        let Some(field) = self.fields.get(row) else {
            return Some(Step::End);
        };
        self.pass(row)?;
        let (wire, count) = match &mut self.order {
            Order::Wire(wire, found) => {
                *found = None;
                let first = *wire;
                (first, field_pass(field, wire)?)
            }
            Order::Rows {
                bytes,
                present,
                start,
            } => {
                *present &= present.wrapping_sub(1);
                let left = places.get(start.saturating_add(row))?;
                let from = bytes.len().checked_sub(usize::try_from(*left).ok()?)?;
                let first = Quick::new(bytes.get(from..)?);
                (first, field_pass(field, &mut first.clone())?)
            }
        };
        if let (true, Type::Message(message)) = (field.is_inline(), field.kind) {
            let mut wire = wire;
            return Some(Step::Inline(message, wire.bytes()?));
        }
        Some(Step::Member(Member { field, wire, count }))
    }

    /// The row is handed on.
    #[inline]
    fn pass(&mut self, row: usize) -> Option<()> {
        let passed = u32::try_from(row.checked_sub(self.row)?).ok()?;
        self.absent = self.absent.checked_shr(passed)? >> 1;
        self.row = row.saturating_add(1);
        Some(())
    }
}

/// Reads over a field, and counts its values. One that stands twice is a row that
/// is not found the second time.
#[inline]
fn field_pass(field: &'static Field, wire: &mut Quick<'_>) -> Option<u32> {
    match field.label {
        Label::One => wire.skip(field.tag).map(|()| 1),
        Label::Repeated | Label::Map => pass(field, wire),
    }
}

/// The lowest bit that is set.
#[inline]
fn lowest(bits: u64) -> Option<usize> {
    match bits {
        0 => None,
        bits => usize::try_from(bits.trailing_zeros()).ok(),
    }
}
