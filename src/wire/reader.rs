use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};

/// Bytes with a position that remembers where they began in the whole buffer,
/// so that an error raised three messages deep still tells the original offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    /// Never past the end of `data`, so that no sum of places below wraps.
    position: usize,
    base: u64,
    buffer: Buffer,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(data: &'a [u8], buffer: Buffer) -> Reader<'a> {
        Reader::with_base(data, 0, buffer)
    }

    /// `base` is the offset of `data[0]` in `buffer`.
    pub(crate) fn with_base(data: &'a [u8], base: u64, buffer: Buffer) -> Reader<'a> {
        Reader {
            data,
            position: 0,
            base,
            buffer,
        }
    }

    /// Offset of the next byte in the whole buffer.
    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.base.wrapping_add(to_u64(self.position))
    }

    pub(crate) fn buffer(&self) -> Buffer {
        self.buffer
    }

    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The bytes from `start` (a former [`Reader::position`]) up to here.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.data.get(start..self.position).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.position >= self.data.len()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.data.get(self.position..).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        self.rest().len()
    }

    /// An error at the next byte.
    #[cold]
    pub(crate) fn malformed(&self, what: &'static str, detail: &'static str) -> Error {
        Error::malformed(what, detail).at(self.buffer, self.offset())
    }

    #[cold]
    fn truncated(&self, what: &'static str, need: u64) -> Error {
        Error::truncated(what, need, to_u64(self.remaining())).at(self.buffer, self.offset())
    }

    #[inline]
    pub(crate) fn bytes(&mut self, length: u64, what: &'static str) -> Result<&'a [u8]> {
        // No length wraps on a 32-bit machine.
        let fits = usize::try_from(length).ok();
        match fits.and_then(|length| self.rest().get(..length)) {
            Some(bytes) => {
                self.position = self.position.wrapping_add(bytes.len());
                Ok(bytes)
            }
            None => Err(self.truncated(what, length)),
        }
    }

    /// A base-128 varint.
    ///
    /// As Go does: ten bytes at most; bits of the tenth above the 64th are
    /// dropped without an error; overlong forms are fine.
    #[inline]
    pub(crate) fn varint(&mut self, what: &'static str) -> Result<u64> {
        match self.data.get(self.position) {
            Some(&byte) if byte < 0x80 => {
                self.position = self.position.wrapping_add(1);
                Ok(u64::from(byte))
            }
            _ => self.varint_slow(what),
        }
    }

    fn varint_slow(&mut self, what: &'static str) -> Result<u64> {
        let mut value = 0u64;
        let (mut shift, mut end) = (0u32, self.position);
        for &byte in self.rest().iter().take(10) {
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            shift = shift.wrapping_add(7);
            end = end.wrapping_add(1);
            if byte < 0x80 {
                self.position = end;
                return Ok(value);
            }
        }
        if self.remaining() >= 10 {
            return Err(self.malformed(what, "varint is longer than 10 bytes"));
        }
        let need = to_u64(self.remaining()).saturating_add(1);
        Err(self.truncated(what, need))
    }

    /// A varint length and as many bytes. Lengths that are negative as Go's
    /// `int` are told apart from those that merely point past the end.
    #[inline]
    pub(crate) fn length_delimited(&mut self, what: &'static str) -> Result<(&'a [u8], u64)> {
        let length = self.varint(what)?;
        if length > i64::MAX.cast_unsigned() {
            return Err(self.malformed(what, "negative length"));
        }
        let offset = self.offset();
        Ok((self.bytes(length, what)?, offset))
    }

    pub(crate) fn fixed32(&mut self, what: &'static str) -> Result<u32> {
        match self.rest().first_chunk() {
            Some(bytes) => {
                self.position = self.position.wrapping_add(bytes.len());
                Ok(u32::from_le_bytes(*bytes))
            }
            None => Err(self.truncated(what, 4)),
        }
    }

    pub(crate) fn fixed64(&mut self, what: &'static str) -> Result<u64> {
        match self.rest().first_chunk() {
            Some(bytes) => {
                self.position = self.position.wrapping_add(bytes.len());
                Ok(u64::from_le_bytes(*bytes))
            }
            None => Err(self.truncated(what, 8)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_fixed64_needs_8_bytes_at_its_own_offset() {
        let mut reader = Reader::with_base(&[1, 2, 3, 4, 5], 7, Buffer::Raw);
        let error = reader.fixed64("64-bit field").unwrap_err();
        assert_eq!(error.detail(), "needs 8 bytes, 5 left");
        assert_eq!((error.offset(), reader.offset()), (Some(7), 7));
    }
}
