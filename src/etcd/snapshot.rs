use super::bbolt::{Bucket, Database};
use super::{Revisions, State, StoreMeta, Trailer, trailer};
use crate::error::{Error, Result};
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
#[derive(Debug)]
pub struct Snapshot<'a> {
    database: Database<'a>,
    bytes: &'a [u8],
    trailer: Option<&'a [u8; 32]>,
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
        let (bytes, trailer) = trailer::split(file);
        Ok(Snapshot {
            database: Database::parse_with(bytes, limits)?,
            bytes,
            trailer,
        })
    }

    /// Whether the bytes look like a snapshot or database file; see
    /// [`Database::recognize`].
    pub fn recognize(file: &[u8]) -> bool {
        Database::recognize(file)
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
        State::build(self.key_bucket()?)
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

    fn key_bucket(&self) -> Result<Bucket<'a>> {
        let bucket = self.database.bucket(b"key")?;
        bucket.ok_or_else(|| {
            Error::malformed(
                "bucket key",
                "the database has none: it is not one of etcd version 3",
            )
        })
    }
}
