//! Provider `aesgcm`, and the data encryption of both KMS layouts.
//!
//! ```text
//! nonce 12 | ciphertext, as long as the plaintext | tag 16
//! ```
//!
//! The etcd key is authenticated with the value.
//!
//! Source: `k8s.io/apiserver/pkg/storage/value/encrypt/aes/aes.go`.

use std::fmt;

use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm};
use zeroize::Zeroizing;

use crate::encryption::fault::Fault;
use crate::error::{Error, Result};

type Aes192Gcm = AesGcm<aes::Aes192, U12>;

/// Bytes of the nonce, with which the payload begins.
pub const NONCE: usize = 12;

/// Bytes of the tag, with which the payload ends.
pub const TAG: usize = 16;

/// A key of 16, 24 or 32 bytes, its schedule computed. Wiped on drop.
///
/// ```
/// use k8s_etcd::encryption::aesgcm::Key;
///
/// let key = Key::new(&[7; 32])?;
/// let payload = key.seal(&[1; 12], b"/registry/secrets/default/a", b"k8s\0...")?;
/// assert_eq!(*key.open(&payload, b"/registry/secrets/default/a")?, b"k8s\0...");
/// assert!(key.open(&payload, b"/registry/secrets/default/b").is_err());
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct Key(Cipher);

// The schedules are large; a keyring holds many keys of different kinds.
enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<Aes192Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Key {
    /// A key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// Category `configuration` for any other length.
    pub fn new(key: &[u8]) -> Result<Key> {
        Key::try_new(key).map_err(|fault| fault.into_error("AES-GCM key"))
    }

    pub(super) fn try_new(key: &[u8]) -> Result<Key, Fault> {
        let unusable = |_| Fault::AesKeyLength(key.len());
        Ok(Key(match key.len() {
            16 => Cipher::Aes128(Box::new(Aes128Gcm::new_from_slice(key).map_err(unusable)?)),
            24 => Cipher::Aes192(Box::new(Aes192Gcm::new_from_slice(key).map_err(unusable)?)),
            32 => Cipher::Aes256(Box::new(Aes256Gcm::new_from_slice(key).map_err(unusable)?)),
            length => return Err(Fault::AesKeyLength(length)),
        }))
    }

    /// Opens a payload: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// Category `decryption` if the payload is shorter than nonce and tag, or
    /// if authentication fails.
    pub fn open(&self, payload: &[u8], authenticated_data: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.try_open(payload, authenticated_data)
            .map_err(|fault| fault.into_error("AES-GCM payload"))
    }

    pub(super) fn try_open(
        &self,
        payload: &[u8],
        authenticated_data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (nonce, ciphertext, tag) = split(payload).ok_or(Fault::TooShort {
            need: NONCE + TAG,
            have: payload.len(),
            upstream: NONCE,
        })?;
        let (nonce, tag) = (&Array(*nonce), &Array(*tag));
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let buffer = plaintext.as_mut_slice().into();
        match &self.0 {
            Cipher::Aes128(c) => c.decrypt_inout_detached(nonce, authenticated_data, buffer, tag),
            Cipher::Aes192(c) => c.decrypt_inout_detached(nonce, authenticated_data, buffer, tag),
            Cipher::Aes256(c) => c.decrypt_inout_detached(nonce, authenticated_data, buffer, tag),
        }
        .map_err(|_| Fault::Authentication)?;
        Ok(plaintext)
    }

    /// Seals a plaintext under a nonce that the caller never uses twice with
    /// this key.
    ///
    /// # Errors
    /// Category `limit` for a plaintext of 64 GiB or more, which AES-GCM cannot hold.
    pub fn seal(
        &self,
        nonce: &[u8; NONCE],
        authenticated_data: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>> {
        let mut payload = Vec::with_capacity(plaintext.len().saturating_add(NONCE + TAG));
        payload.extend_from_slice(nonce);
        payload.extend_from_slice(plaintext);
        let nonce = &Array(*nonce);
        let buffer = payload.get_mut(NONCE..).unwrap_or_default().into();
        let tag = match &self.0 {
            Cipher::Aes128(c) => c.encrypt_inout_detached(nonce, authenticated_data, buffer),
            Cipher::Aes192(c) => c.encrypt_inout_detached(nonce, authenticated_data, buffer),
            Cipher::Aes256(c) => c.encrypt_inout_detached(nonce, authenticated_data, buffer),
        }
        .map_err(|_| Error::limit("AES-GCM plaintext", "longer than AES-GCM can seal"))?;
        payload.extend_from_slice(&tag);
        Ok(payload)
    }
}

fn split(payload: &[u8]) -> Option<(&[u8; NONCE], &[u8], &[u8; TAG])> {
    let (nonce, rest) = payload.split_first_chunk()?;
    let (ciphertext, tag) = rest.split_last_chunk()?;
    Some((nonce, ciphertext, tag))
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("aesgcm::Key(redacted)")
    }
}
