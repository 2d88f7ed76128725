//! A key-value without the tree that led to it.
//!
//! ```text
//! in a leaf's data, without a gap
//! ┌──────────────────┬─────┬────────────────────────────────────────────────┐
//! │ main '_' sub (17)│ 't' │ 0A key, 10 create, 18 mod, 20 version, 2A value,│
//! └──────────────────┴─────┤ 30 lease                       mvccpb.KeyValue │
//!                           └────────────────────────────────────────────────┘
//! ```
//!
//! etcd writes fields in ascending order, each at most once, with the shortest
//! varints. So a record shows where it ends, and says the same thing twice:
//! `mod_revision` is the revision's `main`. A deletion has the key alone: only
//! the revision before it, with its mark, tells it.

use super::Revision;

/// What precedes a deletion: revision and mark.
const MARKED: usize = 18;
const UNMARKED: usize = 17;

/// Subs count the changes of one transaction; etcd allows 128 by default.
const SUB_MAX: i64 = 1 << 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// The revision it is filed under; `None` where that was overwritten.
    pub(super) revision: Option<Revision>,
    pub(super) main: i64,
    pub(super) tombstone: bool,
    /// Bytes of the message that are there.
    pub(super) length: usize,
    /// Whether its value ends beyond them.
    pub(super) is_cut: bool,
}

/// The record whose message begins at `at`, where a byte 0A stands. Its revision
/// is looked for from `begin` on, the message ends at `end` at the latest.
pub(super) fn recognize(data: &[u8], begin: usize, at: usize, end: usize) -> Option<Record> {
    let message = data.get(at..end)?;
    let before = data.get(begin..at)?;
    let mut reader = Canonical(message);
    if reader.byte()? != 0x0A {
        return None;
    }
    let length = reader.varint()?;
    if length == 0 {
        return None;
    }
    reader.skip(length)?;
    if let Some((revision, true)) = revision(before, MARKED) {
        return Some(Record {
            revision: Some(revision),
            main: revision.main,
            tombstone: true,
            length: message.len().saturating_sub(reader.0.len()),
            is_cut: false,
        });
    }
    let create = reader.number(0x10)?;
    let modified = reader.number(0x18)?;
    let version = reader.number(0x20)?;
    // Each change raises both by one at least.
    if create > modified || version > modified.saturating_sub(create).saturating_add(1) {
        return None;
    }
    let revision = match revision(before, UNMARKED) {
        Some((revision, false)) if revision.main == modified => Some(revision),
        _ => None,
    };
    let mut is_cut = false;
    if reader.0.first() == Some(&0x2A) {
        reader.byte()?;
        let length = reader.varint()?;
        if length == 0 {
            return None;
        }
        if reader.skip(length).is_none() {
            // Without the revision it may be anything.
            revision?;
            is_cut = true;
            reader.0 = &[];
        }
    }
    if reader.0.first() == Some(&0x30) {
        let mut lease = Canonical(reader.0);
        if lease.number(0x30).is_some() {
            reader = lease;
        }
    }
    Some(Record {
        revision,
        main: modified,
        tombstone: false,
        length: message.len().saturating_sub(reader.0.len()),
        is_cut,
    })
}

/// The revision that fills the last `length` bytes.
fn revision(before: &[u8], length: usize) -> Option<(Revision, bool)> {
    let bytes = before.get(before.len().checked_sub(length)?..)?;
    let (revision, tombstone) = Revision::parse_marked(bytes).ok()?;
    (revision.main > 0 && revision.sub < SUB_MAX).then_some((revision, tombstone))
}

/// Protobuf as Go writes it: varints are never longer than they need be.
struct Canonical<'a>(&'a [u8]);

impl Canonical<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// A length or a positive int64.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return (byte != 0 || shift == 0).then_some(value);
            }
        }
        None
    }

    /// A field with a number above 0.
    fn number(&mut self, tag: u8) -> Option<i64> {
        if self.byte()? != tag {
            return None;
        }
        let number = i64::try_from(self.varint()?).ok()?;
        (number > 0).then_some(number)
    }

    fn skip(&mut self, length: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(length).ok()?..)?;
        Some(())
    }
}
