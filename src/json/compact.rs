//! JSON text checked and written again without white space.

use super::scanner::{Scanner, Token};
use super::string::{escape_ascii, escape_line_separator};
use super::text::Text;
use crate::error::Result;
use crate::skip_fields::Skip;
use crate::utf8;
use crate::wire::Reader;

/// Whether `<`, `>`, `&`, U+2028 and U+2029 inside strings are written as escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HtmlEscape {
    /// As Go does with what a `MarshalJSON` method returns.
    Yes,
    /// Only white space is removed.
    #[cfg_attr(not(test), expect(dead_code, reason = "compared with Go's"))]
    No,
    /// White space is removed, and each byte that is not UTF-8 becomes U+FFFD.
    Replace,
}

/// What was seen while compacting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compacted {
    /// Some string holds bytes that are not UTF-8.
    pub(crate) invalid_utf8: bool,
}

/// Appends the one JSON value in `json` without white space: Go's `appendCompact`.
///
/// The order of members, duplicate members, the spelling of numbers and escapes
/// stay. On an error `out` is as it was.
pub(crate) fn compact(
    out: &mut Vec<u8>,
    json: Reader<'_>,
    escape: HtmlEscape,
    max_depth: usize,
) -> Result<Compacted> {
    let start = out.len();
    out.reserve(json.remaining());
    let mut scanner = Scanner::new(json, max_depth);
    let mut compactor = Compactor::new(out, escape);
    loop {
        match scanner.next_token() {
            Ok(Some(token)) => compactor.take(token),
            Ok(None) => return Ok(compactor.seen),
            Err(error) => {
                out.truncate(start);
                return Err(error);
            }
        }
    }
}

/// As [`compact`], with members left out: those of all elements of an array.
pub(crate) fn compact_without(
    out: &mut Vec<u8>,
    json: Reader<'_>,
    escape: HtmlEscape,
    max_depth: usize,
    skip: Skip<'_>,
) -> Result<Compacted> {
    if skip.is_empty() {
        return compact(out, json, escape, max_depth);
    }
    let start = out.len();
    let mut scanner = Scanner::new(json, max_depth);
    let mut compactor = Compactor::new(out, escape);
    let printed = without(&mut scanner, &mut compactor, skip);
    let seen = compactor.seen;
    if printed.is_err() {
        out.truncate(start);
    }
    printed.map(|()| seen)
}

fn without(scanner: &mut Scanner<'_>, compactor: &mut Compactor<'_>, skip: Skip<'_>) -> Result<()> {
    // What to leave out of each open array and object, and of the value at hand.
    let mut open = Vec::new();
    let mut here = skip;
    while let Some(token) = scanner.next_token()? {
        match token {
            Token::BeginObject | Token::BeginArray => open.push(here),
            Token::EndObject | Token::EndArray => {
                open.pop();
            }
            Token::Key(text) => {
                let around = open.last().copied().unwrap_or(skip);
                let name = text.decode();
                if around.skips(&name) {
                    pass_value(scanner)?;
                    continue;
                }
                here = around.below(&name);
            }
            _ => {}
        }
        compactor.take(token);
        if !matches!(token, Token::Key(_)) {
            here = open.last().copied().unwrap_or(skip);
        }
    }
    Ok(())
}

/// Reads over a member's value.
fn pass_value(scanner: &mut Scanner<'_>) -> Result<()> {
    let depth = scanner.depth();
    while scanner.next_token()?.is_some() && scanner.depth() > depth {}
    Ok(())
}

/// Writes tokens.
struct Compactor<'w> {
    out: &'w mut Vec<u8>,
    escape: HtmlEscape,
    /// Whether a comma stands before the next value or key.
    comma: bool,
    seen: Compacted,
}

impl<'w> Compactor<'w> {
    fn new(out: &'w mut Vec<u8>, escape: HtmlEscape) -> Compactor<'w> {
        Compactor {
            out,
            escape,
            comma: false,
            seen: Compacted {
                invalid_utf8: false,
            },
        }
    }

    #[inline(always)]
    fn take(&mut self, token: Token<'_>) {
        let out = &mut *self.out;
        if self.comma && !matches!(token, Token::EndObject | Token::EndArray) {
            out.push(b',');
        }
        self.comma = true;
        match token {
            Token::BeginObject | Token::BeginArray => {
                out.push(if token == Token::BeginObject {
                    b'{'
                } else {
                    b'['
                });
                self.comma = false;
            }
            Token::EndObject => out.push(b'}'),
            Token::EndArray => out.push(b']'),
            Token::Key(text) => {
                self.seen.invalid_utf8 |= text.invalid_utf8;
                quoted(out, &text, self.escape);
                out.push(b':');
                self.comma = false;
            }
            Token::String(text) => {
                self.seen.invalid_utf8 |= text.invalid_utf8;
                quoted(out, &text, self.escape);
            }
            Token::Number(number) => out.extend_from_slice(number),
            Token::Bool(true) => out.extend_from_slice(b"true"),
            Token::Bool(false) => out.extend_from_slice(b"false"),
            Token::Null => out.extend_from_slice(b"null"),
        }
    }
}

#[inline]
fn quoted(out: &mut Vec<u8>, text: &Text<'_>, escape: HtmlEscape) {
    out.push(b'"');
    if escape == HtmlEscape::Replace && text.invalid_utf8 {
        // Go decodes stored JSON before it prints it, and replaces bad bytes then.
        out.extend_from_slice(utf8::lossy(text.raw).as_bytes());
    } else if text.plain || escape != HtmlEscape::Yes {
        out.extend_from_slice(text.raw);
    } else {
        escape_html(out, text.raw);
    }
    out.push(b'"');
}

fn escape_html(out: &mut Vec<u8>, raw: &[u8]) {
    // Not yet written; `clean` bytes at its front stay as they are.
    let (mut rest, mut clean) = (raw, 0usize);
    while let Some((before, special)) = rest.split_at_checked(clean) {
        (rest, clean) = match special {
            [byte @ (b'<' | b'>' | b'&'), after @ ..] => {
                out.extend_from_slice(before);
                escape_ascii(out, *byte);
                (after, 0)
            }
            [] => break,
            _ => match utf8::split_line_separator(special) {
                Some((last, after)) => {
                    out.extend_from_slice(before);
                    escape_line_separator(out, last);
                    (after, 0)
                }
                None => (rest, clean.saturating_add(1)),
            },
        };
    }
    out.extend_from_slice(rest);
}
