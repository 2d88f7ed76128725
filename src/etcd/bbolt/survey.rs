//! What each page of a file is, and whether the parts agree.
//!
//! All buckets are walked once, together: a page that two of them name is
//! damage, and the cost stays in proportion to the file.

use std::collections::BTreeMap;

use super::bucket::Bucket;
use super::cursor::{Entries, Visited, Walked};
use super::freelist::Freelist;
use super::meta::FREELIST_OFFSET;
use super::page::Pages;
use super::{Database, Meta};
use crate::convert::to_u64;
use crate::error::{Buffer, Error};

/// What a page of the file is to its newest transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PageState {
    /// A meta page that is valid.
    Meta,
    /// A page of the freelist.
    Freelist,
    /// A branch or leaf page of a tree, or its overflow, read without a fault.
    Read,
    /// A page in which something is broken. What is whole in it was read.
    Damaged,
    /// A page that no tree needs: the freelist names it, or there is no
    /// freelist and the trees, all sound, do not reach it.
    Free,
    /// A page that neither trees nor freelist know, or that the trees do not
    /// reach while some of their pages are damaged.
    Unreachable,
    /// A page that the meta page counts and that is not, or not wholly, in the
    /// file.
    Missing,
    /// What the file holds beyond the pages that were ever allocated.
    Unallocated,
}

impl PageState {
    /// All states.
    pub const ALL: [PageState; 8] = [
        PageState::Meta,
        PageState::Freelist,
        PageState::Read,
        PageState::Damaged,
        PageState::Free,
        PageState::Unreachable,
        PageState::Missing,
        PageState::Unallocated,
    ];

    /// The state as it stands in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            PageState::Meta => "meta",
            PageState::Freelist => "freelist",
            PageState::Read => "read",
            PageState::Damaged => "damaged",
            PageState::Free => "free",
            PageState::Unreachable => "unreachable",
            PageState::Missing => "missing",
            PageState::Unallocated => "unallocated",
        }
    }
}

/// A number of pages, and how many bytes of them are in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Extent {
    /// Pages, a last broken one included.
    pub pages: u64,
    /// Bytes that are in the file.
    pub bytes: u64,
}

/// Whether the freelist agrees with the trees.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FreelistCheck {
    /// None was written, as etcd does on Linux.
    Absent,
    /// It cannot be read; the reason is among the survey's damage.
    Damaged,
    /// It was compared with the trees. It agrees where all but `listed` are 0.
    #[non_exhaustive]
    Compared {
        /// Page ids in the list.
        listed: u64,
        /// Listed pages that a tree, the freelist or a meta page takes.
        in_use: u64,
        /// Page ids that no page of the file has.
        out_of_range: u64,
        /// Pages that are listed more than once.
        repeated: u64,
        /// Pages that neither trees nor list know.
        leaked: u64,
    },
}

/// One damaged page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Damage {
    /// The page; the first of its run where it overflows.
    pub page: u64,
    /// The first fault, with its offset in the file.
    pub error: Error,
    /// Further faults in the same page.
    pub more: u64,
}

/// The state of every page of a file; see [`Database::survey`].
#[derive(Debug)]
pub struct Survey {
    states: Vec<PageState>,
    page_size: u64,
    file_length: u64,
    /// Pages that the meta page counts and the file does not even begin.
    cut_off: u64,
    freelist: FreelistCheck,
    damage: BTreeMap<u64, Damage>,
    of_file: Vec<Error>,
    visited: Visited,
}

impl Survey {
    pub(super) fn new(database: &Database<'_>) -> Survey {
        let pages = database.pages;
        let length = to_u64(pages.data.len());
        let in_file = length.div_ceil(pages.page_size);
        let mut survey = Survey {
            states: vec![PageState::Unreachable; usize::try_from(in_file).unwrap_or_default()],
            page_size: pages.page_size,
            file_length: length,
            cut_off: pages.count.saturating_sub(in_file),
            freelist: FreelistCheck::Absent,
            damage: BTreeMap::new(),
            of_file: Vec::new(),
            visited: Visited::default(),
        };
        let walked = survey.walk(database);
        survey.look_for_gaps(&pages, &walked);
        let sound = survey.damage.is_empty();
        survey.mark_trees(&pages, &walked);
        let freelist = survey.read_freelist(pages, database.meta());
        survey.mark_rest(&pages, database);
        survey.visited = walked.visited;
        match freelist {
            Some(freelist) => survey.compare(&freelist),
            None if sound => survey.free_unreached(),
            None => {}
        }
        survey
    }

    fn walk(&mut self, database: &Database<'_>) -> Walked {
        let pages = database.pages;
        let mut walked = Walked::of_all_buckets(&pages);
        let mut buckets: Vec<Bucket<'_>> = vec![database.root()];
        while let Some(bucket) = buckets.pop() {
            let mut entries = Entries::among(pages, bucket.root, walked);
            for entry in entries.by_ref() {
                let nested = entry.and_then(|entry| {
                    if entry.is_bucket {
                        Bucket::parse(pages, &entry).map(Some)
                    } else {
                        Ok(None)
                    }
                });
                match nested {
                    Ok(bucket) => buckets.extend(bucket),
                    Err(error) => self.add_damage(error),
                }
            }
            walked = entries.into_walked();
        }
        walked
    }

    /// A count or a place that is wrong, though all elements are in their page:
    /// the walk cannot see what it leaves out.
    fn look_for_gaps(&mut self, pages: &Pages<'_>, walked: &Walked) {
        for id in 0..pages.in_file() {
            if walked.visited.contains(id)
                && !self.damage.contains_key(&id)
                && let Ok(page) = pages.page(id)
                && let Some(error) = page.gap()
            {
                self.add_damage(error);
            }
        }
    }

    /// Adds a fault that was found in some page.
    pub(crate) fn add_damage(&mut self, error: Error) {
        let page = error.page().unwrap_or_default();
        if let Some(known) = self.damage.get_mut(&page) {
            known.more = known.more.saturating_add(1);
            return;
        }
        if let Some(state) = self.state_mut(page)
            && matches!(state, PageState::Read)
        {
            *state = PageState::Damaged;
        }
        let more = 0;
        self.damage.insert(page, Damage { page, error, more });
    }

    /// Adds faults that no one page has.
    pub(crate) fn add_whole_file(&mut self, errors: impl Iterator<Item = Error>) {
        self.of_file.extend(errors);
    }

    fn state_mut(&mut self, page: u64) -> Option<&mut PageState> {
        self.states.get_mut(usize::try_from(page).ok()?)
    }

    fn set(&mut self, page: u64, state: PageState) {
        if let Some(place) = self.state_mut(page) {
            *place = state;
        }
    }

    fn mark_trees(&mut self, pages: &Pages<'_>, walked: &Walked) {
        let mut page = 0;
        while page < pages.in_file() {
            if !walked.visited.contains(page) {
                page = page.saturating_add(1);
                continue;
            }
            let state = if self.damage.contains_key(&page) {
                PageState::Damaged
            } else {
                PageState::Read
            };
            let overflow = pages.page(page).map_or(1, |page| page.pages(pages));
            let end = page.saturating_add(overflow);
            self.set(page, state);
            page = page.saturating_add(1);
            // Forged overflow ends where the next page of a tree begins.
            while page < end && page < pages.in_file() && !walked.visited.contains(page) {
                self.set(page, state);
                page = page.saturating_add(1);
            }
        }
        let broken: Vec<u64> = self.damage.keys().copied().collect();
        for page in broken {
            self.set(page, PageState::Damaged);
        }
    }

    fn read_freelist<'a>(&mut self, pages: Pages<'a>, meta: &Meta) -> Option<Freelist<'a>> {
        let id = meta.freelist?;
        match Freelist::read(pages, id) {
            Ok(freelist) => {
                let mut in_use = 0;
                for page in id..id.saturating_add(freelist.own_pages()).min(pages.in_file()) {
                    match self.state_mut(page) {
                        Some(state) if *state == PageState::Unreachable => {
                            *state = PageState::Freelist;
                        }
                        _ => in_use = 1,
                    }
                }
                self.freelist = FreelistCheck::Compared {
                    listed: 0,
                    in_use,
                    out_of_range: 0,
                    repeated: 0,
                    leaked: 0,
                };
                Some(freelist)
            }
            Err(error) => {
                self.freelist = FreelistCheck::Damaged;
                // An id out of range is the meta page's fault.
                let offset = meta.page.saturating_mul(pages.page_size);
                let offset = offset.saturating_add(to_u64(FREELIST_OFFSET));
                let error = error.at(Buffer::Snapshot, offset);
                self.add_damage(error.in_page(meta.page));
                if self.damage.contains_key(&id) {
                    self.set(id, PageState::Damaged);
                }
                None
            }
        }
    }

    fn mark_rest(&mut self, pages: &Pages<'_>, database: &Database<'_>) {
        let other = match database.other_meta() {
            Ok(other) => Ok(other.page),
            Err(error) => Err(error.clone()),
        };
        self.set(database.meta().page, PageState::Meta);
        match other {
            Ok(page) => self.set(page, PageState::Meta),
            Err(error) => {
                let page = 1_u64.saturating_sub(database.meta().page);
                self.add_damage(error.in_page(page));
                self.set(page, PageState::Damaged);
            }
        }
        for (page, state) in (0_u64..).zip(&mut self.states) {
            if page >= pages.count {
                *state = PageState::Unallocated;
            } else if page >= pages.in_file() {
                *state = PageState::Missing;
            }
        }
    }

    fn free_unreached(&mut self) {
        for state in &mut self.states {
            if *state == PageState::Unreachable {
                *state = PageState::Free;
            }
        }
    }

    fn compare(&mut self, freelist: &Freelist<'_>) {
        let [mut count, mut used, mut outside, mut twice] = [0_u64; 4];
        for id in freelist.ids() {
            count = count.saturating_add(1);
            let counter = match self.state_mut(id) {
                Some(state) if *state == PageState::Unreachable => {
                    *state = PageState::Free;
                    continue;
                }
                Some(PageState::Free) => &mut twice,
                Some(PageState::Unallocated | PageState::Missing) | None => &mut outside,
                Some(_) => &mut used,
            };
            *counter = counter.saturating_add(1);
        }
        let lost = self.extent(PageState::Unreachable).pages;
        if let FreelistCheck::Compared {
            listed,
            in_use,
            out_of_range,
            repeated,
            leaked,
        } = &mut self.freelist
        {
            *listed = count;
            *in_use = in_use.saturating_add(used);
            (*out_of_range, *repeated, *leaked) = (outside, twice, lost);
            if *in_use > 0 || outside > 0 || twice > 0 || lost > 0 {
                let detail = format!(
                    "it does not agree with the trees: of {count} pages {in_use} are in use, \
                     {outside} not in the file, {twice} there twice; {lost} are missing. etcd \
                     refuses such a file"
                );
                self.of_file.push(Error::malformed("freelist", detail));
            }
        }
    }

    /// The state of one page; `None` beyond the end of the file.
    pub fn state(&self, page: u64) -> Option<PageState> {
        self.states.get(usize::try_from(page).ok()?).copied()
    }

    /// How much of the file is in one state.
    pub fn extent(&self, state: PageState) -> Extent {
        let mut extent = Extent::default();
        if state == PageState::Missing {
            extent.pages = self.cut_off;
        }
        for (page, _) in (0_u64..)
            .zip(&self.states)
            .filter(|(_, found)| **found == state)
        {
            let rest = self
                .file_length
                .saturating_sub(page.saturating_mul(self.page_size));
            extent.pages = extent.pages.saturating_add(1);
            extent.bytes = extent.bytes.saturating_add(rest.min(self.page_size));
        }
        extent
    }

    /// Whether the freelist agrees with the trees.
    pub fn freelist(&self) -> &FreelistCheck {
        &self.freelist
    }

    /// Damaged pages in order of their ids, each with its first fault.
    pub fn damage(&self) -> impl ExactSizeIterator<Item = &Damage> {
        self.damage.values()
    }

    /// Faults of the file as a whole: each of its pages may be sound, but not all
    /// of one time, or some are not there.
    pub fn whole_file(&self) -> &[Error] {
        &self.of_file
    }

    /// Pages of trees whose header bears the id of their place in the file.
    /// Overflow pages have no header; others are damage.
    pub fn page_ids_that_agree(&self) -> u64 {
        self.visited.count()
    }

    /// Whether a tree reaches the page by its id, not as overflow.
    pub(super) fn is_head(&self, page: u64) -> bool {
        self.visited.contains(page)
    }
}
