/// A message's bytes, read only as Go writes them: tags in their shortest form
/// and nothing cut short.
///
/// Nothing is said of what is wrong: `None` sends the caller to
/// [`Fields`](crate::wire::Fields), which reads everything and knows why not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quick<'a>(&'a [u8]);

impl<'a> Quick<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Quick<'a> {
        Quick(bytes)
    }

    /// What is not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next tag, if it may be one of a row: of a number from 1 on, of two
    /// bytes at most and in its shortest form.
    #[inline(always)]
    pub(crate) fn tag(&mut self) -> Option<u16> {
        match self.0 {
            [low @ 0x08..=0x7f, rest @ ..] => {
                self.0 = rest;
                Some(u16::from(*low))
            }
            [low @ 0x80..=0xff, high @ 1..=0x7f, rest @ ..] => {
                self.0 = rest;
                Some(u16::from(*low & 0x7f) | u16::from(*high) << 7)
            }
            _ => None,
        }
    }

    /// Reads the next tag if it is `tag`.
    #[inline]
    pub(crate) fn take(&mut self, tag: u16) -> bool {
        let before = *self;
        let same = self.tag() == Some(tag);
        if !same {
            *self = before;
        }
        same
    }

    /// A field with a length, if it is the next.
    #[inline]
    pub(crate) fn take_bytes(&mut self, tag: u16) -> Option<&'a [u8]> {
        self.take(tag).then(|| self.bytes())?
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Option<u64> {
        match self.0 {
            [one @ 0..=0x7f, rest @ ..] => {
                self.0 = rest;
                Some(u64::from(*one))
            }
            [low, high @ 0..=0x7f, rest @ ..] => {
                self.0 = rest;
                Some(u64::from(*low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let mut shift = 0u32;
        let mut bytes = self.0.iter();
        loop {
            let byte = *bytes.next()?;
            // The tenth byte's upper bits are dropped, as Go does.
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                self.0 = bytes.as_slice();
                return Some(value);
            }
            shift = shift.wrapping_add(7);
        }
    }

    #[inline]
    pub(crate) fn fixed64(&mut self) -> Option<u64> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*bytes))
    }

    /// A length and as many bytes.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Reads over the value after a row's tag.
    #[inline(always)]
    pub(crate) fn skip(&mut self, tag: u16) -> Option<()> {
        match tag & 7 {
            0 => drop(self.varint()?),
            1 => drop(self.fixed64()?),
            2 => drop(self.bytes()?),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Buffer;
    use crate::wire::Reader;

    /// Every beginning of two bytes, with what may follow: read as the reader
    /// reads it, or not at all.
    #[test]
    fn tags_and_varints_are_those_of_the_reader() {
        let mut tags = 0;
        // Miri is slow: a few of them.
        let step = if cfg!(miri) { 509 } else { 1 };
        for [first, second] in (0..=u16::MAX).step_by(step).map(u16::to_le_bytes) {
            for rest in [
                &b""[..],
                b"\x01",
                b"\x80\x01",
                b"\xff\xff\xff\xff\xff\xff\xff\x7f",
            ] {
                let bytes = [&[first, second], rest].concat();
                let mut reader = Reader::new(&bytes, Buffer::Raw);
                let expected = reader.varint("a varint").ok();
                let left = &bytes[reader.position()..];

                let mut quick = Quick::new(&bytes);
                assert_eq!(quick.varint(), expected, "{bytes:x?}");
                assert!(expected.is_none() || quick.rest() == left, "{bytes:x?}");

                let mut quick = Quick::new(&bytes);
                let shortest = expected.filter(|tag| {
                    let length = if *tag < 0x80 { 1 } else { 2 };
                    (8..1 << 14).contains(tag) && bytes.len() - left.len() == length
                });
                assert_eq!(quick.tag().map(u64::from), shortest, "{bytes:x?}");
                assert!(shortest.is_none() || quick.rest() == left, "{bytes:x?}");
                tags += usize::from(shortest.is_some());
            }
        }
        assert!(tags > 60_000 / step, "{tags}");
    }
}
