//! Lists and maps, whose elements are still on the wire.

use super::{At, Slot, Source, element};
use crate::de::scalar;
use crate::schema::row::{Field, Type};
use crate::skip_fields::Skip;
use crate::wire::Quick;

/// The values of a repeated field, or the entries of a map field.
pub(crate) struct List<'s, 'a> {
    field: &'static Field,
    /// Behind the first tag.
    wire: Quick<'a>,
    /// How many are to come.
    left: u32,
    // Where they stand, taken apart for its size.
    levels: u32,
    skip: Skip<'s>,
}

/// The tag of a map entry's key.
pub(crate) const ENTRY_KEY: u16 = 1 << 3 | 2;

/// The tag of a map entry's value.
pub(crate) fn entry_value(kind: Type) -> u16 {
    2 << 3 | u16::from(scalar::wire_type(kind).number())
}

impl<'s, 'a> List<'s, 'a> {
    /// Of `left` values, `wire` being behind the first's tag.
    #[inline]
    pub(super) fn of(
        field: &'static Field,
        wire: Quick<'a>,
        left: u32,
        at: At<'s>,
    ) -> List<'s, 'a> {
        let At { levels, skip } = at;
        List {
            field,
            wire,
            left,
            levels,
            skip,
        }
    }

    /// A list that is all of `wire`, behind the first tag.
    pub(super) fn whole(
        field: &'static Field,
        wire: Quick<'a>,
        at: At<'s>,
    ) -> Option<List<'s, 'a>> {
        let mut behind = wire;
        let left = pass(field, &mut behind)?;
        behind.is_empty().then_some(List::of(field, wire, left, at))
    }

    fn at(&self) -> At<'s> {
        At {
            levels: self.levels,
            skip: self.skip,
        }
    }

    /// The next value of a list.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Option<Source<'s, 'a>>> {
        if self.left == 0 {
            return Some(None);
        }
        let at = self.at();
        let value = element(self.field.kind(), &mut self.wire, at)?;
        self.step();
        Some(Some(value))
    }

    /// The next entry of a map, whose keys rise; `last` is the one before.
    #[inline]
    pub(crate) fn next_entry(
        &mut self,
        last: &mut Option<&'a [u8]>,
    ) -> Option<Option<(&'a [u8], Source<'s, 'a>)>> {
        if self.left == 0 {
            return Some(None);
        }
        let mut entry = Quick::new(self.wire.bytes()?);
        let key = entry.take(ENTRY_KEY).then(|| entry.bytes())??;
        if last.is_some_and(|last| key <= last) {
            return None;
        }
        *last = Some(key);
        entry.take(entry_value(self.field.kind())).then_some(())?;
        let value = element(self.field.kind(), &mut entry, self.at())?;
        entry.is_empty().then_some(())?;
        self.step();
        Some(Some((key, value)))
    }

    /// Reads the next tag, if there is one.
    #[inline]
    fn step(&mut self) {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            self.wire.take(self.field.tag);
        }
    }
}

/// Steps through the values of a list, or the entries of a map, none of them
/// read before a type says what it takes.
pub(crate) struct Values<'a> {
    field: &'static Field,
    /// How many are to come.
    left: u32,
    is_first: bool,
    /// What is behind the entry at hand.
    behind: Quick<'a>,
    last: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    #[inline]
    pub(crate) fn open<'s>(list: List<'s, 'a>) -> (Values<'a>, Slot<'s, 'a>) {
        let values = Values {
            field: list.field,
            left: list.left,
            is_first: true,
            behind: list.wire,
            last: None,
        };
        (values, Slot::on(list.wire.rest(), list.at()))
    }

    pub(crate) fn left(&self) -> usize {
        crate::convert::to_usize(self.left)
    }

    /// Whether there is another value, which is then in the slot.
    #[inline]
    pub(crate) fn next(&mut self, slot: &mut Slot<'_, 'a>) -> Option<bool> {
        slot.leave()?;
        if self.left == 0 {
            return Some(false);
        }
        if !self.is_first {
            slot.wire().take(self.field.tag);
        }
        self.is_first = false;
        self.left = self.left.saturating_sub(1);
        slot.put_value(self.field);
        Some(true)
    }

    /// Whether there is another entry, whose key, greater than the one before, is
    /// then in the slot.
    pub(crate) fn next_key(&mut self, slot: &mut Slot<'_, 'a>) -> Option<bool> {
        if !self.is_first {
            slot.leave()?;
            slot.wire().is_empty().then_some(())?;
        }
        if self.left == 0 {
            return Some(false);
        }
        if !self.is_first {
            self.behind.take(self.field.tag);
        }
        self.is_first = false;
        self.left = self.left.saturating_sub(1);
        let mut entry = Quick::new(self.behind.bytes()?);
        entry.take(ENTRY_KEY).then_some(())?;
        *slot.wire() = entry;
        let key = entry.bytes()?;
        if self.last.is_some_and(|last| key <= last) {
            return None;
        }
        self.last = Some(key);
        slot.put_key();
        Some(true)
    }

    /// Looks at the entries that are left.
    pub(crate) fn finish(&mut self, slot: &mut Slot<'_, 'a>) -> Option<()> {
        while self.next_key(slot)? {
            self.next_value(slot)?;
        }
        Some(())
    }

    /// Puts the value behind the key in the slot.
    pub(crate) fn next_value(&mut self, slot: &mut Slot<'_, 'a>) -> Option<()> {
        slot.leave()?;
        let tag = entry_value(self.field.kind());
        slot.wire().take(tag).then_some(())?;
        slot.put_value(self.field);
        Some(())
    }
}

/// Reads over the values of a field behind the first's tag, and counts them.
#[inline]
pub(crate) fn pass(field: &'static Field, wire: &mut Quick<'_>) -> Option<u32> {
    let mut count = 1u32;
    wire.skip(field.tag)?;
    while wire.take(field.tag) {
        wire.skip(field.tag)?;
        count = count.checked_add(1)?;
    }
    Some(count)
}
