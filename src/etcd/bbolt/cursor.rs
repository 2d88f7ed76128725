//! The walk over one bucket's tree.
//!
//! A forged tree must not make it run long or deep. So every page is visited
//! once at most, which ends every cycle; what one page hands out is never more
//! than its size, so elements cannot all point at one large value; and all
//! pages together hand out at most a multiple of the file, so pages cannot all
//! claim the same overflow pages. The path is a list of its own, no recursion.
//!
//! Damage does not end the walk: the broken page or element is an error in the
//! sequence, and the next sibling follows.

use super::bucket::Root;
use super::entry::Entry;
use super::not_visited::{self, OtherLeaf};
use super::page::{Page, PageKind, Pages, page_error};
use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};

/// A tree of minimal pages, two children each, over 2^50 pages is 50 deep.
const MAX_DEPTH: usize = 64;

/// The entries of one bucket in key order; see [`Bucket::entries`].
///
/// After an error the iterator goes on with what comes next in the tree. One
/// error is final: category `limit`, when the file's pages claim more than the
/// file holds ([`Limits::page_visits`]).
///
/// [`Bucket::entries`]: super::Bucket::entries
/// [`Limits::page_visits`]: crate::Limits::page_visits
pub struct Entries<'a> {
    pages: Pages<'a>,
    /// Where to begin; taken by the first step.
    root: Option<Root<'a>>,
    path: Vec<Step<'a>>,
    visited: Visited,
    budget: u64,
    previous_key: Option<&'a [u8]>,
    /// The entry that follows the complaint about its order.
    held: Option<Entry<'a>>,
}

/// What walks have visited and may still spend.
pub(super) struct Walked {
    pub(super) visited: Visited,
    budget: u64,
}

impl Walked {
    pub(super) fn new(pages: &Pages<'_>) -> Walked {
        Walked {
            visited: Visited::default(),
            budget: pages.walk_budget(),
        }
    }

    /// For all buckets together. A sound file needs twice its size at most: an
    /// inline bucket is read as a value and as a page.
    pub(super) fn of_all_buckets(pages: &Pages<'_>) -> Walked {
        Walked {
            visited: Visited::default(),
            budget: pages.walk_budget().saturating_mul(2),
        }
    }
}

struct Step<'a> {
    page: Page<'a>,
    next: u16,
    /// Bytes of the page behind its elements that no element has claimed yet.
    unclaimed: u64,
}

impl<'a> Entries<'a> {
    pub(super) fn new(pages: Pages<'a>, root: Root<'a>) -> Entries<'a> {
        Entries::among(pages, root, Walked::new(&pages))
    }

    /// The walk over one more bucket: what others visited and spent counts.
    pub(super) fn among(pages: Pages<'a>, root: Root<'a>, walked: Walked) -> Entries<'a> {
        Entries {
            pages,
            root: Some(root),
            path: Vec::new(),
            visited: walked.visited,
            budget: walked.budget,
            previous_key: None,
            held: None,
        }
    }

    /// The leaves of the file that this walk has not come to.
    pub(crate) fn leaves_not_visited(self) -> impl Iterator<Item = OtherLeaf<'a>> {
        not_visited::leaves(self.pages, self.visited)
    }

    pub(super) fn into_walked(self) -> Walked {
        Walked {
            visited: self.visited,
            budget: self.budget,
        }
    }

    #[cold]
    fn begin(&mut self, root: Root<'a>) -> Result<()> {
        match root {
            Root::Inline(page) => self.push(page),
            Root::Page(id, offset) => {
                if self.visited.words.is_empty() {
                    self.visited = Visited::new(self.pages.in_file());
                }
                self.descend(id, None, offset)
            }
        }
    }

    /// Goes down to page `id`, whose id was read at `offset`.
    fn descend(&mut self, id: u64, key: Option<&[u8]>, offset: u64) -> Result<()> {
        // Where the page itself is not to blame, the one that names it is.
        let blame = |error: Error| {
            let error = error.at(Buffer::Snapshot, offset);
            error.in_page(self.pages.holding(offset))
        };
        let page = self.pages.page(id).map_err(blame)?;
        if !self.visited.insert(id) {
            let detail = format!("page {id}: it is reached a second time");
            return Err(blame(Error::malformed("page", detail)));
        }
        if self.path.len() >= MAX_DEPTH {
            let detail = format!("page {id}: the tree is more than {MAX_DEPTH} pages deep");
            return Err(blame(Error::limit("page", detail)));
        }
        self.push(page)?;
        // Only the one leaf of an empty bucket has none.
        if page.count == 0 && (page.kind == PageKind::Branch || key.is_some()) {
            let detail = format_args!("it has no elements");
            return Err(page_error("page", id, page.offset, detail));
        }
        // The entries are as good as any: they come out all the same.
        match (key, page.first_key()) {
            (Some(key), Some(first)) if first < key => Err(page_error(
                "page",
                id,
                page.offset,
                format_args!("it begins before the key that leads to it"),
            )),
            _ => Ok(()),
        }
    }

    fn push(&mut self, page: Page<'a>) -> Result<()> {
        let elements = to_u64(page.elements_end());
        self.spend(elements)
            .map_err(|error| error.at(Buffer::Snapshot, page.offset).in_page(page.id))?;
        self.path.push(Step {
            page,
            next: 0,
            unclaimed: to_u64(page.bytes.len()).saturating_sub(elements),
        });
        Ok(())
    }

    #[inline]
    fn spend(&mut self, bytes: u64) -> Result<()> {
        match self.budget.checked_sub(bytes) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                self.path.clear();
                let detail = "the pages claim more bytes than the file has";
                Err(Error::limit("database file", detail))
            }
        }
    }

    #[inline]
    fn entry(&mut self, page: Page<'a>, index: u16) -> Option<Result<Entry<'a>>> {
        let entry = match page.leaf_element(index)? {
            Ok(element) => Entry::new(&page, index, element),
            Err(error) => return Some(Err(error)),
        };
        let bytes = to_u64(entry.key.len()).saturating_add(to_u64(entry.value.len()));
        let step = self.path.last_mut()?;
        let Some(left) = step.unclaimed.checked_sub(bytes) else {
            step.next = page.count;
            return Some(Err(page_error(
                "leaf page",
                page.id,
                entry.provenance.key_offset,
                format_args!("elements up to {index} claim more bytes than it has"),
            )));
        };
        step.unclaimed = left;
        if let Err(error) = self.spend(bytes) {
            let error = error.at(Buffer::Snapshot, entry.provenance.key_offset);
            return Some(Err(error.in_page(page.id)));
        }
        let previous = self.previous_key.replace(entry.key);
        if previous.is_some_and(|previous| previous >= entry.key) {
            self.held = Some(entry);
            return Some(Err(page_error(
                "leaf page",
                page.id,
                entry.provenance.key_offset,
                format_args!("the key of element {index} is not above the one before it"),
            )));
        }
        Some(Ok(entry))
    }

    fn child(&mut self, page: Page<'a>, index: u16) -> Option<Error> {
        let element = page.branch_element(index)?;
        let offset = element.page_offset;
        let key = match element.key {
            // It is compared once: it counts as what a leaf hands out does, since
            // elements could all point at one large key.
            Ok(key) if self.claim(key) => {
                if let Err(error) = self.spend(to_u64(key.len())) {
                    return Some(error.at(Buffer::Snapshot, offset).in_page(page.id));
                }
                Ok(key)
            }
            Ok(_) => Err(page_error(
                "branch page",
                page.id,
                offset,
                format_args!("elements up to {index} claim more bytes than it has"),
            )),
            Err(error) => Err(error),
        };
        // A child whose key cannot be read is entered all the same.
        let entered = self.descend(element.page, key.as_ref().ok().copied(), offset);
        key.err().or(entered.err())
    }

    /// Whether the page that is walked has these bytes left for its elements.
    fn claim(&mut self, key: &[u8]) -> bool {
        let Some(step) = self.path.last_mut() else {
            return false;
        };
        let left = step.unclaimed.checked_sub(to_u64(key.len()));
        step.unclaimed = left.unwrap_or_default();
        left.is_some()
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Result<Entry<'a>>> {
        if let Some(root) = self.root.take()
            && let Err(error) = self.begin(root)
        {
            return Some(Err(error));
        }
        if let Some(entry) = self.held.take() {
            return Some(Ok(entry));
        }
        loop {
            let step = self.path.last_mut()?;
            let (page, index) = (step.page, step.next);
            if index >= page.count {
                self.path.pop();
                continue;
            }
            step.next = index.saturating_add(1);
            match page.kind {
                PageKind::Leaf => {
                    if let Some(entry) = self.entry(page, index) {
                        return Some(entry);
                    }
                }
                PageKind::Branch => {
                    if let Some(error) = self.child(page, index) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries").finish_non_exhaustive()
    }
}

/// One bit a page.
#[derive(Debug, Default)]
pub(super) struct Visited {
    words: Vec<u64>,
}

impl Visited {
    /// `pages` is bounded by the length of the file.
    fn new(pages: u64) -> Visited {
        let words = usize::try_from(pages.div_ceil(64)).unwrap_or_default();
        Visited {
            words: vec![0; words],
        }
    }

    pub(super) fn count(&self) -> u64 {
        let ones = self.words.iter().map(|word| u64::from(word.count_ones()));
        ones.sum()
    }

    pub(super) fn contains(&self, page: u64) -> bool {
        let word = usize::try_from(page / 64).ok();
        let word = word.and_then(|word| self.words.get(word));
        word.is_some_and(|word| word & 1 << (page % 64) != 0)
    }

    /// False where the page is there already.
    fn insert(&mut self, page: u64) -> bool {
        let word = usize::try_from(page / 64).ok();
        let Some(word) = word.and_then(|word| self.words.get_mut(word)) else {
            return false;
        };
        let bit = 1 << (page % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}
