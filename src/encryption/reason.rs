//! Why a value does not open, as a stable word and for people.

use std::fmt;

/// Why a value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// As many keys failed as [`Limits::keys_tried`](crate::Limits) allows.
    TooManyKeys,
    /// No key was given at all.
    NoKeys,
    /// The value ends within its header.
    HeaderCut,
    /// The value begins almost as an encrypted one does: its header was damaged.
    HeaderDamaged,
    /// The header names a provider, or a version, that Kubernetes does not have.
    UnknownProvider,
    /// No key of the provider has the name that the value goes on with.
    KeyNotConfigured,
    /// No KMS plugin was given that knows the wrapped key.
    KmsKeyUnknown,
    /// A KMS plugin knows the wrapped key and could not unwrap it.
    KmsUnwrapFailed,
    /// What a KMS plugin unwrapped is no key.
    UnusableKey,
    /// The value ends before its provider's layout does.
    Truncated,
    /// The value does not have its provider's layout.
    Malformed,
    /// The ciphertext is not a whole number of blocks.
    NotWholeBlocks,
    /// Unauthenticated bytes came out whose padding does not fit.
    WrongPadding,
    /// Unauthenticated bytes came out that are no stored value.
    NotRecognized,
    /// The value opens, but nothing authenticates it, and such values are
    /// [refused](crate::encryption::Keyring::refuse_unauthenticated).
    Unauthenticated,
    /// Wrong secret, changed bytes, or another etcd key than the value was
    /// written for.
    AuthenticationFailed,
}

impl Reason {
    /// The reason as it stands in reports: lower case, words joined by `-`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::TooManyKeys => "too-many-keys",
            Reason::NoKeys => "no-keys",
            Reason::HeaderCut => "header-cut",
            Reason::HeaderDamaged => "header-damaged",
            Reason::UnknownProvider => "unknown-provider",
            Reason::KeyNotConfigured => "key-not-configured",
            Reason::KmsKeyUnknown => "kms-key-unknown",
            Reason::KmsUnwrapFailed => "kms-unwrap-failed",
            Reason::UnusableKey => "unusable-key",
            Reason::Truncated => "truncated",
            Reason::Malformed => "malformed",
            Reason::NotWholeBlocks => "not-whole-blocks",
            Reason::WrongPadding => "wrong-padding",
            Reason::NotRecognized => "not-recognized",
            Reason::Unauthenticated => "unauthenticated",
            Reason::AuthenticationFailed => "authentication-failed",
        }
    }

    /// Of several reasons for one value the heaviest is told: the variants are
    /// in the order of how far they got.
    #[expect(clippy::as_conversions, reason = "the number of a variant")]
    pub(super) const fn weight(self) -> u8 {
        match self {
            // A wrong key seldom gets as far as this.
            Reason::NotRecognized => u8::MAX.saturating_sub(1),
            Reason::Unauthenticated => u8::MAX,
            other => other as u8,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
