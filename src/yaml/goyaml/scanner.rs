//! Tokens: indentation, keys that nothing announces, and which token begins here.

use std::collections::{HashMap, VecDeque};

use super::encoding::Source;
use super::input::{Input, Mark};
use super::token::{Kind, SimpleKey, Token};
use super::{Fault, Result};

/// Nesting of flow collections, and of block collections.
const MAX_DEPTH: usize = 10_000;

/// Characters from the beginning of a simple key to its colon.
const KEY_LENGTH: usize = 1024;

pub(super) struct Scanner<'a> {
    pub(super) input: Input<'a>,
    started: bool,
    ended: bool,
    tokens: VecDeque<Token<'a>>,
    /// Tokens that were taken from the queue.
    parsed: usize,
    available: bool,
    /// Columns; none outside of all blocks.
    pub(super) indent: Option<usize>,
    indents: Vec<Option<usize>>,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    /// Places in `simple_keys` by the number of the token.
    by_token: HashMap<usize, usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(source: Source<'a>) -> Scanner<'a> {
        Scanner {
            input: Input::new(source),
            started: false,
            ended: false,
            tokens: VecDeque::new(),
            parsed: 0,
            available: false,
            indent: None,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: false,
            simple_keys: Vec::new(),
            by_token: HashMap::new(),
        }
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<&mut Token<'a>> {
        if !self.available {
            self.fetch_more_tokens()?;
        }
        let mark = self.input.mark;
        self.tokens.front_mut().ok_or(Fault {
            mark,
            problem: "nothing after the end",
        })
    }

    /// Takes the token that was peeked at.
    pub(super) fn take(&mut self) {
        self.available = false;
        self.parsed = self.parsed.saturating_add(1);
        let token = self.tokens.pop_front();
        self.ended = matches!(token, Some(token) if matches!(token.kind, Kind::StreamEnd));
    }

    fn fetch_more_tokens(&mut self) -> Result {
        loop {
            if !self.tokens.is_empty() {
                let key = self.by_token.get(&self.parsed).copied();
                match key {
                    Some(key) if self.is_valid(key)? => {}
                    _ => break,
                }
            } else if self.ended {
                break;
            }
            self.fetch_next_token()?;
        }
        self.available = true;
        Ok(())
    }

    fn fetch_next_token(&mut self) -> Result {
        self.input.cache(1)?;
        if !self.started {
            self.started = true;
            self.simple_keys.push(SimpleKey::default());
            self.simple_key_allowed = true;
            return self.append(Kind::StreamStart, self.input.mark);
        }
        self.scan_to_next_token()?;
        self.unroll_indent(Some(self.input.mark.column));
        self.input.cache(4)?;
        if self.input.is_end() {
            return self.fetch_stream_end();
        }
        let first = self.input.byte(0);
        if self.input.mark.column == 0 && first == b'%' {
            return self.fetch_directive();
        }
        if self.input.is_document_indicator() {
            return self.fetch_document_indicator(match first {
                b'-' => Kind::DocumentStart,
                _ => Kind::DocumentEnd,
            });
        }
        let in_flow = self.flow_level > 0;
        let alone = self.input.is_blank_or_end(1);
        match first {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if alone => self.fetch_block_entry(),
            b'?' if in_flow || alone => self.fetch_key(),
            b':' if in_flow || alone => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(first == b'&'),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !in_flow => self.fetch_block_scalar(first == b'|'),
            b'\'' | b'"' => self.fetch_flow_scalar(first == b'\''),
            b'|' | b'>' | b'#' | b'%' | b'@' | b'`' => self.cannot_start(),
            _ if self.input.is_blank_or_end(0) => self.cannot_start(),
            _ => self.fetch_plain_scalar(),
        }
    }

    fn cannot_start(&self) -> Result {
        self.input
            .fault("a character that cannot begin anything here")
    }

    /// Whether a colon may still make a key of what begins there.
    fn is_valid(&mut self, index: usize) -> Result<bool> {
        let now = self.input.mark;
        let Some(key) = self.simple_keys.get_mut(index) else {
            return Ok(false);
        };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < now.line || key.mark.index.saturating_add(KEY_LENGTH) < now.index {
            if key.required {
                return Err(no_colon(key.mark));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn next_token(&self) -> usize {
        self.parsed.saturating_add(self.tokens.len())
    }

    pub(super) fn save_simple_key(&mut self) -> Result {
        let required = self.flow_level == 0 && self.indent == Some(self.input.mark.column);
        if !self.simple_key_allowed {
            return Ok(());
        }
        let key = SimpleKey {
            possible: true,
            required,
            token: self.next_token(),
            mark: self.input.mark,
        };
        self.remove_simple_key()?;
        let index = self.simple_keys.len().saturating_sub(1);
        if let Some(last) = self.simple_keys.last_mut() {
            *last = key;
            self.by_token.insert(key.token, index);
        }
        Ok(())
    }

    pub(super) fn remove_simple_key(&mut self) -> Result {
        if let Some(key) = self.simple_keys.last_mut()
            && key.possible
        {
            if key.required {
                return Err(no_colon(key.mark));
            }
            key.possible = false;
            self.by_token.remove(&key.token);
        }
        Ok(())
    }

    /// Opens a block, if the column is further in than the one around it.
    fn roll_indent(
        &mut self,
        column: usize,
        token: Option<usize>,
        kind: Kind<'a>,
        mark: Mark,
    ) -> Result {
        if self.flow_level > 0 || self.indent.is_some_and(|indent| indent >= column) {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = Some(column);
        if self.indents.len() > MAX_DEPTH {
            return self.input.fault("nested too deep");
        }
        self.insert(token, kind, mark)
    }

    /// Closes the blocks that are further in than `column`.
    fn unroll_indent(&mut self, column: Option<usize>) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.input.mark;
            self.tokens.push_back(Token {
                kind: Kind::BlockEnd,
                start: mark,
            });
            self.indent = self.indents.pop().flatten();
        }
    }

    pub(super) fn append(&mut self, kind: Kind<'a>, start: Mark) -> Result {
        self.tokens.push_back(Token { kind, start });
        Ok(())
    }

    /// Puts a token before the one with this number, or last.
    fn insert(&mut self, before: Option<usize>, kind: Kind<'a>, start: Mark) -> Result {
        match before.and_then(|number| number.checked_sub(self.parsed)) {
            Some(at) if at <= self.tokens.len() => self.tokens.insert(at, Token { kind, start }),
            _ => self.tokens.push_back(Token { kind, start }),
        }
        Ok(())
    }

    /// A token of `length` characters.
    fn indicator(&mut self, kind: Kind<'a>, length: usize) -> Result {
        let start = self.input.mark;
        (0..length).for_each(|_| self.input.skip());
        self.append(kind, start)
    }

    fn fetch_stream_end(&mut self) -> Result {
        if self.input.mark.column != 0 {
            self.input.mark.column = 0;
            self.input.mark.line = self.input.mark.line.saturating_add(1);
        }
        self.leave_blocks()?;
        self.append(Kind::StreamEnd, self.input.mark)
    }

    /// What ends a document, or stands before one, ends all blocks.
    fn leave_blocks(&mut self) -> Result {
        self.unroll_indent(None);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result {
        self.leave_blocks()?;
        let start = self.input.mark;
        let kind = self.scan_directive()?;
        self.append(kind, start)
    }

    fn fetch_document_indicator(&mut self, kind: Kind<'a>) -> Result {
        self.leave_blocks()?;
        self.indicator(kind, 3)
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Result {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey {
            token: self.next_token(),
            mark: self.input.mark,
            ..SimpleKey::default()
        });
        self.flow_level = self.flow_level.saturating_add(1);
        if self.flow_level > MAX_DEPTH {
            return self.input.fault("nested too deep");
        }
        self.simple_key_allowed = true;
        self.indicator(kind, 1)
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Result {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level = self.flow_level.saturating_sub(1);
            if let Some(key) = self.simple_keys.pop() {
                self.by_token.remove(&key.token);
            }
        }
        self.simple_key_allowed = false;
        self.indicator(kind, 1)
    }

    fn fetch_flow_entry(&mut self) -> Result {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Kind::FlowEntry, 1)
    }

    fn fetch_block_entry(&mut self) -> Result {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.input.fault("no list entry may stand here");
            }
            let mark = self.input.mark;
            self.roll_indent(mark.column, None, Kind::BlockSequenceStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Kind::BlockEntry, 1)
    }

    fn fetch_key(&mut self) -> Result {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.input.fault("no key may stand here");
            }
            let mark = self.input.mark;
            self.roll_indent(mark.column, None, Kind::BlockMappingStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(Kind::Key, 1)
    }

    fn fetch_value(&mut self) -> Result {
        let index = self.simple_keys.len().saturating_sub(1);
        let valid = self.is_valid(index)?;
        let key = self.simple_keys.last().copied().unwrap_or_default();
        if valid {
            self.insert(Some(key.token), Kind::Key, key.mark)?;
            let before = Some(key.token);
            self.roll_indent(key.mark.column, before, Kind::BlockMappingStart, key.mark)?;
            if let Some(key) = self.simple_keys.last_mut() {
                key.possible = false;
            }
            self.by_token.remove(&key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.input.fault("no value may stand here");
                }
                let mark = self.input.mark;
                self.roll_indent(mark.column, None, Kind::BlockMappingStart, mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(Kind::Value, 1)
    }

    fn fetch_anchor(&mut self, is_anchor: bool) -> Result {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.input.mark;
        let name = self.scan_anchor()?;
        let kind = match is_anchor {
            true => Kind::Anchor(name),
            false => Kind::Alias(name),
        };
        self.append(kind, start)
    }

    fn fetch_tag(&mut self) -> Result {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.input.mark;
        let kind = self.scan_tag()?;
        self.append(kind, start)
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.input.mark;
        let text = self.scan_block_scalar(literal)?;
        self.append(Kind::Scalar(text, false), start)
    }

    fn fetch_flow_scalar(&mut self, single: bool) -> Result {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.input.mark;
        let text = self.scan_flow_scalar(single)?;
        self.append(Kind::Scalar(text, false), start)
    }

    fn fetch_plain_scalar(&mut self) -> Result {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.input.mark;
        let text = self.scan_plain_scalar()?;
        self.append(Kind::Scalar(text, true), start)
    }

    fn scan_to_next_token(&mut self) -> Result {
        loop {
            self.input.cache(1)?;
            if self.input.mark.column == 0 && self.input.is_byte_order_mark() {
                self.input.skip();
            }
            self.input.cache(1)?;
            while self.input.byte(0) == b' '
                || (self.input.byte(0) == b'\t'
                    && (self.flow_level > 0 || !self.simple_key_allowed))
            {
                self.input.skip();
                self.input.cache(1)?;
            }
            self.skip_comment()?;
            if !self.input.is_break(0) {
                return Ok(());
            }
            self.input.cache(2)?;
            self.input.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Steps over a comment, up to the end of its line.
    pub(super) fn skip_comment(&mut self) -> Result {
        if self.input.byte(0) == b'#' {
            while !self.input.is_break_or_end(0) {
                self.input.skip();
                self.input.cache(1)?;
            }
        }
        Ok(())
    }
}

fn no_colon(mark: Mark) -> Fault {
    Fault {
        mark,
        problem: "no ':' after a key",
    }
}
