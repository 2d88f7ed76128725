//! The bytes that no sound page of a tree claims: whole pages that are free,
//! lost or damaged, and in sound pages what lies between their elements and
//! behind them.

use std::ops::Range;

use super::page::{PageKind, Pages};
use super::{PageState, Survey};

/// Bytes of the file that nothing sound claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) bytes: Range<usize>,
    /// How far something that begins in the span may reach: the end of its page
    /// run, since a forged element may claim what is not its own.
    pub(crate) limit: usize,
}

/// In order of the file, without overlap.
pub(super) fn spans<'a>(pages: Pages<'a>, survey: &Survey) -> impl Iterator<Item = Span> {
    let mut page = 0;
    let mut gaps = Vec::new().into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(gap) = gaps.next() {
                return Some(gap);
            }
            let begin = page;
            page = run_end(survey, begin)?;
            if survey.state(begin) == Some(PageState::Read) {
                gaps = page_gaps(&pages, begin, page).into_iter();
                continue;
            }
            let bytes = offset(&pages, begin)..offset(&pages, page);
            let limit = bytes.end;
            return Some(Span { bytes, limit });
        }
    })
}

/// Where the sound page, or the run of other pages, that begins at `page` ends.
fn run_end(survey: &Survey, page: u64) -> Option<u64> {
    let is_read = |page| survey.state(page).map(|state| state == PageState::Read);
    let first = is_read(page)?;
    let mut end = page.saturating_add(1);
    let goes_on = |end| match is_read(end) {
        Some(read) if first => read && !survey.is_head(end),
        Some(read) => !read,
        None => false,
    };
    while goes_on(end) {
        end = end.saturating_add(1);
    }
    Some(end)
}

fn offset(pages: &Pages<'_>, page: u64) -> usize {
    let offset = usize::try_from(page.saturating_mul(pages.page_size));
    offset.map_or(pages.data.len(), |offset| offset.min(pages.data.len()))
}

fn page_gaps(pages: &Pages<'_>, id: u64, end: u64) -> Vec<Span> {
    let begin = offset(pages, id);
    let limit = offset(pages, end);
    let Ok(page) = pages.page(id) else {
        return Vec::new();
    };
    let mut claims = Vec::new();
    claims.push(begin..begin.saturating_add(page.elements_end()));
    for index in 0..page.count {
        let (at, length) = match page.kind {
            PageKind::Leaf => match page.leaf_element(index) {
                Some(Ok(element)) => {
                    let length = element.key.len().saturating_add(element.value.len());
                    (element.key_offset, length)
                }
                _ => continue,
            },
            PageKind::Branch => match page.branch_key(index) {
                Some((at, key)) => (at, key.len()),
                None => continue,
            },
        };
        if let Ok(at) = usize::try_from(at) {
            claims.push(at..at.saturating_add(length));
        }
    }
    claims.sort_unstable_by_key(|claim| claim.start);
    let mut gaps = Vec::new();
    let mut claimed = begin;
    for claim in claims.into_iter().chain(std::iter::once(limit..limit)) {
        let start = claim.start.min(limit);
        if start > claimed {
            let bytes = claimed..start;
            gaps.push(Span { bytes, limit });
        }
        claimed = claimed.max(claim.end);
    }
    gaps
}
