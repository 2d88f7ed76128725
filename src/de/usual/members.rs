//! The members of an object: the rows of its message, and the fields at them.

use super::collections::{List, pass};
use super::fields::Outer;
use super::{At, Object, Source, element, message_value, retired};
use super::{find_rows, next_row};
use crate::convert::to_usize;
use crate::de::{Value, scalar};
use crate::schema::row::{Field, Form, Label, Message, Type, lowest};
use crate::wire::Quick;

/// Steps through the members of a message, those of inline messages at their
/// place.
pub(crate) struct Members<'s, 'a> {
    frame: Frame<'a>,
    /// How many frames wait for inline messages to end.
    outer: u32,
    at: At<'s>,
    /// The last member was handed on.
    ended: bool,
}

/// Room for what is open, one upon the other.
#[derive(Default)]
pub(crate) struct Stacks<'a> {
    /// Frames that an inline message interrupts.
    frames: Vec<Frame<'a>>,
    /// The places of [`Order::Rows`].
    places: Vec<u32>,
    /// The same as `frames`, of [`Fields`](super::Fields).
    pub(super) outer: Vec<Outer<'a>>,
}

/// A point that the stacks can be brought back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StacksMark {
    frames: usize,
    places: usize,
}

impl Stacks<'_> {
    #[inline]
    pub(crate) fn mark(&self) -> StacksMark {
        StacksMark {
            frames: self.frames.len(),
            places: self.places.len(),
        }
    }

    #[inline]
    pub(crate) fn release(&mut self, mark: StacksMark) {
        self.frames.truncate(mark.frames);
        self.places.truncate(mark.places);
    }
}

/// A field that is handed on.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) field: &'static Field,
    /// Of a single field with a length, its payload; else what is behind the
    /// first tag.
    pub(super) wire: Quick<'a>,
    /// How many values stand there; none if it is shown without being there.
    pub(super) count: u32,
}

struct Frame<'a> {
    message: &'static Message,
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

impl<'s, 'a> Members<'s, 'a> {
    #[inline]
    pub(crate) fn open(object: Object<'s, 'a>, stacks: &mut Stacks<'a>) -> Option<Members<'s, 'a>> {
        let at = object.at.deeper()?;
        Some(Members {
            frame: Frame::open(object.message, object.bytes, &mut stacks.places)?,
            outer: 0,
            at,
            ended: false,
        })
    }

    /// The name of the next member that is printed, and what it holds.
    pub(crate) fn next(
        &mut self,
        stacks: &mut Stacks<'a>,
    ) -> Option<Option<(&'static str, Source<'s, 'a>)>> {
        loop {
            let member = match self.frame.step(&stacks.places)? {
                Step::End if self.outer == 0 => {
                    self.ended = true;
                    return Some(None);
                }
                Step::End => {
                    self.outer = self.outer.saturating_sub(1);
                    self.frame = stacks.frames.pop()?;
                    continue;
                }
                Step::Inline(message, bytes) => {
                    self.at = self.at.deeper()?;
                    let inline = Frame::open(message, bytes, &mut stacks.places)?;
                    stacks
                        .frames
                        .push(std::mem::replace(&mut self.frame, inline));
                    self.outer = self.outer.saturating_add(1);
                    continue;
                }
                Step::Member(member) => member,
            };
            if is_shown(member, self.at)? {
                return Some(Some((member.field.name(), self.value(member)?)));
            }
        }
    }

    /// Passes over the members that are left, if they are as usual.
    #[inline]
    pub(crate) fn finish(&mut self, stacks: &mut Stacks<'a>) -> Option<()> {
        while !self.ended {
            self.next(stacks)?;
        }
        Some(())
    }

    #[inline]
    fn value(&self, member: Member<'a>) -> Option<Source<'s, 'a>> {
        let Member {
            field,
            mut wire,
            count,
        } = member;
        let below = self.at.member(field);
        match (field.label, field.kind()) {
            _ if count == 0 => absent(field, self.at)?,
            (Label::One, Type::String) => Some(Source::One(Value::String(wire.rest()))),
            (Label::One, Type::Bytes) => Some(Source::One(Value::Bytes(wire.rest()))),
            (Label::One, Type::Message(message)) => message_value(message, wire.rest(), below),
            (Label::One, kind) => element(kind, &mut wire, below),
            (Label::Repeated, _) => Some(Source::List(List::of(field, wire, count, below))),
            (Label::Map, _) => Some(Source::Map(List::of(field, wire, count, below))),
        }
    }
}

/// Whether Go prints the member.
#[inline]
pub(super) fn is_shown(member: Member<'_>, at: At<'_>) -> Option<bool> {
    let Member {
        field,
        mut wire,
        count,
    } = member;
    if count == 0 {
        return Some(absent(field, at)?.is_some());
    }
    if field.is_retired() {
        let nothing = match (field.label, field.kind()) {
            (Label::One, Type::String | Type::Bytes) => wire.is_empty() && !field.is_pointer(),
            _ => retired(field, &mut wire).is_some(),
        };
        return nothing.then_some(false);
    }
    if at.skips(field) {
        return Some(false);
    }
    // `omitempty` does not look through a pointer, and `omitzero` asks a time.
    Some(match (field.label, field.kind()) {
        (Label::One, Type::Message(message)) if field.is_omitzero() => {
            let source = message_value(message, wire.rest(), at)?;
            !matches!(source, Source::One(Value::Null))
        }
        (Label::One, Type::Message(_)) => true,
        (Label::One, Type::String | Type::Bytes) if field.is_omitempty() && !field.is_pointer() => {
            !wire.is_empty()
        }
        (Label::One, kind) if field.is_omitempty() && !field.is_pointer() => {
            match element(kind, &mut wire, at)? {
                Source::One(value) => !scalar::is_empty(&value),
                _ => true,
            }
        }
        _ => true,
    })
}
/// A field that is not on the wire; `None` inside where Go does not print it.
#[cold]
pub(crate) fn absent<'s, 'a>(field: &'static Field, at: At<'s>) -> Option<Option<Source<'s, 'a>>> {
    let nil = (!field.is_omitempty()).then_some(Source::One(Value::Null));
    let source = match (field.label, field.kind()) {
        _ if at.skips(field) => None,
        (Label::One, _) if field.is_pointer() => nil,
        (Label::One, Type::Message(message)) => match message.form {
            Form::Slice | Form::Map => nil,
            _ => {
                let source = message_value(message, b"", at.member(field))?;
                let zero = matches!(source, Source::One(Value::Null));
                (!(zero && field.is_omitzero())).then_some(source)
            }
        },
        (Label::One, kind) => Some(Source::One(scalar::zero(kind))),
        _ => nil,
    };
    Some(source)
}

enum Step<'a> {
    End,
    Inline(&'static Message, &'a [u8]),
    Member(Member<'a>),
}

impl<'a> Frame<'a> {
    #[inline]
    fn open(
        message: &'static Message,
        bytes: &'a [u8],
        places: &mut Vec<u32>,
    ) -> Option<Frame<'a>> {
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
            message,
            row: 0,
            absent: message.shown_absent,
            order,
        })
    }

    #[inline(always)]
    fn step(&mut self, places: &[u32]) -> Option<Step<'a>> {
        let row = match &mut self.order {
            Order::Wire(wire, found) => {
                if found.is_none() {
                    *found = next_row(self.message, self.row, wire)?;
                }
                found.unwrap_or(self.message.fields.len())
            }
            Order::Rows { present, .. } => lowest(*present).unwrap_or(self.message.fields.len()),
        };
        if let Some(skipped) = lowest(self.absent) {
            let absent = self.row.saturating_add(skipped);
            if absent < row {
                self.pass(absent)?;
                let field = self.message.fields.get(absent)?;
                return Some(match field.kind() {
                    Type::Message(message) if field.is_inline() => Step::Inline(message, b""),
                    _ => Step::Member(Member {
                        field,
                        wire: Quick::new(b""),
                        count: 0,
                    }),
                });
            }
        }
        let Some(field) = self.message.fields.get(row) else {
            return Some(Step::End);
        };
        self.pass(row)?;
        let (wire, count) = match &mut self.order {
            Order::Wire(wire, found) => {
                *found = None;
                values(field, wire)?
            }
            Order::Rows {
                bytes,
                present,
                start,
            } => {
                *present &= present.wrapping_sub(1);
                let left = places.get(start.saturating_add(row))?;
                let from = bytes.len().checked_sub(to_usize(*left))?;
                values(field, &mut Quick::new(bytes.get(from..)?))?
            }
        };
        if let (true, Type::Message(message)) = (field.is_inline(), field.kind()) {
            return Some(Step::Inline(message, wire.rest()));
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

/// Reads over a field, and gives its payload or where its values begin, and how
/// many there are. A field that stands twice is a row that is not found the second
/// time.
#[inline(always)]
pub(super) fn values<'a>(field: &'static Field, wire: &mut Quick<'a>) -> Option<(Quick<'a>, u32)> {
    let first = *wire;
    match (field.label, field.tag & 7) {
        (Label::One, 2) => Some((Quick::new(wire.bytes()?), 1)),
        (Label::One, _) => wire.skip(field.tag).map(|()| (first, 1)),
        (Label::Repeated | Label::Map, _) => Some((first, pass(field, wire)?)),
    }
}
