use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::fmt;

use super::bbolt::Bucket;
use super::latest::Place;
use super::revisions::{Found, Revisions, parse_key};
use super::{Carved, Carving, KeyValue, Snapshot};
use crate::error::Result;

/// The newest known entry of each key, of those that the tree reaches and those
/// that were carved together: the state that a damaged file still shows.
///
/// - The entry with the highest main revision counts. Where that is a deletion,
///   the key is not there; where it cannot be read, the key is there with an
///   error. Of the same revision an entry that can be read goes before one that
///   cannot, and one of the tree before a carved one.
/// - A whole tree has all keys that are alive, so what was carved at or below the
///   last compaction only counts if the tree is incomplete: if some of it is
///   damaged or missing ([`State::completeness`](super::State::completeness)), or
///   entries between the last compaction and its last revision were carved that
///   are not in it. Of a sound file this is [`Snapshot::current`].
/// - Where the tree is incomplete, a key may be there whose deletion is lost, or
///   in an older state than its last.
///
/// ```
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/snapshots/rotation/snapshot.db.gz"));
/// # let mut data = Vec::new();
/// # std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut data).unwrap();
/// use k8s_etcd::etcd::{Known, KnownState, Snapshot};
///
/// let snapshot = Snapshot::parse(&data)?;
/// let carving = snapshot.carve();
/// let known = KnownState::new(Some(&snapshot), &carving)?;
/// let live = known.iter().filter(|entry| matches!(entry, Known::Live { .. }));
/// assert_eq!(live.count(), snapshot.current()?.len());
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct KnownState<'c, 'a> {
    bucket: Option<Bucket<'a>>,
    carving: &'c Carving<'a>,
    /// In key order, without deletions.
    entries: Vec<(&'a [u8], Newest)>,
    /// The tree's main revision, and the number of what was carved.
    overruled: Vec<(&'a [u8], i64, usize)>,
    is_incomplete: bool,
}

/// One key of a [`KnownState`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Known<'a> {
    /// The tree reaches the entry.
    #[non_exhaustive]
    Live {
        /// The etcd key.
        key: &'a [u8],
        /// The entry, or why it cannot be read.
        key_value: Result<KeyValue<'a>>,
    },
    /// The entry was carved.
    Carved(Carved<'a>),
}

struct Newest {
    main: i64,
    is_whole: bool,
    is_tombstone: bool,
    origin: Origin,
}

#[derive(Clone, Copy)]
enum Origin {
    Tree(Place),
    /// The number of what was carved.
    Carved(usize),
}

impl<'c, 'a> KnownState<'c, 'a> {
    /// The state of what a snapshot's tree reaches and of what was carved of the
    /// same file. Without a snapshot, as of a file without meta pages, it is that
    /// of what was carved.
    ///
    /// # Errors
    ///
    /// Category `limit` for page ids above 2^47-1.
    pub fn new(
        snapshot: Option<&Snapshot<'a>>,
        carving: &'c Carving<'a>,
    ) -> Result<KnownState<'c, 'a>> {
        let bucket = snapshot.and_then(|snapshot| snapshot.key_bucket().ok());
        let mut newest = HashMap::new();
        let mut is_incomplete = bucket.is_none();
        let mut last = 0;
        if let Some(bucket) = &bucket {
            is_incomplete |= read_tree(bucket, &mut newest, &mut last)?;
        }
        let meta = snapshot.and_then(|snapshot| snapshot.store_meta().ok());
        let meta = meta.filter(|meta| meta.damage.is_none());
        let compacted = meta.as_ref().map_or(0, super::StoreMeta::compact_revision);
        is_incomplete |= meta.is_none()
            || carving
                .iter()
                .any(|carved| carved.main > compacted && carved.main <= last)
            || snapshot
                .and_then(|snapshot| snapshot.current().ok())
                .is_some_and(|state| !state.completeness().is_whole())
            || snapshot.is_some_and(|snapshot| snapshot.database().survey().damage().len() > 0);
        let mut overruled = Vec::new();
        for (number, carved) in carving.iter().enumerate() {
            // An entry without a readable key tells nothing of any.
            if carved.key.is_empty() || carved.main <= compacted && !is_incomplete {
                continue;
            }
            let new = Newest {
                main: carved.main,
                is_whole: carved.key_value.is_ok(),
                is_tombstone: carved.tombstone,
                origin: Origin::Carved(number),
            };
            if let Some(other) = put(&mut newest, carved.key, new)
                && let Origin::Tree(_) = other.origin
                && !other.is_tombstone
                && carved.tombstone
            {
                overruled.push((carved.key, other.main, number));
            }
        }
        // What a later entry brought to life again was not ended by the deletion.
        overruled.retain(|(key, ..)| newest.get(key).is_some_and(|one| one.is_tombstone));
        let entries = newest.into_iter();
        let mut entries: Vec<_> = entries.filter(|(_, one)| !one.is_tombstone).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        Ok(KnownState {
            bucket,
            carving,
            entries,
            overruled,
            is_incomplete,
        })
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no key is known to be alive.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the tree is incomplete, as far as is known.
    pub fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// The keys with their newest known entries, in key order.
    pub fn iter(&self) -> impl Iterator<Item = Known<'a>> {
        let entries = self.entries.iter();
        entries.filter_map(|(key, newest)| match (newest.origin, &self.bucket) {
            (Origin::Carved(number), _) => self.carving.get(number).map(Known::Carved),
            (Origin::Tree(place), Some(bucket)) => Some(Known::Live {
                key,
                key_value: place.read(bucket),
            }),
            (Origin::Tree(_), None) => None,
        })
    }

    /// Keys that are alive in the tree, with their main revision there, and the
    /// carved deletion for which they are not in this state.
    ///
    /// Whoever can write a value can write in it what looks like a deletion of
    /// another key: look at these.
    pub fn overruled(&self) -> impl Iterator<Item = (&'a [u8], i64, Carved<'a>)> {
        let overruled = self.overruled.iter();
        overruled.filter_map(|(key, main, number)| Some((*key, *main, self.carving.get(*number)?)))
    }
}

/// Files an entry that is newer than what is known of its key, or of the same
/// revision and whole where that is not. Returns what it replaced.
fn put<'a>(newest: &mut HashMap<&'a [u8], Newest>, key: &'a [u8], new: Newest) -> Option<Newest> {
    match newest.entry(key) {
        MapEntry::Vacant(vacant) => {
            vacant.insert(new);
            None
        }
        MapEntry::Occupied(mut other) => {
            let is_newer = (other.get().main, other.get().is_whole) < (new.main, new.is_whole);
            is_newer.then(|| other.insert(new))
        }
    }
}

/// The newest entry of each key, and the last main revision; tells whether
/// something was broken.
fn read_tree<'a>(
    bucket: &Bucket<'a>,
    newest: &mut HashMap<&'a [u8], Newest>,
    last: &mut i64,
) -> Result<bool> {
    let mut is_broken = false;
    let mut revisions = Revisions::new(bucket);
    while let Some(found) = revisions.next_found() {
        let (entry, key, is_whole) = match found {
            Found::Sound(entry, key_value) => (entry, key_value.key, true),
            Found::Broken(entry, key, _) => (entry, key, false),
            Found::Damage(_) => {
                is_broken = true;
                continue;
            }
        };
        is_broken |= !is_whole;
        let (revision, tombstone) = parse_key(&entry)?;
        *last = revision.main.max(*last);
        // The content-free entry of `--bump-revision`.
        if key.is_empty() {
            continue;
        }
        let new = Newest {
            main: revision.main,
            is_whole,
            is_tombstone: tombstone,
            origin: Origin::Tree(Place::new(&entry, tombstone)?),
        };
        put(newest, key, new);
    }
    Ok(is_broken)
}

impl fmt::Debug for KnownState<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownState")
            .field("keys", &self.entries.len())
            .field("overruled", &self.overruled.len())
            .field("is_incomplete", &self.is_incomplete)
            .finish_non_exhaustive()
    }
}
