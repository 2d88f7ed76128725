use crate::convert::low_u32;
use crate::error::Result;
use crate::wire::fields::skip;
use crate::wire::{Payload, Reader, WireType};

/// What an entry of a map holds.
pub(crate) enum EntryPart<'a> {
    Key(&'a [u8]),
    /// Payload and its offset.
    Value(Payload<'a>, u64),
}

/// The parts of one map entry, in wire order.
///
/// As Go's generated code, which looks at the numbers 1 and 2 and not at the
/// wire types with them: a key is length-delimited, a value what its type asks
/// for. Go lets both run past the entry, to the end of the message around it,
/// and then goes on behind the entry. That is an error here: entries that read
/// what stands behind them would make an output of the square of the input.
pub(crate) struct EntryParts<'a> {
    reader: Reader<'a>,
    value: WireType,
}

const WHAT: &str = "map entry";

impl<'a> EntryParts<'a> {
    pub(crate) fn new(reader: Reader<'a>, value: WireType) -> EntryParts<'a> {
        EntryParts { reader, value }
    }

    #[inline]
    pub(crate) fn next_part(&mut self) -> Result<Option<EntryPart<'a>>> {
        let reader = &mut self.reader;
        while !reader.is_empty() {
            let offset = reader.offset();
            let tag = reader.varint(WHAT)?;
            // As of any field, the low 32 bits of the tag's upper part.
            match low_u32(tag >> 3) {
                1 => return Ok(Some(EntryPart::Key(reader.length_delimited(WHAT)?.0))),
                2 => return self.value().map(Some),
                _ => skip(reader, tag & 7, offset)?,
            }
        }
        Ok(None)
    }

    fn value(&mut self) -> Result<EntryPart<'a>> {
        let reader = &mut self.reader;
        let offset = reader.offset();
        Ok(match self.value {
            WireType::Varint => EntryPart::Value(Payload::Varint(reader.varint(WHAT)?), offset),
            WireType::Fixed64 => EntryPart::Value(Payload::Fixed64(reader.fixed64(WHAT)?), offset),
            WireType::Fixed32 => EntryPart::Value(Payload::Fixed32(reader.fixed32(WHAT)?), offset),
            WireType::LengthDelimited | WireType::Group => {
                let (bytes, offset) = reader.length_delimited(WHAT)?;
                EntryPart::Value(Payload::LengthDelimited(bytes), offset)
            }
        })
    }
}
