//! Whether all is in the file that etcd would have left there.
//!
//! A file that was copied while etcd wrote to it can have only sound pages, and
//! yet be a mixture of several transactions. What etcd never does tells so:
//!
//! - Above the last compaction no main revision is missing, and within each of
//!   them the subs go from 0 without a gap. `--bump-revision` alone jumps, to an
//!   entry without content.
//! - The version of a key grows by one with each change, and a deletion has
//!   something to delete. Compaction keeps what a key was at its revision, so
//!   this holds across it.
//! - After a compaction no key has more than one entry at or below its revision.
//! - No page holds a revision above the last one of the tree. One exception:
//!   `etcdctl snapshot save` copies pages that are free, while etcd may write
//!   later transactions to them; see [`Database::is_written_at_once`].
//!
//! Source: `server/storage/mvcc/{kvstore,kvstore_txn,kvstore_compaction,key_index}.go`
//! of go.etcd.io/etcd.
//!
//! [`Database::is_written_at_once`]: super::bbolt::Database::is_written_at_once

use std::ops::RangeInclusive;

use super::bbolt::{Entries, Provenance};
use super::{KeyValue, Revision, StoreMeta};
use crate::error::{Buffer, Error};

/// Ranges of missing revisions that are listed; further ones are counted.
const RANGES: usize = 64;

/// What must be in a sound file and is not; see [`State::completeness`].
///
/// [`State::completeness`]: super::State::completeness
#[derive(Debug, Clone, Default)]
pub struct Completeness {
    last_revision: i64,
    missing: Vec<RangeInclusive<i64>>,
    missing_ranges: u64,
    missing_revisions: u64,
    inconsistent: Option<Inconsistent>,
    more_inconsistent: u64,
    newer: Option<Newer>,
}

/// Revisions above the last one of the tree, in pages that no tree reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Newer {
    /// The highest of them.
    pub last_revision: i64,
    /// Pages that hold some.
    pub pages: u64,
    /// The first of these pages.
    pub page: u64,
    /// Where it begins in the file.
    pub offset: u64,
}

/// An entry that does not fit to the others of its key.
#[derive(Debug, Clone)]
struct Inconsistent {
    revision: Revision,
    provenance: Provenance,
    detail: &'static str,
}

impl Completeness {
    /// Whether nothing is known to be missing.
    pub fn is_whole(&self) -> bool {
        self.missing_revisions == 0 && self.inconsistent.is_none() && self.newer.is_none()
    }

    /// The last revision of the tree, or the last compaction where it is higher.
    pub fn last_revision(&self) -> i64 {
        self.last_revision
    }

    /// Main revisions above the last compaction that are not in the tree, in
    /// ascending order: the first 64 ranges.
    pub fn missing(&self) -> &[RangeInclusive<i64>] {
        &self.missing
    }

    /// How many main revisions are missing in all.
    pub fn missing_revisions(&self) -> u64 {
        self.missing_revisions
    }

    /// Revisions that are in the file, above the last one of the tree.
    pub fn newer(&self) -> Option<Newer> {
        self.newer
    }

    /// All of it as errors of category `malformed`: at most one of each kind.
    pub fn errors(&self) -> impl Iterator<Item = Error> {
        [
            self.missing_error(),
            self.inconsistent_error(),
            self.newer_error(),
        ]
        .into_iter()
        .flatten()
    }

    fn missing_error(&self) -> Option<Error> {
        const SHOWN: usize = 8;
        if self.missing_revisions == 0 {
            return None;
        }
        let mut text = String::new();
        for (at, range) in self.missing.iter().take(SHOWN).enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            text.push_str(separator);
            if range.start() == range.end() {
                text.push_str(&range.start().to_string());
            } else {
                text.push_str(&format!("{}-{}", range.start(), range.end()));
            }
        }
        if self.missing_ranges > SHOWN.try_into().unwrap_or(u64::MAX) {
            text.push_str(", …");
        }
        let detail = format!(
            "{} are missing above the last compaction ({text}): the file was copied while etcd \
             wrote to it, or lost pages",
            self.missing_revisions
        );
        Some(Error::malformed("revisions", detail))
    }

    fn inconsistent_error(&self) -> Option<Error> {
        let found = self.inconsistent.as_ref()?;
        let more = match self.more_inconsistent {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let detail = format!(
            "{}: {}{more}: the file was copied while etcd wrote to it, or lost pages",
            found.revision, found.detail
        );
        let place = found.provenance;
        let error = Error::malformed("revision", detail).at(Buffer::Snapshot, place.key_offset);
        Some(error.in_page(place.page))
    }

    fn newer_error(&self) -> Option<Error> {
        let newer = self.newer?;
        let detail = format!(
            "{} pages that no tree reaches hold revisions up to {}, above the tree's last one, {}: \
             the file was copied while etcd wrote to it, or its newest transaction is lost",
            newer.pages, newer.last_revision, self.last_revision
        );
        let error = Error::malformed("revisions", detail).at(Buffer::Snapshot, newer.offset);
        Some(error.in_page(newer.page))
    }
}

/// The check at work, beside a walk over the bucket `key`.
pub(super) struct Check {
    found: Completeness,
    /// Above it all history is there; `None` where that is not known before the
    /// first entry.
    whole_above: Option<i64>,
    finished: i64,
    previous: Revision,
    last: i64,
}

impl Check {
    pub(super) fn new(meta: Option<&StoreMeta<'_>>) -> Check {
        let main = |revision: Option<Revision>| revision.map_or(0, |revision| revision.main);
        let whole_above = meta.map(|meta| meta.compact_revision().max(1));
        Check {
            found: Completeness::default(),
            whole_above,
            finished: meta.map_or(0, |meta| main(meta.finished_compact_revision)),
            previous: Revision {
                main: whole_above.unwrap_or_default(),
                sub: -1,
            },
            last: 0,
        }
    }

    /// The last revision of the bucket so far.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// An entry's revision; `jumps` where it has no content.
    #[inline]
    pub(super) fn revision(&mut self, revision: Revision, jumps: bool) {
        self.last = self.last.max(revision.main);
        let previous = self.previous;
        let follows = if revision.main == previous.main {
            revision.sub == previous.sub.saturating_add(1)
        } else {
            revision.main == previous.main.saturating_add(1) && revision.sub == 0
        };
        if !follows && !jumps {
            self.jump(revision);
        }
        self.previous = previous.max(revision);
    }

    #[cold]
    fn jump(&mut self, revision: Revision) {
        let Some(whole_above) = self.whole_above else {
            self.whole_above = Some(revision.main);
            return;
        };
        // Disorder is an error of the walk.
        if revision.main <= whole_above || revision <= self.previous {
            return;
        }
        let after = self.previous.main.saturating_add(1);
        if revision.main > after {
            self.missing(after..=revision.main.saturating_sub(1));
        }
        // Of a transaction that is there, some changes are not.
        let begin = if revision.main == self.previous.main {
            self.previous.sub.saturating_add(1)
        } else {
            0
        };
        if revision.sub > begin {
            self.missing(revision.main..=revision.main);
        }
    }

    fn missing(&mut self, range: RangeInclusive<i64>) {
        let found = &mut self.found;
        if found.missing.last() == Some(&range) {
            return;
        }
        let count = range.end().abs_diff(*range.start()).saturating_add(1);
        found.missing_revisions = found.missing_revisions.saturating_add(count);
        found.missing_ranges = found.missing_ranges.saturating_add(1);
        if found.missing.len() < RANGES {
            found.missing.push(range);
        }
    }

    /// A key's first entry in the file.
    #[inline]
    pub(super) fn first_of_key(&mut self, entry: &KeyValue<'_>) {
        if self.must_follow(entry) && (entry.is_tombstone() || entry.version > 1) {
            self.inconsistent(entry, "what the key was before it is missing");
        }
    }

    /// An entry of a key, and the one before it.
    #[inline]
    pub(super) fn next_of_key(&mut self, before: &KeyValue<'_>, entry: &KeyValue<'_>) {
        if before.revision >= entry.revision {
            return;
        }
        if entry.revision.main <= self.finished {
            self.inconsistent(before, "compaction was completed and has not removed it");
        }
        if !self.must_follow(entry) {
            return;
        }
        let follows = match (before.is_tombstone(), entry.is_tombstone()) {
            (true, true) => false,
            (false, true) => true,
            (true, false) => entry.version == 1,
            (false, false) => {
                entry.version == before.version.saturating_add(1)
                    && entry.create_revision == before.create_revision
            }
        };
        if !follows {
            self.inconsistent(entry, "it does not follow what the key was before it");
        }
    }

    fn must_follow(&self, entry: &KeyValue<'_>) -> bool {
        self.whole_above
            .is_some_and(|whole_above| entry.revision.main > whole_above)
    }

    #[cold]
    fn inconsistent(&mut self, entry: &KeyValue<'_>, detail: &'static str) {
        if self.found.inconsistent.is_some() {
            self.found.more_inconsistent = self.found.more_inconsistent.saturating_add(1);
            return;
        }
        self.found.inconsistent = Some(Inconsistent {
            revision: entry.revision,
            provenance: entry.provenance,
            detail,
        });
    }

    /// Ends the check; looks at the pages that the walk did not come to, unless
    /// they may well hold what is newer.
    pub(super) fn finish(mut self, walk: Entries<'_>, search: bool) -> Completeness {
        let compacted = self.whole_above.unwrap_or_default();
        let last = self.last.max(compacted);
        self.found.last_revision = last;
        if search {
            for leaf in walk.leaves_not_visited() {
                let main = match Revision::parse_marked(leaf.last_key) {
                    Ok((revision, _)) if revision.main > last => revision.main,
                    _ => continue,
                };
                let newer = self.found.newer.get_or_insert(Newer {
                    last_revision: main,
                    pages: 0,
                    page: leaf.page,
                    offset: leaf.offset,
                });
                newer.last_revision = newer.last_revision.max(main);
                newer.pages = newer.pages.saturating_add(1);
            }
        }
        self.found
    }
}
