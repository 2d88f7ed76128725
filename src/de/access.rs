//! What serde asks of lists, maps and objects: of each two kinds, by all rules
//! and as usual.

use std::ops::Range;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::de::deserializer::ValueDeserializer;
use crate::de::usual::{self, Source, StacksMark};
use crate::de::{Entries, Items, Mark, Members, Pieces, Segment, Value, Walk};
use crate::error::{Error, Result};
use crate::schema::row::{Message, Type};

pub(super) struct ListAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    items: ListItems<'w, 'de>,
}

enum ListItems<'s, 'de> {
    Ruled(Box<RuledItems<'de>>),
    Usual(usual::List<'s, 'de>),
}

struct RuledItems<'de> {
    items: Items<'de>,
    left: usize,
    mark: Mark,
}

impl<'w, 'de> ListAccess<'w, 'de> {
    pub(super) fn ruled(walk: &'w mut Walk<'de>, kind: Type, run: Range<usize>) -> Self {
        let (mark, left) = (walk.mark(), run.len());
        let items = Items::open(walk, kind, run);
        let items = ListItems::Ruled(Box::new(RuledItems { items, left, mark }));
        ListAccess { walk, items }
    }

    #[inline]
    pub(super) fn usual(walk: &'w mut Walk<'de>, list: usual::List<'w, 'de>) -> Self {
        let items = ListItems::Usual(list);
        ListAccess { walk, items }
    }

    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        // What is large is not moved on its way out.
        let visited = visitor.visit_seq(&mut self);
        match &self.items {
            ListItems::Usual(_) => self.walk.expect(visited.is_ok()),
            ListItems::Ruled(ruled) if visited.is_ok() => self.walk.release(ruled.mark),
            ListItems::Ruled(_) => {}
        }
        visited
    }
}

impl<'de> SeqAccess<'de> for &mut ListAccess<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let source = match &mut self.items {
            ListItems::Usual(list) => list.next().ok_or_else(|| self.walk.unusual())?,
            ListItems::Ruled(ruled) => {
                ruled.left = ruled.left.saturating_sub(1);
                ruled.items.next(self.walk)?.map(Source::One)
            }
        };
        let Some(source) = source else {
            return Ok(None);
        };
        seed.deserialize(ValueDeserializer::of(self.walk, source))
            .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(match &self.items {
            ListItems::Ruled(ruled) => ruled.left,
            ListItems::Usual(list) => list.left(),
        })
    }
}

pub(super) struct EntriesAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    entries: MapEntries<'w, 'de>,
    source: Source<'w, 'de>,
}

enum MapEntries<'s, 'de> {
    Ruled(Box<(Entries, Mark)>),
    Usual(usual::List<'s, 'de>, Option<&'de [u8]>),
}

impl<'w, 'de> EntriesAccess<'w, 'de> {
    pub(super) fn ruled(walk: &'w mut Walk<'de>, kind: Type, run: Range<usize>) -> Result<Self> {
        let mark = walk.mark();
        let entries = Entries::open(walk, kind, run)?;
        let entries = MapEntries::Ruled(Box::new((entries, mark)));
        Ok(EntriesAccess::of(walk, entries))
    }

    #[inline]
    pub(super) fn usual(walk: &'w mut Walk<'de>, map: usual::List<'w, 'de>) -> Self {
        EntriesAccess::of(walk, MapEntries::Usual(map, None))
    }

    #[inline]
    fn of(walk: &'w mut Walk<'de>, entries: MapEntries<'w, 'de>) -> Self {
        EntriesAccess {
            walk,
            entries,
            source: Source::One(Value::Null),
        }
    }

    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_map(&mut self);
        match &mut self.entries {
            MapEntries::Usual(map, last) => {
                // By all rules, every entry is looked at.
                while let Some(Some(_)) = map.next_entry(last) {}
                self.walk.expect(visited.is_ok() && map.left() == 0);
            }
            MapEntries::Ruled(ruled) if visited.is_ok() => self.walk.release(ruled.1),
            MapEntries::Ruled(_) => {}
        }
        visited
    }
}

impl<'de> MapAccess<'de> for &mut EntriesAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let entry = match &mut self.entries {
            MapEntries::Usual(map, last) => {
                map.next_entry(last).ok_or_else(|| self.walk.unusual())?
            }
            MapEntries::Ruled(ruled) => {
                let entry = ruled.0.next(self.walk)?;
                entry.map(|(key, value)| (key, Source::One(value)))
            }
        };
        let Some((key, source)) = entry else {
            return Ok(None);
        };
        self.source = source;
        seed.deserialize(ValueDeserializer::new(self.walk, Value::String(key)))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let source = std::mem::replace(&mut self.source, Source::One(Value::Null));
        seed.deserialize(ValueDeserializer::of(self.walk, source))
    }
}

pub(super) struct ObjectAccess<'w, 'de> {
    walk: &'w mut Walk<'de>,
    members: ObjectMembers<'w, 'de>,
    /// Members that come before those of the message: `kind` and `apiVersion`.
    head: u8,
    /// What the one holds whose name was handed on.
    text: Option<&'de [u8]>,
}

enum ObjectMembers<'s, 'de> {
    Ruled(Box<RuledMembers<'de>>),
    Usual(usual::Members<'s, 'de>, StacksMark),
}

struct RuledMembers<'de> {
    members: Members,
    /// Of the member whose name was handed on.
    value: Value<'de>,
    path: usize,
    mark: Mark,
}

impl<'w, 'de> ObjectAccess<'w, 'de> {
    pub(super) fn ruled(
        walk: &'w mut Walk<'de>,
        message: &'static Message,
        pieces: Pieces<'de>,
    ) -> Result<Self> {
        let mark = walk.mark();
        let path = walk.path.len();
        let members = ObjectMembers::Ruled(Box::new(RuledMembers {
            members: Members::open(walk, message, pieces)?,
            value: Value::Null,
            path,
            mark,
        }));
        Ok(ObjectAccess::of(walk, members))
    }

    #[inline]
    pub(super) fn usual(walk: &'w mut Walk<'de>, object: usual::Object<'w, 'de>) -> Result<Self> {
        let mark = walk.usual.mark();
        match usual::Members::open(object, &mut walk.usual) {
            Some(members) => Ok(ObjectAccess::of(walk, ObjectMembers::Usual(members, mark))),
            None => {
                walk.usual.release(mark);
                Err(walk.unusual())
            }
        }
    }

    #[inline]
    fn of(walk: &'w mut Walk<'de>, members: ObjectMembers<'w, 'de>) -> Self {
        // Of the object itself only, which is opened first.
        let head = if walk.head.is_some() { HEAD } else { 0 };
        ObjectAccess {
            walk,
            members,
            head,
            text: None,
        }
    }

    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_map(&mut self);
        self.end(visited.is_ok());
        visited
    }

    pub(super) fn visit_enum<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        let visited = visitor.visit_enum(MapAccessDeserializer::new(&mut self));
        self.end(visited.is_ok());
        visited
    }

    /// Whoever asked may have stopped before the last member, and may not care
    /// that it failed.
    #[inline]
    fn end(&mut self, is_ok: bool) {
        match &mut self.members {
            ObjectMembers::Usual(members, mark) => {
                // By all rules, every field is looked at.
                let rest = members.finish(&mut self.walk.usual);
                self.walk.usual.release(*mark);
                self.walk.expect(is_ok && rest.is_some());
            }
            ObjectMembers::Ruled(ruled) if is_ok => self.walk.release(ruled.mark),
            ObjectMembers::Ruled(_) => {}
        }
    }

    #[inline]
    fn next(&mut self) -> Result<Option<&'static str>> {
        if self.head > 0 {
            return Ok(Some(self.next_of_head()));
        }
        match &mut self.members {
            ObjectMembers::Usual(members, _) => {
                let member = members.next(&mut self.walk.usual);
                member.ok_or_else(|| self.walk.unusual())
            }
            ObjectMembers::Ruled(ruled) => {
                let member = ruled.members.next(self.walk)?;
                Ok(member.map(|(name, source)| {
                    ruled.value = source;
                    name
                }))
            }
        }
    }

    #[cold]
    fn next_of_head(&mut self) -> &'static str {
        let head = self.walk.head;
        let (name, text) = match self.head {
            HEAD => ("kind", head.map(|head| head.kind)),
            _ => ("apiVersion", head.map(|head| head.api_version)),
        };
        self.text = text;
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

    #[inline]
    fn source(&mut self) -> Result<Source<'w, 'de>> {
        if let Some(text) = self.text.take() {
            return Ok(Source::One(Value::String(text)));
        }
        match &mut self.members {
            ObjectMembers::Usual(members, _) => members.value().ok_or_else(|| self.walk.unusual()),
            ObjectMembers::Ruled(ruled) => Ok(Source::One(std::mem::replace(
                &mut ruled.value,
                Value::Null,
            ))),
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
        let source = self.source()?;
        seed.deserialize(ValueDeserializer::of(self.walk, source))
    }
}
