//! Buckets: trees with a name.
//!
//! ```text
//! value of a bucket's entry
//! offset  size
//!      0     8  root      page of the tree's root; 0: an inline page follows
//!      8     8  sequence  a counter for users of bbolt, unused by etcd
//!     16        inline page: a leaf with its header
//! ```
//!
//! Source: `internal/common/bucket.go` and `bucket.go` of go.etcd.io/bbolt.

use std::fmt;

use super::cursor::Entries;
use super::entry::Entry;
use super::page::{Page, Pages, page_error};
use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};

const ROOT_AT: usize = 0;
const SEQUENCE_AT: usize = ROOT_AT + 8;
const BUCKET_HEADER_SIZE: usize = SEQUENCE_AT + 8;

/// A bucket: sorted keys with their values.
#[derive(Clone, Copy)]
pub struct Bucket<'a> {
    name: &'a [u8],
    pages: Pages<'a>,
    pub(super) root: Root<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Root<'a> {
    /// The page's id, and where in the file it was read.
    Page(u64, u64),
    Inline(Page<'a>),
}

impl<'a> Bucket<'a> {
    /// The bucket without a name that holds the named ones.
    pub(super) fn root(pages: Pages<'a>, root: u64, offset: u64) -> Bucket<'a> {
        Bucket {
            name: b"",
            pages,
            root: Root::Page(root, offset),
        }
    }

    pub(super) fn parse(pages: Pages<'a>, entry: &Entry<'a>) -> Result<Bucket<'a>> {
        let offset = entry.provenance.value_offset;
        let root = pages.order.u64(entry.value, ROOT_AT);
        let inline = entry.value.get(BUCKET_HEADER_SIZE..);
        let (Some(root), Some(inline)) = (root, inline) else {
            let have = to_u64(entry.value.len());
            let error = Error::truncated("bucket header", to_u64(BUCKET_HEADER_SIZE), have);
            return Err(error
                .at(Buffer::Snapshot, offset)
                .in_page(entry.provenance.page));
        };
        let root = if root == 0 {
            let offset = offset.saturating_add(to_u64(BUCKET_HEADER_SIZE));
            let holder = entry.provenance.page;
            Root::Inline(Page::inline(holder, offset, inline, &pages)?)
        } else {
            Root::Page(root, offset)
        };
        Ok(Bucket {
            name: entry.key,
            pages,
            root,
        })
    }

    /// The bucket's name; empty for the root bucket.
    pub fn name(&self) -> &'a [u8] {
        self.name
    }

    /// All entries in key order, nested buckets among them.
    pub fn entries(&self) -> Entries<'a> {
        Entries::new(self.pages, self.root)
    }

    /// The buckets directly in this one, in order of their names.
    pub fn buckets(&self) -> impl Iterator<Item = Result<Bucket<'a>>> + use<'a> {
        let pages = self.pages;
        self.entries().filter_map(move |entry| match entry {
            Ok(entry) if !entry.is_bucket => None,
            Ok(entry) => Some(Bucket::parse(pages, &entry)),
            Err(error) => Some(Err(error)),
        })
    }

    /// The bucket of this name directly in this one.
    ///
    /// # Errors
    ///
    /// Where the bucket's header is broken, and where a page that might have
    /// held it is.
    pub fn bucket(&self, name: &[u8]) -> Result<Option<Bucket<'a>>> {
        let mut damage = None;
        for entry in self.entries() {
            match entry {
                Ok(entry) if entry.key == name && entry.is_bucket => {
                    return Bucket::parse(self.pages, &entry).map(Some);
                }
                Ok(_) => {}
                Err(error) => {
                    damage.get_or_insert(error);
                }
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// The entry of one key. Reads from the bucket's beginning, which suits
    /// small buckets and finds what a search would miss in a damaged tree.
    ///
    /// # Errors
    ///
    /// Where a page that might have held it is broken.
    pub fn get(&self, key: &[u8]) -> Result<Option<Entry<'a>>> {
        let mut damage = None;
        for entry in self.entries() {
            match entry {
                Ok(entry) if entry.key == key && !entry.is_bucket => return Ok(Some(entry)),
                Ok(_) => {}
                Err(error) => {
                    damage.get_or_insert(error);
                }
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// The entry that a walk found as element `index` of `page`.
    #[inline]
    pub(crate) fn entry_at(&self, page: u64, index: u16) -> Result<Entry<'a>> {
        let page = match self.root {
            Root::Inline(inline) => inline,
            Root::Page(..) => self.pages.page(page)?,
        };
        match page.leaf_element(index) {
            Some(element) => Ok(Entry::new(&page, index, element?)),
            None => Err(page_error(
                "leaf page",
                page.id,
                page.offset,
                format_args!("it has no element {index}"),
            )),
        }
    }
}

impl fmt::Debug for Bucket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &String::from_utf8_lossy(self.name))
            .finish_non_exhaustive()
    }
}
