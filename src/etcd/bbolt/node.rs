//! The elements of branch and leaf pages.
//!
//! ```text
//! branch element (16 bytes)         leaf element (16 bytes)
//!  0  4  pos                         0  4  flags   1: the value is a bucket
//!  4  4  key size                    4  4  pos
//!  8  8  page id                     8  4  key size
//!                                   12  4  value size
//! ```
//!
//! The elements stand one after the other behind the page header, their keys
//! and values behind the last of them. `pos` counts from the element itself.
//!
//! Source: `internal/common/page.go` of go.etcd.io/bbolt.

use super::page::{HEADER_SIZE, Page, PageKind, page_error};
use crate::convert::to_u64;
use crate::error::Result;

pub(super) const ELEMENT_SIZE: usize = 16;

const BRANCH_POS_AT: usize = 0;
const BRANCH_KEY_SIZE_AT: usize = BRANCH_POS_AT + 4;
const BRANCH_PAGE_AT: usize = BRANCH_KEY_SIZE_AT + 4;

const LEAF_FLAGS_AT: usize = 0;
const LEAF_POS_AT: usize = LEAF_FLAGS_AT + 4;
const LEAF_KEY_SIZE_AT: usize = LEAF_POS_AT + 4;
const LEAF_VALUE_SIZE_AT: usize = LEAF_KEY_SIZE_AT + 4;

const BUCKET_FLAG: u32 = 1;

/// Where in its page the head of element `index` begins.
#[inline]
fn head_at(index: u16) -> usize {
    usize::from(index)
        .saturating_mul(ELEMENT_SIZE)
        .saturating_add(HEADER_SIZE)
}

/// One child of a branch page.
pub(super) struct BranchElement<'a> {
    pub(super) page: u64,
    /// The lowest key below the child. The child can be reached without it.
    pub(super) key: Result<&'a [u8]>,
    /// Where the page id stands in the file.
    pub(super) page_offset: u64,
}

/// One entry of a leaf page.
#[derive(Clone, Copy)]
pub(super) struct LeafElement<'a> {
    pub(super) is_bucket: bool,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    /// Where the key begins in the file; the value follows it.
    pub(super) key_offset: u64,
}

impl<'a> Page<'a> {
    /// Where the heads of the elements end, as an offset in the page.
    #[inline]
    pub(super) fn elements_end(&self) -> usize {
        head_at(self.count)
    }

    /// Element `index` of a branch page; `None` from `count` on.
    pub(super) fn branch_element(&self, index: u16) -> Option<BranchElement<'a>> {
        let (begin, head) = self.head(index)?;
        let u32_at = |at| self.order.u32(head, at).unwrap_or_default();
        let pos = u32_at(BRANCH_POS_AT);
        let size = u32_at(BRANCH_KEY_SIZE_AT);
        let key = match self.span(begin, pos, [size, 0]) {
            Some((_, key, _)) => Ok(key),
            None => Err(self.out_of_bounds("branch element", index, begin)),
        };
        Some(BranchElement {
            page: self.order.u64(head, BRANCH_PAGE_AT)?,
            key,
            page_offset: self.offset_of(begin.saturating_add(BRANCH_PAGE_AT)),
        })
    }

    /// The key of element `index` of a branch page, and where it stands in the
    /// file.
    pub(super) fn branch_key(&self, index: u16) -> Option<(u64, &'a [u8])> {
        let (begin, head) = self.head(index)?;
        let pos = self.order.u32(head, BRANCH_POS_AT)?;
        let size = self.order.u32(head, BRANCH_KEY_SIZE_AT)?;
        let (at, key, _) = self.span(begin, pos, [size, 0])?;
        Some((self.offset_of(at), key))
    }

    /// Element `index` of a leaf page; `None` from `count` on.
    #[inline]
    pub(super) fn leaf_element(&self, index: u16) -> Option<Result<LeafElement<'a>>> {
        let (begin, head) = self.head(index)?;
        let u32_at = |at| self.order.u32(head, at).unwrap_or_default();
        let pos = u32_at(LEAF_POS_AT);
        let sizes = [u32_at(LEAF_KEY_SIZE_AT), u32_at(LEAF_VALUE_SIZE_AT)];
        Some(match self.span(begin, pos, sizes) {
            Some((at, key, value)) => Ok(LeafElement {
                is_bucket: u32_at(LEAF_FLAGS_AT) & BUCKET_FLAG != 0,
                key,
                value,
                key_offset: self.offset_of(at),
            }),
            None => Err(self.out_of_bounds("leaf element", index, begin)),
        })
    }

    /// The lowest key of the page.
    pub(super) fn first_key(&self) -> Option<&'a [u8]> {
        match self.kind {
            PageKind::Branch => self.branch_element(0)?.key.ok(),
            PageKind::Leaf => Some(self.leaf_element(0)?.ok()?.key),
        }
    }

    /// The first element whose key does not begin where the one before ends, or
    /// the heads do: bbolt writes them without gaps. What points outside of the
    /// page is not looked for.
    pub(super) fn gap(&self) -> Option<crate::Error> {
        let mut expected = self.offset_of(self.elements_end());
        for index in 0..self.count {
            let (at, length) = match self.kind {
                PageKind::Leaf => {
                    let element = self.leaf_element(index)?.ok()?;
                    let length = element.key.len().saturating_add(element.value.len());
                    (element.key_offset, length)
                }
                PageKind::Branch => {
                    let (at, key) = self.branch_key(index)?;
                    (at, key.len())
                }
            };
            if at != expected {
                let what = match self.kind {
                    PageKind::Leaf => "leaf page",
                    PageKind::Branch => "branch page",
                };
                let (begin, _) = self.head(index)?;
                return Some(page_error(
                    what,
                    self.id,
                    self.offset_of(begin),
                    format_args!("the key of element {index} does not follow what is before it"),
                ));
            }
            expected = at.saturating_add(to_u64(length));
        }
        None
    }

    #[inline]
    fn head(&self, index: u16) -> Option<(usize, &'a [u8])> {
        if index >= self.count {
            return None;
        }
        let begin = head_at(index);
        let head = self.bytes.get(begin..)?.get(..ELEMENT_SIZE)?;
        Some((begin, head))
    }

    /// Key and value of the element that begins at `begin`, and where in the
    /// page: behind all elements, within the page.
    #[inline]
    fn span(
        &self,
        begin: usize,
        pos: u32,
        [key, value]: [u32; 2],
    ) -> Option<(usize, &'a [u8], &'a [u8])> {
        let at = begin.checked_add(usize::try_from(pos).ok()?)?;
        if at < self.elements_end() {
            return None;
        }
        let (key, rest) = self
            .bytes
            .get(at..)?
            .split_at_checked(usize::try_from(key).ok()?)?;
        let value = rest.get(..usize::try_from(value).ok()?)?;
        Some((at, key, value))
    }

    #[inline]
    fn offset_of(&self, at: usize) -> u64 {
        self.offset.saturating_add(to_u64(at))
    }

    #[cold]
    fn out_of_bounds(&self, what: &'static str, index: u16, begin: usize) -> crate::Error {
        page_error(
            what,
            self.id,
            self.offset_of(begin),
            format_args!("element {index} points outside of the page"),
        )
    }
}
