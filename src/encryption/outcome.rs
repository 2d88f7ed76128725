//! What opening a value gives: the plaintext, or why there is none.

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

use crate::encryption::{Info, Provider, Reason};
use crate::error::Error;

/// A value that was opened, or was never encrypted.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened<'v> {
    /// The stored value without its encryption.
    pub plaintext: Plaintext<'v>,
    /// Provider, key and how the value fits the policy; empty for a plain value
    /// where plain is right.
    pub info: Info,
}

/// The bytes of a plaintext: those of the value itself where it was never
/// encrypted, else of a buffer that is wiped on drop.
pub enum Plaintext<'v> {
    /// The value is not encrypted.
    Stored(&'v [u8]),
    /// The value was opened.
    Decrypted(Zeroizing<Vec<u8>>),
}

impl Deref for Plaintext<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Plaintext::Stored(bytes) => bytes,
            Plaintext::Decrypted(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Plaintext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.len())
    }
}

/// Why a value does not open.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// Category `encrypted` where no key was given that could have been tried,
    /// else `decryption`; the reason in words, and the place in the value.
    pub error: Error,
    /// The reason as a stable word.
    pub reason: Reason,
    /// What the API server logs when it reads the value with the policy. `None`
    /// where it would not fail here, or cannot be told.
    pub api_server_message: Option<String>,
    /// What is known of the encryption all the same.
    pub info: Info,
}

impl Failure {
    /// Whether it is worth looking for another etcd key that the value was
    /// written for, with [`Keyring::find_moved`](crate::encryption::Keyring::find_moved).
    pub fn may_have_moved(&self) -> bool {
        self.reason == Reason::AuthenticationFailed
            && self.info.provider != Some(Provider::Secretbox.name())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(message) = &self.api_server_message {
            write!(f, " (API server: {message})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
