//! Provider `identity`: the value as it is, unless it says that it is encrypted.
//!
//! Source: `k8s.io/apiserver/pkg/storage/value/encrypt/identity/identity.go`.

/// What the API server logs when no rule of its configuration is for the
/// resource, or when it has no configuration, and the value is encrypted.
pub(super) const REFUSAL: &str = "identity transformer tried to read encrypted data";

/// What the API server logs when it takes `value` for plain and no decoder
/// knows it: the last decoder tries base64 (a leftover of etcd v2).
///
/// `None` where an earlier decoder recognises the first bytes and complains
/// itself, or where base64 could be read and something else fails.
pub(super) fn undecodable(value: &[u8]) -> Option<String> {
    let text = value.trim_ascii_start();
    let recognized = [&b"{"[..], b"k8s\0", b"\xd9\xd9\xf7"];
    if recognized.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    let offset = corrupt_base64(value)?;
    Some(format!("illegal base64 data at input byte {offset}"))
}

/// Where Go's `base64.StdEncoding` stops, as its `CorruptInputError` counts.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "`at` is at most the input's length, and above 0 where it is lowered"
)]
fn corrupt_base64(input: &[u8]) -> Option<usize> {
    let mut filled = 0;
    let mut at = 0;
    let skip = |mut at: usize| {
        while matches!(input.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        at
    };
    loop {
        at = skip(at);
        let Some(&byte) = input.get(at) else {
            // The quantum is not full; Go names its first byte.
            return (filled > 0).then_some(at - filled);
        };
        at += 1;
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => filled = (filled + 1) % 4,
            b'=' if filled < 2 => return Some(at - 1),
            b'=' => {
                if filled == 2 {
                    at = skip(at);
                    match input.get(at) {
                        None => return Some(input.len()),
                        Some(b'=') => at += 1,
                        Some(_) => return Some(at - 1),
                    }
                }
                at = skip(at);
                return (at < input.len()).then_some(at);
            }
            _ => return Some(at - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encrypted_value_taken_for_base64_stops_at_the_first_colon() {
        assert_eq!(
            undecodable(b"k8s:enc:aescbc:v1:key1:").as_deref(),
            Some("illegal base64 data at input byte 3")
        );
        assert_eq!(
            undecodable(b"k8s\x01\x0a").as_deref(),
            Some("illegal base64 data at input byte 3")
        );
        assert_eq!(undecodable(b"k8s\0\x0a"), None);
        assert_eq!(undecodable(b" {"), None);
    }

    /// Offsets printed by Go's `base64.StdEncoding.DecodeString`.
    #[test]
    fn base64_stops_where_go_stops() {
        for (input, offset) in [
            ("", None),
            ("QUJD", None),
            ("QUI=", None),
            ("QQ==", None),
            ("Q\nQ\r==\n", None),
            ("Q", Some(0)),
            ("QUJDQ", Some(4)),
            ("QUJDQUI", Some(4)),
            ("QQ=", Some(3)),
            ("QQ=a", Some(2)),
            ("QU\nJDQ\nUI", Some(6)),
            ("Q\nQ\n=", Some(5)),
            ("=", Some(0)),
            ("Q=", Some(1)),
            ("QUI=Q", Some(4)),
            ("QU:I", Some(2)),
        ] {
            assert_eq!(corrupt_base64(input.as_bytes()), offset, "{input:?}");
        }
    }
}
