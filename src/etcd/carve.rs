//! Entries that no tree reaches any more, found by what they look like.
//!
//! bbolt never writes over a page that its newest tree uses, so free pages hold
//! older copies of entries until they are needed again, and damage cuts sound
//! pages off. All bytes that no sound page of a tree claims are searched for
//! records (see `carved_record`), in time proportional to their number.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as TableEntry;
use memchr::memchr;

use super::bbolt::{self, Entry, PageState, Provenance, Span};
use super::carved_record::{Record, recognize};
use super::revisions::Found;
use super::{KeyValue, Revision, Snapshot, trailer};
use crate::convert::{to_u64, to_usize};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Field 1, length-delimited: how a key-value's message begins.
const KEY_TAG: u8 = 0x0A;

/// What records within others may take, as a multiple of the file. Where one
/// damaged record claims the rest of the file, the others take 1.
const NESTED_MAX: usize = 4;

/// Searches any file for entries of etcd, one whose two meta pages are both
/// broken too. Where one is valid, it does what [`Snapshot::carve`] does.
///
/// Without a meta page the page size is not known: it is taken to be that by
/// which most page headers bear the number of their place, else 4096.
pub fn carve<'a>(file: &'a [u8], limits: &Limits) -> Carving<'a> {
    match Snapshot::parse_with(file, limits) {
        Ok(snapshot) => snapshot.carve(),
        Err(_) => Carving::new(trailer::split(file).0, None, limits),
    }
}

/// An entry that no tree reaches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Carved<'a> {
    /// The etcd key.
    pub key: &'a [u8],
    /// The revision under which it was filed; `None` where those bytes were
    /// overwritten.
    pub revision: Option<Revision>,
    /// The main revision of the change: `mod_revision` for all but deletions.
    pub main: i64,
    /// Whether it is a deletion.
    pub tombstone: bool,
    /// Where it stands in the file. Its page is the one that holds its first
    /// byte, be it overflow or not: no header is trusted.
    pub provenance: Provenance,
    /// How many more times the same entry was found.
    pub copies: u64,
    /// The entry; an error of category `truncated` where its value was partly
    /// overwritten. With `revision` `None`, its own is (`main`, 0).
    pub key_value: Result<KeyValue<'a>>,
}

/// What was found in the bytes that no sound page of a tree claims, in order of
/// main revision and place.
///
/// ```
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/snapshots/rotation/snapshot.db.gz"));
/// # let mut data = Vec::new();
/// # std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut data).unwrap();
/// let snapshot = k8s_etcd::etcd::Snapshot::parse(&data)?;
/// let carving = snapshot.carve();
/// assert_eq!(carving.len(), 0);
/// assert_eq!(carving.copies(), 4);
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct Carving<'a> {
    data: &'a [u8],
    page_size: u64,
    found: Vec<Candidate>,
    copies: u64,
    searched: u64,
    stopped: Option<Error>,
}

/// Where a record lies: what else it says is read again when it is asked for.
#[derive(Clone, Copy)]
struct Candidate {
    main: i64,
    /// Of the message.
    offset: usize,
    /// Of the message, as far as it is there.
    length: usize,
    copies: u32,
    kind: Kind,
    /// A tree reaches the same entry.
    is_copy: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Put,
    WithoutRevision,
    Tombstone,
    Cut,
}

impl<'a> Carving<'a> {
    pub(super) fn new(
        data: &'a [u8],
        snapshot: Option<&Snapshot<'a>>,
        limits: &Limits,
    ) -> Carving<'a> {
        let mut search = Search::new(data, limits.carved_entries);
        let page_size = match snapshot {
            Some(snapshot) => {
                search.in_snapshot(snapshot);
                snapshot.database().meta().page_size.into()
            }
            None => {
                search.span(&Span {
                    bytes: 0..data.len(),
                    limit: data.len(),
                });
                bbolt::guess_page_size(data)
            }
        };
        search.finish(page_size)
    }

    /// The number of entries that no tree reaches.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing was found but copies of what the trees reach.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many times entries were found that the tree reaches too.
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// Bytes that were searched: all that no sound page of a tree claims.
    pub fn searched(&self) -> u64 {
        self.searched
    }

    /// Why the search is not complete: category `limit`, at the first offset
    /// where it stopped, for more entries than [`Limits::carved_entries`], or
    /// passed over something, in a file forged of records within records.
    pub fn stopped(&self) -> Option<&Error> {
        self.stopped.as_ref()
    }

    /// The entries.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Carved<'a>> {
        self.found.iter().map(|candidate| self.carved(candidate))
    }

    fn carved(&self, candidate: &Candidate) -> Carved<'a> {
        let end = candidate.offset.saturating_add(candidate.length);
        let message = self.data.get(candidate.offset..end).unwrap_or_default();
        let before = match candidate.kind {
            Kind::Put | Kind::Cut => 17,
            Kind::Tombstone => 18,
            Kind::WithoutRevision => 0,
        };
        let key_at = candidate.offset.saturating_sub(before);
        let filed = self.data.get(key_at..candidate.offset).unwrap_or_default();
        let revision = Revision::parse_marked(filed)
            .ok()
            .map(|(revision, _)| revision);
        let tombstone = candidate.kind == Kind::Tombstone;
        let entry = Entry::carved(filed, message, self.page_size, to_u64(key_at));
        let (main, sub) = (candidate.main, 0);
        let filed_under = revision.unwrap_or(Revision { main, sub });
        let key_value = KeyValue::parse(&entry, filed_under, tombstone);
        Carved {
            key: match &key_value {
                Ok(key_value) => key_value.key,
                Err(_) => KeyValue::key_of_broken(&entry).unwrap_or_default(),
            },
            revision,
            main,
            tombstone,
            provenance: entry.provenance,
            copies: candidate.copies.into(),
            key_value,
        }
    }
}

impl fmt::Debug for Carving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carving")
            .field("entries", &self.found.len())
            .field("copies", &self.copies)
            .field("searched", &self.searched)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

struct Search<'a> {
    data: &'a [u8],
    found: Vec<Candidate>,
    /// Whole records by all their bytes, cut ones by main revision and key: of
    /// those only the longest is kept, so that no comparison is made twice.
    table: HashTable<u32>,
    hasher: RandomState,
    any_cut: bool,
    /// Messages that the walk read on damaged pages.
    own: HashSet<usize>,
    capacity: usize,
    /// Bytes that records within others may still take.
    nested: usize,
    searched: u64,
    is_full: bool,
    incomplete: Option<Error>,
}

impl<'a> Search<'a> {
    fn new(data: &'a [u8], capacity: usize) -> Search<'a> {
        Search {
            data,
            found: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::new(),
            any_cut: false,
            own: HashSet::new(),
            // Numbers of candidates are 32 bits wide.
            capacity: capacity.min(to_usize(u32::MAX)),
            nested: data.len().saturating_mul(NESTED_MAX),
            searched: 0,
            is_full: false,
            incomplete: None,
        }
    }

    fn in_snapshot(&mut self, snapshot: &Snapshot<'a>) {
        let survey = snapshot.database().survey();
        let bucket = snapshot.key_bucket().ok();
        let revisions = || bucket.iter().flat_map(Found::all);
        if survey.extent(PageState::Damaged).pages > 0 {
            for (entry, _) in revisions() {
                if survey.state(entry.provenance.page) == Some(PageState::Damaged)
                    && let Ok(offset) = usize::try_from(entry.provenance.value_offset)
                {
                    self.own.insert(offset);
                }
            }
        }
        for span in snapshot.database().unclaimed(&survey) {
            self.span(&span);
        }
        for (entry, main) in revisions() {
            self.reached(&entry, main);
        }
    }

    fn span(&mut self, span: &Span) {
        let Span { bytes, limit } = span;
        self.searched = self.searched.saturating_add(to_u64(bytes.len()));
        let mut at = bytes.start;
        // Where the last whole record ends, and what was hashed of any.
        let (mut whole, mut hashed) = (at, at);
        while !self.is_full
            && let Some(next) = self.data.get(at..bytes.end)
            && let Some(distance) = memchr(KEY_TAG, next)
        {
            at = at.saturating_add(distance);
            // A damaged length claims the records that follow, so they are looked
            // for in values too; only those with a revision, since a value may
            // hold anything.
            if let Some(record) = recognize(self.data, bytes.start, at, *limit)
                && (at >= whole || record.revision.is_some())
            {
                let end = at.saturating_add(record.length);
                let message = self.data.get(at..end).unwrap_or_default();
                let part = if record.is_cut {
                    key_part(message).len()
                } else {
                    whole = whole.max(end);
                    message.len()
                };
                if (at >= hashed || self.spend(at, part)) && !self.own.contains(&at) {
                    self.add(at, &record);
                }
                hashed = hashed.max(at.saturating_add(part));
            }
            at = at.saturating_add(1);
        }
    }

    /// Whether what lies within another record may be hashed once more.
    fn spend(&mut self, at: usize, bytes: usize) -> bool {
        match self.nested.checked_sub(bytes) {
            Some(left) => {
                self.nested = left;
                true
            }
            None => {
                self.nested = 0;
                let detail = "records within records claim many times the file";
                let error = Error::limit("carve", detail);
                let error = error.at(crate::Buffer::Snapshot, to_u64(at));
                self.incomplete.get_or_insert(error);
                false
            }
        }
    }

    fn add(&mut self, offset: usize, record: &Record) {
        let candidate = Candidate {
            main: record.main,
            offset,
            length: record.length,
            copies: 0,
            kind: match record {
                Record { is_cut: true, .. } => Kind::Cut,
                Record {
                    tombstone: true, ..
                } => Kind::Tombstone,
                Record { revision: None, .. } => Kind::WithoutRevision,
                _ => Kind::Put,
            },
            is_copy: false,
        };
        let Search {
            data,
            found,
            table,
            hasher,
            ..
        } = self;
        self.any_cut |= record.is_cut;
        let identity = Identity::of(data, &candidate);
        let known = |number: &u32| found.get(to_usize(*number));
        match table.entry(
            hasher.hash_one(identity),
            |number| known(number).is_some_and(|other| Identity::of(data, other) == identity),
            |number| known(number).map_or(0, |other| hasher.hash_one(Identity::of(data, other))),
        ) {
            TableEntry::Occupied(number) => {
                if let Some(other) = found.get_mut(to_usize(*number.get())) {
                    let copies = other.copies.saturating_add(1);
                    let is_better = candidate.length > other.length
                        || other.kind == Kind::WithoutRevision && candidate.kind == Kind::Put;
                    if is_better {
                        *other = candidate;
                    }
                    other.copies = copies;
                }
            }
            TableEntry::Vacant(vacant) => {
                if found.len() >= self.capacity {
                    let detail = format!("more than {} entries", self.capacity);
                    let error = Error::limit("carve", detail);
                    let error = error.at(crate::Buffer::Snapshot, to_u64(offset));
                    self.incomplete = Some(error);
                    self.is_full = true;
                    return;
                }
                vacant.insert(u32::try_from(found.len()).unwrap_or(u32::MAX));
                found.push(candidate);
            }
        }
    }

    /// Marks what a tree reaches too.
    fn reached(&mut self, entry: &Entry<'a>, main: i64) {
        if self.found.is_empty() {
            return;
        }
        let tombstone = entry.key.len() == 18;
        self.mark(&Identity {
            main,
            tombstone,
            is_cut: false,
            bytes: entry.value,
        });
        if self.any_cut && !tombstone {
            self.mark_cut(entry.value, main);
        }
    }

    fn mark_cut(&mut self, message: &[u8], main: i64) {
        let identity = Identity {
            main,
            tombstone: false,
            is_cut: true,
            bytes: key_part(message),
        };
        let data = self.data;
        if let Some(candidate) = self.find(&identity) {
            let end = candidate.offset.saturating_add(candidate.length);
            let cut = data.get(candidate.offset..end).unwrap_or_default();
            candidate.is_copy |= message.starts_with(cut);
        }
    }

    fn mark(&mut self, identity: &Identity<'_>) {
        if let Some(candidate) = self.find(identity) {
            candidate.is_copy = true;
        }
    }

    fn find(&mut self, identity: &Identity<'_>) -> Option<&mut Candidate> {
        let hash = self.hasher.hash_one(*identity);
        let number = self.table.find(hash, |number| {
            let other = self.found.get(to_usize(*number));
            other.is_some_and(|other| Identity::of(self.data, other) == *identity)
        });
        let number = *number?;
        self.found.get_mut(to_usize(number))
    }

    fn finish(mut self, page_size: u64) -> Carving<'a> {
        if self.any_cut {
            for number in 0..self.found.len() {
                if let Some(whole) = self.found.get(number).copied()
                    && matches!(whole.kind, Kind::Put | Kind::WithoutRevision)
                {
                    let end = whole.offset.saturating_add(whole.length);
                    let message = self.data.get(whole.offset..end).unwrap_or_default();
                    self.mark_cut(message, whole.main);
                }
            }
        }
        let mut copies = 0_u64;
        self.found.retain(|candidate| {
            if candidate.is_copy {
                copies = copies.saturating_add(u64::from(candidate.copies).saturating_add(1));
            }
            !candidate.is_copy
        });
        self.found
            .sort_unstable_by_key(|candidate| (candidate.main, candidate.offset));
        self.found.shrink_to_fit();
        Carving {
            data: self.data,
            page_size,
            found: self.found,
            copies,
            searched: self.searched,
            stopped: self.incomplete,
        }
    }
}

/// What makes two records the same entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Identity<'a> {
    main: i64,
    tombstone: bool,
    is_cut: bool,
    bytes: &'a [u8],
}

impl<'a> Identity<'a> {
    fn of(data: &'a [u8], candidate: &Candidate) -> Identity<'a> {
        let end = candidate.offset.saturating_add(candidate.length);
        let message = data.get(candidate.offset..end).unwrap_or_default();
        let is_cut = candidate.kind == Kind::Cut;
        Identity {
            main: candidate.main,
            tombstone: candidate.kind == Kind::Tombstone,
            is_cut,
            bytes: if is_cut { key_part(message) } else { message },
        }
    }
}

/// The message's first field, the key, with its tag.
fn key_part(message: &[u8]) -> &[u8] {
    let mut length = 0_usize;
    let shifts = (0_u32..).step_by(7);
    for ((at, byte), shift) in message.iter().enumerate().skip(1).take(5).zip(shifts) {
        length |= usize::from(byte & 0x7F)
            .checked_shl(shift)
            .unwrap_or_default();
        if byte & 0x80 == 0 {
            let end = at.saturating_add(1).saturating_add(length);
            return message.get(..end).unwrap_or(message);
        }
    }
    message
}
