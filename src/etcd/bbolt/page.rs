//! A page, and the file as an array of pages.
//!
//! ```text
//! offset  size
//!      0     8  id        place in the file: id * page size
//!      8     2  flags     1 branch, 2 leaf, 4 meta, 0x10 freelist
//!     10     2  count     elements
//!     12     4  overflow  pages that follow and belong to this one
//!     16        elements
//! ```
//!
//! Overflow pages have no header of their own, so a page is always one
//! contiguous run of bytes.
//!
//! Source: `internal/common/page.go` of go.etcd.io/bbolt.

use super::ByteOrder;
use super::meta::Meta;
use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};
use crate::limits::Limits;

const ID_AT: usize = 0;
const FLAGS_AT: usize = ID_AT + 8;
const COUNT_AT: usize = FLAGS_AT + 2;
const OVERFLOW_AT: usize = COUNT_AT + 2;
pub(super) const HEADER_SIZE: usize = OVERFLOW_AT + 4;

const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const META: u16 = 0x04;
const FREELIST: u16 = 0x10;

/// The pages of a tree begin after the two meta pages.
const FIRST_TREE_PAGE: u64 = 2;

/// The file as an array of pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages<'a> {
    pub(super) data: &'a [u8],
    pub(super) order: ByteOrder,
    pub(super) page_size: u64,
    /// Page ids end here, whatever the length of the file.
    pub(super) count: u64,
    page_visits: u64,
}

impl<'a> Pages<'a> {
    pub(super) fn new(data: &'a [u8], meta: &Meta, limits: &Limits) -> Pages<'a> {
        Pages {
            data,
            order: meta.byte_order,
            page_size: meta.page_size.into(),
            count: meta.page_count,
            page_visits: to_u64(limits.page_visits),
        }
    }

    /// Pages that are wholly in the file.
    pub(super) fn in_file(&self) -> u64 {
        let whole = to_u64(self.data.len()).checked_div(self.page_size);
        whole.unwrap_or_default().min(self.count)
    }

    /// The page that a byte of the file lies in.
    pub(super) fn holding(&self, offset: u64) -> u64 {
        offset.checked_div(self.page_size).unwrap_or_default()
    }

    /// Bytes that one walk may look at. Every byte of a sound file belongs to
    /// one element of one page; only forged pages share some.
    pub(super) fn walk_budget(&self) -> u64 {
        to_u64(self.data.len()).saturating_mul(self.page_visits)
    }

    /// The page of a tree with its overflow pages.
    #[inline]
    pub(super) fn page(&self, id: u64) -> Result<Page<'a>> {
        self.find(id).map_err(|problem| self.error(id, problem))
    }

    /// The same file, with the pages behind those that were allocated.
    pub(super) fn with_unallocated(self) -> Pages<'a> {
        Pages {
            count: u64::MAX,
            ..self
        }
    }

    /// The page of a tree, or of one that once was; `None` where it is none.
    pub(super) fn page_if_any(&self, id: u64) -> Option<Page<'a>> {
        self.find(id).ok()
    }

    /// The pages of the freelist.
    pub(super) fn freelist(&self, id: u64) -> Result<PageRun<'a>> {
        let found = self.find_run(id).and_then(|(header, run)| {
            if header.flags == FREELIST {
                Ok(run)
            } else {
                Err(Problem::NoFreelist)
            }
        });
        found.map_err(|problem| self.error(id, problem))
    }

    #[inline]
    fn find(&self, id: u64) -> Result<Page<'a>, Problem> {
        let (header, run) = self.find_run(id)?;
        Page::new(id, run.offset, run.bytes, &header, self.order)
    }

    #[inline]
    fn find_run(&self, id: u64) -> Result<(Header, PageRun<'a>), Problem> {
        if id < FIRST_TREE_PAGE || id >= self.count {
            return Err(Problem::OutOfRange);
        }
        let offset = id.checked_mul(self.page_size).ok_or(Problem::NotInFile)?;
        let begin = usize::try_from(offset).map_err(|_| Problem::NotInFile)?;
        let rest = self.data.get(begin..).ok_or(Problem::NotInFile)?;
        let header = Header::parse(rest, self.order).ok_or(Problem::NotInFile)?;
        if header.id != id {
            return Err(Problem::OtherId(header.id));
        }
        let count = u64::from(header.overflow).saturating_add(1);
        let size = count.saturating_mul(self.page_size);
        let bytes = usize::try_from(size).ok().and_then(|size| rest.get(..size));
        let bytes = bytes.ok_or(Problem::OverflowNotInFile(header.overflow))?;
        let run = PageRun {
            offset,
            bytes,
            pages: count,
            count: header.count,
        };
        Ok((header, run))
    }

    #[cold]
    fn error(&self, id: u64, problem: Problem) -> Error {
        let offset = id.saturating_mul(self.page_size);
        match problem {
            // There is no such place in the file: the error stands where the
            // id was found, which the caller knows.
            Problem::OutOfRange => {
                let range = format!("{FIRST_TREE_PAGE} to {}", self.count.saturating_sub(1));
                Error::malformed("page id", format!("page {id} is not one of {range}"))
            }
            Problem::NotInFile => {
                let have = to_u64(self.data.len()).saturating_sub(offset);
                truncated(id, self.page_size, have).at(Buffer::Snapshot, offset)
            }
            Problem::OverflowNotInFile(overflow) => {
                let need = (u64::from(overflow) + 1).saturating_mul(self.page_size);
                let have = to_u64(self.data.len()).saturating_sub(offset);
                truncated(id, need, have).at(Buffer::Snapshot, offset)
            }
            Problem::OtherId(other) => page_error(
                "page header",
                id,
                offset,
                format_args!("it says that it is page {other}"),
            ),
            Problem::Kind(flags) => page_error(
                "page header",
                id,
                offset,
                format_args!(
                    "{} is neither branch nor leaf",
                    match flags {
                        META => "a meta page",
                        FREELIST => "a freelist page",
                        _ => "its flags say it",
                    }
                ),
            ),
            Problem::NoFreelist => page_error(
                "page header",
                id,
                offset,
                format_args!("its flags say that it is no freelist"),
            ),
            Problem::Count(count) => page_error(
                "page header",
                id,
                offset,
                format_args!("{count} elements do not fit into it"),
            ),
        }
    }
}

enum Problem {
    OutOfRange,
    NotInFile,
    OverflowNotInFile(u32),
    OtherId(u64),
    Kind(u16),
    NoFreelist,
    Count(u16),
}

/// A page of any kind with its overflow pages.
pub(super) struct PageRun<'a> {
    /// Where the header begins in the file.
    pub(super) offset: u64,
    pub(super) bytes: &'a [u8],
    pub(super) pages: u64,
    pub(super) count: u16,
}

struct Header {
    id: u64,
    flags: u16,
    count: u16,
    overflow: u32,
}

impl Header {
    fn parse(data: &[u8], order: ByteOrder) -> Option<Header> {
        Some(Header {
            id: order.u64(data, ID_AT)?,
            flags: order.u16(data, FLAGS_AT)?,
            count: order.u16(data, COUNT_AT)?,
            overflow: order.u32(data, OVERFLOW_AT)?,
        })
    }
}

/// What the elements of a page are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    Branch,
    Leaf,
}

/// A branch or leaf page, all of whose element heads are within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    /// For an inline page, the page that holds it.
    pub(super) id: u64,
    /// Where the header begins in the file.
    pub(super) offset: u64,
    /// Header, elements, keys and values.
    pub(super) bytes: &'a [u8],
    pub(super) kind: PageKind,
    pub(super) count: u16,
    pub(super) order: ByteOrder,
}

impl<'a> Page<'a> {
    #[inline]
    fn new(
        id: u64,
        offset: u64,
        bytes: &'a [u8],
        header: &Header,
        order: ByteOrder,
    ) -> Result<Page<'a>, Problem> {
        // bbolt knows a page by one flag alone.
        let kind = match header.flags {
            BRANCH => PageKind::Branch,
            LEAF => PageKind::Leaf,
            flags => return Err(Problem::Kind(flags)),
        };
        let page = Page {
            id,
            offset,
            bytes,
            kind,
            count: header.count,
            order,
        };
        if page.elements_end() > bytes.len() {
            return Err(Problem::Count(header.count));
        }
        Ok(page)
    }

    /// How many pages it takes.
    pub(super) fn pages(&self, pages: &Pages<'_>) -> u64 {
        pages.holding(to_u64(self.bytes.len()))
    }

    /// The page inside a bucket's value: a leaf, without overflow, whose id
    /// means nothing. `holder` is the page of the value, `offset` that of `bytes`.
    pub(super) fn inline(
        holder: u64,
        offset: u64,
        bytes: &'a [u8],
        pages: &Pages<'a>,
    ) -> Result<Page<'a>> {
        let bad = |detail| page_error("inline bucket", holder, offset, format_args!("{detail}"));
        let header = Header::parse(bytes, pages.order)
            .ok_or_else(|| bad("its value is too short for a page header"))?;
        match Page::new(holder, offset, bytes, &header, pages.order) {
            Ok(page) if page.kind == PageKind::Leaf => Ok(page),
            Err(Problem::Count(_)) => Err(bad("its elements do not fit into its value")),
            _ => Err(bad("its page is not a leaf")),
        }
    }
}

/// An error in page `id`, at `offset` of the file.
#[cold]
pub(super) fn page_error(
    what: &'static str,
    id: u64,
    offset: u64,
    detail: std::fmt::Arguments<'_>,
) -> Error {
    Error::malformed(what, format!("page {id}: {detail}"))
        .at(Buffer::Snapshot, offset)
        .in_page(id)
}

#[cold]
fn truncated(id: u64, need: u64, have: u64) -> Error {
    let detail = format!("page {id}: needs {need} bytes, {have} are in the file");
    Error::new(crate::error::Category::Truncated, "page", detail).in_page(id)
}
