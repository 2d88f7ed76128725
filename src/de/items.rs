//! The elements of a repeated field.

use std::ops::Range;

use crate::de::{Mark, Pieces, Segment, Value, Walk, scalar};
use crate::error::{Error, Result};
use crate::schema::row::Type;
use crate::wire::{Payload, Reader};

/// Steps through the elements of a list.
pub(crate) struct Items<'a> {
    kind: Type,
    run: Range<usize>,
    /// What is left of a packed payload.
    packed: Option<Reader<'a>>,
    index: usize,
    body: Mark,
}

impl<'a> Items<'a> {
    pub(crate) fn open(walk: &mut Walk<'a>, kind: Type, run: Range<usize>) -> Items<'a> {
        Items {
            kind,
            run,
            packed: None,
            index: 0,
            body: walk.mark(),
        }
    }

    /// The next element. Its path stands in the walk until the next call.
    pub(crate) fn next(&mut self, walk: &mut Walk<'a>) -> Result<Option<Value<'a>>> {
        walk.release(self.body);
        loop {
            if let Some(packed) = self.packed.as_mut() {
                if packed.is_empty() {
                    self.packed = None;
                    continue;
                }
                self.push_index(walk);
                let packed = self.packed.as_mut().ok_or_else(mismatch)?;
                let payload = match self.kind {
                    Type::Double => Payload::Fixed64(packed.fixed64("packed double")?),
                    _ => Payload::Varint(packed.varint("packed integer")?),
                };
                return scalar::value(self.kind, payload)
                    .map(Some)
                    .ok_or_else(mismatch);
            }
            let Some(occurrence) = self.run.next().and_then(|index| walk.occurrence(index)) else {
                return Ok(None);
            };
            walk.set_offset(occurrence.offset);
            if let Type::Message(message) = self.kind {
                self.push_index(walk);
                let pieces = Pieces::of_payload(occurrence.payload, occurrence.offset);
                return walk.message_value(message, pieces).map(Some);
            }
            if let Some(value) = scalar::value(self.kind, occurrence.payload) {
                self.push_index(walk);
                return Ok(Some(value));
            }
            if let Payload::LengthDelimited(bytes) = occurrence.payload {
                self.packed = Some(Reader::with_base(bytes, occurrence.offset, walk.buffer()));
            }
        }
    }

    fn push_index(&mut self, walk: &mut Walk<'a>) {
        walk.path.push(Segment::Index(self.index));
        self.index = self.index.saturating_add(1);
    }
}

/// Cannot happen: gathering has seen to it that row and payload agree.
#[cold]
fn mismatch() -> Error {
    Error::malformed("field", "wire type does not fit")
}
