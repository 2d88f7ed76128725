//! Tokens of a JSON text, with the structure checked on the way.
//!
//! Accepts what Go's scanner accepts: RFC 8259, bytes that are not UTF-8 inside
//! strings, lone surrogates in escapes, any number, duplicate members; one value
//! and nothing after it. No recursion: nesting costs one bit a level.

use super::string::plain_prefix;
use super::text::Text;
use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};
use crate::utf8;
use crate::wire::Reader;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    /// A member's name; its value comes next.
    Key(Text<'a>),
    String(Text<'a>),
    /// The number as it is written.
    Number(&'a [u8]),
    Bool(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    /// A comma, or the end of the innermost array or object.
    Rest,
    /// Nothing but white space.
    End,
}

/// A pull scanner. After an error it must not be asked again.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    base: u64,
    buffer: Buffer,
    expect: Expect,
    nesting: Nesting,
    max_depth: usize,
}

const WHAT: &str = "JSON";

impl<'a> Scanner<'a> {
    /// Scans all that is left in `reader`. More than `max_depth` arrays and
    /// objects within each other are an error.
    pub(crate) fn new(mut reader: Reader<'a>, max_depth: usize) -> Scanner<'a> {
        let (base, buffer) = (reader.offset(), reader.buffer());
        let text = reader
            .bytes(to_u64(reader.remaining()), WHAT)
            .unwrap_or_default();
        Scanner {
            text,
            at: 0,
            base,
            buffer,
            expect: Expect::Value,
            nesting: Nesting::default(),
            max_depth,
        }
    }

    /// How many arrays and objects are open.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.nesting.depth
    }

    /// Bytes up to the end of the last token.
    pub(crate) fn scanned(&self) -> usize {
        self.at
    }

    /// The next token; `None` after the one value and the white space behind it.
    // A quarter of the time to compact JSON hangs on it, and the compiler left
    // alone inlines it or not by what else the crate holds.
    #[inline(always)]
    pub(crate) fn next_token(&mut self) -> Result<Option<Token<'a>>> {
        let Some(mut byte) = self.skip_space() else {
            return match self.expect {
                Expect::End => Ok(None),
                _ => Err(self.ended()),
            };
        };
        if self.expect == Expect::Rest {
            match (byte, self.nesting.in_object()) {
                (b',', in_object) => {
                    self.step(1);
                    self.expect = match in_object {
                        true => Expect::Key,
                        false => Expect::Value,
                    };
                    byte = self.skip_space().ok_or_else(|| self.ended())?;
                }
                (b'}', true) => return Ok(Some(self.end(Token::EndObject))),
                (b']', false) => return Ok(Some(self.end(Token::EndArray))),
                (_, true) => return Err(self.malformed("no comma or end after an object's member")),
                (_, false) => {
                    return Err(self.malformed("no comma or end after an array's element"));
                }
            }
        }
        match self.expect {
            Expect::Key | Expect::KeyOrEnd => match byte {
                b'"' => self.key().map(Some),
                b'}' if self.expect == Expect::KeyOrEnd => Ok(Some(self.end(Token::EndObject))),
                _ => Err(self.malformed("no string where a member's name is due")),
            },
            Expect::ValueOrEnd if byte == b']' => Ok(Some(self.end(Token::EndArray))),
            Expect::End => Err(self.malformed("data after the value")),
            _ => self.value(byte).map(Some),
        }
    }

    fn value(&mut self, byte: u8) -> Result<Token<'a>> {
        let token = match byte {
            b'{' => return self.begin(true),
            b'[' => return self.begin(false),
            b'"' => Token::String(self.string()?),
            b'-' | b'0'..=b'9' => Token::Number(self.number()?),
            b't' => self.literal(b"true", Token::Bool(true))?,
            b'f' => self.literal(b"false", Token::Bool(false))?,
            b'n' => self.literal(b"null", Token::Null)?,
            _ => return Err(self.malformed("no value begins with this byte")),
        };
        self.after_value();
        Ok(token)
    }

    #[inline]
    fn after_value(&mut self) {
        self.expect = match self.nesting.depth {
            0 => Expect::End,
            _ => Expect::Rest,
        };
    }

    fn begin(&mut self, object: bool) -> Result<Token<'a>> {
        if self.nesting.depth >= self.max_depth {
            let detail = format!("nested deeper than {} levels", self.max_depth);
            return Err(Error::limit(WHAT, detail).at(self.buffer, self.offset()));
        }
        self.nesting.push(object);
        self.step(1);
        Ok(match object {
            true => {
                self.expect = Expect::KeyOrEnd;
                Token::BeginObject
            }
            false => {
                self.expect = Expect::ValueOrEnd;
                Token::BeginArray
            }
        })
    }

    fn end(&mut self, token: Token<'a>) -> Token<'a> {
        self.nesting.pop();
        self.step(1);
        self.after_value();
        token
    }

    fn key(&mut self) -> Result<Token<'a>> {
        let text = self.string()?;
        match self.skip_space() {
            Some(b':') => {
                self.step(1);
                self.expect = Expect::Value;
                Ok(Token::Key(text))
            }
            Some(_) => Err(self.malformed("no colon after a member's name")),
            None => Err(self.ended()),
        }
    }

    /// `at` stands on the opening quote.
    #[inline]
    fn string(&mut self) -> Result<Text<'a>> {
        self.step(1);
        let start = self.at;
        let (mut plain, mut invalid_utf8) = (true, false);
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.step(plain_prefix(rest));
            let rest = self.text.get(self.at..).unwrap_or_default();
            match rest {
                [b'"', ..] => break,
                [b'\\', ..] => self.escape()?,
                [0x80..=0xff, ..] => {
                    let length = utf8::sequence(rest);
                    invalid_utf8 |= length.is_none();
                    self.step(length.unwrap_or(1));
                }
                [b'<' | b'>' | b'&', ..] => self.step(1),
                [_, ..] => return Err(self.malformed("control character in a string")),
                [] => return Err(self.ended()),
            }
            plain = false;
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.step(1);
        Ok(Text {
            raw,
            plain,
            invalid_utf8,
        })
    }

    /// `at` stands on the backslash.
    fn escape(&mut self) -> Result<()> {
        self.step(1);
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.step(1),
            Some(b'u') => {
                self.step(1);
                for _ in 0..4 {
                    match self.peek() {
                        Some(digit) if digit.is_ascii_hexdigit() => self.step(1),
                        Some(_) => return Err(self.malformed("no hexadecimal digit after \\u")),
                        None => return Err(self.ended()),
                    }
                }
            }
            Some(_) => return Err(self.malformed("no such escape in a string")),
            None => return Err(self.ended()),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<&'a [u8]> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.step(1);
        }
        match self.peek() {
            Some(b'0') => self.step(1),
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.step(1);
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.step(1);
            if let Some(b'+' | b'-') = self.peek() {
                self.step(1);
            }
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<()> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.step(digits);
        match (digits, rest.is_empty()) {
            (0, true) => Err(self.ended()),
            (0, false) => Err(self.malformed("no digit where a number needs one")),
            _ => Ok(()),
        }
    }

    fn literal(&mut self, word: &[u8], token: Token<'a>) -> Result<Token<'a>> {
        for &letter in word {
            match self.peek() {
                Some(byte) if byte == letter => self.step(1),
                Some(_) => return Err(self.malformed("neither true, false nor null")),
                None => return Err(self.ended()),
            }
        }
        Ok(token)
    }

    /// Never past the end of the text, so that nothing wraps.
    #[inline]
    fn step(&mut self, length: usize) {
        self.at = self.at.wrapping_add(length);
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.step(1),
                other => return other,
            }
        }
    }

    fn offset(&self) -> u64 {
        self.base.saturating_add(to_u64(self.at))
    }

    #[cold]
    fn malformed(&self, detail: &'static str) -> Error {
        Error::malformed(WHAT, detail).at(self.buffer, self.offset())
    }

    #[cold]
    fn ended(&self) -> Error {
        Error::truncated(WHAT, 1, 0).at(self.buffer, self.offset())
    }
}

/// A stack of bits: whether each open level is an object.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// The innermost levels, the innermost lowest.
    bits: u64,
    /// Whole words further out.
    outer: Vec<u64>,
}

impl Nesting {
    #[inline]
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = (self.bits << 1) | u64::from(object);
        self.depth = self.depth.saturating_add(1);
    }

    #[inline]
    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.bits >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    #[inline]
    fn in_object(&self) -> bool {
        self.bits & 1 == 1
    }
}
