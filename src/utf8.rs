//! UTF-8 with Go's notion of what a bad byte is.
//!
//! Go's `utf8.DecodeRune` answers a sequence that is cut short, overlong, a
//! surrogate or above U+10FFFF with a width of **one**: each byte of it is bad
//! on its own. Rust's own lossy conversion makes one U+FFFD of several.

use std::borrow::Cow;

/// Length of the well-formed sequence that `bytes` begins with.
#[inline]
pub(crate) fn sequence(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x00..=0x7f, ..] => Some(1),
        [0xc2..=0xdf, 0x80..=0xbf, ..] => Some(2),
        [0xe0, 0xa0..=0xbf, 0x80..=0xbf, ..]
        | [0xe1..=0xec | 0xee | 0xef, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xed, 0x80..=0x9f, 0x80..=0xbf, ..] => Some(3),
        [0xf0, 0x90..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf1..=0xf3, 0x80..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf4, 0x80..=0x8f, 0x80..=0xbf, 0x80..=0xbf, ..] => Some(4),
        _ => None,
    }
}

/// Takes U+2028 or U+2029, which Go escapes for JavaScript's sake, off the front
/// of `bytes`: its last byte, and what comes after it.
#[inline]
pub(crate) fn split_line_separator(bytes: &[u8]) -> Option<(u8, &[u8])> {
    match bytes {
        [0xe2, 0x80, last @ (0xa8 | 0xa9), after @ ..] => Some((*last, after)),
        _ => None,
    }
}

/// `bytes` as text, each bad byte replaced by one U+FFFD. Borrowed if none is bad.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replace(bytes)),
    }
}

#[cold]
fn replace(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // Past its first byte a chunk's bad part holds continuation bytes only,
        // and those are bad alone too.
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_agrees_with_the_standard_library() {
        // Every three-byte prefix that can decide, followed by a continuation byte.
        // Miri is slow: a few of them.
        let step = if cfg!(miri) { 15 } else { 1 };
        for first in (0..=255u8).step_by(step) {
            for second in (0..=255u8).step_by(step) {
                for third in [0x00, 0x7f, 0x80, 0xbf, 0xc0] {
                    for fourth in [0x22, 0x80, 0xbf, 0xff] {
                        let bytes = [first, second, third, fourth];
                        let expected = (1..=4).find(|&n| std::str::from_utf8(&bytes[..n]).is_ok());
                        assert_eq!(sequence(&bytes), expected, "{bytes:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_bad_byte_is_one_replacement() {
        assert_eq!(
            lossy(b"a\xff\xe2\x80\"\xed\xa0\x80z"),
            "a\u{fffd}\u{fffd}\u{fffd}\"\u{fffd}\u{fffd}\u{fffd}z"
        );
        assert!(matches!(lossy("é\u{fffd}".as_bytes()), Cow::Borrowed(_)));
    }
}
