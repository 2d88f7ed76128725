//! What a value says of its key's name, without a configuration.
//!
//! The name ends at a `:`, and may contain more of them. Only a KMS v2 provider's
//! name may not, so that it is told exactly. Of the others the longest is taken
//! that is printable and leaves a payload of a possible length; random bytes at
//! the beginning of a payload may look as if the name went on.

use crate::encryption::kms::v1;
use crate::encryption::{Provider, aescbc, aesgcm, secretbox};

/// Bytes in which a name is looked for.
const NAME_MAX: usize = 512;

/// A name that is told exactly, and the payload after it.
pub(super) fn exact_name(provider: Provider, rest: &[u8]) -> Option<(&str, &[u8])> {
    if provider != Provider::KmsV2 {
        return None;
    }
    let (name, payload) = splits(rest).next()?;
    (!name.is_empty()).then_some((name, payload))
}

/// The likeliest name.
pub(super) fn guess_name(provider: Provider, rest: &[u8]) -> Option<&str> {
    let named = || splits(rest).filter(|(name, _)| !name.is_empty());
    let fitting = named().filter(|(_, payload)| may_be_payload(provider, payload));
    // What is cut short or damaged may have any length.
    let (name, _) = fitting.last().or_else(|| named().last())?;
    Some(name)
}

/// What stands before and after each `:`, as long as that before it is printable.
fn splits(rest: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let text = printable(rest.get(..NAME_MAX).unwrap_or(rest));
    text.match_indices(':').filter_map(move |(at, _)| {
        let payload = rest.get(at.checked_add(1)?..)?;
        Some((text.get(..at)?, payload))
    })
}

/// The text that bytes begin with, up to what cannot be shown.
fn printable(bytes: &[u8]) -> &str {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    };
    let is_shown =
        |c: char| c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && c.is_alphanumeric());
    let end = text.find(|c| !is_shown(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn may_be_payload(provider: Provider, payload: &[u8]) -> bool {
    let length = payload.len();
    match provider {
        Provider::AesGcm => length >= aesgcm::NONCE.saturating_add(aesgcm::TAG),
        Provider::AesCbc => {
            length >= aescbc::BLOCK.saturating_mul(2) && length.is_multiple_of(aescbc::BLOCK)
        }
        Provider::Secretbox => length >= secretbox::NONCE.saturating_add(secretbox::TAG),
        Provider::KmsV1 => v1::is_possible(payload),
        Provider::KmsV2 => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(provider: Provider, name: &str, payload: &[u8]) -> Option<String> {
        let rest = [name.as_bytes(), b":", payload].concat();
        guess_name(provider, &rest).map(str::to_owned)
    }

    #[test]
    fn a_name_with_colons_is_guessed_whole() {
        let name = "aescbckey-2026-03-09T09:46:54+01:00";
        assert_eq!(
            guess(Provider::AesCbc, name, &[0x80; 48]).as_deref(),
            Some(name)
        );
        assert_eq!(
            guess(Provider::AesGcm, name, &[0; 28]).as_deref(),
            Some(name)
        );
        assert_eq!(
            guess(Provider::Secretbox, name, &[0xff; 40]).as_deref(),
            Some(name)
        );
        let v1 = [&[0, 4][..], &[9; 4], &[7; 60]].concat();
        assert_eq!(guess(Provider::KmsV1, name, &v1).as_deref(), Some(name));
        assert_eq!(
            guess(Provider::AesCbc, "Schl\u{fc}ssel:1", &[1; 32]).as_deref(),
            Some("Schl\u{fc}ssel:1")
        );
    }

    #[test]
    fn a_colon_in_the_payload_is_no_end_where_the_length_says_so() {
        let mut payload = *b"ab:..............................................";
        payload[3] = 0;
        assert_eq!(
            guess(Provider::AesCbc, "key1", &payload[..48]).as_deref(),
            Some("key1")
        );
        // Here it cannot be told, which is why it is a guess.
        assert_eq!(
            guess(Provider::AesGcm, "key1", &payload[..48]).as_deref(),
            Some("key1:ab")
        );
    }

    #[test]
    fn nothing_that_cannot_be_shown_is_guessed() {
        assert_eq!(guess(Provider::AesGcm, "a\u{202e}b", &[0; 28]), None);
        assert_eq!(guess(Provider::AesGcm, "a\nb", &[0; 28]), None);
        assert_eq!(guess(Provider::AesGcm, "", &[0; 28]), None);
        assert_eq!(guess_name(Provider::AesGcm, b"key1"), None);
        assert_eq!(
            exact_name(Provider::KmsV2, b"lab:x:y"),
            Some(("lab", &b"x:y"[..]))
        );
        assert_eq!(exact_name(Provider::AesGcm, b"lab:x:y"), None);
    }
}
