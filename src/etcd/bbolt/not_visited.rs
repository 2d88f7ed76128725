//! The leaves in the file that a walk did not come to: free pages that still
//! hold what they once did, and those of other buckets.

use super::cursor::Visited;
use super::page::{Page, PageKind, Pages};

/// A leaf that a walk did not come to.
pub(crate) struct OtherLeaf<'a> {
    pub(crate) page: u64,
    /// Where it begins in the file.
    pub(crate) offset: u64,
    pub(crate) last_key: &'a [u8],
}

/// In order of the file; those beyond the allocated pages too. Of each page only
/// the header is read, and of each leaf the last key.
pub(super) fn leaves<'a>(
    pages: Pages<'a>,
    visited: Visited,
) -> impl Iterator<Item = OtherLeaf<'a>> {
    let pages = pages.with_unallocated();
    let mut ids = 0..pages.in_file();
    std::iter::from_fn(move || {
        loop {
            let id = ids.next()?;
            let Some(page) = pages.page_if_any(id) else {
                continue;
            };
            if visited.contains(id) {
                // Overflow pages are values, whatever they look like.
                for _ in 1..page.pages(&pages) {
                    match ids.next() {
                        Some(next) if !visited.contains(next) => {}
                        Some(next) => {
                            ids.start = next;
                            break;
                        }
                        None => break,
                    }
                }
                continue;
            }
            if let Some(last_key) = last_key(&page) {
                return Some(OtherLeaf {
                    page: id,
                    offset: page.offset,
                    last_key,
                });
            }
        }
    })
}

fn last_key<'a>(page: &Page<'a>) -> Option<&'a [u8]> {
    if page.kind != PageKind::Leaf {
        return None;
    }
    let last = page.leaf_element(page.count.checked_sub(1)?)?.ok()?;
    Some(last.key)
}
