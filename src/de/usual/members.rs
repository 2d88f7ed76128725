//! The members of an object: the rows of its message, and the fields at them.

use super::{At, List, Map, Object, Source, element, message_value, retired};
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
    pub(crate) fn open(object: Object<'s, 'a>, places: &mut Places) -> Option<Members<'s, 'a>> {
        let at = object.at.deeper()?;
        Some(Members {
            frame: Frame::open(object.message, object.bytes, places)?,
            outer: Vec::new(),
            at,
        })
    }

    /// The next member that is printed.
    #[inline]
    pub(crate) fn next(
        &mut self,
        places: &mut Places,
    ) -> Option<Option<(&'static str, Source<'s, 'a>)>> {
        loop {
            let step = self.frame.step(places)?;
            let (field, source) = match step {
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
                Step::Absent(field) => (field, absent(field, self.at)?),
                Step::Present(field, mut wire) => {
                    let source = present(field, &mut wire, self.at)?;
                    self.frame.leave(wire);
                    (field, source)
                }
            };
            if let Some(source) = source {
                return Some(Some((field.name(), source)));
            }
        }
    }
}

enum Step<'a> {
    End,
    Inline(&'static Message, &'a [u8]),
    Absent(&'static Field),
    /// Behind the field's first tag.
    Present(&'static Field, Quick<'a>),
}

impl<'a> Frame<'a> {
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
        let (row, wire) = match &mut self.order {
            Order::Wire(wire, found) => {
                if found.is_none() {
                    *found = next_row(self.fields, self.row, wire)?;
                }
                match *found {
                    Some(row) => (row, *wire),
                    None => (self.fields.len(), *wire),
                }
            }
            Order::Rows {
                bytes,
                present,
                start,
            } => match lowest(*present) {
                Some(row) => {
                    let left = places.get(start.saturating_add(row))?;
                    let from = bytes.len().checked_sub(usize::try_from(*left).ok()?)?;
                    (row, Quick::new(bytes.get(from..)?))
                }
                None => (self.fields.len(), Quick::new(b"")),
            },
        };
        if let Some(skipped) = lowest(self.absent) {
            let absent = self.row.saturating_add(skipped);
            if absent < row {
                self.pass(absent)?;
                let field = self.fields.get(absent)?;
                return Some(match field.kind {
                    Type::Message(message) if field.is_inline() => Step::Inline(message, b""),
                    _ => Step::Absent(field),
                });
            }
        }
        let Some(field) = self.fields.get(row) else {
            return Some(Step::End);
        };
        self.pass(row)?;
        match &mut self.order {
            Order::Wire(_, found) => *found = None,
            Order::Rows { present, .. } => *present &= present.wrapping_sub(1),
        }
        if let (true, Type::Message(message)) = (field.is_inline(), field.kind) {
            let mut wire = wire;
            let bytes = wire.bytes()?;
            self.leave(wire);
            return Some(Step::Inline(message, bytes));
        }
        Some(Step::Present(field, wire))
    }

    /// The row is handed on.
    #[inline]
    fn pass(&mut self, row: usize) -> Option<()> {
        let passed = u32::try_from(row.checked_sub(self.row)?).ok()?;
        self.absent = self.absent.checked_shr(passed)? >> 1;
        self.row = row.saturating_add(1);
        Some(())
    }

    /// A field is read up to here.
    #[inline]
    fn leave(&mut self, behind: Quick<'a>) {
        if let Order::Wire(wire, _) = &mut self.order {
            *wire = behind;
        }
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

/// A field whose first tag is read; `None` inside where it is left out.
#[inline]
fn present<'s, 'a>(
    field: &'static Field,
    wire: &mut Quick<'a>,
    at: At<'s>,
) -> Option<Option<Source<'s, 'a>>> {
    if field.is_retired() {
        retired(field, wire)?;
        return Some(None);
    }
    if at.skips(field) {
        List::take(field, wire, at)?;
        return Some(None);
    }
    let below = at.member(field);
    let source = match (field.label, field.kind) {
        (Label::Repeated, _) => Source::List(List::take(field, wire, below)?),
        (Label::Map, _) => Source::Map(Map::take(field, wire, below)?),
        (Label::One, Type::Message(message)) => {
            return message_field(field, message, wire.bytes()?, below);
        }
        (Label::One, kind) => {
            let source = element(kind, wire, below)?;
            // `omitempty` does not look through a pointer.
            let omits = field.is_omitempty() && !field.is_pointer();
            match &source {
                Source::One(value) if omits && scalar::is_empty(value) => return Some(None),
                _ => source,
            }
        }
    };
    Some(Some(source))
}

fn message_field<'s, 'a>(
    field: &'static Field,
    message: &'static Message,
    bytes: &'a [u8],
    at: At<'s>,
) -> Option<Option<Source<'s, 'a>>> {
    let source = message_value(message, bytes, at)?;
    let omitted = field.is_omitzero() && matches!(source, Source::One(Value::Null));
    Some((!omitted).then_some(source))
}

/// A field that is not on the wire.
#[inline(never)]
fn absent<'s, 'a>(field: &'static Field, at: At<'s>) -> Option<Option<Source<'s, 'a>>> {
    if at.skips(field) {
        return Some(None);
    }
    let null = (!field.is_omitempty()).then_some(Source::One(Value::Null));
    match (field.label, field.kind) {
        (Label::One, _) if field.is_pointer() => Some(null),
        (Label::One, Type::Message(message)) => match message.form {
            Form::Slice | Form::Map => Some(null),
            _ => message_field(field, message, b"", at.member(field)),
        },
        (Label::One, kind) => Some(Some(Source::One(scalar::zero(kind)))),
        _ => Some(null),
    }
}
