//! What a file is that is no database as it is, and yet holds one.

use super::Snapshot;
use super::bbolt::{guess_page_size, tree_pages};
use crate::convert::to_u64;

/// Bytes before a database that may be something else: a line of a terminal.
const BEFORE: usize = 64 << 10;
const MAGICS: [[u8; 4]; 2] = [0xED0C_DAED_u32.to_le_bytes(), 0xED0C_DAED_u32.to_be_bytes()];
/// Where the magic number stands in a file.
const MAGIC_AT: usize = 16;

/// What was done to a database file; see [`diagnose`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Diagnosis {
    /// A terminal has put a carriage return before every line feed. The file as
    /// it was is what it would be without them; it may have something else before
    /// the database.
    LineFeeds(Vec<u8>),
    /// The database begins at this offset, behind something else.
    Behind(usize),
    /// No meta page is there, but this many pages of a tree.
    Pages(u64),
}

/// Looks for a database in a file that [`Snapshot::parse`] refuses, or whose
/// trailer does not match. Cheap where no line feed has a carriage return before
/// it, which no sound database file is without for long.
pub fn diagnose(file: &[u8]) -> Option<Diagnosis> {
    if let Some(undone) = without_carriage_returns(file)
        && (Snapshot::parse(&undone).is_ok() || begin(&undone).is_some())
    {
        return Some(Diagnosis::LineFeeds(undone));
    }
    if Snapshot::recognize(file) {
        return None;
    }
    if let Some(at) = begin(file) {
        return Some(Diagnosis::Behind(at));
    }
    let pages = tree_pages(file, guess_page_size(file));
    (pages > 0).then(|| Diagnosis::Pages(to_u64(pages)))
}

/// `None` where a line feed has none.
fn without_carriage_returns(file: &[u8]) -> Option<Vec<u8>> {
    let is_undoable = |at: usize| at > 0 && file.get(at.saturating_sub(1)) == Some(&b'\r');
    let mut feeds = file.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let mut any = false;
    if !feeds
        .by_ref()
        .inspect(|_| any = true)
        .all(|(at, _)| is_undoable(at))
        || !any
    {
        return None;
    }
    let mut undone = Vec::with_capacity(file.len());
    for &byte in file {
        if byte == b'\n' {
            undone.pop();
        }
        undone.push(byte);
    }
    Some(undone)
}

fn begin(file: &[u8]) -> Option<usize> {
    let head = file.get(..BEFORE.min(file.len()))?;
    let places = head.windows(4).enumerate();
    places
        .filter(|(_, window)| MAGICS.iter().any(|magic| magic == window))
        .filter_map(|(at, _)| at.checked_sub(MAGIC_AT))
        .take(4)
        .find(|&at| {
            file.get(at..)
                .is_some_and(|rest| Snapshot::parse(rest).is_ok())
        })
}
