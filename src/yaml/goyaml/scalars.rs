//! Scalars: plain, quoted, and in lines after `|` or `>`.

use std::borrow::Cow;
use std::ops::Range;

use super::Result;
use super::input::Pieces;
use super::properties::hex;
use super::scanner::Scanner;

/// Line breaks between two pieces of a scalar: the first, and those after it.
#[derive(Default)]
struct Breaks {
    leading: &'static str,
    trailing: String,
}

impl Breaks {
    /// What they become between two words.
    fn fold(&mut self, text: &mut Pieces<'_>) {
        match (self.leading, self.trailing.is_empty()) {
            ("\n", true) => text.push_owned(" "),
            ("\n", false) => text.push_owned(&self.trailing),
            (leading, _) => {
                text.push_owned(leading);
                text.push_owned(&self.trailing);
            }
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.leading = "";
        self.trailing.clear();
    }
}

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Cow<'a, str>> {
        self.input.skip();
        self.input.cache(1)?;
        let (mut chomping, mut increment) = (None, None);
        for _ in 0..2 {
            match self.input.byte(0) {
                sign @ (b'+' | b'-') if chomping.is_none() => {
                    chomping = Some(match sign {
                        b'+' => Chomping::Keep,
                        _ => Chomping::Strip,
                    });
                }
                b'0' if increment.is_none() => {
                    return self.input.fault("a block scalar indented by 0");
                }
                digit @ b'1'..=b'9' if increment.is_none() => {
                    increment = Some(usize::from(digit.saturating_sub(b'0')));
                }
                _ => break,
            }
            self.input.skip();
            self.input.cache(1)?;
        }
        let chomping = chomping.unwrap_or(Chomping::Clip);
        self.scan_rest_of_line("something behind a block scalar's head")?;

        // 0 is not known yet.
        let mut indent = increment.map_or(0, |by| self.indent.unwrap_or(0).saturating_add(by));
        let (mut text, mut breaks) = (self.input.pieces(), Breaks::default());
        self.scan_block_scalar_breaks(&mut indent, &mut breaks.trailing)?;
        self.input.cache(1)?;
        let mut leading_blank = false;
        while self.input.mark.column == indent && !self.input.is_end() {
            let blank = self.input.is_blank(0);
            if !literal && !leading_blank && !blank && breaks.leading == "\n" {
                if breaks.trailing.is_empty() {
                    text.push_owned(" ");
                }
            } else {
                text.push_owned(breaks.leading);
            }
            text.push_owned(&breaks.trailing);
            breaks.clear();
            leading_blank = blank;
            let start = self.input.at();
            while !self.input.is_break_or_end(0) {
                self.input.skip();
                self.input.cache(1)?;
            }
            text.push(self.input.span(start));
            self.input.cache(2)?;
            breaks.leading = self.input.skip_line();
            self.scan_block_scalar_breaks(&mut indent, &mut breaks.trailing)?;
        }
        if chomping != Chomping::Strip {
            text.push_owned(breaks.leading);
        }
        if chomping == Chomping::Keep {
            text.push_owned(&breaks.trailing);
        }
        Ok(text.finish())
    }

    /// Indentation and empty lines; the first line that is not tells the indentation.
    fn scan_block_scalar_breaks(&mut self, indent: &mut usize, breaks: &mut String) -> Result {
        let mut max_indent = 0;
        loop {
            self.input.cache(1)?;
            while (*indent == 0 || self.input.mark.column < *indent) && self.input.byte(0) == b' ' {
                self.input.skip();
                self.input.cache(1)?;
            }
            max_indent = max_indent.max(self.input.mark.column);
            let inside = *indent == 0 || self.input.mark.column < *indent;
            if inside && self.input.byte(0) == b'\t' {
                return self
                    .input
                    .fault("a tab in the indentation of a block scalar");
            }
            if !self.input.is_break(0) {
                break;
            }
            self.input.cache(2)?;
            breaks.push_str(self.input.skip_line());
        }
        if *indent == 0 {
            let outer = self.indent.map_or(0, |indent| indent.saturating_add(1));
            *indent = max_indent.max(outer).max(1);
        }
        Ok(())
    }

    pub(super) fn scan_flow_scalar(&mut self, single: bool) -> Result<Cow<'a, str>> {
        let quote = if single { b'\'' } else { b'"' };
        self.input.skip();
        let (mut text, mut breaks) = (self.input.pieces(), Breaks::default());
        loop {
            self.input.cache(4)?;
            if self.input.is_document_indicator() {
                return self.input.fault("a document's end in a quoted string");
            }
            if self.input.is_end() {
                return self.input.fault("a quoted string without an end");
            }
            let mut leading_blanks = false;
            let mut start = self.input.at();
            while !self.input.is_blank_or_end(0) {
                let byte = self.input.byte(0);
                if single && byte == quote && self.input.byte(1) == quote {
                    text.push(self.input.span(start));
                    text.push_owned("'");
                    self.input.skip();
                    self.input.skip();
                    start = self.input.at();
                } else if byte == quote {
                    break;
                } else if !single && byte == b'\\' {
                    text.push(self.input.span(start));
                    if self.input.is_break(1) {
                        self.input.cache(3)?;
                        self.input.skip();
                        self.input.skip_line();
                        leading_blanks = true;
                        start = self.input.at();
                        break;
                    }
                    self.scan_escape(&mut text)?;
                    start = self.input.at();
                } else {
                    self.input.skip();
                }
                self.input.cache(2)?;
            }
            text.push(self.input.span(start));
            self.input.cache(1)?;
            if self.input.byte(0) == quote {
                break;
            }
            let blanks = self.scan_blanks_and_breaks(leading_blanks, None, &mut breaks)?;
            match blanks {
                Some(blanks) => text.push(blanks),
                None => breaks.fold(&mut text),
            }
        }
        self.input.skip();
        Ok(text.finish())
    }

    /// `\` and what it stands for.
    fn scan_escape(&mut self, text: &mut Pieces<'a>) -> Result {
        let (meaning, digits) = match self.input.byte(1) {
            b'0' => ("\0", 0),
            b'a' => ("\x07", 0),
            b'b' => ("\x08", 0),
            b't' | b'\t' => ("\t", 0),
            b'n' => ("\n", 0),
            b'v' => ("\x0b", 0),
            b'f' => ("\x0c", 0),
            b'r' => ("\r", 0),
            b'e' => ("\x1b", 0),
            b' ' => (" ", 0),
            b'"' => ("\"", 0),
            b'\'' => ("'", 0),
            b'\\' => ("\\", 0),
            b'N' => ("\u{85}", 0),
            b'_' => ("\u{a0}", 0),
            b'L' => ("\u{2028}", 0),
            b'P' => ("\u{2029}", 0),
            b'x' => ("", 2),
            b'u' => ("", 4),
            b'U' => ("", 8),
            _ => return self.input.fault("an unknown escape"),
        };
        self.input.skip();
        self.input.skip();
        text.push_owned(meaning);
        if digits == 0 {
            return Ok(());
        }
        self.input.cache(digits)?;
        let mut value = 0u32;
        for ahead in 0..digits {
            let Some(digit) = hex(self.input.byte(ahead)) else {
                return self.input.fault("an escape without its digits");
            };
            value = (value << 4) | u32::from(digit);
        }
        let Some(character) = char::from_u32(value) else {
            return self.input.fault("an escape of no character");
        };
        text.push_owned(character.encode_utf8(&mut [0; 4]));
        (0..digits).for_each(|_| self.input.skip());
        Ok(())
    }

    pub(super) fn scan_plain_scalar(&mut self) -> Result<Cow<'a, str>> {
        let (mut text, mut breaks) = (self.input.pieces(), Breaks::default());
        // Between the last word and the next one.
        let (mut blanks, mut leading_blanks) = (0..0, false);
        let indent = self.indent.map_or(0, |indent| indent.saturating_add(1));
        loop {
            self.input.cache(4)?;
            if self.input.is_document_indicator() || self.input.byte(0) == b'#' {
                break;
            }
            let start = self.input.at();
            while !self.input.is_blank_or_end(0) {
                let byte = self.input.byte(0);
                let flow_ends = matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}');
                if (byte == b':' && self.input.is_blank_or_end(1))
                    || (self.flow_level > 0 && flow_ends)
                {
                    break;
                }
                self.input.skip();
                self.input.cache(2)?;
            }
            let word = self.input.span(start);
            if !word.is_empty() {
                match leading_blanks {
                    true => breaks.fold(&mut text),
                    false => text.push(blanks),
                }
                text.push(word);
                (blanks, leading_blanks) = (0..0, false);
            }
            if !(self.input.is_blank(0) || self.input.is_break(0)) {
                break;
            }
            match self.scan_blanks_and_breaks(leading_blanks, Some(indent), &mut breaks)? {
                Some(more) => blanks = more,
                None => leading_blanks = true,
            }
            if self.flow_level == 0 && self.input.mark.column < indent {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(text.finish())
    }

    /// Blanks up to the next word: those, or nothing if there are breaks too. A tab
    /// left of `indent` is an error.
    fn scan_blanks_and_breaks(
        &mut self,
        mut leading_blanks: bool,
        indent: Option<usize>,
        breaks: &mut Breaks,
    ) -> Result<Option<Range<usize>>> {
        let start = self.input.at();
        self.input.cache(1)?;
        while self.input.is_blank(0) || self.input.is_break(0) {
            if self.input.is_blank(0) {
                let left = indent.is_some_and(|indent| self.input.mark.column < indent);
                if leading_blanks && left && self.input.byte(0) == b'\t' {
                    return self
                        .input
                        .fault("a tab in the indentation of a plain string");
                }
                self.input.skip();
            } else {
                self.input.cache(2)?;
                let meaning = self.input.skip_line();
                match leading_blanks {
                    false => breaks.leading = meaning,
                    true => breaks.trailing.push_str(meaning),
                }
                leading_blanks = true;
            }
            self.input.cache(1)?;
        }
        Ok((!leading_blanks).then(|| self.input.span(start)))
    }
}
