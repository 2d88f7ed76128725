//! JSON text checked and written again without white space.

use super::scanner::{Scanner, Token};
use super::string::{escape_ascii, escape_line_separator};
use super::text::Text;
use crate::error::Result;
use crate::utf8;
use crate::wire::Reader;

/// Whether `<`, `>`, `&`, U+2028 and U+2029 inside strings are written as escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HtmlEscape {
    /// As Go does with what a `MarshalJSON` method returns.
    Yes,
    /// Only white space is removed.
    No,
}

/// What was seen while compacting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compacted {
    /// Some string holds bytes that are not UTF-8. They are written as they are.
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
    let mut invalid_utf8 = false;
    // Whether a comma stands before the next value or key.
    let mut comma = false;
    loop {
        let token = match scanner.next_token() {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(Compacted { invalid_utf8 }),
            Err(error) => {
                out.truncate(start);
                return Err(error);
            }
        };
        if comma && !matches!(token, Token::EndObject | Token::EndArray) {
            out.push(b',');
        }
        comma = true;
        match token {
            Token::BeginObject | Token::BeginArray => {
                out.push(if token == Token::BeginObject {
                    b'{'
                } else {
                    b'['
                });
                comma = false;
            }
            Token::EndObject => out.push(b'}'),
            Token::EndArray => out.push(b']'),
            Token::Key(text) => {
                invalid_utf8 |= text.invalid_utf8;
                quoted(out, &text, escape);
                out.push(b':');
                comma = false;
            }
            Token::String(text) => {
                invalid_utf8 |= text.invalid_utf8;
                quoted(out, &text, escape);
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
    if text.plain || escape == HtmlEscape::No {
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
