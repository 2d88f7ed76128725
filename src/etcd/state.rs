use std::fmt;
use std::ops::Range;
use std::slice;

use super::bbolt::{Bucket, Entry};
use super::completeness::Check;
use super::latest::{Latest, Place, Slot};
use super::revisions::{Found, Revisions, parse_key};
use super::{Completeness, KeyValue, Snapshot};
use crate::error::{Error, Result};

/// The keys that are alive, in key order, each with its latest revision; see
/// [`Snapshot::current`](super::Snapshot::current).
///
/// Holds 24 bytes a key; keys and values stay in the file, and an entry is read
/// when it is asked for. While it is built it needs up to 48 bytes for each key,
/// deleted ones included.
pub struct State<'a> {
    bucket: Bucket<'a>,
    slots: Vec<Slot<'a>>,
    damaged: bool,
    last_revision: i64,
    completeness: Completeness,
}

impl<'a> State<'a> {
    /// The state as of revision `bound`, if one is given.
    pub(super) fn build(snapshot: &Snapshot<'a>, bound: Option<i64>) -> Result<State<'a>> {
        let bucket = snapshot.key_bucket()?;
        let meta = snapshot.store_meta().ok();
        let mut check = Check::new(meta.as_ref().filter(|meta| meta.damage.is_none()));
        let mut latest = Latest::new(bucket);
        let mut damaged = false;
        let is_later = |main: i64| bound.is_some_and(|bound| main > bound);
        let mut revisions = Revisions::new(&bucket);
        while let Some(found) = revisions.next_found() {
            match found {
                Found::Sound(entry, key_value) => {
                    // The content-free entry of `--bump-revision`.
                    let is_jump = key_value.key.is_empty();
                    check.revision(key_value.revision, is_jump);
                    if is_jump || is_later(key_value.revision.main) {
                        continue;
                    }
                    let place = Place::new(&entry, key_value.is_tombstone())?;
                    match latest.put(key_value.key, place)? {
                        None => check.first_of_key(&key_value),
                        Some(before) => {
                            if let Ok(before) = before.read(&bucket) {
                                check.next_of_key(&before, &key_value);
                            }
                        }
                    }
                }
                // Better an error for this key than what it was before.
                Found::Broken(entry, key, _) => {
                    damaged = true;
                    let (revision, tombstone) = parse_key(&entry)?;
                    check.revision(revision, false);
                    if is_later(revision.main) {
                        continue;
                    }
                    latest.put(key, Place::new(&entry, tombstone)?)?;
                }
                Found::Damage(_) => damaged = true,
            }
        }
        let mut slots = latest.slots;
        slots.retain(|slot| !slot.place.is_tombstone());
        slots.sort_unstable_by_key(|slot| slot.key);
        let last_revision = check.last();
        let database = snapshot.database();
        let is_older = (database.other_meta()).is_ok_and(|o| o.txid > database.meta().txid);
        let search = !is_older && !database.is_written_at_once();
        Ok(State {
            bucket,
            slots,
            damaged,
            last_revision,
            completeness: check.finish(revisions.into_entries(), search),
        })
    }

    /// Whether all is in the file that etcd would have left there. Costs
    /// nothing: it was found while the state was built.
    pub fn completeness(&self) -> &Completeness {
        &self.completeness
    }

    /// The last revision of the bucket, whatever the bound.
    pub(super) fn last_revision(&self) -> i64 {
        self.last_revision
    }

    /// The number of live keys.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no key is alive.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Keys and their latest revisions in key order.
    pub fn iter(&self) -> Iter<'_, 'a> {
        self.range(0..self.slots.len())
    }

    /// The same for the keys that begin with `prefix`.
    pub fn prefix(&self, prefix: &[u8]) -> Iter<'_, 'a> {
        let begin = self.slots.partition_point(|slot| slot.key < prefix);
        let rest = self.slots.get(begin..).unwrap_or_default();
        let length = rest.partition_point(|slot| slot.key.starts_with(prefix));
        self.range(begin..begin.saturating_add(length))
    }

    /// The same for one key: nothing where it is not alive.
    pub fn exact(&self, key: &[u8]) -> Iter<'_, 'a> {
        let begin = self.slots.partition_point(|slot| slot.key < key);
        let is_there = self.slots.get(begin).is_some_and(|slot| slot.key == key);
        self.range(begin..begin.saturating_add(usize::from(is_there)))
    }

    /// The keys with these ordinal numbers; numbers that are not there are left
    /// out. For sharing the work among threads.
    pub fn range(&self, numbers: Range<usize>) -> Iter<'_, 'a> {
        let end = numbers.end.min(self.slots.len());
        Iter {
            bucket: &self.bucket,
            slots: self
                .slots
                .get(numbers.start..end)
                .unwrap_or_default()
                .iter(),
        }
    }

    /// The latest revision of one key; `None` where it is not alive.
    pub fn get(&self, key: &[u8]) -> Option<Result<KeyValue<'a>>> {
        let found = self.slots.binary_search_by_key(&key, |slot| slot.key);
        let slot = self.slots.get(found.ok()?)?;
        Some(slot.read(&self.bucket))
    }

    /// What was broken on the way and is no live key's error in
    /// [`State::iter`]: pages, entries without a readable key, revisions that
    /// later ones replaced. Where pages are broken, keys may be missing, and
    /// shown in an older revision or though they are deleted.
    ///
    /// Empty and cheap for a sound file; otherwise it walks the file again,
    /// so that no number of errors costs memory.
    pub fn damage(&self) -> impl Iterator<Item = Error> {
        let mut revisions = self.damaged.then(|| Revisions::new(&self.bucket));
        std::iter::from_fn(move || {
            loop {
                match revisions.as_mut()?.next_found()? {
                    Found::Sound(..) => {}
                    Found::Broken(entry, key, error) => {
                        if !self.shows(key, &entry) {
                            return Some(error);
                        }
                    }
                    Found::Damage(error) => return Some(error),
                }
            }
        })
    }

    fn shows(&self, key: &[u8], entry: &Entry<'_>) -> bool {
        let found = self.slots.binary_search_by_key(&key, |slot| slot.key);
        let slot = found.ok().and_then(|at| self.slots.get(at));
        slot.is_some_and(|slot| Place::new(entry, false).is_ok_and(|place| place == slot.place))
    }
}

/// Live keys with their latest revisions; see [`State::iter`].
///
/// An entry that cannot be read is an error beside its key. Works from both
/// ends and knows its length.
#[derive(Clone)]
pub struct Iter<'s, 'a> {
    bucket: &'s Bucket<'a>,
    slots: slice::Iter<'s, Slot<'a>>,
}

impl<'a> Iter<'_, 'a> {
    fn item(&self, slot: &Slot<'a>) -> (&'a [u8], Result<KeyValue<'a>>) {
        (slot.key, slot.read(self.bucket))
    }
}

impl<'a> Iterator for Iter<'_, 'a> {
    type Item = (&'a [u8], Result<KeyValue<'a>>);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        Some(self.item(slot))
    }

    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        let slot = self.slots.nth(n)?;
        Some(self.item(slot))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slots.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next_back()?;
        Some(self.item(slot))
    }
}

impl ExactSizeIterator for Iter<'_, '_> {}

impl<'s, 'a> IntoIterator for &'s State<'a> {
    type Item = (&'a [u8], Result<KeyValue<'a>>);
    type IntoIter = Iter<'s, 'a>;

    fn into_iter(self) -> Iter<'s, 'a> {
        self.iter()
    }
}

impl fmt::Debug for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("keys", &self.slots.len())
            .field("damaged", &self.damaged)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Iter<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("keys", &self.slots.len())
            .finish_non_exhaustive()
    }
}
