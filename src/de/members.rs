//! The members of one JSON object, in Go's order.

use std::ops::Range;

use crate::de::{Mark, Pieces, Segment, Value, Walk, scalar};
use crate::error::Result;
use crate::schema::row::{Field, Form, Label, Message, Type, is_set};
use crate::tree::{Builder, Scalar};
use crate::wire::{Fields, Payload, Reader};

/// Steps through the members of a message, those of inline messages at their
/// place.
pub(crate) struct Members {
    /// The message, and the inline messages open below it. More than one is
    /// rare, so that the first stands apart and costs no allocation.
    frame: Frame,
    outer: Vec<Frame>,
    path: usize,
    body: Mark,
    /// A list of those met so far.
    unknown: Option<Box<Builder<'static>>>,
}

#[derive(Debug)]
struct Frame {
    message: &'static Message,
    row: usize,
    rest: Range<usize>,
    /// Rows that are left out.
    skipped: u64,
}

impl Members {
    pub(crate) fn open<'a>(
        walk: &mut Walk<'a>,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result<Members> {
        let path = walk.path.len();
        let skipped = walk.skipped_rows(message);
        let rest = walk.gather(message, pieces, skipped)?;
        Ok(Members {
            frame: Frame {
                message,
                row: 0,
                rest,
                skipped,
            },
            outer: Vec::new(),
            path,
            body: walk.mark(),
            unknown: None,
        })
    }

    /// The next member that is printed. Its path stands in the walk until the
    /// next call.
    pub(crate) fn next<'a>(
        &mut self,
        walk: &mut Walk<'a>,
    ) -> Result<Option<(&'static str, Value<'a>)>> {
        walk.release(self.body);
        loop {
            let Some(field) = self.frame.message.fields.get(self.frame.row) else {
                self.take_unknown(walk)?;
                match self.outer.pop() {
                    Some(frame) => self.frame = frame,
                    None => {
                        walk.path.truncate(self.path);
                        let Some(mut unknown) = self.unknown.take() else {
                            return Ok(None);
                        };
                        unknown.end_array(0)?;
                        let unknown = Value::Tree(Box::new(unknown.finish()));
                        return Ok(Some(("$unknownFields", unknown)));
                    }
                }
                continue;
            };
            let skipped = is_set(self.frame.skipped, self.frame.row);
            let run = self.frame.take_run(walk);
            if skipped {
                continue;
            }
            if field.is_retired() && (run.is_empty() || !walk.retired(field, run.clone())?) {
                continue;
            }
            if let (true, Type::Message(inline)) = (field.is_inline(), field.kind()) {
                let skipped = walk.skipped_rows(inline);
                let rest = walk.gather(inline, Pieces::of(run, walk), skipped)?;
                // The occurrences of the inline message stay until the parent
                // is done: they are fewer than its bytes.
                self.body = walk.mark();
                let frame = Frame {
                    message: inline,
                    row: 0,
                    rest,
                    skipped,
                };
                self.outer.push(std::mem::replace(&mut self.frame, frame));
                continue;
            }
            walk.path.push(Segment::Member(field.name()));
            if let Some(value) = walk.field_value(field, run)? {
                return Ok(Some((field.name(), value)));
            }
            walk.release(self.body);
        }
    }

    fn take_unknown(&mut self, walk: &Walk<'_>) -> Result<()> {
        for index in self.frame.rest.clone() {
            if let Some(Payload::LengthDelimited(bytes)) =
                walk.occurrence(index).map(|unknown| unknown.payload)
            {
                let list = match &mut self.unknown {
                    Some(list) => list,
                    none => {
                        let list = none.insert(Box::new(Builder::new(NAMES.as_bytes())));
                        list.begin_array()?;
                        list
                    }
                };
                add_unknown(list, self.frame.message, bytes)?;
            }
        }
        self.frame.rest.start = self.frame.rest.end;
        Ok(())
    }
}

impl Frame {
    /// The occurrences of the row at hand; steps to the next row.
    #[inline]
    fn take_run(&mut self, walk: &Walk<'_>) -> Range<usize> {
        let start = self.rest.start;
        let mut end = start;
        while end < self.rest.end
            && walk
                .occurrences
                .get(end)
                .is_some_and(|o| usize::from(o.row) == self.row)
        {
            end = end.saturating_add(1);
        }
        self.rest.start = end;
        self.row = self.row.saturating_add(1);
        start..end
    }
}

/// The members of an unknown field, in order.
const NAMES: &str = "bytes message number wireType";

/// Adds an unknown field as `$unknownFields` lists it.
fn add_unknown(list: &mut Builder<'static>, message: &'static Message, bytes: &[u8]) -> Result<()> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let reader = Reader::new(bytes, crate::Buffer::Raw);
    let Some(field) = Fields::new(reader).next_field()? else {
        return Ok(());
    };
    let wire_type = field.payload.wire_type().number();
    let mut object = list.begin_object()?;
    for name in NAMES.split(' ') {
        let key = list.text(name.as_bytes())?;
        list.key(&mut object, key);
        match name {
            "bytes" => list.made(STANDARD.encode(bytes).as_bytes())?,
            "message" => list.made(message.name.as_bytes())?,
            "number" => list.scalar(Scalar::Int(i64::from(field.number)))?,
            _ => list.scalar(Scalar::Int(i64::from(wire_type)))?,
        };
    }
    list.end_object(object)?;
    Ok(())
}

impl<'a> Pieces<'a> {
    /// The payloads of a run of occurrences.
    #[inline]
    pub(super) fn of(run: Range<usize>, walk: &Walk<'a>) -> Pieces<'a> {
        match run.len() {
            0 => Pieces::Absent,
            1 => match walk.occurrence(run.start) {
                Some(one) => Pieces::of_payload(one.payload, one.offset),
                None => Pieces::Absent,
            },
            _ => Pieces::Many(run),
        }
    }

    #[inline]
    pub(super) fn of_payload(payload: Payload<'a>, offset: u64) -> Pieces<'a> {
        match payload {
            Payload::LengthDelimited(bytes) => Pieces::One(bytes, offset),
            _ => Pieces::Absent,
        }
    }
}

impl<'a> Walk<'a> {
    /// What the field prints, or `None` where Go leaves the member out.
    pub(crate) fn field_value(
        &mut self,
        field: &'static Field,
        run: Range<usize>,
    ) -> Result<Option<Value<'a>>> {
        if let Some(last) = run.clone().last().and_then(|index| self.occurrence(index)) {
            self.set_offset(last.offset);
        }
        let value = match field.label {
            Label::Map if !run.is_empty() => return Ok(Some(Value::Map(field.kind(), run))),
            Label::Repeated if !run.is_empty() && !self.is_packed_nothing(field.kind(), &run) => {
                return Ok(Some(Value::List(field.kind(), run)));
            }
            Label::Map | Label::Repeated => Value::Null,
            Label::One => match field.kind() {
                Type::Message(message) => return self.message_field(field, message, run),
                kind => {
                    let last = run.last().and_then(|index| self.occurrence(index));
                    match last.and_then(|last| scalar::value(kind, last.payload)) {
                        // `omitempty` does not look through a pointer.
                        Some(value) if field.is_pointer() => return Ok(Some(value)),
                        Some(value) => value,
                        None if field.is_pointer() => Value::Null,
                        None => scalar::zero(kind),
                    }
                }
            },
        };
        let omitted = field.is_omitempty() && scalar::is_empty(&value);
        Ok((!omitted).then_some(value))
    }

    fn message_field(
        &mut self,
        field: &'static Field,
        message: &'static Message,
        run: Range<usize>,
    ) -> Result<Option<Value<'a>>> {
        let nullable = field.is_pointer() || matches!(message.form, Form::Slice | Form::Map);
        if run.is_empty() && nullable {
            return Ok((!field.is_omitempty()).then_some(Value::Null));
        }
        let pieces = Pieces::of(run, self);
        let value = self.message_value(message, pieces)?;
        let omitted = match &value {
            // A named slice or map is empty; a struct never is.
            Value::List(_, run) | Value::Map(_, run) if !field.is_pointer() => {
                field.is_omitempty() && run.is_empty()
            }
            Value::Null => field.is_omitzero(),
            _ => false,
        };
        Ok((!omitted).then_some(value))
    }

    /// Packed integers of no bytes: Go leaves the slice nil.
    fn is_packed_nothing(&self, kind: Type, run: &Range<usize>) -> bool {
        let packable = scalar::is_varint(kind) || matches!(kind, Type::Double);
        packable
            && run.clone().all(|index| {
                matches!(
                    self.occurrence(index).map(|o| o.payload),
                    Some(Payload::LengthDelimited([]))
                )
            })
    }
}
