//! The two meta pages: which tree is the newest one.
//!
//! ```text
//! page 0 and page 1, each: page header (16 bytes), then
//! offset  size
//!      0     4  magic       0xED0CDAED
//!      4     4  version     2
//!      8     4  page size   bytes
//!     12     4  flags       unused
//!     16     8  root        page of the root bucket
//!     24     8  sequence    of the root bucket
//!     32     8  freelist    page of the freelist; 2^64-1: not written
//!     40     8  high water  pages ever allocated
//!     48     8  txid        transaction that wrote this
//!     56     8  checksum    FNV-1a-64 of the 56 bytes before
//! ```
//!
//! A transaction writes the page of its number's parity, so a commit that is
//! cut off leaves the other page whole. The higher valid txid wins.
//!
//! Source: `internal/common/meta.go` and `db.go` of go.etcd.io/bbolt.

use super::ByteOrder;
use super::page::HEADER_SIZE;
use crate::convert::{to_u64, to_usize};
use crate::error::{Buffer, Error, Result};

const MAGIC_AT: usize = 0;
const VERSION_AT: usize = MAGIC_AT + 4;
const PAGE_SIZE_AT: usize = VERSION_AT + 4;
const FLAGS_AT: usize = PAGE_SIZE_AT + 4;
const ROOT_AT: usize = FLAGS_AT + 4;
const SEQUENCE_AT: usize = ROOT_AT + 8;
const FREELIST_AT: usize = SEQUENCE_AT + 8;
const HIGH_WATER_AT: usize = FREELIST_AT + 8;
const TXID_AT: usize = HIGH_WATER_AT + 8;
const CHECKSUM_AT: usize = TXID_AT + 8;
const META_SIZE: usize = CHECKSUM_AT + 8;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
const NO_FREELIST: u64 = u64::MAX;

/// Page sizes that bbolt itself looks for: 1 kB to 16 MB.
const PAGE_SIZES: std::ops::RangeInclusive<u32> = 1 << 10..=16 << 20;

const DEFAULT_PAGE_SIZE: u64 = 4096;

/// Where the root's page id stands in a meta page.
pub(super) const ROOT_OFFSET: usize = HEADER_SIZE + ROOT_AT;

/// Where the freelist's page id stands in a meta page.
pub(super) const FREELIST_OFFSET: usize = HEADER_SIZE + FREELIST_AT;

/// A valid meta page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// Which of the two meta pages: 0 or 1.
    pub page: u64,
    /// The byte order that all integers of the file's structure have.
    pub byte_order: ByteOrder,
    /// Bytes of a page: that of the operating system that created the file.
    pub page_size: u32,
    /// The transaction that wrote this page.
    pub txid: u64,
    /// The page of the root bucket, whose entries are the named buckets.
    pub root: u64,
    /// The page of the freelist, or `None` where it was not written.
    pub freelist: Option<u64>,
    /// Pages ever allocated, the meta pages included: every page id is lower.
    pub page_count: u64,
}

impl Meta {
    /// Reads meta page `page`, whose header begins at `offset`.
    fn parse(data: &[u8], page: u64, offset: usize) -> Result<Meta> {
        const WHAT: &str = "meta page";
        let at = |error: Error| error.at(Buffer::Snapshot, to_u64(offset)).in_page(page);
        let bad = |detail: String| at(Error::malformed(WHAT, format!("page {page}: {detail}")));

        let begin = offset.saturating_add(HEADER_SIZE);
        let body = data.get(begin..).unwrap_or_default();
        let Some(body) = body.get(..META_SIZE) else {
            let need = HEADER_SIZE + META_SIZE;
            let have = data.len().saturating_sub(offset);
            return Err(at(Error::truncated(WHAT, to_u64(need), to_u64(have))));
        };
        let magic = body.first_chunk().copied().unwrap_or_default();
        let order = if u32::from_le_bytes(magic) == MAGIC {
            ByteOrder::Little
        } else if u32::from_be_bytes(magic) == MAGIC {
            ByteOrder::Big
        } else {
            return Err(bad("no magic number".into()));
        };
        let u32_at = |at| order.u32(body, at).unwrap_or_default();
        let u64_at = |at| order.u64(body, at).unwrap_or_default();

        let version = u32_at(VERSION_AT);
        if version != VERSION {
            return Err(bad(format!("version is {version}, not {VERSION}")));
        }
        let checksum = fnv1a_64(body.get(..CHECKSUM_AT).unwrap_or_default());
        if u64_at(CHECKSUM_AT) != checksum {
            return Err(bad("checksum does not match".into()));
        }
        let page_size = u32_at(PAGE_SIZE_AT);
        if !page_size.is_power_of_two() || !PAGE_SIZES.contains(&page_size) {
            return Err(bad(format!("page size is {page_size}")));
        }
        let freelist = u64_at(FREELIST_AT);
        Ok(Meta {
            page,
            byte_order: order,
            page_size,
            txid: u64_at(TXID_AT),
            root: u64_at(ROOT_AT),
            freelist: (freelist != NO_FREELIST).then_some(freelist),
            page_count: u64_at(HIGH_WATER_AT),
        })
    }
}

/// Which of the two transactions that a file knows is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MetaChoice {
    /// The valid meta page of the higher transaction, as bbolt does.
    #[default]
    Newest,
    /// The other one: for a file whose newest transaction is lost.
    Older,
}

/// Both meta pages, each with the reason where it is broken.
#[derive(Debug)]
pub(super) struct Metas {
    /// The valid one of the higher txid.
    pub(super) chosen: Meta,
    pub(super) other: Result<Meta>,
}

impl Metas {
    /// Fails with what is wrong with the other page, where it is to be read.
    pub(super) fn choose(self, choice: MetaChoice) -> Result<Metas> {
        Ok(match choice {
            MetaChoice::Newest => self,
            MetaChoice::Older => Metas {
                chosen: self.other?,
                other: Ok(self.chosen),
            },
        })
    }

    /// Fails where neither is valid, with the reason of the first.
    ///
    /// The second page begins where the first ends; when the first cannot tell
    /// its size, all sizes are tried, as bbolt does.
    pub(super) fn parse(data: &[u8]) -> Result<Metas> {
        let first = match Meta::parse(data, 0, 0) {
            Ok(first) => first,
            Err(error) => {
                return match second_by_probing(data) {
                    Some(chosen) => Ok(Metas {
                        chosen,
                        other: Err(error),
                    }),
                    None => Err(error),
                };
            }
        };
        let size = first.page_size;
        let second = Meta::parse(data, 1, to_usize(size)).and_then(|second| {
            if second.page_size == size && second.byte_order == first.byte_order {
                return Ok(second);
            }
            let detail = "page 1: page size or byte order differs from that of page 0";
            let error = Error::malformed("meta page", detail);
            Err(error.at(Buffer::Snapshot, size.into()).in_page(1))
        });
        Ok(match second {
            Ok(second) if second.txid > first.txid => Metas {
                chosen: second,
                other: Ok(first),
            },
            other => Metas {
                chosen: first,
                other,
            },
        })
    }
}

fn second_by_probing(data: &[u8]) -> Option<Meta> {
    page_sizes()
        .filter_map(|size| Some((size, Meta::parse(data, 1, to_usize(size)).ok()?)))
        .find(|(size, meta)| meta.page_size == *size)
        .map(|(_, meta)| meta)
}

fn page_sizes() -> impl Iterator<Item = u32> {
    std::iter::successors(Some(*PAGE_SIZES.start()), |size| size.checked_mul(2))
        .take_while(|size| PAGE_SIZES.contains(size))
}

/// The page size by which most page headers bear the number of their place;
/// 4096 where none does. For a file without a meta page.
pub(crate) fn guess_page_size(data: &[u8]) -> u64 {
    let agreeing = |size: u32| {
        let headers = data.chunks(to_usize(size)).zip(0_u64..).skip(1);
        let agree = headers.filter(|(page, id)| {
            let id = Some(*id);
            ByteOrder::Little.u64(page, 0) == id || ByteOrder::Big.u64(page, 0) == id
        });
        agree.count()
    };
    let counts = page_sizes().map(|size| (agreeing(size), size));
    match counts.max_by_key(|(count, size)| (*count, std::cmp::Reverse(*size))) {
        Some((1.., size)) => size.into(),
        _ => DEFAULT_PAGE_SIZE,
    }
}

/// Pages from the third on whose header says that they are of a tree, and that
/// they are where they are.
pub(crate) fn tree_pages(data: &[u8], page_size: u64) -> usize {
    let size = usize::try_from(page_size).unwrap_or(usize::MAX);
    let headers = data.chunks(size).zip(0_u64..).skip(2);
    let is_tree = |(page, id): &(&[u8], u64)| {
        [ByteOrder::Little, ByteOrder::Big].iter().any(|order| {
            order.u64(page, 0) == Some(*id) && matches!(order.u16(page, 8), Some(1 | 2))
        })
    };
    headers.filter(is_tree).count()
}

/// Whether one of the two places of a meta page holds magic number and version.
/// Looks at 16 places at most, and computes no checksum.
pub(super) fn recognize(data: &[u8]) -> bool {
    let looks_like_meta = |offset: usize| {
        let body = data.get(offset.saturating_add(HEADER_SIZE)..);
        let body = body.unwrap_or_default();
        [ByteOrder::Little, ByteOrder::Big].iter().any(|order| {
            order.u32(body, MAGIC_AT) == Some(MAGIC) && order.u32(body, VERSION_AT) == Some(VERSION)
        })
    };
    looks_like_meta(0) || page_sizes().any(|size| looks_like_meta(to_usize(size)))
}

/// <http://www.isthe.com/chongo/tech/comp/fnv/>
fn fnv1a_64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fnv1a_64_of_the_published_vectors() {
        assert_eq!(super::fnv1a_64(b""), 0xcbf29ce484222325);
        assert_eq!(super::fnv1a_64(b"a"), 0xaf63dc4c8601ec8c);
        assert_eq!(super::fnv1a_64(b"foobar"), 0x85944171f73967e8);
    }
}
