//! Lists and maps, whose elements are still on the wire.

use super::{At, Source, element};
use crate::schema::row::{Field, Type};
use crate::wire::Quick;

/// The elements of a repeated field.
pub(crate) struct List<'s, 'a> {
    field: &'static Field,
    /// Behind the first tag.
    wire: Quick<'a>,
    /// How many are to come.
    left: usize,
    at: At<'s>,
}

/// The entries of a map field.
pub(crate) struct Map<'s, 'a> {
    list: List<'s, 'a>,
    last: Option<&'a [u8]>,
}

/// The tags of a map entry's key, and of its value without the wire type.
const KEY: u16 = 1 << 3 | 2;
const VALUE: u16 = 2 << 3;

impl<'s, 'a> List<'s, 'a> {
    /// The list whose first tag is read, and which `wire` is moved behind.
    pub(super) fn take(
        field: &'static Field,
        wire: &mut Quick<'a>,
        at: At<'s>,
    ) -> Option<List<'s, 'a>> {
        let first = *wire;
        let mut left = 1usize;
        wire.skip(field.tag)?;
        while wire.take(field.tag) {
            wire.skip(field.tag)?;
            left = left.wrapping_add(1);
        }
        Some(List {
            field,
            wire: first,
            left,
            at,
        })
    }

    /// A list that is all of `wire`.
    pub(super) fn whole(
        field: &'static Field,
        mut wire: Quick<'a>,
        at: At<'s>,
    ) -> Option<List<'s, 'a>> {
        let list = List::take(field, &mut wire, at)?;
        wire.is_empty().then_some(list)
    }

    pub(crate) fn left(&self) -> usize {
        self.left
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Option<Option<Source<'s, 'a>>> {
        if self.left == 0 {
            return Some(None);
        }
        let value = element(self.field.kind, &mut self.wire, self.at)?;
        self.step();
        Some(Some(value))
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

impl<'s, 'a> Map<'s, 'a> {
    pub(super) fn take(
        field: &'static Field,
        wire: &mut Quick<'a>,
        at: At<'s>,
    ) -> Option<Map<'s, 'a>> {
        let list = List::take(field, wire, at)?;
        Some(Map { list, last: None })
    }

    pub(super) fn whole(field: &'static Field, wire: Quick<'a>, at: At<'s>) -> Option<Map<'s, 'a>> {
        let list = List::whole(field, wire, at)?;
        Some(Map { list, last: None })
    }

    /// The next entry; keys rise.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Option<(&'a [u8], Source<'s, 'a>)>> {
        let list = &mut self.list;
        if list.left == 0 {
            return Some(None);
        }
        let mut entry = Quick::new(list.wire.bytes()?);
        let key = entry.take(KEY).then(|| entry.bytes())??;
        if self.last.is_some_and(|last| key <= last) {
            return None;
        }
        self.last = Some(key);
        entry.take(value_tag(list.field.kind)).then_some(())?;
        let value = element(list.field.kind, &mut entry, list.at)?;
        entry.is_empty().then_some(())?;
        list.step();
        Some(Some((key, value)))
    }
}

fn value_tag(kind: Type) -> u16 {
    match kind {
        Type::Bytes | Type::String | Type::Message(_) => VALUE | 2,
        Type::Double => VALUE | 1,
        Type::Bool | Type::Int32 | Type::Int64 | Type::Uint32 => VALUE,
    }
}
