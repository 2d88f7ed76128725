//! From bytes to text: UTF-8, or UTF-16 behind a byte order mark.

use zeroize::Zeroizing;

/// The text of a stream, up to the first character that goyaml does not read.
#[derive(Debug, Clone, Copy)]
pub(in crate::yaml) struct Source<'a> {
    pub(super) text: &'a str,
    /// Bytes of a raw UTF-16 unit; 1 for UTF-8.
    pub(super) unit: usize,
    /// Bytes of the byte order mark before the text.
    pub(super) mark: usize,
    /// Bytes of the whole stream.
    pub(super) length: usize,
    /// What ends the text early.
    pub(super) bad: Option<Bad>,
}

/// A character that is none. It is seen once `width` bytes of it are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bad {
    pub(super) width: usize,
    pub(super) problem: &'static str,
}

const CONTROL: &str = "a control character";
const NOT_UTF8: &str = "bytes that are not UTF-8";
const NOT_UTF16: &str = "bytes that are not UTF-16";

impl<'a> Source<'a> {
    /// UTF-16 is turned to UTF-8 in `room`.
    pub(in crate::yaml) fn new(bytes: &'a [u8], room: &'a mut Zeroizing<String>) -> Source<'a> {
        match bytes {
            [0xff, 0xfe, units @ ..] => Source::utf16(bytes, units, u16::from_le_bytes, room),
            [0xfe, 0xff, units @ ..] => Source::utf16(bytes, units, u16::from_be_bytes, room),
            _ => Source::utf8(bytes),
        }
    }

    pub(in crate::yaml) fn utf8(bytes: &'a [u8]) -> Source<'a> {
        let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let (mut text, mut bad) = match std::str::from_utf8(rest) {
            Ok(text) => (text, None),
            Err(error) => {
                let (valid, after) = rest
                    .split_at_checked(error.valid_up_to())
                    .unwrap_or_default();
                let width = match after.first() {
                    Some(0xc0..=0xdf) => 2,
                    Some(0xe0..=0xef) => 3,
                    Some(0xf0..=0xf7) => 4,
                    _ => 1,
                };
                let bad = Bad {
                    width,
                    problem: NOT_UTF8,
                };
                (std::str::from_utf8(valid).unwrap_or_default(), Some(bad))
            }
        };
        if let Some((at, character)) = text.char_indices().find(|&(_, c)| !is_allowed(c)) {
            text = text.get(..at).unwrap_or_default();
            bad = Some(Bad {
                width: character.len_utf8(),
                problem: CONTROL,
            });
        }
        Source {
            text,
            unit: 1,
            mark: bytes.len().saturating_sub(rest.len()),
            length: bytes.len(),
            bad,
        }
    }

    fn utf16(
        bytes: &[u8],
        units: &[u8],
        unit: fn([u8; 2]) -> u16,
        text: &'a mut Zeroizing<String>,
    ) -> Source<'a> {
        let (pairs, odd) = units.as_chunks::<2>();
        // A unit of two bytes is a character of three at most.
        **text = String::with_capacity(units.len().saturating_mul(2));
        let mut bad = None;
        let mut characters = char::decode_utf16(pairs.iter().map(|&pair| unit(pair)));
        for character in characters.by_ref() {
            match character {
                Ok(character) if is_allowed(character) => text.push(character),
                Ok(character) => {
                    bad = Some(Bad {
                        width: character.len_utf16().saturating_mul(2),
                        problem: CONTROL,
                    });
                    break;
                }
                Err(error) => {
                    let width = match error.unpaired_surrogate() {
                        0xd800..=0xdbff => 4,
                        _ => 2,
                    };
                    bad = Some(Bad {
                        width,
                        problem: NOT_UTF16,
                    });
                    break;
                }
            }
        }
        if bad.is_none() && !odd.is_empty() {
            bad = Some(Bad {
                width: 2,
                problem: NOT_UTF16,
            });
        }
        Source {
            text,
            unit: 2,
            mark: 2,
            length: bytes.len(),
            bad,
        }
    }
}

/// YAML 1.1's printable characters without U+FEFF's exception: it is one inside.
fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
            | '\u{10000}'..='\u{10ffff}'
    )
}
