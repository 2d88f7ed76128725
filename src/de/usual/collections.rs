//! Lists and maps, whose elements are still on the wire.

use super::{At, Slot};
use crate::convert::to_usize;
use crate::de::scalar;
use crate::schema::row::{Field, Type};
use crate::wire::Quick;

/// The values of a repeated field, or the entries of a map field.
pub(crate) struct List<'s, 'a> {
    pub(crate) field: &'static Field,
    /// Behind the first tag.
    pub(crate) wire: Quick<'a>,
    /// How many there are.
    count: u32,
    /// Where they stand.
    pub(crate) at: At<'s>,
}

/// The tag of a map entry's key.
pub(crate) const ENTRY_KEY: u16 = 1 << 3 | 2;

/// The tag of a map entry's value.
pub(crate) fn entry_value(kind: Type) -> u16 {
    2 << 3 | u16::from(scalar::wire_type(kind).number())
}

impl<'s, 'a> List<'s, 'a> {
    /// Of `count` values, `wire` being behind the first's tag.
    #[inline]
    pub(super) fn of(
        field: &'static Field,
        wire: Quick<'a>,
        count: u32,
        at: At<'s>,
    ) -> List<'s, 'a> {
        List {
            field,
            wire,
            count,
            at,
        }
    }

    /// A list that is all of `wire`, behind the first tag.
    pub(super) fn whole(
        field: &'static Field,
        wire: Quick<'a>,
        at: At<'s>,
    ) -> Option<List<'s, 'a>> {
        let mut behind = wire;
        let count = pass(field, &mut behind)?;
        behind
            .is_empty()
            .then_some(List::of(field, wire, count, at))
    }
}

/// Steps through the values of a list, none of them read before a type says what
/// it takes; the [`Slot`] that came with it is on them.
pub(crate) struct Values {
    field: &'static Field,
    /// How many are to come.
    left: u32,
    is_first: bool,
}

impl Values {
    #[inline]
    pub(crate) fn open<'s, 'a>(list: List<'s, 'a>) -> (Values, Slot<'s, 'a>) {
        let values = Values {
            field: list.field,
            left: list.count,
            is_first: true,
        };
        (values, Slot::on(list.wire.rest(), list.at))
    }

    pub(crate) fn left(&self) -> usize {
        to_usize(self.left)
    }

    /// Whether there is another value, which is then in the slot.
    #[inline]
    pub(crate) fn next(&mut self, slot: &mut Slot<'_, '_>) -> Option<bool> {
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
}

/// Steps through the entries of a map, whose keys rise; as [`Values`].
pub(crate) struct KeyValues<'a> {
    field: &'static Field,
    /// How many are to come.
    left: u32,
    /// Behind the tag of the next entry.
    wire: Quick<'a>,
    last: Option<&'a [u8]>,
    /// The last entry was handed on by its key alone.
    awaits_value: bool,
}

impl<'a> KeyValues<'a> {
    #[inline]
    pub(crate) fn open<'s>(map: List<'s, 'a>) -> (KeyValues<'a>, Slot<'s, 'a>) {
        let entries = KeyValues {
            field: map.field,
            left: map.count,
            wire: map.wire,
            last: None,
            awaits_value: false,
        };
        (entries, Slot::on(b"", map.at))
    }

    /// Whether there is another entry, whose key is then in the slot.
    pub(crate) fn next_key(&mut self, slot: &mut Slot<'_, 'a>) -> Option<bool> {
        // The entry before is to be read to its end.
        slot.leave()?;
        (slot.wire().is_empty() && !self.awaits_value).then_some(())?;
        if self.left == 0 {
            return Some(false);
        }
        let mut entry = Quick::new(self.wire.bytes()?);
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            self.wire.take(self.field.tag);
        }
        entry.take(ENTRY_KEY).then_some(())?;
        *slot.wire() = entry;
        let key = entry.bytes()?;
        if self.last.is_some_and(|last| key <= last) {
            return None;
        }
        self.last = Some(key);
        self.awaits_value = true;
        slot.put_key();
        Some(true)
    }

    /// Puts the value behind the key in the slot, once.
    pub(crate) fn next_value(&mut self, slot: &mut Slot<'_, 'a>) -> Option<()> {
        self.awaits_value.then_some(())?;
        self.awaits_value = false;
        slot.leave()?;
        let tag = entry_value(self.field.kind());
        slot.wire().take(tag).then_some(())?;
        slot.put_value(self.field);
        Some(())
    }

    /// Looks at the entries that are left.
    pub(crate) fn finish(&mut self, slot: &mut Slot<'_, 'a>) -> Option<()> {
        while self.next_key(slot)? {
            self.next_value(slot)?;
        }
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
