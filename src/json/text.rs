//! A string as it stands between its quotes in JSON text.

use crate::utf8;
use std::borrow::Cow;

/// The bytes between the quotes, which a [`Scanner`](super::Scanner) has found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// Escapes not yet resolved, bad UTF-8 not yet replaced.
    pub(crate) raw: &'a [u8],
    /// ASCII without escapes and without what HTML escaping changes.
    pub(super) plain: bool,
    /// Some byte is not UTF-8.
    pub(crate) invalid_utf8: bool,
}

impl<'a> Text<'a> {
    /// The text that is meant, as Go's `unquote`: escapes resolved, each bad byte
    /// and each lone surrogate replaced by one U+FFFD. Borrowed where nothing changes.
    pub(crate) fn decode(&self) -> Cow<'a, str> {
        if self.plain || !self.raw.contains(&b'\\') {
            return utf8::lossy(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.iter().position(|&byte| byte == b'\\')
            && let Some((before, [_, after @ ..])) = rest.split_at_checked(at)
        {
            text.push_str(&utf8::lossy(before));
            rest = after;
            let Some((&code, after)) = rest.split_first() else {
                break;
            };
            rest = after;
            text.push(match code {
                b'b' => '\x08',
                b'f' => '\x0c',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => take_code_point(&mut rest),
                // `"`, `\` and `/`; the scanner lets no other through.
                other => char::from(other),
            });
        }
        text.push_str(&utf8::lossy(rest));
        Cow::Owned(text)
    }

    /// Whether the text that is meant is `text`.
    pub(crate) fn is(&self, text: &str) -> bool {
        // Escapes only make it longer.
        self.raw == text.as_bytes() || (self.raw.len() > text.len() && self.decode() == text)
    }
}

/// `rest` begins after `\u`. Takes the second half of a surrogate pair too.
fn take_code_point(rest: &mut &[u8]) -> char {
    let first = take_hex4(rest);
    if let Some(one) = char::from_u32(first) {
        return one;
    }
    if let Some(mut after) = rest.strip_prefix(b"\\u") {
        let second = take_hex4(&mut after);
        if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) {
            *rest = after;
            #[expect(
                clippy::arithmetic_side_effects,
                reason = "both are in the ranges above"
            )]
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::REPLACEMENT_CHARACTER
}

fn take_hex4(rest: &mut &[u8]) -> u32 {
    let Some((digits, after)) = rest.split_first_chunk::<4>() else {
        *rest = &[];
        return u32::from(char::REPLACEMENT_CHARACTER);
    };
    *rest = after;
    digits.iter().fold(0, |code, &digit| {
        (code << 4) | char::from(digit).to_digit(16).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &[u8]) -> String {
        let text = Text {
            raw,
            plain: false,
            invalid_utf8: false,
        };
        text.decode().into_owned()
    }

    #[test]
    fn escapes_surrogates_and_bad_bytes() {
        assert_eq!(decode(br#"a\"\\\/\b\f\n\r\tz"#), "a\"\\/\x08\x0c\n\r\tz");
        assert_eq!(decode(br"\u00e9\u2028\uD83D\ude00"), "é\u{2028}😀");
        assert_eq!(
            decode(br"\ud83dx\ude00\ud83d\u0041"),
            "\u{fffd}x\u{fffd}\u{fffd}A"
        );
        assert_eq!(decode(br"\ud83d\ud83d\ude00"), "\u{fffd}😀");
        assert_eq!(decode(b"\\n\xff\xe2\x80"), "\n\u{fffd}\u{fffd}\u{fffd}");
    }
}
