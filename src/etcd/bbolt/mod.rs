//! bbolt, the file format of etcd's database: a copy-on-write B+tree of pages.
//!
//! ```text
//! page 0     page 1     page 2 …                                   page_count
//! ┌────────┬──────────┬────────┬──────┬──────┬──────────┬────────┬──────┐
//! │ meta 0 │  meta 1  │ branch │ leaf │ leaf │ freelist │ branch │ …    │
//! └────────┴──────────┴────────┴──────┴──────┴──────────┴────────┴──────┘
//!   txid 6   txid 7 ─► root bucket
//!                       ├─ "key"   ─► branch ─► leaf: revision → KeyValue
//!                       ├─ "lease" (small: inline in the root bucket's leaf)
//!                       └─ "meta"  ─► leaf: "term" → 8 bytes, …
//! ```
//!
//! A commit writes changed pages to free places and then one of the two meta
//! pages, so a file holds older pages too, which no tree reaches.
//!
//! All integers have the byte order of the machine that wrote the file; the
//! page size is that of its operating system. The parts, each with its layout:
//! meta pages (`meta`), page headers (`page`), elements (`node`), buckets
//! (`bucket`) and the walk over a tree (`cursor`).
//!
//! Nothing is copied: keys and values are borrowed from the file's bytes. Bytes
//! from strangers do not panic here, and cost time and memory in proportion to
//! their length.
//!
//! Source of the format: <https://github.com/etcd-io/bbolt>, `internal/common`.

mod bucket;
mod byte_order;
mod cursor;
mod entry;
mod freelist;
mod meta;
mod node;
mod not_visited;
mod page;
mod survey;
mod unclaimed;

pub use bucket::Bucket;
pub use byte_order::ByteOrder;
pub use cursor::Entries;
pub use entry::{Entry, Provenance};
pub use meta::{Meta, MetaChoice};
pub(crate) use meta::{guess_page_size, tree_pages};
pub use survey::{Damage, Extent, FreelistCheck, PageState, Survey};
pub(crate) use unclaimed::Span;

use crate::convert::to_u64;
use crate::error::{Error, Result};
use crate::limits::Limits;
use meta::Metas;
use page::Pages;

/// A bbolt database file, as of its newest transaction.
///
/// ```
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/snapshots/cbor/snapshot.db.gz"));
/// # let mut data = Vec::new();
/// # std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut data).unwrap();
/// use k8s_etcd::etcd::bbolt::Database;
///
/// let database = Database::parse(&data)?;
/// let mut names = Vec::new();
/// for bucket in database.root().buckets() {
///     let bucket = bucket?;
///     println!("{:?}: {} entries", bucket.name(), bucket.entries().count());
///     names.push(bucket.name());
/// }
/// assert!(names.contains(&&b"key"[..]));
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
#[derive(Debug)]
pub struct Database<'a> {
    metas: Metas,
    pages: Pages<'a>,
}

impl<'a> Database<'a> {
    /// Finds the newest transaction of a database file, with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// Where neither meta page is valid. A valid one may still lead to broken
    /// pages: those are errors of the walk.
    pub fn parse(data: &'a [u8]) -> Result<Database<'a>> {
        Database::parse_with(data, &Limits::DEFAULT)
    }

    /// As [`Database::parse`], with other limits. Only
    /// [`page_visits`](Limits::page_visits) concerns a database file.
    ///
    /// # Errors
    ///
    /// As [`Database::parse`].
    pub fn parse_with(data: &'a [u8], limits: &Limits) -> Result<Database<'a>> {
        Database::parse_meta(data, MetaChoice::Newest, limits)
    }

    /// As [`Database::parse_with`], as of either transaction.
    ///
    /// # Errors
    ///
    /// As [`Database::parse`], and where the older one is chosen and its meta page
    /// is not valid.
    pub fn parse_meta(data: &'a [u8], choice: MetaChoice, limits: &Limits) -> Result<Database<'a>> {
        let metas = Metas::parse(data)?.choose(choice)?;
        let pages = Pages::new(data, &metas.chosen, limits);
        Ok(Database { metas, pages })
    }

    /// Whether the file is as bbolt writes it from one transaction, which is what
    /// `etcdctl snapshot save` does: two meta pages that differ by nothing but
    /// the transaction's number, and not a page too many. Pages that are free in
    /// that transaction may then hold what later ones wrote meanwhile.
    pub fn is_written_at_once(&self) -> bool {
        let meta = self.meta();
        let pages = to_u64(self.pages.data.len()).checked_div(meta.page_size.into());
        pages == Some(meta.page_count)
            && self.other_meta().is_ok_and(|other| {
                meta.txid.checked_sub(other.txid) == Some(1)
                    && (meta.root, meta.freelist, meta.page_count)
                        == (other.root, other.freelist, other.page_count)
            })
    }

    /// Whether the bytes look like a database file: a cheap test for telling
    /// formats apart, that reads a few dozen bytes. It holds for files with one
    /// broken meta page, and says nothing of what is behind.
    pub fn recognize(data: &[u8]) -> bool {
        meta::recognize(data)
    }

    /// The meta page in use: the valid one of the higher transaction, unless
    /// [`MetaChoice::Older`] was chosen.
    pub fn meta(&self) -> &Meta {
        &self.metas.chosen
    }

    /// The other meta page: that of the other transaction, or why it is broken.
    ///
    /// # Errors
    ///
    /// The reason why that page is not valid.
    pub fn other_meta(&self) -> Result<&Meta, &Error> {
        self.metas.other.as_ref()
    }

    /// Pages that are wholly in the file, at most
    /// [`Meta::page_count`]; fewer mean that the file was cut.
    pub fn pages_in_file(&self) -> u64 {
        self.pages.in_file()
    }

    /// Looks at every page: what the trees of all buckets reach, what is
    /// damaged, free or lost, and whether the freelist agrees. Walks the file
    /// once and holds a byte a page.
    pub fn survey(&self) -> Survey {
        Survey::new(self)
    }

    /// The bytes of the file that no sound page of a tree claims.
    pub(crate) fn unclaimed(&self, survey: &Survey) -> impl Iterator<Item = Span> {
        unclaimed::spans(self.pages, survey)
    }

    /// The bucket that holds all others.
    pub fn root(&self) -> Bucket<'a> {
        let meta = self.meta();
        let page = meta.page.saturating_mul(meta.page_size.into());
        let offset = page.saturating_add(to_u64(meta::ROOT_OFFSET));
        Bucket::root(self.pages, meta.root, offset)
    }

    /// The bucket of this name in the root bucket.
    ///
    /// # Errors
    ///
    /// Where the bucket's header is broken, and where it was not found and a
    /// page that might have held it is broken.
    pub fn bucket(&self, name: &[u8]) -> Result<Option<Bucket<'a>>> {
        self.root().bucket(name)
    }
}
