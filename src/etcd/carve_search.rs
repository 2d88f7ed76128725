//! The search for records in the bytes that no tree claims.
//!
//! A forged record may claim bytes that others claim too. Whatever the bytes
//! are, only so many of the records that claim a byte are read, so the work stays
//! in proportion to the file (see [`Carving::cuts`](super::Carving::cuts)).

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use memchr::memchr;

use super::Snapshot;
use super::bbolt::{Entry, PageState, Span};
use super::carve::Cut;
use super::carve_cuts::{Cuts, Reason};
use super::carved_record::{Record, recognize};
use super::revisions::Found;
use crate::convert::{to_u64, to_usize};
use crate::limits::Limits;

/// Field 1, length-delimited: how a key-value's message begins.
const KEY_TAG: u8 = 0x0A;

/// A record that is not read is listed with its key up to this length: keys may
/// overlap too. Those of Kubernetes are shorter.
const UNREAD_KEY_MAX: usize = 1024;

/// Where a record lies: what else it says is read again when it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) main: i64,
    /// Of the message.
    pub(super) offset: usize,
    /// Of the message, as far as it is there.
    pub(super) length: usize,
    hash: u64,
    pub(super) copies: u32,
    pub(super) kind: Kind,
    /// A tree reaches the same entry.
    is_copy: bool,
    /// Too many others claim the same bytes: only its key is looked at.
    pub(super) is_unread: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Put,
    WithoutRevision,
    Tombstone,
    Cut,
}

/// A record that begins before the place that is searched, and ends behind it.
#[derive(Clone, Copy)]
struct Open {
    at: usize,
    /// Where the bytes end that are read of it.
    end: usize,
    record: Record,
}

pub(super) struct Search<'a> {
    data: &'a [u8],
    found: Vec<Candidate>,
    /// Whole records by all their bytes, cut ones by main revision and key: of
    /// those only the longest is kept, so that no comparison is made twice.
    table: HashTable<u32>,
    hasher: RandomState,
    any_cut: bool,
    /// Messages that the walk read on damaged pages.
    own: HashSet<usize>,
    /// In order of where they begin.
    open: Vec<Open>,
    depth: usize,
    capacity: usize,
    /// Those of what was found that stay whatever comes.
    firm: usize,
    /// The others, whose room is for later places of the file.
    spare: Vec<u32>,
    searched: u64,
    /// Bytes that were hashed: the measure of the work.
    hashed: u64,
    cuts: Cuts,
}

impl<'a> Search<'a> {
    pub(super) fn new(data: &'a [u8], limits: &Limits) -> Search<'a> {
        Search {
            data,
            found: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::new(),
            any_cut: false,
            own: HashSet::new(),
            open: Vec::new(),
            depth: limits.carved_depth.max(1),
            // Numbers of candidates are 32 bits wide.
            capacity: limits.carved_entries.min(to_usize(u32::MAX)),
            firm: 0,
            spare: Vec::new(),
            searched: 0,
            hashed: 0,
            cuts: Cuts::default(),
        }
    }

    pub(super) fn in_snapshot(&mut self, snapshot: &Snapshot<'a>) {
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
        self.close_until(usize::MAX);
        for (entry, main) in revisions() {
            self.reached(&entry, main);
        }
    }

    /// Spans come in order of the file.
    pub(super) fn span(&mut self, span: &Span) {
        let Span { bytes, limit } = span;
        self.searched = self.searched.saturating_add(to_u64(bytes.len()));
        let mut at = bytes.start;
        // Where the last whole record ends.
        let mut whole = at;
        while let Some(next) = self.data.get(at..bytes.end)
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
                // One within another: what the other claims is in doubt.
                whole = if record.is_cut { whole.min(at) } else { end };
                if !self.own.contains(&at) {
                    self.open(at, record);
                }
            }
            at = at.saturating_add(1);
        }
    }

    fn open(&mut self, at: usize, record: Record) {
        self.close_until(at);
        let end = at.saturating_add(record.length);
        let message = self.data.get(at..end).unwrap_or_default();
        let read = match record.is_cut {
            true => key_part(message).len(),
            false => message.len(),
        };
        let end = at.saturating_add(read);
        self.open.push(Open { at, end, record });
        if self.open.len() > self.depth {
            // The outermost stays, so that records in a value do not hide the one that
            // holds them. Of the others the one that reaches furthest goes, so that a
            // forged length does not hide the records that it claims.
            let furthest = self.open.iter().enumerate().skip(1);
            let furthest = furthest.max_by_key(|(_, open)| open.end);
            if let Some((number, _)) = furthest {
                let Open { at, record, .. } = self.open.remove(number);
                self.unread(at, &record);
            }
        }
    }

    /// Adds the records that end before `at`.
    fn close_until(&mut self, at: usize) {
        let mut number = 0;
        while let Some(open) = self.open.get(number) {
            if open.end <= at {
                let Open { at, record, .. } = self.open.remove(number);
                self.add(at, &record);
            } else {
                number = number.saturating_add(1);
            }
        }
    }

    fn unread(&mut self, at: usize, record: &Record) {
        let end = at.saturating_add(record.length);
        let message = self.data.get(at..end).unwrap_or_default();
        let is_listed = key_part(message).len() <= UNREAD_KEY_MAX
            && self.keep(Candidate {
                is_unread: true,
                ..Candidate::new(at, record)
            });
        self.cuts.add(Reason::Overlap, at, is_listed);
    }

    fn add(&mut self, offset: usize, record: &Record) {
        let mut candidate = Candidate::new(offset, record);
        let identity = Identity::of(self.data, &candidate);
        candidate.hash = self.hasher.hash_one(identity);
        self.any_cut |= record.is_cut;
        if let Some(other) = self.find(&identity) {
            let copies = other.copies.saturating_add(1);
            let is_better = candidate.length > other.length
                || other.kind == Kind::WithoutRevision && candidate.kind == Kind::Put;
            if is_better {
                *other = candidate;
            }
            other.copies = copies;
        } else if !self.keep(candidate) {
            self.cuts.add(Reason::Full(self.capacity), offset, false);
        }
    }

    /// Whether there is room for a new candidate.
    fn keep(&mut self, candidate: Candidate) -> bool {
        let is_firm = self.firm < self.share(candidate.offset);
        let number = if self.found.len() < self.capacity {
            self.found.push(candidate);
            self.found.len().saturating_sub(1)
        } else {
            let number = if is_firm { self.spare.pop() } else { None };
            let Some(number) = number else {
                return false;
            };
            let number = to_usize(number);
            if let Some(place) = self.found.get_mut(number) {
                let other = std::mem::replace(place, candidate);
                let of_other = |found: &u32| to_usize(*found) == number;
                if let Ok(entry) = self.table.find_entry(other.hash, of_other) {
                    entry.remove();
                }
                self.cuts
                    .add(Reason::Full(self.capacity), other.offset, false);
            }
            number
        };
        let short = u32::try_from(number).unwrap_or(u32::MAX);
        if is_firm {
            self.firm = self.firm.saturating_add(1);
        } else {
            self.spare.push(short);
        }
        if !candidate.is_unread {
            let hash_of = |number: &u32| {
                let other = self.found.get(to_usize(*number));
                other.map_or(0, |other| other.hash)
            };
            self.table.insert_unique(candidate.hash, short, hash_of);
        }
        true
    }

    /// Candidates up to this place that no later one replaces: half of the room is
    /// for what comes first, the other half is shared out over the file.
    fn share(&self, at: usize) -> usize {
        let shared = self.capacity / 2;
        let share = u128::from(to_u64(shared))
            .saturating_mul(u128::from(to_u64(at)))
            .checked_div(u128::from(to_u64(self.data.len())))
            .unwrap_or_default();
        let share = usize::try_from(share).unwrap_or(shared);
        let first = self.capacity.saturating_sub(shared);
        first.saturating_add(share)
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
        self.hashed = self.hashed.saturating_add(to_u64(identity.bytes.len()));
        let hash = self.hasher.hash_one(*identity);
        let number = self.table.find(hash, |number| {
            let other = self.found.get(to_usize(*number));
            other.is_some_and(|other| other.is(self.data, hash, identity))
        });
        let number = *number?;
        self.found.get_mut(to_usize(number))
    }

    /// What was found in order of main revision and place, copies of what a tree
    /// reaches, bytes that were searched, and where not all was carved.
    pub(super) fn finish(mut self) -> (Vec<Candidate>, u64, u64, Vec<Cut>) {
        self.close_until(usize::MAX);
        if self.any_cut {
            for number in 0..self.found.len() {
                if let Some(whole) = self.found.get(number).copied()
                    && matches!(whole.kind, Kind::Put | Kind::WithoutRevision)
                    && !whole.is_unread
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
        (self.found, copies, self.searched, self.cuts.finish())
    }
}

impl Candidate {
    fn new(offset: usize, record: &Record) -> Candidate {
        Candidate {
            main: record.main,
            offset,
            length: record.length,
            hash: 0,
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
            is_unread: false,
        }
    }

    fn is(&self, data: &[u8], hash: u64, identity: &Identity<'_>) -> bool {
        self.hash == hash && Identity::of(data, self) == *identity
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

#[cfg(test)]
mod tests {
    use super::{Search, Span};
    use crate::limits::Limits;

    /// Records of one byte's key that all claim the rest of `size` bytes.
    fn nested(size: usize) -> Vec<u8> {
        let head = b"\0\0\0\0\0\0\0\x01_\0\0\0\0\0\0\0\0\x0a\x01k\x10\x01\x18\x01\x20\x01\x2a";
        let mut bytes = Vec::new();
        while bytes.len() < size / 2 {
            bytes.extend(head);
            let rest = size - bytes.len() - 4;
            let seven = |shift: u32| (rest >> shift & 0x7F) as u8;
            bytes.extend([
                seven(0) | 0x80,
                seven(7) | 0x80,
                seven(14) | 0x80,
                seven(21),
            ]);
        }
        bytes.resize(size, b'.');
        bytes
    }

    /// Bytes that are hashed while a file of this size is searched, in spans of
    /// `step` bytes that all reach to its end.
    fn work(size: usize, step: usize) -> u64 {
        let bytes = nested(size);
        let mut search = Search::new(&bytes, &Limits::DEFAULT);
        for begin in (0..size).step_by(step) {
            search.span(&Span {
                bytes: begin..(begin + step).min(size),
                limit: size,
            });
        }
        let found = search.found.len() + search.open.len();
        assert!(found > size / 2 / 40, "{found}");
        search.close_until(usize::MAX);
        search.hashed
    }

    #[test]
    fn work_grows_with_the_file() {
        // 31 bytes are one record each, so that each gap of a page holds one.
        for step in [31, 4096, usize::MAX >> 1] {
            let [once, twice] = [1, 2].map(|n| work(n << 22, step));
            assert!(once <= 8 << 22, "{once}");
            assert!(twice as f64 <= 2.2 * once as f64, "{once}, {twice}");
        }
    }
}
