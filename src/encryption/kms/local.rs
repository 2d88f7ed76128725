use std::fmt;

use zeroize::Zeroizing;

use crate::encryption::secret_text::decode_hex;
use crate::encryption::{KmsError, KmsPlugin, Provider, WrappedKey, aesgcm};
use crate::error::{Category, Error, Result};

/// A KMS that is one AES key in memory: wraps with AES-GCM.
///
/// ```text
/// v1: key id | ":" | nonce 12 | ciphertext | tag 16
/// v2:                nonce 12 | ciphertext | tag 16   the key id authenticated
/// ```
///
/// With v1 a key is its own if the wrapped bytes begin with its id and a `:`,
/// with v2 if the stored key id is its id.
///
/// ```
/// use k8s_etcd::encryption::LocalKms;
///
/// let kms = LocalKms::parse(&format!("kek-1={}", "00".repeat(32)))?;
/// assert_eq!(kms.key_id(), "kek-1");
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct LocalKms {
    key_id: String,
    key: aesgcm::Key,
}

impl LocalKms {
    /// A key of 16, 24 or 32 bytes under an id.
    ///
    /// # Errors
    /// Category `configuration` for any other length.
    pub fn new(key_id: impl Into<String>, key: &[u8]) -> Result<LocalKms> {
        Ok(LocalKms {
            key_id: key_id.into(),
            key: aesgcm::Key::new(key)?,
        })
    }

    /// Parses `ID=HEX`. The id may hold `=`, the last one divides.
    ///
    /// # Errors
    /// Category `configuration` if there is no `=`, or no key of 16, 24 or 32
    /// bytes in hexadecimal behind it.
    pub fn parse(text: &str) -> Result<LocalKms> {
        let wrong =
            |detail: &'static str| Error::new(Category::Configuration, "local KMS key", detail);
        let (key_id, key) = text
            .rsplit_once('=')
            .ok_or_else(|| wrong("no '=', need ID=HEX"))?;
        let key = decode_hex(key).ok_or_else(|| wrong("no hexadecimal after '=', need ID=HEX"))?;
        LocalKms::new(key_id, &key)
    }

    /// The id.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Wraps a DEK or seed for a KMS version, under a nonce that the caller
    /// never uses twice with this key.
    ///
    /// # Errors
    /// As [`aesgcm::Key::seal`]; category `configuration` if `provider` is no KMS.
    pub fn wrap(
        &self,
        provider: Provider,
        nonce: &[u8; aesgcm::NONCE],
        dek: &[u8],
    ) -> Result<Vec<u8>> {
        match provider {
            Provider::KmsV1 => {
                let sealed = self.key.seal(nonce, &[], dek)?;
                Ok([self.key_id.as_bytes(), b":", &sealed].concat())
            }
            Provider::KmsV2 => self.key.seal(nonce, self.key_id.as_bytes(), dek),
            other => Err(Error::new(
                Category::Configuration,
                "local KMS key",
                format!("{} is no KMS", other.name()),
            )),
        }
    }
}

impl KmsPlugin for LocalKms {
    fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
        let (sealed, authenticated_data) = match key.provider {
            Provider::KmsV1 => {
                let sealed = key.wrapped.strip_prefix(self.key_id.as_bytes())?;
                (sealed.strip_prefix(b":")?, &[][..])
            }
            _ if key.key_id == Some(&self.key_id) => (key.wrapped, self.key_id.as_bytes()),
            _ => return None,
        };
        let opened = self.key.open(sealed, authenticated_data);
        Some(opened.map_err(|error| KmsError::new(error.detail())))
    }
}

impl fmt::Debug for LocalKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalKms({:?}, redacted)", self.key_id)
    }
}
