//! The list of pages that no tree needs any more.
//!
//! ```text
//! page header, flags 0x10, then
//! count < 0xFFFF:  count × u64   page ids, ascending
//! count = 0xFFFF:  u64           the true count
//!                  count × u64   page ids, ascending
//! ```
//!
//! etcd writes none on Linux (`NoFreelistSync`): whatever its tree does not
//! reach is free. Source: `internal/common/page.go` of go.etcd.io/bbolt.

use super::page::{HEADER_SIZE, PageRun, Pages, page_error};
use crate::error::Result;

/// A `count` that says: the true one follows.
const COUNT_FOLLOWS: u16 = 0xFFFF;
const ID_SIZE: usize = 8;

pub(super) struct Freelist<'a> {
    run: PageRun<'a>,
    pages: Pages<'a>,
    ids: &'a [u8],
}

impl<'a> Freelist<'a> {
    pub(super) fn read(pages: Pages<'a>, id: u64) -> Result<Freelist<'a>> {
        let run = pages.freelist(id)?;
        let rest = run.bytes.get(HEADER_SIZE..).unwrap_or_default();
        let (count, rest) = if run.count == COUNT_FOLLOWS {
            let count = pages.order.u64(rest, 0).unwrap_or(u64::MAX);
            (count, rest.get(ID_SIZE..).unwrap_or_default())
        } else {
            (run.count.into(), rest)
        };
        let size = usize::try_from(count)
            .ok()
            .and_then(|n| n.checked_mul(ID_SIZE));
        match size.and_then(|size| rest.get(..size)) {
            Some(ids) => Ok(Freelist { run, pages, ids }),
            None => {
                let detail = format_args!("{count} page ids do not fit into it");
                Err(page_error("freelist", id, run.offset, detail))
            }
        }
    }

    /// The pages that the list itself takes.
    pub(super) fn own_pages(&self) -> u64 {
        self.run.pages
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        let order = self.pages.order;
        let ids = self.ids.chunks_exact(ID_SIZE);
        ids.filter_map(move |id| order.u64(id, 0))
    }
}
