//! Where not all was carved.

use super::carve::Cut;
use crate::convert::to_u64;
use crate::error::{Buffer, Error};

/// Records that are no further apart are told as one place: a page of most files.
const NEAR: usize = 4096;

/// More places than these are told as one with the last.
const PLACES_MAX: usize = 1000;

/// Records come roughly in order: only the last few places may be the same.
const LOOKED_AT: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Records within records.
    Overlap,
    /// More entries than this.
    Full(usize),
}

#[derive(Default)]
pub(super) struct Cuts(Vec<Place>);

struct Place {
    reason: Reason,
    first: usize,
    last: usize,
    unread: u64,
    left_out: u64,
}

impl Cuts {
    /// A record that begins at `at` was not read, or is not even listed.
    pub(super) fn add(&mut self, reason: Reason, at: usize, is_listed: bool) {
        let is_near = |place: &Place| {
            let begin = place.first.saturating_sub(NEAR);
            place.reason == reason && (begin..=place.last.saturating_add(NEAR)).contains(&at)
        };
        let mut places = self.0.iter().enumerate().rev().take(LOOKED_AT);
        let known = places.find(|(_, place)| is_near(place));
        let number = match known {
            Some((number, _)) => number,
            None if self.0.len() < PLACES_MAX => {
                self.0.push(Place {
                    reason,
                    first: at,
                    last: at,
                    unread: 0,
                    left_out: 0,
                });
                self.0.len().saturating_sub(1)
            }
            None => self.0.len().saturating_sub(1),
        };
        if let Some(place) = self.0.get_mut(number) {
            place.first = place.first.min(at);
            place.last = place.last.max(at);
            let count = match is_listed {
                true => &mut place.unread,
                false => &mut place.left_out,
            };
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn finish(mut self) -> Vec<Cut> {
        self.0.sort_by_key(|place| place.first);
        self.0.iter().map(Place::cut).collect()
    }
}

impl Place {
    fn cut(&self) -> Cut {
        let Place {
            unread, left_out, ..
        } = *self;
        let (first, last) = (to_u64(self.first), to_u64(self.last));
        let detail = match self.reason {
            Reason::Overlap => format!(
                "records within records, up to offset {last}: {unread} are listed without \
                 their value, {left_out} are left out; the search goes on behind"
            ),
            Reason::Full(entries) => format!(
                "more than {entries} entries, up to offset {last}: {left_out} are left out; \
                 the search goes on behind"
            ),
        };
        Cut {
            bytes: first..=last,
            unread,
            left_out,
            error: Error::limit("carve", detail).at(Buffer::Snapshot, first),
        }
    }
}
