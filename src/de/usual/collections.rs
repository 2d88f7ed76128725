//! Lists and maps, whose elements are still on the wire.

use super::{At, Source, element};
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

    pub(crate) fn left(&self) -> usize {
        crate::convert::to_usize(self.left)
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
        let value = element(self.field.kind, &mut self.wire, at)?;
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
        entry.take(entry_value(self.field.kind)).then_some(())?;
        let value = element(self.field.kind, &mut entry, self.at())?;
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
