//! How much a report may hold.
//!
//! A bad string or an unknown field is named by its path, and a path may be long
//! where what it names is a byte. So a report has room in proportion to the value
//! that it is about; what finds no more room is counted, and nothing is collected
//! for it.

use std::fmt::{self, Display, Write};

use crate::limits::Limits;

/// Bytes of a report for each byte of the value, and for any value.
const FACTOR: usize = 16;
const LEAST: usize = 16 << 10;

/// What an entry costs besides its path and its bytes.
const ENTRY: usize = 64;

/// A longer path is cut in the middle: of its two ends this many bytes stay.
const END: usize = 512;

/// The room that is left in one report.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room {
    entries: usize,
    bytes: usize,
    left_out: u64,
}

impl Room {
    /// Of the report on a value of `length` bytes.
    pub(crate) fn new(limits: &Limits, length: usize) -> Room {
        Room {
            entries: limits.report_entries,
            bytes: length.saturating_mul(FACTOR).saturating_add(LEAST),
            left_out: 0,
        }
    }

    /// Entries that found no room.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The text of `path`, cut if it is long, for an entry that holds `bytes` more.
    /// `None` if there is no room: the entry is counted, and so is each after it.
    pub(crate) fn path(&mut self, path: &dyn Display, bytes: usize) -> Option<String> {
        let mut text = Ends::default();
        let fixed = bytes.saturating_add(ENTRY);
        let taken = if self.entries == 0 || self.bytes < fixed {
            None
        } else {
            // Nothing is written to a `String` that fails.
            let _ = write!(text, "{path}");
            // All that was written counts: it took time, if it is cut or not.
            self.bytes.checked_sub(text.written.saturating_add(fixed))
        };
        let Some(left) = taken else {
            self.entries = 0;
            self.left_out = self.left_out.saturating_add(1);
            return None;
        };
        self.bytes = left;
        self.entries = self.entries.saturating_sub(1);
        Some(text.finish())
    }

    /// Takes more for an entry that is in. If there is not as much, the entry counts as
    /// left out.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or_default();
        self.left_out = self.left_out.saturating_add(u64::from(left.is_none()));
        left.is_some()
    }
}

/// Keeps the beginning and the end of what is written.
#[derive(Default)]
struct Ends {
    begin: String,
    /// Cut to its last [`END`] bytes whenever it is longer than twice that.
    end: String,
    written: usize,
}

impl Write for Ends {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.written = self.written.saturating_add(text.len());
        let mut rest = text;
        if self.end.is_empty() {
            let room = END.saturating_sub(self.begin.len()).min(text.len());
            let at = (0..=room).rev().find_map(|at| text.split_at_checked(at));
            let (head, tail) = at.unwrap_or((text, ""));
            self.begin.push_str(head);
            rest = tail;
        }
        self.end.push_str(rest);
        if self.end.len() > 4 * END {
            self.shorten();
        }
        Ok(())
    }
}

impl Ends {
    fn shorten(&mut self) {
        let least = self.end.len().saturating_sub(END);
        let at = (least..=self.end.len()).find(|&at| self.end.is_char_boundary(at));
        self.end.drain(..at.unwrap_or_default());
    }

    fn finish(mut self) -> String {
        if self.written <= 2 * END {
            self.begin.push_str(&self.end);
        } else {
            self.shorten();
            self.begin.push('…');
            self.begin.push_str(&self.end);
        }
        self.begin
    }
}
