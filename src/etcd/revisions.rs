use super::bbolt::{Bucket, Entries, Entry};
use super::{KeyValue, Revision};
use crate::error::{Buffer, Error, Result};

/// Every revision that is in the file, in order of (revision, sub); see
/// [`Snapshot::revisions`](super::Snapshot::revisions).
///
/// Deletions are among them. What compaction removed is not: below
/// [`scheduled_compact_revision`](super::StoreMeta::scheduled_compact_revision)
/// each key has at most its newest revision left.
///
/// After an error the iterator goes on with the next entry; broken entries
/// and pages hide no other.
#[derive(Debug)]
pub struct Revisions<'a> {
    entries: Entries<'a>,
}

/// What the walk over the bucket `key` comes across.
pub(super) enum Found<'a> {
    Sound(Entry<'a>, KeyValue<'a>),
    /// Revision and key can be read, the rest cannot.
    Broken(Entry<'a>, &'a [u8], Error),
    Damage(Error),
}

impl<'a> Found<'a> {
    /// The bucket's entries that have a revision and a key, with the main
    /// revision.
    pub(super) fn all(bucket: &Bucket<'a>) -> impl Iterator<Item = (Entry<'a>, i64)> + use<'a> {
        let mut revisions = Revisions::new(bucket);
        std::iter::from_fn(move || {
            loop {
                let (Found::Sound(entry, _) | Found::Broken(entry, ..)) = revisions.next_found()?
                else {
                    continue;
                };
                if let Ok((revision, _)) = parse_key(&entry) {
                    return Some((entry, revision.main));
                }
            }
        })
    }
}

impl<'a> Revisions<'a> {
    pub(super) fn new(bucket: &Bucket<'a>) -> Revisions<'a> {
        Revisions {
            entries: bucket.entries(),
        }
    }

    /// The walk as far as it came.
    pub(super) fn into_entries(self) -> Entries<'a> {
        self.entries
    }

    #[inline]
    pub(super) fn next_found(&mut self) -> Option<Found<'a>> {
        let entry = match self.entries.next()? {
            Ok(entry) => entry,
            Err(error) => return Some(Found::Damage(error)),
        };
        let (revision, tombstone) = match parse_key(&entry) {
            Ok(key) => key,
            Err(error) => return Some(Found::Damage(error)),
        };
        Some(match KeyValue::parse(&entry, revision, tombstone) {
            Ok(key_value) => Found::Sound(entry, key_value),
            Err(error) => match KeyValue::key_of_broken(&entry) {
                Some(key) => Found::Broken(entry, key, error),
                None => Found::Damage(error),
            },
        })
    }
}

/// Revision and deletion mark of an entry of the bucket `key`.
#[inline]
pub(super) fn parse_key(entry: &Entry<'_>) -> Result<(Revision, bool)> {
    let parsed = if entry.is_bucket {
        Err(Error::malformed("revision", "a bucket among the revisions"))
    } else {
        Revision::parse_marked(entry.key)
    };
    parsed.map_err(|error| {
        let place = entry.provenance;
        error
            .at(Buffer::Snapshot, place.key_offset)
            .in_page(place.page)
            .in_path(|| format!("key, page {}", place.page))
    })
}

/// The entry as a key-value.
pub(super) fn parse_entry<'a>(entry: &Entry<'a>) -> Result<KeyValue<'a>> {
    let (revision, tombstone) = parse_key(entry)?;
    KeyValue::parse(entry, revision, tombstone)
}

impl<'a> Iterator for Revisions<'a> {
    type Item = Result<KeyValue<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Result<KeyValue<'a>>> {
        Some(match self.next_found()? {
            Found::Sound(_, key_value) => Ok(key_value),
            Found::Broken(_, _, error) | Found::Damage(error) => Err(error),
        })
    }
}
