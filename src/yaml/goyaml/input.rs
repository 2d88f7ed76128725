//! The characters of the stream, and how far goyaml has looked ahead.
//!
//! goyaml reads 512 bytes at a time and stops at the end of the first document. A
//! bad character behind it is an error only where one of those reads has met it.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroize;

use super::encoding::Source;
use super::{Fault, Result};

/// Bytes of one read.
const READ: usize = 512;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A place in the stream, counted from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::yaml) struct Mark {
    pub(super) index: usize,
    pub(in crate::yaml) line: usize,
    pub(in crate::yaml) column: usize,
}

pub(super) struct Input<'a> {
    source: Source<'a>,
    text: &'a str,
    at: usize,
    /// Where goyaml's buffer begins.
    buffer: usize,
    /// Text before this is decoded, as far as goyaml is concerned.
    decoded: usize,
    /// Characters from `at` to `decoded`, and those that stand for the end.
    unread: usize,
    raw_read: usize,
    raw_decoded: usize,
    started: bool,
    at_end: bool,
    pub(super) mark: Mark,
}

impl<'a> Input<'a> {
    pub(super) fn new(source: Source<'a>) -> Input<'a> {
        Input {
            source,
            text: source.text,
            at: 0,
            buffer: 0,
            decoded: 0,
            unread: 0,
            raw_read: 0,
            raw_decoded: 0,
            started: false,
            at_end: false,
            mark: Mark::default(),
        }
    }

    pub(super) fn fault<T>(&self, problem: &'static str) -> Result<T> {
        Err(Fault {
            mark: self.mark,
            problem,
        })
    }

    /// Looks `length` characters ahead.
    #[inline]
    pub(super) fn cache(&mut self, length: usize) -> Result {
        match self.unread >= length {
            true => Ok(()),
            false => self.update(length),
        }
    }

    fn update(&mut self, length: usize) -> Result {
        if !self.started {
            self.started = true;
            while !self.at_end && self.raw_read < 3 {
                self.read_raw();
            }
            self.raw_decoded = self.source.mark;
        }
        self.buffer = self.at;
        let mut first = true;
        while self.unread < length {
            if !first || self.raw_decoded >= self.raw_read {
                self.read_raw();
            }
            first = false;
            self.decode()?;
            if self.at_end {
                self.unread = self.unread.saturating_add(1);
                break;
            }
        }
        Ok(())
    }

    fn read_raw(&mut self) {
        if self.raw_read >= self.source.length {
            self.at_end = true;
            return;
        }
        let left = self.raw_read.saturating_sub(self.raw_decoded);
        let read = self.raw_read.saturating_add(READ.saturating_sub(left));
        self.raw_read = read.min(self.source.length);
    }

    /// Decodes all that was read.
    fn decode(&mut self) -> Result {
        while self.raw_decoded < self.raw_read {
            let next = self
                .text
                .get(self.decoded..)
                .and_then(|rest| rest.chars().next());
            let (width, bad) = match (next, self.source.bad) {
                (Some(character), _) => (
                    match self.source.unit {
                        2 => character.len_utf16().saturating_mul(2),
                        _ => character.len_utf8(),
                    },
                    None,
                ),
                (None, Some(bad)) => (bad.width, Some(bad)),
                (None, None) => return Ok(()),
            };
            let end = self.raw_decoded.saturating_add(width);
            let whole = end <= self.raw_read;
            if let Some(bad) = bad {
                return match whole || self.at_end {
                    true => self.fault(bad.problem),
                    false => Ok(()),
                };
            }
            if !whole {
                return Ok(());
            }
            self.raw_decoded = end;
            self.decoded = self.decoded.saturating_add(next.map_or(0, char::len_utf8));
            self.unread = self.unread.saturating_add(1);
        }
        Ok(())
    }

    /// The byte `ahead` bytes ahead; 0 at the end, which no character is.
    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        let at = self.at.saturating_add(ahead);
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn rest(&self, ahead: usize) -> &[u8] {
        let at = self.at.saturating_add(ahead);
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    pub(super) fn is_end(&self) -> bool {
        self.byte(0) == 0
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        matches!(
            self.rest(ahead),
            [b'\r' | b'\n', ..] | [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..]
        )
    }

    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// A letter, a digit, `_` or `-`.
    pub(super) fn is_alpha(&self) -> bool {
        matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// `---` or `...` at the beginning of a line.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && (self.rest(0).starts_with(b"---") || self.rest(0).starts_with(b"..."))
            && self.is_blank_or_end(3)
    }

    /// goyaml looks at the beginning of its buffer, not at the character it is at.
    pub(super) fn is_byte_order_mark(&self) -> bool {
        let buffer = self.text.get(self.buffer..).unwrap_or_default();
        buffer.starts_with(BYTE_ORDER_MARK)
    }

    /// Where the next character begins, for [`Input::since`].
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Text that is to be put together.
    pub(super) fn pieces(&self) -> Pieces<'a> {
        Pieces {
            source: self.text,
            one: 0..0,
            many: None,
        }
    }

    /// Where `since(start)` stands.
    pub(super) fn span(&self, start: usize) -> Range<usize> {
        start..self.at
    }

    /// Steps over a character of a line.
    pub(super) fn skip(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let width = rest.chars().next().map_or(0, char::len_utf8);
        self.step(width);
        self.mark.column = self.mark.column.saturating_add(1);
    }

    fn step(&mut self, width: usize) {
        self.at = self.at.saturating_add(width);
        self.unread = self.unread.saturating_sub(1);
        self.mark.index = self.mark.index.saturating_add(1);
    }

    /// Steps over a line break, if there is one: what it means to a scalar.
    pub(super) fn skip_line(&mut self) -> &'static str {
        let (width, meaning) = match self.rest(0) {
            [b'\r', b'\n', ..] => {
                self.step(1);
                (1, "\n")
            }
            [b'\r' | b'\n', ..] => (1, "\n"),
            [0xc2, 0x85, ..] => (2, "\n"),
            [0xe2, 0x80, 0xa8, ..] => (3, "\u{2028}"),
            [0xe2, 0x80, 0xa9, ..] => (3, "\u{2029}"),
            _ => return "",
        };
        self.step(width);
        self.mark.column = 0;
        self.mark.line = self.mark.line.saturating_add(1);
        meaning
    }
}

/// Text that is put together; borrowed as long as it is one piece of the stream.
/// What it outgrows is wiped.
pub(super) struct Pieces<'a> {
    source: &'a str,
    one: Range<usize>,
    many: Option<String>,
}

impl<'a> Pieces<'a> {
    /// Appends what stands there in the stream.
    pub(super) fn push(&mut self, span: Range<usize>) {
        if span.is_empty() {
        } else if self.many.is_none() && self.one.is_empty() {
            self.one = span;
        } else if self.many.is_none() && self.one.end == span.start {
            self.one.end = span.end;
        } else {
            self.push_owned(self.source.get(span).unwrap_or_default());
        }
    }

    pub(super) fn push_owned(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        let one = self.source.get(self.one.clone()).unwrap_or_default();
        let text = self.many.get_or_insert_with(|| one.to_owned());
        let length = text.len().saturating_add(piece.len());
        if length > text.capacity() {
            let mut larger = String::with_capacity(length.saturating_mul(2));
            larger.push_str(text);
            text.zeroize();
            *text = larger;
        }
        text.push_str(piece);
    }

    pub(super) fn finish(self) -> Cow<'a, str> {
        match self.many {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(self.source.get(self.one).unwrap_or_default()),
        }
    }
}
