use crate::convert::low_u32;
use crate::error::{Error, Result};
use crate::wire::Reader;

/// How a field's payload is laid out, by the protobuf specification's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
    Group = 3,
    Fixed32 = 5,
}

impl WireType {
    /// The specification's number; a group is named by its start tag.
    #[expect(clippy::as_conversions, reason = "the number of a variant")]
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }
}

/// One field's payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    LengthDelimited(&'a [u8]),
    /// A group, skipped whole: no Kubernetes message has one.
    Group,
    Fixed32(u32),
}

impl Payload<'_> {
    pub(crate) const fn wire_type(&self) -> WireType {
        match self {
            Payload::Varint(_) => WireType::Varint,
            Payload::Fixed64(_) => WireType::Fixed64,
            Payload::LengthDelimited(_) => WireType::LengthDelimited,
            Payload::Group => WireType::Group,
            Payload::Fixed32(_) => WireType::Fixed32,
        }
    }
}

/// One field as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) payload: Payload<'a>,
    /// The whole field: tag, length and payload.
    pub(crate) bytes: &'a [u8],
    /// Where the tag begins.
    pub(crate) offset: u64,
    /// Where the payload begins: after the tag, and after the length if there is one.
    pub(crate) payload_offset: u64,
}

/// The fields of one message, in wire order.
///
/// The `bytes` of all fields, joined, are the input: nothing is skipped unseen.
/// After an error the iterator ends.
pub(crate) struct Fields<'a> {
    reader: Reader<'a>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(reader: Reader<'a>) -> Fields<'a> {
        Fields { reader }
    }

    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>> {
        if self.reader.is_empty() {
            return Ok(None);
        }
        let reader = &mut self.reader;
        let start = reader.position();
        let offset = reader.offset();
        let tag = reader.varint("field tag")?;
        let (number, wire_type) = split_tag(tag).map_err(|e| e.at(reader.buffer(), offset))?;
        let mut payload_offset = reader.offset();
        let payload = match wire_type {
            WireType::Varint => Payload::Varint(reader.varint("varint field")?),
            WireType::Fixed64 => Payload::Fixed64(reader.fixed64("64-bit field")?),
            WireType::Fixed32 => Payload::Fixed32(reader.fixed32("32-bit field")?),
            WireType::LengthDelimited => {
                let (bytes, at) = reader.length_delimited("length-delimited field")?;
                payload_offset = at;
                Payload::LengthDelimited(bytes)
            }
            WireType::Group => {
                skip_group(reader)?;
                Payload::Group
            }
        };
        Ok(Some(Field {
            number,
            payload,
            bytes: reader.since(start),
            offset,
            payload_offset,
        }))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_field().transpose();
        if matches!(next, Some(Err(_))) {
            self.reader = Reader::with_base(&[], self.reader.offset(), self.reader.buffer());
        }
        next
    }
}

/// As Go: the number is the low 32 bits of the tag's upper part, and must be positive.
#[inline]
fn split_tag(tag: u64) -> Result<(u32, WireType)> {
    let number = low_u32(tag >> 3);
    let wire_type = match tag & 7 {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::LengthDelimited,
        3 => WireType::Group,
        4 => {
            return Err(Error::malformed(
                "field tag",
                "end of a group that never began",
            ));
        }
        5 => WireType::Fixed32,
        _ => {
            return Err(Error::malformed(
                "field tag",
                "its wire type does not exist: 6 or 7",
            ));
        }
    };
    if number == 0 || number > i32::MAX.cast_unsigned() {
        return Err(Error::malformed(
            "field tag",
            "field number is not positive",
        ));
    }
    Ok((number, wire_type))
}

/// Reads to the end of a group whose start tag is read, without recursion.
///
/// As Go's `skipGenerated`: nested groups are counted, and neither the numbers
/// inside nor the number of an end tag are looked at.
#[cold]
fn skip_group(reader: &mut Reader<'_>) -> Result<()> {
    let mut depth = 1usize;
    while depth > 0 {
        let offset = reader.offset();
        match reader.varint("tag in a group")? & 7 {
            3 => depth = depth.saturating_add(1),
            4 => depth = depth.saturating_sub(1),
            other => skip(reader, other, offset)?,
        }
    }
    Ok(())
}

/// Reads over the payload of a field whose tag, which began at `offset`, is read.
#[cold]
pub(super) fn skip(reader: &mut Reader<'_>, wire_type: u64, offset: u64) -> Result<()> {
    match wire_type {
        0 => drop(reader.varint("skipped varint")?),
        1 => drop(reader.bytes(8, "skipped 64-bit field")?),
        2 => drop(reader.length_delimited("skipped length-delimited field")?),
        3 => skip_group(reader)?,
        5 => drop(reader.bytes(4, "skipped 32-bit field")?),
        _ => {
            let detail = "its wire type is the end of a group, or does not exist";
            return Err(
                Error::malformed("tag of a skipped field", detail).at(reader.buffer(), offset)
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Buffer, Category};

    /// A group of every wire type, another group among it, and a field behind it.
    const GROUPS: &[u8] = b"\x0b\x10\x96\x01\x19\x01\x02\x03\x04\x05\x06\x07\x08\x1b\x20\x01\x1c\
        \x22\x02\x0c\x0c\x2d\x0c\x0c\x0c\x0c\x0c\x30\x07";

    #[test]
    fn a_group_is_one_field_to_its_own_end() {
        let fields = Fields::new(Reader::new(GROUPS, Buffer::Raw));
        let fields: Vec<_> = fields.map(|field| field.expect("sound")).collect();
        let [group, behind] = fields[..] else {
            panic!("{fields:?}");
        };
        assert_eq!((group.number, group.payload), (1, Payload::Group));
        assert_eq!(group.bytes, &GROUPS[..GROUPS.len() - 2]);
        assert_eq!((behind.number, behind.payload), (6, Payload::Varint(7)));
        assert_eq!(behind.offset, 27);
    }

    #[test]
    fn a_group_that_does_not_end_is_truncated_wherever_it_is_cut() {
        for end in 1..GROUPS.len() - 2 {
            let mut fields = Fields::new(Reader::new(&GROUPS[..end], Buffer::Raw));
            let error = fields.next_field().expect_err("cut");
            assert_eq!(error.category(), Category::Truncated, "{end}");
            assert!(error.offset().is_some_and(|offset| offset <= 27), "{end}");
        }
    }

    #[test]
    fn the_end_of_a_group_needs_a_beginning() {
        for (bytes, what) in [
            (&b"\x08\x01\x0c"[..], "field tag"),
            (b"\x0b\x0e\x0c", "tag of a skipped field"),
            (b"\x0b\x0f\x0c", "tag of a skipped field"),
        ] {
            let fields = Fields::new(Reader::new(bytes, Buffer::Raw));
            let error = fields.last().expect("a field").expect_err("no group");
            assert_eq!(error.category(), Category::Malformed);
            assert_eq!(error.what(), what);
        }
    }
}
