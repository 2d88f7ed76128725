//! JSON that is printed as it stands.

use super::string::plain_prefix;

/// The most levels that one word of bits tells apart.
const LEVELS: usize = 64;

/// Whether `json` is one sound value, nested no deeper than `max_depth`, that
/// Go prints unchanged: no white space, and strings of ASCII with
/// nothing that HTML escaping changes and no escape by number. So Go itself writes nearly all of it.
///
/// `false` says nothing but that the scanner has to look.
pub(super) fn is_plain(json: &[u8], max_depth: usize) -> bool {
    check(json, max_depth.min(LEVELS)).is_some()
}

/// What is open; a bit for each level, the innermost lowest, set for an object.
struct Open {
    bits: u64,
    depth: usize,
    most: usize,
}

impl Open {
    #[inline]
    fn push(&mut self, object: bool) -> Option<()> {
        if self.depth >= self.most {
            return None;
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth = self.depth.wrapping_add(1);
        Some(())
    }

    #[inline]
    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth = self.depth.wrapping_sub(1);
    }
}

fn check(json: &[u8], most: usize) -> Option<()> {
    let mut open = Open {
        bits: 0,
        depth: 0,
        most,
    };
    let mut rest = json;
    loop {
        // A value is due.
        rest = match rest {
            [b'{', b'}', after @ ..] | [b'[', b']', after @ ..] if open.depth < most => after,
            [b'{', b'"', after @ ..] => {
                open.push(true)?;
                rest = key(after)?;
                continue;
            }
            [b'[', after @ ..] => {
                open.push(false)?;
                rest = after;
                continue;
            }
            [b'"', after @ ..] => string(after)?,
            [b't', b'r', b'u', b'e', after @ ..] => after,
            [b'f', b'a', b'l', b's', b'e', after @ ..] => after,
            [b'n', b'u', b'l', b'l', after @ ..] => after,
            _ => number(rest)?,
        };
        // A value has ended.
        loop {
            rest = match (rest, open.bits & 1 == 1) {
                ([], _) => return (open.depth == 0).then_some(()),
                _ if open.depth == 0 => return None,
                ([b',', b'"', after @ ..], true) => {
                    rest = key(after)?;
                    break;
                }
                ([b'}', after @ ..], true) | ([b']', after @ ..], false) => {
                    open.pop();
                    after
                }
                ([b',', after @ ..], false) => {
                    rest = after;
                    break;
                }
                _ => return None,
            };
        }
    }
}

/// After the opening quote of a member's name: what follows the colon.
#[inline]
fn key(text: &[u8]) -> Option<&[u8]> {
    string(text)?.strip_prefix(b":")
}

/// After the opening quote: what follows the closing one.
#[inline]
fn string(text: &[u8]) -> Option<&[u8]> {
    let mut text = text;
    loop {
        text = match text.get(plain_prefix(text)..)? {
            [b'"', rest @ ..] => return Some(rest),
            // The keys of FieldsV1 name list items by JSON: `k:{\"name\":\"app\"}`.
            [
                b'\\',
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                rest @ ..,
            ] => rest,
            _ => return None,
        };
    }
}

fn number(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let text = match text {
        [b'0', rest @ ..] => rest,
        _ => digits(text)?,
    };
    let text = match text {
        [b'.', rest @ ..] => digits(rest)?,
        _ => text,
    };
    match text {
        [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => digits(rest),
        _ => Some(text),
    }
}

/// At least one digit: what follows them.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    match text.split_at_checked(end.unwrap_or(text.len()))? {
        ([], _) => None,
        (_, rest) => Some(rest),
    }
}
