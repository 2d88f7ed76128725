use super::bbolt::{Bucket, Database, MetaChoice, Survey};
use super::revisions::Found;
use super::{
    Carving, Deletions, Revision, Revisions, State, StoreFacts, StoreMeta, Trailer, trailer,
};
use crate::error::{Category, Error, Result};
use crate::limits::Limits;

/// A snapshot of etcd: the file of `etcdctl snapshot save`, or the database
/// file `member/snap/db` of a data directory.
///
/// Borrows everything from the file's bytes, which a program best maps into
/// memory. Nothing but the meta pages is read before it is asked for.
///
/// ```
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/snapshots/cbor/snapshot.db.gz"));
/// # let mut data = Vec::new();
/// # std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut data).unwrap();
/// use k8s_etcd::etcd::{Snapshot, Trailer};
///
/// let snapshot = Snapshot::parse(&data)?;
/// assert_eq!(snapshot.verify_trailer(), Trailer::Valid);
///
/// // What the API server would see.
/// let current = snapshot.current()?;
/// for (key, key_value) in current.prefix(b"/registry/namespaces/") {
///     let key_value = key_value?;
///     println!("{} {}", String::from_utf8_lossy(key), key_value.mod_revision);
/// }
///
/// // All that the file still remembers, deletions too.
/// let deletions = snapshot.revisions()?.flatten().filter(|kv| kv.is_tombstone());
/// println!("{} deletions", deletions.count());
/// # assert!(current.get(b"/registry/namespaces/default").is_some());
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
///
/// # Damaged files
///
/// [`Snapshot::parse`] needs one valid meta page. All else that is broken is an
/// error beside what is whole: in place of an entry in [`Revisions`], in
/// [`State::iter`] and [`State::damage`], each with its offset in the file.
/// [`Snapshot::survey`] lists the damaged pages, [`Snapshot::carve`] looks for
/// entries that they cut off; [`carve`](super::carve) needs no meta page.
#[derive(Debug)]
pub struct Snapshot<'a> {
    database: Database<'a>,
    file: &'a [u8],
    bytes: &'a [u8],
    trailer: Option<&'a [u8; 32]>,
    limits: Limits,
}

impl<'a> Snapshot<'a> {
    /// Finds the newest transaction of a snapshot, with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// Where neither meta page of the database is valid.
    pub fn parse(file: &'a [u8]) -> Result<Snapshot<'a>> {
        Snapshot::parse_with(file, &Limits::DEFAULT)
    }

    /// As [`Snapshot::parse`], with other limits.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::parse`].
    pub fn parse_with(file: &'a [u8], limits: &Limits) -> Result<Snapshot<'a>> {
        Snapshot::parse_meta(file, MetaChoice::Newest, limits)
    }

    /// As [`Snapshot::parse_with`], as of either of the two transactions whose
    /// meta pages are in the file. The older one may be whole where the newest is
    /// not; see [`Snapshot::older`].
    ///
    /// # Errors
    ///
    /// As [`Snapshot::parse`], and where the older one is chosen and its meta page
    /// is not valid.
    pub fn parse_meta(file: &'a [u8], choice: MetaChoice, limits: &Limits) -> Result<Snapshot<'a>> {
        let (bytes, trailer) = trailer::split(file);
        Ok(Snapshot {
            database: Database::parse_meta(bytes, choice, limits)?,
            file,
            bytes,
            trailer,
            limits: *limits,
        })
    }

    /// Whether the bytes look like a snapshot or database file; see
    /// [`Database::recognize`].
    pub fn recognize(file: &[u8]) -> bool {
        Database::recognize(file)
    }

    /// The same file as of the transaction before, if there is one and its meta
    /// page is valid. Free pages that are in use again may have broken its tree.
    pub fn older(&self) -> Option<Snapshot<'a>> {
        let older = Snapshot::parse_meta(self.file, MetaChoice::Older, &self.limits).ok()?;
        (older.database.meta().txid < self.database.meta().txid).then_some(older)
    }

    /// The bbolt file: page size, byte order, transaction, all buckets.
    pub fn database(&self) -> &Database<'a> {
        &self.database
    }

    /// Whether the file ends with a SHA-256 trailer, right or wrong.
    pub fn has_trailer(&self) -> bool {
        self.trailer.is_some()
    }

    /// Hashes the whole database, if there is a trailer to compare with: about
    /// a second a gigabyte.
    pub fn verify_trailer(&self) -> Trailer {
        trailer::verify(self.bytes, self.trailer)
    }

    /// Every revision of every key that is in the file, in order of (revision,
    /// sub), deletions included.
    ///
    /// # Errors
    ///
    /// Where there is no bucket `key`, or it cannot be found for damage.
    /// Errors of single entries and pages come out of the iterator.
    pub fn revisions(&self) -> Result<Revisions<'a>> {
        Ok(Revisions::new(&self.key_bucket()?))
    }

    /// The live keys, each with its latest revision, in key order.
    ///
    /// Walks the whole bucket once. Compaction changes nothing in the outcome.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::revisions`], and category `limit` for more than 2^32 keys.
    pub fn current(&self) -> Result<State<'a>> {
        State::build(self, None)
    }

    /// The keys that were alive as of a revision, each with what was then its
    /// latest: what etcd would have answered to a request at `revision`.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::current`], and category `configuration` where the file
    /// cannot tell: below the last compaction
    /// ([`StoreMeta::scheduled_compact_revision`]), where history has gaps, below
    /// 1, and above the last revision.
    pub fn at(&self, revision: i64) -> Result<State<'a>> {
        let refused = |detail: String| Err(Error::new(Category::Configuration, "revision", detail));
        if revision < 1 {
            return refused(format!("{revision}: revisions begin at 1"));
        }
        let meta = self.store_meta()?;
        let compacted = meta.compact_revision();
        if revision < compacted {
            return refused(format!(
                "{revision} is compacted: history is whole from {compacted} on"
            ));
        }
        if let Some(error) = meta.damage {
            return Err(error);
        }
        let state = State::build(self, Some(revision))?;
        let last = state.last_revision().max(compacted);
        // An empty store is at revision 1.
        if revision > last.max(1) {
            return refused(format!("{revision} is above the last one, {last}"));
        }
        Ok(state)
    }

    /// Every deletion that is in the file, in order of (revision, sub), each with
    /// the last state of what it deleted.
    ///
    /// A key that was deleted, created again and deleted again is there twice:
    /// `create_revision` of the last state tells its lives apart.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::revisions`]. Errors of single entries and pages come out
    /// of the iterator.
    pub fn deletions(&self) -> Result<Deletions<'a>> {
        let compacted = self.store_meta()?.compact_revision();
        Ok(Deletions::new(self.key_bucket()?, compacted))
    }

    /// Looks at every page of the file; adds to [`Database::survey`] the entries
    /// of the bucket `key` that are no key-values, what cannot be read of
    /// [`StoreMeta`], and what is missing ([`State::completeness`]).
    pub fn survey(&self) -> Survey {
        let mut survey = self.database.survey();
        if let Ok(StoreMeta {
            damage: Some(error),
            ..
        }) = self.store_meta()
            && !error.path().is_empty()
        {
            survey.add_damage(error);
        }
        if let Ok(bucket) = self.key_bucket() {
            let mut revisions = Revisions::new(&bucket);
            while let Some(found) = revisions.next_found() {
                match found {
                    Found::Sound(..) => {}
                    Found::Broken(_, _, error) => survey.add_damage(error),
                    // The tree's own faults the survey has found itself.
                    Found::Damage(error)
                        if error.what() == "revision" || !error.path().is_empty() =>
                    {
                        survey.add_damage(error);
                    }
                    Found::Damage(_) => {}
                }
            }
        }
        if let Ok(state) = self.current() {
            survey.add_whole_file(state.completeness().errors());
        }
        survey
    }

    /// Looks for entries in all bytes that the trees do not reach; see
    /// [`Carving`].
    pub fn carve(&self) -> Carving<'a> {
        Carving::new(self.bytes, Some(self), &self.limits)
    }

    /// SHA-256 of the file, its trailer included: what names it as evidence.
    pub fn sha256(&self) -> [u8; 32] {
        trailer::sha256(self.file)
    }

    /// What etcd notes about its store. All `None` without a bucket `meta`.
    ///
    /// # Errors
    ///
    /// Where the bucket cannot be found for damage.
    pub fn store_meta(&self) -> Result<StoreMeta<'a>> {
        let bucket = self.database.bucket(b"meta")?;
        Ok(bucket.map_or_else(StoreMeta::default, |bucket| StoreMeta::parse(&bucket)))
    }

    /// What the store says of itself besides its keys: members, alarms, leases and
    /// more. Walks all buckets.
    pub fn facts(&self) -> StoreFacts<'a> {
        StoreFacts::read(self)
    }

    pub(super) fn key_bucket(&self) -> Result<Bucket<'a>> {
        let bucket = self.database.bucket(b"key")?;
        bucket.ok_or_else(|| {
            let root = self.database.root();
            let holds_revisions = root
                .entries()
                .flatten()
                .take(1)
                .any(|entry| !entry.is_bucket && Revision::parse_marked(entry.key).is_ok());
            let detail = if holds_revisions {
                "the root page holds revisions, not buckets: the file was copied while etcd \
                 wrote to it"
            } else if root.entries().next().is_none() {
                "the database has no buckets at all"
            } else {
                "the database has none: it is not one of etcd version 3"
            };
            let error = Error::malformed("bucket key", detail);
            error.in_page(self.database.meta().root)
        })
    }
}
