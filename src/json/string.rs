//! Strings. The hot path of printing: clean runs are found eight bytes at a
//! time and copied whole.

use crate::convert::to_usize;
use crate::utf8;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `bytes` as a JSON string in quotes, as Go's `appendString` with
/// HTML escaping. Each byte that is not UTF-8 becomes the six characters
/// `\ufffd`; returns whether there was one.
pub(crate) fn write_string(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    out.reserve(bytes.len().saturating_add(2));
    out.push(b'"');
    let clean = plain_prefix(bytes);
    let invalid = if clean == bytes.len() {
        out.extend_from_slice(bytes);
        false
    } else {
        write_escaped(out, bytes, clean)
    };
    out.push(b'"');
    invalid
}

/// `clean` bytes at the front are known to need nothing.
fn write_escaped(out: &mut Vec<u8>, bytes: &[u8], mut clean: usize) -> bool {
    let mut invalid = false;
    // Not yet written; `clean` bytes at its front need nothing.
    let mut rest = bytes;
    while let Some((before, special)) = rest.split_at_checked(clean) {
        (rest, clean) = match special {
            [byte @ ..0x80, after @ ..] => {
                out.extend_from_slice(before);
                escape_ascii(out, *byte);
                (after, 0)
            }
            [_, after @ ..] => {
                if let Some((last, after)) = utf8::split_line_separator(special) {
                    out.extend_from_slice(before);
                    escape_line_separator(out, last);
                    (after, 0)
                } else if let Some(length) = utf8::sequence(special) {
                    (rest, clean.saturating_add(length))
                } else {
                    invalid = true;
                    out.extend_from_slice(before);
                    out.extend_from_slice(b"\\ufffd");
                    (after, 0)
                }
            }
            [] => break,
        };
        let next = rest.get(clean..).unwrap_or_default();
        clean = clean.saturating_add(plain_prefix(next));
    }
    out.extend_from_slice(rest);
    invalid
}

/// The escape of one ASCII byte that needs one: a control character, `"`, `\`, `<`, `>`, `&`.
#[inline]
pub(super) fn escape_ascii(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'\n' => b'n',
        b'"' | b'\\' => byte,
        b'\t' => b't',
        b'\r' => b'r',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[hex_digit(byte >> 4), hex_digit(byte)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// `last` is the last byte of U+2028 or U+2029.
pub(super) fn escape_line_separator(out: &mut Vec<u8>, last: u8) {
    out.extend_from_slice(b"\\u202");
    out.push(hex_digit(last));
}

/// Of the low four bits.
#[inline]
fn hex_digit(bits: u8) -> u8 {
    let digit = HEX.get(usize::from(bits & 0xf));
    digit.copied().unwrap_or_default()
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the front are ASCII that stands for itself in a JSON
/// string: 0x20 to 0x7f without `"`, `\`, `<`, `>` and `&`.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    match bytes.split_at_checked(64) {
        None => plain_words(bytes),
        Some((head, rest)) => match plain_words(head) {
            64 => plain_blocks(rest).wrapping_add(64),
            plain => plain,
        },
    }
}

/// Long text in blocks, which compilers turn into vector instructions.
fn plain_blocks(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    let plain = blocks.iter().take_while(|block| is_plain_block(block));
    let start = plain.count().wrapping_mul(32);
    let words = plain_words(bytes.get(start..).unwrap_or_default());
    start.wrapping_add(words)
}

#[inline]
fn is_plain_block(block: &[u8; 32]) -> bool {
    let special = |byte: u8| {
        !(0x20..0x80).contains(&byte)
            | (byte == b'"')
            | (byte == b'\\')
            | (byte == b'<')
            | (byte == b'>')
            | (byte == b'&')
    };
    !block.iter().fold(false, |any, &byte| any | special(byte))
}

#[inline]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "what is counted are places in `bytes`, and its last 8 where there are 8"
)]
fn plain_words(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return index * 8 + to_usize(special.trailing_zeros()) / 8;
        }
    }
    if rest.is_empty() {
        return bytes.len();
    }
    // The last bytes again, so that they too are tested at once. What stands
    // before `rest` in them is plain.
    if let Some(word) = bytes.last_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*word));
        return match special {
            0 => bytes.len(),
            _ => bytes.len() - 8 + to_usize(special.trailing_zeros()) / 8,
        };
    }
    let plain = rest.iter().position(|&byte| is_special(byte));
    plain.unwrap_or(rest.len())
}

/// The high bit of the lowest byte that is not plain is set, and none below it.
/// (Borrows can set wrong bits, but only above a right one.)
#[inline]
fn special_bytes(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    // `"` and `&` differ in one bit only, `<` and `>` too.
    let quote_or_ampersand = zero((word | (ONES * 4)) ^ (ONES * 0x26));
    let less_or_greater = zero((word | (ONES * 2)) ^ (ONES * 0x3e));
    let backslash = zero(word ^ (ONES * 0x5c));
    (word | below_space | quote_or_ampersand | less_or_greater | backslash) & HIGHS
}

#[inline]
fn is_special(byte: u8) -> bool {
    matches!(SPECIAL.get(usize::from(byte)), Some(true))
}

#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "computed when it is compiled"
)]
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            byte < 0x20 || byte >= 0x80 || matches!(byte as u8, b'"' | b'\\' | b'<' | b'>' | b'&');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> (String, bool) {
        let mut out = Vec::new();
        let invalid = write_string(&mut out, bytes);
        (String::from_utf8(out).unwrap(), invalid)
    }

    #[test]
    fn every_byte_at_every_place_of_a_word() {
        // Miri is slow: a few of them.
        let step = if cfg!(miri) { 31 } else { 1 };
        for byte in (0..=255u8).step_by(step) {
            for length in 1..20 {
                for place in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let expected = if SPECIAL[usize::from(byte)] {
                        place
                    } else {
                        length
                    };
                    assert_eq!(plain_prefix(&bytes), expected, "{bytes:x?}");
                }
            }
        }
    }

    #[test]
    fn escapes() {
        let (text, invalid) = string(b"\0\x08\t\n\x0b\x0c\r\x1f \"\\/<>&\x7f");
        assert_eq!(
            text,
            r#""\u0000\b\t\n\u000b\f\r\u001f \"\\/\u003c\u003e\u0026"#.to_owned() + "\x7f\""
        );
        assert!(!invalid);
        let (text, invalid) = string("é\u{2027}\u{2028}\u{2029}\u{fffd}😀".as_bytes());
        assert_eq!(text, "\"é\u{2027}\\u2028\\u2029\u{fffd}😀\"");
        assert!(!invalid);
    }

    #[test]
    fn bad_bytes_are_replaced_one_by_one_and_told() {
        assert_eq!(
            string(b"a\xff\xe2\x80"),
            (r#""a\ufffd\ufffd\ufffd""#.into(), true)
        );
        assert_eq!(
            string(b"\xed\xa0\x80<"),
            (r#""\ufffd\ufffd\ufffd\u003c""#.into(), true)
        );
        assert_eq!(string(b""), ("\"\"".into(), false));
    }
}
