//! What serde asks of lists, maps and objects: of each several kinds, by all rules
//! and as usual.

use std::ops::Range;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::de::deserializer::ValueDeserializer;
use crate::de::usual::{self, Next, Slot, Source, StacksMark};
use crate::de::{Entries, Items, Mark, Members, Pieces, Segment, Value, Walk};
use crate::error::{Error, Result};
use crate::schema::row::{Message, Type};

pub(super) struct ListAccess<'w, 's, 'de> {
    walk: &'w mut Walk<'de>,
    items: ListItems<'de>,
    slot: Slot<'s, 'de>,
}

enum ListItems<'de> {
    Usual(usual::Values),
    Ruled(Box<RuledItems<'de>>),
    /// What was met, or how it was opened: nothing counts any more.
    Unusual,
}

struct RuledItems<'de> {
    items: Items<'de>,
    left: usize,
    mark: Mark,
}

impl<'w, 's, 'de> ListAccess<'w, 's, 'de> {
    pub(super) fn ruled(walk: &'w mut Walk<'de>, kind: Type, run: Range<usize>) -> Self {
        let (mark, left) = (walk.mark(), run.len());
        let items = Items::open(walk, kind, run);
        let items = ListItems::Ruled(Box::new(RuledItems { items, left, mark }));
        let slot = Slot::of(Source::One(Value::Null));
        ListAccess { walk, items, slot }
    }

    pub(super) fn usual(walk: &'w mut Walk<'de>, list: usual::List<'s, 'de>) -> Self {
        let (values, slot) = usual::Values::open(list);
        let items = ListItems::Usual(values);
        ListAccess { walk, items, slot }
    }

    /// Of the list in a slot.
    #[inline(never)]
    pub(super) fn in_slot(walk: &'w mut Walk<'de>, slot: &mut Slot<'s, 'de>) -> Self {
        match slot.list() {
            Some(list) => ListAccess::usual(walk, list),
            None => {
                walk.expect(false);
                let slot = Slot::of(Source::One(Value::Null));
                let items = ListItems::Unusual;
                ListAccess { walk, items, slot }
            }
        }
    }

    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_seq(&mut self);
        if let (ListItems::Ruled(ruled), true) = (&self.items, visited.is_ok()) {
            self.walk.release(ruled.mark);
        }
        visited
    }

    /// Whether there is another value, which is then in the slot.
    #[inline]
    fn next(&mut self) -> Result<bool> {
        match &mut self.items {
            ListItems::Usual(values) => match values.next(&mut self.slot) {
                Some(is_there) => Ok(is_there),
                None => {
                    self.items = ListItems::Unusual;
                    Err(self.walk.unusual())
                }
            },
            ListItems::Ruled(ruled) => {
                ruled.left = ruled.left.saturating_sub(1);
                let value = ruled.items.next(self.walk)?;
                let is_there = value.is_some();
                self.slot.put(Source::One(value.unwrap_or(Value::Null)));
                Ok(is_there)
            }
            ListItems::Unusual => Ok(false),
        }
    }
}

impl Drop for ListAccess<'_, '_, '_> {
    /// By all rules, what was handed on is looked at, wanted or not.
    #[inline]
    fn drop(&mut self) {
        if let (ListItems::Usual(_), None) = (&self.items, self.slot.leave()) {
            self.walk.expect(false);
        }
    }
}

impl<'de> SeqAccess<'de> for &mut ListAccess<'_, '_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.next()? {
            return Ok(None);
        }
        seed.deserialize(ValueDeserializer::new(self.walk, &mut self.slot))
            .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(match &self.items {
            ListItems::Usual(values) => values.left(),
            ListItems::Ruled(ruled) => ruled.left,
            ListItems::Unusual => 0,
        })
    }
}

pub(super) struct EntriesAccess<'w, 's, 'de> {
    walk: &'w mut Walk<'de>,
    entries: MapEntries<'de>,
    slot: Slot<'s, 'de>,
}

enum MapEntries<'de> {
    Usual(usual::KeyValues<'de>),
    Ruled(Box<RuledEntries<'de>>),
    Unusual,
}

struct RuledEntries<'de> {
    entries: Entries,
    /// Of the entry whose key was handed on.
    value: Value<'de>,
    mark: Mark,
}

impl<'w, 's, 'de> EntriesAccess<'w, 's, 'de> {
    pub(super) fn ruled(walk: &'w mut Walk<'de>, kind: Type, run: Range<usize>) -> Result<Self> {
        let mark = walk.mark();
        let entries = MapEntries::Ruled(Box::new(RuledEntries {
            entries: Entries::open(walk, kind, run)?,
            value: Value::Null,
            mark,
        }));
        let slot = Slot::of(Source::One(Value::Null));
        Ok(EntriesAccess {
            walk,
            entries,
            slot,
        })
    }

    pub(super) fn usual(walk: &'w mut Walk<'de>, map: usual::List<'s, 'de>) -> Self {
        let (entries, slot) = usual::KeyValues::open(map);
        EntriesAccess {
            walk,
            entries: MapEntries::Usual(entries),
            slot,
        }
    }

    /// Of the map in a slot.
    #[inline(never)]
    pub(super) fn in_slot(walk: &'w mut Walk<'de>, slot: &mut Slot<'s, 'de>) -> Self {
        match slot.list() {
            Some(map) => EntriesAccess::usual(walk, map),
            None => {
                walk.expect(false);
                EntriesAccess {
                    walk,
                    entries: MapEntries::Unusual,
                    slot: Slot::of(Source::One(Value::Null)),
                }
            }
        }
    }

    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_map(&mut self);
        if let (MapEntries::Ruled(ruled), true) = (&self.entries, visited.is_ok()) {
            self.walk.release(ruled.mark);
        }
        visited
    }

    /// Whether there is another entry, whose key is then in the slot.
    fn next(&mut self) -> Result<bool> {
        match &mut self.entries {
            MapEntries::Usual(entries) => match entries.next_key(&mut self.slot) {
                Some(is_there) => Ok(is_there),
                None => {
                    self.entries = MapEntries::Unusual;
                    Err(self.walk.unusual())
                }
            },
            MapEntries::Ruled(ruled) => {
                let Some((key, value)) = ruled.entries.next(self.walk)? else {
                    return Ok(false);
                };
                ruled.value = value;
                self.slot.put(Source::One(Value::String(key)));
                Ok(true)
            }
            MapEntries::Unusual => Ok(false),
        }
    }

    /// Puts the value of the entry at hand in the slot.
    fn value(&mut self) -> Result<()> {
        match &mut self.entries {
            MapEntries::Usual(entries) => {
                let value = entries.next_value(&mut self.slot);
                value.ok_or_else(|| self.walk.unusual())
            }
            MapEntries::Ruled(ruled) => {
                let value = std::mem::replace(&mut ruled.value, Value::Null);
                self.slot.put(Source::One(value));
                Ok(())
            }
            MapEntries::Unusual => Err(self.walk.unusual()),
        }
    }
}

impl Drop for EntriesAccess<'_, '_, '_> {
    /// By all rules, every entry is looked at.
    fn drop(&mut self) {
        if let MapEntries::Usual(entries) = &mut self.entries {
            let rest = entries.finish(&mut self.slot);
            self.walk.expect(rest.is_some());
        }
    }
}

impl<'de> MapAccess<'de> for &mut EntriesAccess<'_, '_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.next()? {
            return Ok(None);
        }
        seed.deserialize(ValueDeserializer::new(self.walk, &mut self.slot))
            .map(Some)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        self.value()?;
        seed.deserialize(ValueDeserializer::new(self.walk, &mut self.slot))
    }
}

pub(super) struct ObjectAccess<'w, 's, 'de> {
    walk: &'w mut Walk<'de>,
    members: ObjectMembers<'s, 'de>,
    /// Members that come before those of the message: `kind` and `apiVersion`.
    head: u8,
    /// What the member holds whose name was handed on.
    slot: Slot<'s, 'de>,
}

enum ObjectMembers<'s, 'de> {
    /// In the order of the wire.
    Fields(usual::Fields<'s>),
    Usual(usual::Members<'s, 'de>, StacksMark),
    Ruled(Box<RuledMembers>),
    Unusual,
}

struct RuledMembers {
    members: Members,
    path: usize,
    mark: Mark,
}

impl<'w, 's, 'de> ObjectAccess<'w, 's, 'de> {
    pub(super) fn ruled(
        walk: &'w mut Walk<'de>,
        message: &'static Message,
        pieces: Pieces<'de>,
    ) -> Result<Self> {
        let mark = walk.mark();
        let path = walk.path.len();
        let members = ObjectMembers::Ruled(Box::new(RuledMembers {
            members: Members::open(walk, message, pieces)?,
            path,
            mark,
        }));
        let slot = Slot::of(Source::One(Value::Null));
        Ok(ObjectAccess::of(walk, members, slot))
    }

    pub(super) fn usual(walk: &'w mut Walk<'de>, object: usual::Object<'s, 'de>) -> Self {
        let mark = walk.usual.mark();
        let members = match usual::Members::open(object, &mut walk.usual) {
            Some(members) => ObjectMembers::Usual(members, mark),
            None => {
                walk.usual.release(mark);
                walk.expect(false);
                ObjectMembers::Unusual
            }
        };
        let slot = Slot::of(Source::One(Value::Null));
        ObjectAccess::of(walk, members, slot)
    }

    /// For a type that says which members it has: it does not ask in which order
    /// they come.
    #[inline(never)]
    pub(super) fn in_slot(walk: &'w mut Walk<'de>, slot: &mut Slot<'s, 'de>) -> Self {
        match slot.object().and_then(usual::Fields::open) {
            Some((fields, slot)) => ObjectAccess::of(walk, ObjectMembers::Fields(fields), slot),
            None => {
                walk.expect(false);
                let slot = Slot::of(Source::One(Value::Null));
                ObjectAccess::of(walk, ObjectMembers::Unusual, slot)
            }
        }
    }

    #[inline]
    fn of(walk: &'w mut Walk<'de>, members: ObjectMembers<'s, 'de>, slot: Slot<'s, 'de>) -> Self {
        // Of the object itself only, which is opened first.
        let head = if walk.head.is_some() { HEAD } else { 0 };
        ObjectAccess {
            walk,
            members,
            head,
            slot,
        }
    }

    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_map(&mut self);
        self.release(visited.is_ok());
        visited
    }

    pub(super) fn visit_enum<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_enum(MapAccessDeserializer::new(&mut self));
        self.release(visited.is_ok());
        visited
    }

    fn release(&mut self, is_ok: bool) {
        if let (ObjectMembers::Ruled(ruled), true) = (&self.members, is_ok) {
            self.walk.release(ruled.mark);
        }
    }

    /// The name of the next member, which is then in the slot.
    #[inline]
    fn next(&mut self) -> Result<Option<&'static str>> {
        if let (ObjectMembers::Fields(fields), 0) = (&mut self.members, self.head) {
            return match fields.next(&mut self.slot, &mut self.walk.usual) {
                Next::Member(field) => Ok(Some(field.name())),
                Next::End => Ok(None),
                Next::Unusual => Err(self.unusual()),
            };
        }
        self.next_in_order()
    }

    #[cold]
    fn unusual(&mut self) -> Error {
        if let ObjectMembers::Fields(fields) = &self.members {
            fields.abandon(&mut self.walk.usual);
        }
        self.members = ObjectMembers::Unusual;
        self.walk.unusual()
    }

    fn next_in_order(&mut self) -> Result<Option<&'static str>> {
        if self.slot.leave().is_none() {
            return Err(self.unusual());
        }
        if self.head > 0 {
            return Ok(Some(self.next_of_head()));
        }
        let (name, source) = match &mut self.members {
            // The one behind its head goes another way.
            ObjectMembers::Fields(_) | ObjectMembers::Unusual => return Ok(None),
            ObjectMembers::Usual(members, _) => match members.next(&mut self.walk.usual) {
                Some(Some(member)) => member,
                Some(None) => return Ok(None),
                None => return Err(self.unusual()),
            },
            ObjectMembers::Ruled(ruled) => match ruled.members.next(self.walk)? {
                Some((name, value)) => (name, Source::One(value)),
                None => return Ok(None),
            },
        };
        self.slot.put(source);
        Ok(Some(name))
    }

    #[cold]
    fn next_of_head(&mut self) -> &'static str {
        let head = self.walk.head;
        let (name, text) = match self.head {
            HEAD => ("kind", head.map(|head| head.kind)),
            _ => ("apiVersion", head.map(|head| head.api_version)),
        };
        let text = text.unwrap_or_default();
        self.slot.put(Source::One(Value::String(text)));
        self.head = self.head.saturating_sub(1);
        if self.head == 0 {
            self.walk.head = None;
        }
        if let ObjectMembers::Ruled(ruled) = &self.members {
            self.walk.path.truncate(ruled.path);
            self.walk.path.push(Segment::Member(name));
        }
        name
    }
}

/// How many members the head has.
const HEAD: u8 = 2;

// Not where it is visited: what is made of it is large, and not to be moved.
impl Drop for ObjectAccess<'_, '_, '_> {
    /// Whoever asked may have stopped before the last member.
    #[inline]
    fn drop(&mut self) {
        match &mut self.members {
            // By all rules, other members would have been the first.
            ObjectMembers::Fields(fields) => {
                if !fields.has_ended() {
                    fields.abandon(&mut self.walk.usual);
                    self.walk.expect(false);
                }
            }
            // By all rules, every field is looked at.
            ObjectMembers::Usual(members, mark) => {
                let rest = members.finish(&mut self.walk.usual);
                self.walk.usual.release(*mark);
                self.walk.expect(rest.is_some());
            }
            ObjectMembers::Ruled(_) | ObjectMembers::Unusual => {}
        }
    }
}

impl<'de> MapAccess<'de> for &mut ObjectAccess<'_, '_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.next()? {
            Some(name) => seed
                .deserialize(BorrowedStrDeserializer::new(name))
                .map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        seed.deserialize(ValueDeserializer::new(self.walk, &mut self.slot))
    }
}
