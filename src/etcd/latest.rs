use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as TableEntry;

use super::KeyValue;
use super::bbolt::{Bucket, Entry};
use super::revisions::parse_entry;
use crate::convert::to_usize;
use crate::error::{Error, Result};

/// A key and the place of one of its entries.
pub(super) struct Slot<'a> {
    pub(super) key: &'a [u8],
    pub(super) place: Place,
}

impl<'a> Slot<'a> {
    pub(super) fn read(&self, bucket: &Bucket<'a>) -> Result<KeyValue<'a>> {
        self.place.read(bucket)
    }
}

/// Page, index and deletion mark of an entry in 47, 16 and 1 bits. Memory is
/// too small for page ids beyond: 2^47 pages of 1 kB are 2^57 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u64);

const INDEX_BITS: u32 = 16;
const PAGE_BITS: u32 = 47;

impl Place {
    pub(super) fn new(entry: &Entry<'_>, tombstone: bool) -> Result<Place> {
        let page = entry.provenance.page;
        if page >> PAGE_BITS != 0 {
            return Err(Error::limit(
                "page id",
                format!("page {page}: above 2^{PAGE_BITS}-1"),
            ));
        }
        let place = page << INDEX_BITS | u64::from(entry.index);
        Ok(Place(place << 1 | u64::from(tombstone)))
    }

    pub(super) fn is_tombstone(self) -> bool {
        self.0 & 1 != 0
    }

    pub(super) fn read<'a>(self, bucket: &Bucket<'a>) -> Result<KeyValue<'a>> {
        parse_entry(&self.entry(bucket)?)
    }

    pub(super) fn entry<'a>(self, bucket: &Bucket<'a>) -> Result<Entry<'a>> {
        let [.., high, low] = (self.0 >> 1).to_be_bytes();
        let index = u16::from_be_bytes([high, low]);
        bucket.entry_at(self.0 >> (INDEX_BITS + 1), index)
    }
}

/// The latest entry of each key while the bucket is walked.
///
/// A table of 4-byte numbers over a list: a map from key to place would double
/// the memory each time it grows. The hash is seeded, against chosen keys.
pub(super) struct Latest<'a> {
    bucket: Bucket<'a>,
    pub(super) slots: Vec<Slot<'a>>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl<'a> Latest<'a> {
    pub(super) fn new(bucket: Bucket<'a>) -> Latest<'a> {
        Latest {
            bucket,
            slots: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// Files an entry under its key; returns what was there before.
    pub(super) fn put(&mut self, key: &'a [u8], place: Place) -> Result<Option<Place>> {
        let Latest {
            bucket,
            slots,
            table,
            hasher,
        } = self;
        let slot_at = |number: u32| slots.get(to_usize(number));
        let vacant = match table.entry(
            hasher.hash_one(key),
            |&number| slot_at(number).is_some_and(|slot| slot.key == key),
            |&number| hasher.hash_one(slot_at(number).map_or(&b""[..], |slot| slot.key)),
        ) {
            TableEntry::Vacant(vacant) => vacant,
            TableEntry::Occupied(number) => {
                let slot = slots.get_mut(to_usize(*number.get()));
                let Some(slot) = slot else {
                    return Ok(None);
                };
                let before = slot.place;
                // Entries come in order of their revisions, except in a damaged file.
                if before.entry(bucket)?.key < place.entry(bucket)?.key {
                    slot.place = place;
                }
                return Ok(Some(before));
            }
        };
        let number = u32::try_from(slots.len())
            .map_err(|_| Error::limit("bucket key", "more than 2^32 keys"))?;
        vacant.insert(number);
        slots.push(Slot { key, place });
        Ok(None)
    }
}
