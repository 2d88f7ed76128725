//! Why one key did not open one payload: in our words, and in the API server's.

use std::borrow::Cow;
use std::collections::HashSet;

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
    /// A stored value came out that nothing authenticates, and that is refused.
    Unauthenticated,
    /// A key of this length fits no AES.
    AesKeyLength(usize),
    /// A secretbox key of this length, not 32.
    SecretboxKeyLength(usize),
    /// A seed of this length, less than 32.
    SeedLength(usize),
    /// KMS v1 data opened neither with AES-GCM nor, as before 1.25, with AES-CBC.
    GcmThenCbc(Box<[Fault; 2]>),
    /// A KMS v1 payload of this length ends within its wrapped DEK.
    WrappedKeyCut {
        have: usize,
    },
    /// A KMS v2 payload is no EncryptedObject as the API server takes it.
    EncryptedObject {
        detail: String,
        cut: bool,
        upstream: String,
    },
    /// No plugin, of so many, says that the wrapped key is its own.
    KmsKeyUnknown {
        plugins: usize,
        key_id: Option<String>,
    },
    /// A plugin could not unwrap its own key.
    KmsUnwrap {
        v2: bool,
        message: String,
    },
}

/// What the API server does where we fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Upstream {
    /// It fails as well, and logs these messages.
    Fails(Vec<Cow<'static, str>>),
    /// It panics, which ends the request: no other key is tried.
    Panics(&'static str),
    /// It takes the bytes for a value. What it logs when it decodes them, as
    /// far as that can be told.
    Passes(Option<String>),
    /// It asks its KMS, whose answer cannot be told.
    Unknown,
}

impl Fault {
    pub(super) fn reason(&self) -> Reason {
        match self {
            Fault::TooShort { .. } | Fault::NoCiphertext => Reason::Truncated,
            Fault::Authentication | Fault::SecretboxAuthentication => Reason::AuthenticationFailed,
            Fault::BlockSize(_) => Reason::NotWholeBlocks,
            Fault::PaddingLength | Fault::Padding => Reason::WrongPadding,
            Fault::NotRecognized { .. } => Reason::NotRecognized,
            Fault::Unauthenticated => Reason::Unauthenticated,
            Fault::AesKeyLength(_) | Fault::SecretboxKeyLength(_) | Fault::SeedLength(_) => {
                Reason::UnusableKey
            }
            // What the newer form says is the likelier.
            Fault::GcmThenCbc(both) => match both.each_ref().map(Fault::reason) {
                [_, Reason::NotRecognized] => Reason::NotRecognized,
                [gcm, _] => gcm,
            },
            Fault::WrappedKeyCut { .. } | Fault::EncryptedObject { cut: true, .. } => {
                Reason::Truncated
            }
            Fault::EncryptedObject { cut: false, .. } => Reason::Malformed,
            Fault::KmsKeyUnknown { .. } => Reason::KmsKeyUnknown,
            Fault::KmsUnwrap { .. } => Reason::KmsUnwrapFailed,
        }
    }

    /// Of a KMS value: whether a plugin said that the wrapped key is its own.
    pub(super) fn shows_a_known_key(&self) -> bool {
        !matches!(
            self,
            Fault::KmsKeyUnknown { .. }
                | Fault::WrappedKeyCut { .. }
                | Fault::EncryptedObject { .. }
        )
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
            Fault::Unauthenticated => {
                "it opens with AES-CBC, which authenticates nothing, and such values are refused"
                    .into()
            }
            Fault::AesKeyLength(length) => {
                format!("a key of {length} bytes, need 16, 24 or 32").into()
            }
            Fault::SecretboxKeyLength(length) => format!("a key of {length} bytes, need 32").into(),
            Fault::SeedLength(length) => {
                format!("a seed of {length} bytes, need at least 32").into()
            }
            Fault::GcmThenCbc(both) => {
                let [gcm, cbc] = both.each_ref().map(Fault::detail);
                format!("{gcm}; nor is it AES-CBC of before 1.25: {cbc}").into()
            }
            Fault::WrappedKeyCut { have } => {
                format!("cut short: the wrapped DEK ends past the payload's {have} bytes").into()
            }
            Fault::EncryptedObject { detail, .. } => format!("no EncryptedObject: {detail}").into(),
            Fault::KmsKeyUnknown { plugins, key_id } => {
                let plugins = match plugins {
                    0 => "no KMS plugin was given".to_owned(),
                    1 => "the KMS plugin does not know the wrapped key".to_owned(),
                    n => format!("none of {n} KMS plugins knows the wrapped key"),
                };
                match key_id {
                    Some(key_id) => format!("{plugins}; key id {key_id:?}").into(),
                    None => plugins.into(),
                }
            }
            Fault::KmsUnwrap { message, .. } => {
                format!("the KMS plugin cannot unwrap the key: {message}").into()
            }
        }
    }

    /// What the API server does in the same place.
    pub(super) fn upstream(&self) -> Upstream {
        const SHORT: &str = "the stored data was shorter than the required size";
        const GCM: &str = "cipher: message authentication failed";
        let message: Cow<'static, str> = match self {
            Fault::TooShort { have, upstream, .. } if have >= upstream => GCM.into(),
            Fault::TooShort { .. } => SHORT.into(),
            Fault::Authentication => GCM.into(),
            Fault::SecretboxAuthentication => {
                "output array was not large enough for encryption".into()
            }
            Fault::BlockSize(_) => "the stored data is not a multiple of the block size".into(),
            Fault::NoCiphertext => {
                return Upstream::Panics("runtime error: index out of range [-1]");
            }
            Fault::PaddingLength => "invalid PKCS7 data (empty or not padded)".into(),
            Fault::Padding => "invalid padding on input".into(),
            Fault::NotRecognized { upstream } => return Upstream::Passes(upstream.clone()),
            Fault::Unauthenticated => return Upstream::Passes(None),
            Fault::AesKeyLength(length) => format!("crypto/aes: invalid key size {length}").into(),
            Fault::SecretboxKeyLength(length) => {
                format!("expected key size 32 for secretbox provider, got {length}").into()
            }
            Fault::SeedLength(length) => {
                format!("invalid seed length {length} used for key generation").into()
            }
            Fault::GcmThenCbc(both) => return both_upstream(both),
            Fault::WrappedKeyCut { .. } => "invalid data encountered by envelope transformer: \
                failed to read uint16 length prefixed data"
                .into(),
            Fault::EncryptedObject { upstream, .. } => upstream.clone().into(),
            Fault::KmsKeyUnknown { .. } => return Upstream::Unknown,
            Fault::KmsUnwrap { v2: true, message } => {
                format!("failed to decrypt DEK, error: {message}").into()
            }
            Fault::KmsUnwrap { v2: false, message } => message.clone().into(),
        };
        Upstream::Fails(vec![message])
    }

    /// What the API server logs if this is all that goes wrong.
    pub(super) fn message(&self) -> Option<String> {
        match self.upstream() {
            Upstream::Fails(messages) => aggregate(&messages),
            Upstream::Panics(message) => Some(message.to_owned()),
            Upstream::Passes(_) | Upstream::Unknown => None,
        }
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

fn both_upstream(both: &[Fault; 2]) -> Upstream {
    let mut messages = Vec::new();
    for fault in both {
        match fault.upstream() {
            Upstream::Fails(more) => messages.extend(more),
            other => return other,
        }
    }
    Upstream::Fails(messages)
}

/// Several messages as Go's `errors.NewAggregate` prints them: each once, more
/// than one in brackets.
pub(super) fn aggregate(messages: &[Cow<'static, str>]) -> Option<String> {
    let mut seen = HashSet::new();
    let distinct: Vec<&str> = messages
        .iter()
        .map(Cow::as_ref)
        .filter(|message| seen.insert(*message))
        .collect();
    match distinct.as_slice() {
        [] => None,
        [message] => Some((*message).to_owned()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}
