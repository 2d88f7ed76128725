//! Why one key did not open one payload: in our words, and in the API server's.

use std::borrow::Cow;

use crate::encryption::Reason;
use crate::encryption::aescbc::BLOCK;
use crate::error::{Category, Error};

/// Why one key did not open one payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Shorter than the least a provider writes. The API server says so itself
    /// only below `upstream` bytes, and fails on authentication above.
    TooShort {
        need: usize,
        have: usize,
        upstream: usize,
    },
    Authentication,
    SecretboxAuthentication,
    /// An AES-CBC ciphertext of so many bytes, not a multiple of 16.
    BlockSize(usize),
    /// An IV without ciphertext.
    NoCiphertext,
    /// The last byte is no length of padding.
    PaddingLength,
    /// The padding's bytes are not all the same.
    Padding,
    /// Unauthenticated bytes came out that are no stored value.
    NotRecognized {
        /// What the API server makes of the bytes, as far as it can be told.
        upstream: Option<String>,
    },
    /// A key of this length fits no AES.
    AesKeyLength(usize),
    /// A secretbox key of this length, not 32.
    SecretboxKeyLength(usize),
    /// A seed of this length, less than 32.
    SeedLength(usize),
    /// All of these failed, one after the other.
    All(Vec<Fault>),
}

impl Fault {
    pub(super) fn reason(&self) -> Reason {
        match self {
            Fault::TooShort { .. } | Fault::NoCiphertext => Reason::Truncated,
            Fault::Authentication | Fault::SecretboxAuthentication => Reason::AuthenticationFailed,
            Fault::BlockSize(_) => Reason::NotWholeBlocks,
            Fault::PaddingLength | Fault::Padding => Reason::WrongPadding,
            Fault::NotRecognized { .. } => Reason::NotRecognized,
            Fault::AesKeyLength(_) | Fault::SecretboxKeyLength(_) | Fault::SeedLength(_) => {
                Reason::UnusableKey
            }
            Fault::All(faults) => faults
                .iter()
                .map(Fault::reason)
                .max_by_key(|reason| reason.weight())
                .unwrap_or(Reason::AuthenticationFailed),
        }
    }

    /// What is wrong, in our words.
    pub(super) fn detail(&self) -> Cow<'static, str> {
        match self {
            Fault::TooShort { need, have, .. } => {
                format!("cut short: {have} bytes, need at least {need}").into()
            }
            Fault::Authentication | Fault::SecretboxAuthentication => "authentication fails".into(),
            Fault::BlockSize(length) => {
                format!("{length} bytes of ciphertext are not a multiple of {BLOCK}").into()
            }
            Fault::NoCiphertext => "cut short: no ciphertext after the IV".into(),
            Fault::PaddingLength => "the last byte is no length of padding".into(),
            Fault::Padding => "the bytes of the padding differ".into(),
            Fault::NotRecognized { .. } => {
                "the padding fits, but what comes out is no stored value".into()
            }
            Fault::AesKeyLength(length) => {
                format!("a key of {length} bytes, need 16, 24 or 32").into()
            }
            Fault::SecretboxKeyLength(length) => format!("a key of {length} bytes, need 32").into(),
            Fault::SeedLength(length) => {
                format!("a seed of {length} bytes, need at least 32").into()
            }
            Fault::All(faults) => {
                let details: Vec<_> = faults.iter().map(Fault::detail).collect();
                details.join("; ").into()
            }
        }
    }

    /// What the API server says, one message per failure; none where it would
    /// have taken the bytes for a value and stumbled later.
    pub(super) fn upstream(&self, log: &mut Vec<Cow<'static, str>>) {
        const SHORT: &str = "the stored data was shorter than the required size";
        const GCM: &str = "cipher: message authentication failed";
        log.push(match self {
            Fault::TooShort { have, upstream, .. } if have >= upstream => GCM.into(),
            Fault::TooShort { .. } => SHORT.into(),
            Fault::Authentication => GCM.into(),
            Fault::SecretboxAuthentication => {
                "output array was not large enough for encryption".into()
            }
            Fault::BlockSize(_) => "the stored data is not a multiple of the block size".into(),
            // Go's handler of requests catches the panic and logs it.
            Fault::NoCiphertext => "runtime error: index out of range [-1]".into(),
            Fault::PaddingLength => "invalid PKCS7 data (empty or not padded)".into(),
            Fault::Padding => "invalid padding on input".into(),
            Fault::NotRecognized { upstream } => match upstream {
                Some(message) => message.clone().into(),
                None => return,
            },
            Fault::AesKeyLength(length) => format!("crypto/aes: invalid key size {length}").into(),
            Fault::SecretboxKeyLength(length) => {
                format!("expected key size 32 for secretbox provider, got {length}").into()
            }
            Fault::SeedLength(length) => {
                format!("invalid seed length {length} used for key generation").into()
            }
            Fault::All(faults) => {
                for fault in faults {
                    fault.upstream(log);
                }
                return;
            }
        });
    }

    /// The fault as an error of one provider used alone.
    pub(super) fn into_error(self, what: &'static str) -> Error {
        let category = match self {
            Fault::AesKeyLength(_) | Fault::SecretboxKeyLength(_) | Fault::SeedLength(_) => {
                Category::Configuration
            }
            _ => Category::Decryption,
        };
        Error::new(category, what, self.detail())
    }
}

/// Several messages as Go's `errors.NewAggregate` prints them: each once, more
/// than one in brackets.
pub(super) fn aggregate(messages: &[Cow<'static, str>]) -> Option<String> {
    let mut distinct: Vec<&str> = Vec::new();
    for message in messages {
        if !distinct.contains(&message.as_ref()) {
            distinct.push(message);
        }
    }
    match distinct.as_slice() {
        [] => None,
        [message] => Some((*message).to_owned()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}
