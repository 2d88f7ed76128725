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

    /// The next tag, if it may be one of a row: of a number from 1 on, below 2^11
    /// and in its shortest form.
    #[inline(always)]
    pub(crate) fn tag(&mut self) -> Option<u16> {
        match self.0 {
            [low @ 0x08..=0x7f, rest @ ..] => {
                self.0 = rest;
                Some(u16::from(*low))
            }
            [low, high @ 1..=0x7f, rest @ ..] => {
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
