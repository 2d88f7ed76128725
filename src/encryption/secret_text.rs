//! Secrets out of text. What is decoded stands in one buffer, which is wiped: a
//! vector that grows leaves copies behind, and so does a decoder that fails.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Go's `base64.StdEncoding`: padding needed, left-over bits not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes hexadecimal; `None` if it is none.
pub(super) fn decode_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 2]);
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Decodes base64 as Go's decoder does, which passes over line ends; `None` if
/// it is none.
pub(super) fn decode_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    compact.extend(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(compact.len())]);
    let length = BASE64.decode_slice(&*compact, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_as_go_decodes_it() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("QUI=", Some(b"AB")),
            ("Q\nU\r\nI=\n", Some(b"AB")),
            ("QUJ=", Some(b"AB")),
            ("QUI", None),
            ("QU I=", None),
            ("QUJD_-", None),
        ] {
            assert_eq!(
                decode_base64(text).as_deref().map(Vec::as_slice),
                expected,
                "{text:?}"
            );
        }
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("0aFf", Some(b"\x0a\xff")),
            ("0", None),
            ("0g", None),
        ] {
            assert_eq!(
                decode_hex(text).as_deref().map(Vec::as_slice),
                expected,
                "{text:?}"
            );
        }
    }
}
