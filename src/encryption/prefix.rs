//! The head of an encrypted value, readable without any key.
//!
//! ```text
//! k8s:enc: aesgcm : v1 : key1 : nonce, ciphertext, tag
//! |-- header, by provider --|-name-|---- payload ----|
//! ```
//!
//! The header names the provider and the version of its layout. The name that
//! follows (of a key, or of a KMS provider) cannot be cut out of the value
//! without a configuration: it ends at a `:`, but may contain more of them.
//!
//! Source: `k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go`.

/// What every encrypted value begins with. `identity` refuses such values.
pub(super) const ENCRYPTED: &[u8; 8] = b"k8s:enc:";

/// Whether a stored value is encrypted: whether it begins with `k8s:enc:`.
pub fn is_encrypted(value: &[u8]) -> bool {
    // As one word, not a call of memcmp: every value passes here.
    value.first_chunk() == Some(ENCRYPTED)
}

/// An encryption provider together with the version of its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Provider {
    /// AES-CBC, unauthenticated.
    AesCbc,
    /// AES-GCM, the etcd key authenticated.
    AesGcm,
    /// XSalsa20-Poly1305.
    Secretbox,
    /// A data encryption key of its own for each value, wrapped by a KMS.
    KmsV1,
    /// A data encryption key, or a seed of such keys, wrapped by a KMS.
    KmsV2,
}

impl Provider {
    /// All providers that Kubernetes has ever had, `identity` excepted.
    pub const ALL: [Provider; 5] = [
        Provider::AesCbc,
        Provider::AesGcm,
        Provider::Secretbox,
        Provider::KmsV1,
        Provider::KmsV2,
    ];

    /// The provider's name in an EncryptionConfiguration.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::AesCbc => "aescbc",
            Provider::AesGcm => "aesgcm",
            Provider::Secretbox => "secretbox",
            Provider::KmsV1 | Provider::KmsV2 => "kms",
        }
    }

    /// The version that the header says: `v1`, or `v2` for the second KMS layout.
    pub const fn version(self) -> &'static str {
        match self {
            Provider::KmsV2 => "v2",
            _ => "v1",
        }
    }

    /// The header with which the provider's values begin.
    pub const fn header(self) -> &'static str {
        match self {
            Provider::AesCbc => "k8s:enc:aescbc:v1:",
            Provider::AesGcm => "k8s:enc:aesgcm:v1:",
            Provider::Secretbox => "k8s:enc:secretbox:v1:",
            Provider::KmsV1 => "k8s:enc:kms:v1:",
            Provider::KmsV2 => "k8s:enc:kms:v2:",
        }
    }

    /// Whether keys come from a KMS plugin.
    pub const fn is_kms(self) -> bool {
        matches!(self, Provider::KmsV1 | Provider::KmsV2)
    }

    /// Whether the etcd key is authenticated with the value, so that a value
    /// moved to another key no longer opens.
    pub const fn authenticates_etcd_key(self) -> bool {
        matches!(self, Provider::AesGcm | Provider::KmsV1 | Provider::KmsV2)
    }
}

/// The head of an encrypted value.
///
/// ```
/// use k8s_etcd::encryption::{Prefix, Provider};
///
/// let prefix = Prefix::parse(b"k8s:enc:aesgcm:v1:key1:\x01\x02\x03").unwrap();
/// assert_eq!(prefix.provider(), Some(Provider::AesGcm));
/// assert_eq!(prefix.header(), "k8s:enc:aesgcm:v1:");
/// assert_eq!(prefix.rest(), b"key1:\x01\x02\x03");
///
/// assert!(Prefix::parse(b"k8s\0\x0a\x0f").is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix<'v> {
    provider: Option<Provider>,
    header: &'v str,
    rest: &'v [u8],
    cut: bool,
}

/// The header of an unknown provider is shown up to this many bytes.
const UNKNOWN_HEADER_MAX: usize = 64;

impl<'v> Prefix<'v> {
    /// Parses the head of a stored value. `None` if the value is not encrypted.
    pub fn parse(value: &'v [u8]) -> Option<Prefix<'v>> {
        if !is_encrypted(value) {
            return None;
        }
        for provider in Provider::ALL {
            if let Some(rest) = value.strip_prefix(provider.header().as_bytes()) {
                return Some(Prefix {
                    provider: Some(provider),
                    header: provider.header(),
                    rest,
                    cut: false,
                });
            }
        }
        let length = unknown_header_length(value);
        let (header, rest) = value.split_at_checked(length).unwrap_or((value, &[]));
        Some(Prefix {
            provider: None,
            header: std::str::from_utf8(header).unwrap_or_default(),
            rest,
            cut: is_cut(value),
        })
    }

    /// The provider, if it is one that Kubernetes has.
    pub fn provider(&self) -> Option<Provider> {
        self.provider
    }

    /// The header: through the version's `:`. Of a provider that Kubernetes
    /// does not have, as far as it looks like one.
    pub fn header(&self) -> &'v str {
        self.header
    }

    /// What follows the header: a name, `:`, the payload.
    pub fn rest(&self) -> &'v [u8] {
        self.rest
    }

    /// Whether the value ends within its header.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// Whether `value` is the beginning of a header, and nothing more.
fn is_cut(value: &[u8]) -> bool {
    Provider::ALL.iter().any(|provider| {
        let header = provider.header().as_bytes();
        value.len() < header.len() && header.starts_with(value)
    })
}

/// Length of a header as unknown providers might have it: printable bytes
/// through the second `:` after `k8s:enc:`.
fn unknown_header_length(value: &[u8]) -> usize {
    let mut colons = 0_usize;
    let mut length = 0_usize;
    for &byte in value.iter().take(UNKNOWN_HEADER_MAX) {
        if !byte.is_ascii_graphic() {
            break;
        }
        length = length.saturating_add(1);
        if byte == b':' {
            colons = colons.saturating_add(1);
            if colons == 4 {
                break;
            }
        }
    }
    length
}

/// How the beginning of a value that is not encrypted resembles a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// The value ends within a header.
    Cut,
    /// A whole header, in which bytes are changed; the offset of the first one.
    Changed(usize),
    /// A header from which bytes are missing, and where.
    Lost(usize),
}

/// Bytes of the longest header, `secretbox`'s.
const HEADER_MAX: usize = 21;

/// Bytes that may be changed for a header, of 15 at least, to be still one.
const CHANGED_MAX: usize = 3;

/// Bytes of a header that must be there around those that are missing, and of
/// them after.
const REMAINS_MIN: usize = 8;
const REMAINS_AFTER_MIN: usize = 3;

/// Looks for a header that was damaged so that the value no longer begins with
/// `k8s:enc:`: up to three bytes changed, bytes lost at one place, or the value
/// cut short.
pub(super) fn damaged_header(value: &[u8]) -> Option<Damage> {
    if value.is_empty() || is_encrypted(value) {
        return None;
    }
    if is_cut(value) {
        return Some(Damage::Cut);
    }
    // A header has four colons, of which one at least is left in what it takes.
    // Of plain values few have any so early, and all must pass here.
    if !value.iter().take(HEADER_MAX).any(|&byte| byte == b':') {
        return None;
    }
    Provider::ALL.iter().find_map(|provider| {
        let header = provider.header().as_bytes();
        let same = value.iter().zip(header).take_while(|(a, b)| a == b).count();
        let changed = value.iter().zip(header).filter(|(a, b)| a != b).count();
        if value.len() >= header.len() && changed <= CHANGED_MAX {
            return Some(Damage::Changed(same));
        }
        let resumes_at = |resumes| {
            let remains = header.get(resumes..).unwrap_or_default();
            remains.len() >= REMAINS_AFTER_MIN
                && same.saturating_add(remains.len()) >= REMAINS_MIN
                && value.get(same..).is_some_and(|v| v.starts_with(remains))
        };
        (same.saturating_add(1)..header.len())
            .any(resumes_at)
            .then_some(Damage::Lost(same))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_to_a_header_is_seen() {
        for provider in Provider::ALL {
            let value = format!("{}key1:", provider.header()).into_bytes();
            for at in 0..ENCRYPTED.len() {
                let mut changed = value.clone();
                changed[at] ^= 0x15;
                assert_eq!(damaged_header(&changed), Some(Damage::Changed(at)));
                assert!(damaged_header(&value[..at + 1]).is_some() || at + 1 == ENCRYPTED.len());
                let mut lost = value.clone();
                lost.remove(at);
                assert!(matches!(damaged_header(&lost), Some(Damage::Lost(_))));
            }
        }
    }

    #[test]
    fn sound_values_are_not_taken_for_damaged_ones() {
        for value in [
            &b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace"[..],
            b"{\"kind\":\"Secret\"}",
            b"\xd9\xd9\xf7\xa3",
            b"1234",
            b"",
            b"k8s:enc:aescbc:v1:key1:",
        ] {
            assert_eq!(damaged_header(value), None);
        }
    }
}
