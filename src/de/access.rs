//! What serde asks of lists, maps and objects: of each two kinds, by all rules
//! and as usual.

use std::ops::Range;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::de::deserializer::{Given, ValueDeserializer, unusual};
use crate::de::{Entries, Items, Mark, Members, Pieces, Segment, Value, Walk, usual};
use crate::error::{Error, Result};
use crate::schema::row::{Message, Type};

pub(super) struct ListAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    items: ListItems<'w, 'de>,
    mark: Mark,
}

enum ListItems<'s, 'de> {
    Ruled(Items<'de>, usize),
    Usual(usual::List<'s, 'de>),
}

impl<'w, 'de> ListAccess<'w, 'de> {
    pub(super) fn ruled(walk: &'w mut Walk<'de>, kind: Type, run: Range<usize>) -> Self {
        let (mark, left) = (walk.mark(), run.len());
        let items = ListItems::Ruled(Items::open(walk, kind, run), left);
        ListAccess { walk, items, mark }
    }

    #[inline]
    pub(super) fn usual(walk: &'w mut Walk<'de>, list: usual::List<'w, 'de>) -> Self {
        let mark = walk.mark();
        let items = ListItems::Usual(list);
        ListAccess { walk, items, mark }
    }

    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        // What is large is not moved on its way out.
        let visited = visitor.visit_seq(&mut self);
        if visited.is_ok() {
            self.walk.release(self.mark);
        }
        visited
    }
}

impl<'de> SeqAccess<'de> for &mut ListAccess<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let given = match &mut self.items {
            ListItems::Ruled(items, left) => {
                *left = left.saturating_sub(1);
                items.next(self.walk)?.map(Given::One)
            }
            ListItems::Usual(list) => list.next().ok_or_else(unusual)?.map(Given::from),
        };
        let Some(given) = given else {
            return Ok(None);
        };
        seed.deserialize(ValueDeserializer::of(self.walk, given))
            .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(match &self.items {
            ListItems::Ruled(_, left) => *left,
            ListItems::Usual(list) => list.left(),
        })
    }
}

pub(super) struct EntriesAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    entries: MapEntries<'w, 'de>,
    given: Given<'w, 'de>,
    mark: Mark,
}

enum MapEntries<'s, 'de> {
    Ruled(Entries),
    Usual(usual::List<'s, 'de>, Option<&'de [u8]>),
}

impl<'w, 'de> EntriesAccess<'w, 'de> {
    pub(super) fn ruled(walk: &'w mut Walk<'de>, kind: Type, run: Range<usize>) -> Result<Self> {
        let mark = walk.mark();
        let entries = MapEntries::Ruled(Entries::open(walk, kind, run)?);
        Ok(EntriesAccess::of(walk, entries, mark))
    }

    #[inline]
    pub(super) fn usual(walk: &'w mut Walk<'de>, map: usual::List<'w, 'de>) -> Self {
        let mark = walk.mark();
        EntriesAccess::of(walk, MapEntries::Usual(map, None), mark)
    }

    #[inline]
    fn of(walk: &'w mut Walk<'de>, entries: MapEntries<'w, 'de>, mark: Mark) -> Self {
        EntriesAccess {
            walk,
            entries,
            given: Given::One(Value::Null),
            mark,
        }
    }

    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        // What is large is not moved on its way out.
        let visited = visitor.visit_map(&mut self);
        if visited.is_ok() {
            self.walk.release(self.mark);
        }
        visited
    }
}

impl<'de> MapAccess<'de> for &mut EntriesAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let entry = match &mut self.entries {
            MapEntries::Ruled(entries) => entries
                .next(self.walk)?
                .map(|(key, value)| (key, Given::One(value))),
            MapEntries::Usual(map, last) => map
                .next_entry(last)
                .ok_or_else(unusual)?
                .map(|(key, source)| (key, source.into())),
        };
        let Some((key, given)) = entry else {
            return Ok(None);
        };
        self.given = given;
        seed.deserialize(ValueDeserializer::new(self.walk, Value::String(key)))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let given = std::mem::replace(&mut self.given, Given::One(Value::Null));
        seed.deserialize(ValueDeserializer::of(self.walk, given))
    }
}

pub(super) struct ObjectAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    members: ObjectMembers<'w, 'de>,
    /// Members that come before those of the message: `kind` and `apiVersion`.
    head: u8,
    mark: Mark,
}

enum ObjectMembers<'s, 'de> {
    Ruled {
        members: Members,
        value: Value<'de>,
        path: usize,
    },
    Usual(usual::Members<'s, 'de>),
}

impl<'w, 'de> ObjectAccess<'w, 'de> {
    pub(super) fn ruled(
        walk: &'w mut Walk<'de>,
        message: &'static Message,
        pieces: Pieces<'de>,
    ) -> Result<Self> {
        let mark = walk.mark();
        let path = walk.path.len();
        let members = ObjectMembers::Ruled {
            members: Members::open(walk, message, pieces)?,
            value: Value::Null,
            path,
        };
        Ok(ObjectAccess::of(walk, members, mark))
    }

    #[inline]
    pub(super) fn usual(walk: &'w mut Walk<'de>, object: usual::Object<'w, 'de>) -> Result<Self> {
        let mark = walk.mark();
        let members = usual::Members::open(object, &mut walk.places).ok_or_else(unusual)?;
        Ok(ObjectAccess::of(walk, ObjectMembers::Usual(members), mark))
    }

    #[inline]
    fn of(walk: &'w mut Walk<'de>, members: ObjectMembers<'w, 'de>, mark: Mark) -> Self {
        // Of the object itself only, which is opened first.
        let head = if walk.head.is_some() { HEAD } else { 0 };
        ObjectAccess {
            walk,
            members,
            head,
            mark,
        }
    }

    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        // What is large is not moved on its way out.
        let visited = visitor.visit_map(&mut self);
        if visited.is_ok() {
            self.walk.release(self.mark);
        }
        visited
    }

    pub(super) fn visit_enum<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        // What is large is not moved on its way out.
        let visited = visitor.visit_enum(MapAccessDeserializer::new(&mut self));
        if visited.is_ok() {
            self.walk.release(self.mark);
        }
        visited
    }

    #[inline]
    fn next(&mut self) -> Result<Option<&'static str>> {
        if self.head > 0 {
            return Ok(Some(self.next_of_head()));
        }
        match &mut self.members {
            ObjectMembers::Usual(members) => {
                members.next(&mut self.walk.places).ok_or_else(unusual)
            }
            ObjectMembers::Ruled { members, value, .. } => {
                let member = members.next(self.walk)?;
                Ok(member.map(|(name, given)| {
                    *value = given;
                    name
                }))
            }
        }
    }

    #[cold]
    fn next_of_head(&mut self) -> &'static str {
        let name = if self.head == HEAD {
            "kind"
        } else {
            "apiVersion"
        };
        if let ObjectMembers::Ruled { path, .. } = &self.members {
            self.walk.path.truncate(*path);
            self.walk.path.push(Segment::Member(name));
        }
        name
    }

    #[inline]
    fn given(&mut self) -> Result<Given<'w, 'de>> {
        if self.head > 0 {
            return Ok(Given::One(self.value_of_head()));
        }
        match &mut self.members {
            ObjectMembers::Usual(members) => members.value().map(Given::from).ok_or_else(unusual),
            ObjectMembers::Ruled { value, .. } => {
                Ok(Given::One(std::mem::replace(value, Value::Null)))
            }
        }
    }

    #[cold]
    fn value_of_head(&mut self) -> Value<'de> {
        let is_kind = self.head == HEAD;
        self.head = self.head.saturating_sub(1);
        let head = match is_kind {
            true => self.walk.head,
            false => self.walk.head.take(),
        };
        match head {
            Some(head) if is_kind => Value::String(head.kind),
            Some(head) => Value::String(head.api_version),
            None => Value::Null,
        }
    }
}

/// How many members the head has.
const HEAD: u8 = 2;

impl<'de> MapAccess<'de> for &mut ObjectAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.next()? {
            Some(name) => seed
                .deserialize(BorrowedStrDeserializer::new(name))
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let given = self.given()?;
        seed.deserialize(ValueDeserializer::of(self.walk, given))
    }
}
