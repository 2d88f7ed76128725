//! The entries of a map field, in the order in which Go prints them.

use std::ops::Range;

use crate::de::{Mark, Pieces, Segment, Value, Walk, scalar};
use crate::error::Result;
use crate::schema::row::Type;
use crate::wire::{EntryPart, EntryParts, Payload, Reader};

/// One entry, its value still on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    key: &'a [u8],
    /// Payload and its offset.
    value: Option<(Payload<'a>, u64)>,
}

/// Steps through the entries of a map, sorted by the bytes of their keys; the
/// last of several with one key wins.
pub(crate) struct Entries {
    kind: Type,
    rest: Range<usize>,
    body: Mark,
}

impl Entries {
    pub(crate) fn open<'a>(walk: &mut Walk<'a>, kind: Type, run: Range<usize>) -> Result<Entries> {
        let start = walk.entries.len();
        for index in run {
            if let Some(occurrence) = walk.occurrence(index)
                && let Payload::LengthDelimited(bytes) = occurrence.payload
            {
                let entry = walk.map_entry(kind, bytes, occurrence.offset)?;
                walk.entries.push(entry);
            }
        }
        let entries = walk.entries.get_mut(start..).unwrap_or_default();
        if !entries.is_sorted_by(|a, b| a.key < b.key) {
            // Stable: of one key, the last on the wire stays last.
            entries.sort_by_key(|entry| entry.key);
            walk.drop_overwritten(kind, start)?;
        }
        Ok(Entries {
            kind,
            rest: start..walk.entries.len(),
            body: walk.mark(),
        })
    }

    /// The next entry. Its path stands in the walk until the next call.
    pub(crate) fn next<'a>(
        &mut self,
        walk: &mut Walk<'a>,
    ) -> Result<Option<(&'a [u8], Value<'a>)>> {
        walk.release(self.body);
        let Some(entry) = self
            .rest
            .next()
            .and_then(|index| walk.entries.get(index).copied())
        else {
            return Ok(None);
        };
        walk.path.push(Segment::Key(entry.key));
        let value = walk.entry_value(self.kind, entry.value)?;
        Ok(Some((entry.key, value)))
    }
}

impl<'a> Walk<'a> {
    /// `{1: key, 2: value}`; a later one of either replaces the former.
    fn map_entry(&mut self, kind: Type, bytes: &'a [u8], offset: u64) -> Result<Entry<'a>> {
        let mut entry = Entry {
            key: b"",
            value: None,
        };
        self.set_offset(offset);
        let reader = Reader::with_base(bytes, offset, self.buffer());
        let mut parts = EntryParts::new(reader, scalar::wire_type(kind));
        while let Some(part) = parts.next_part()? {
            match part {
                EntryPart::Key(key) => entry.key = key,
                EntryPart::Value(payload, offset) => {
                    if let Some(former) = entry.value {
                        self.check_entry(kind, entry.key, Some(former))?;
                    }
                    entry.value = Some((payload, offset));
                }
            }
        }
        Ok(entry)
    }

    fn entry_value(&mut self, kind: Type, value: Option<(Payload<'a>, u64)>) -> Result<Value<'a>> {
        if let Some((_, offset)) = value {
            self.set_offset(offset);
        }
        match (kind, value) {
            (Type::Message(message), Some((payload, offset))) => {
                self.message_value(message, Pieces::of_payload(payload, offset))
            }
            (Type::Message(message), None) => self.message_value(message, Pieces::Absent),
            (Type::Bytes, None) => Ok(Value::Bytes(b"")),
            (kind, Some((payload, _))) => {
                Ok(scalar::value(kind, payload).unwrap_or_else(|| scalar::zero(kind)))
            }
            (kind, None) => Ok(scalar::zero(kind)),
        }
    }

    fn check_entry(
        &mut self,
        kind: Type,
        key: &'a [u8],
        value: Option<(Payload<'a>, u64)>,
    ) -> Result<()> {
        let mark = self.mark();
        self.path.push(Segment::Key(key));
        let value = self.entry_value(kind, value)?;
        self.check(value)?;
        self.release(mark);
        Ok(())
    }

    /// Keeps the last of each run of equal keys, in the entries from `start` on.
    fn drop_overwritten(&mut self, kind: Type, start: usize) -> Result<()> {
        let mut kept = start;
        for index in start..self.entries.len() {
            let Some(&entry) = self.entries.get(index) else {
                break;
            };
            match self.entries.get(index.saturating_add(1)) {
                Some(next) if next.key == entry.key => {
                    self.check_entry(kind, entry.key, entry.value)?;
                }
                _ => {
                    if let Some(slot) = self.entries.get_mut(kept) {
                        *slot = entry;
                    }
                    kept = kept.saturating_add(1);
                }
            }
        }
        self.entries.truncate(kept);
        Ok(())
    }
}
