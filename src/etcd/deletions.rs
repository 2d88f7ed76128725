use super::bbolt::{Bucket, Provenance};
use super::latest::{Latest, Place};
use super::revisions::{Found, Revisions, parse_key};
use super::{KeyValue, Revision};
use crate::error::{Error, Result};

/// The end of one life of a key; see [`Snapshot::deletions`].
///
/// [`Snapshot::deletions`]: super::Snapshot::deletions
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deletion<'a> {
    /// The etcd key.
    pub key: &'a [u8],
    /// The revision that deleted it.
    pub revision: Revision,
    /// What the key was before, or why that cannot be read.
    pub last: LastState<'a>,
    /// Where the deletion's own entry stands in the file.
    pub provenance: Provenance,
}

/// What is left of a deleted key's last state.
#[derive(Debug, Clone)]
pub enum LastState<'a> {
    /// Its last change.
    Found(KeyValue<'a>),
    /// Compaction removed it, as the deletion is not above the last compaction.
    Compacted,
    /// It should be in the file and is not, or cannot be read.
    Lost(Error),
}

/// Deletions in order of (revision, sub); see [`Snapshot::deletions`].
///
/// Holds up to 48 bytes for each key that it has come across. After an error it
/// goes on with the next entry.
///
/// [`Snapshot::deletions`]: super::Snapshot::deletions
pub struct Deletions<'a> {
    bucket: Bucket<'a>,
    revisions: Revisions<'a>,
    latest: Latest<'a>,
    compacted: i64,
}

impl<'a> Deletions<'a> {
    pub(super) fn new(bucket: Bucket<'a>, compacted: i64) -> Deletions<'a> {
        Deletions {
            bucket,
            revisions: Revisions::new(&bucket),
            latest: Latest::new(bucket),
            compacted,
        }
    }

    fn last_state(&self, revision: Revision, before: Option<Place>) -> LastState<'a> {
        match before.filter(|place| !place.is_tombstone()) {
            Some(place) => match place.read(&self.bucket) {
                Ok(key_value) => LastState::Found(key_value),
                Err(error) => LastState::Lost(error),
            },
            None if revision.main <= self.compacted => LastState::Compacted,
            None => LastState::Lost(Error::malformed(
                "deletion",
                "what it deleted is not in the file, though it was not compacted",
            )),
        }
    }
}

impl<'a> Iterator for Deletions<'a> {
    type Item = Result<Deletion<'a>>;

    fn next(&mut self) -> Option<Result<Deletion<'a>>> {
        loop {
            let (entry, key, broken) = match self.revisions.next_found()? {
                Found::Sound(_, key_value) if key_value.key.is_empty() => continue,
                Found::Sound(entry, key_value) => (entry, key_value.key, None),
                Found::Broken(entry, key, error) => (entry, key, Some(error)),
                Found::Damage(error) => return Some(Err(error)),
            };
            let put = parse_key(&entry).and_then(|(revision, tombstone)| {
                let place = Place::new(&entry, tombstone)?;
                Ok((revision, tombstone, self.latest.put(key, place)?))
            });
            let (revision, tombstone, before) = match put {
                Ok(put) => put,
                Err(error) => return Some(Err(error)),
            };
            if tombstone {
                return Some(Ok(Deletion {
                    key,
                    revision,
                    last: self.last_state(revision, before),
                    provenance: entry.provenance,
                }));
            }
            if let Some(error) = broken {
                return Some(Err(error));
            }
        }
    }
}

impl std::fmt::Debug for Deletions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deletions").finish_non_exhaustive()
    }
}
