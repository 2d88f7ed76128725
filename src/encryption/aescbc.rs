//! Provider `aescbc`, and the data encryption of KMS v1 before Kubernetes 1.25.
//!
//! ```text
//! IV 16 | ciphertext, padded to a multiple of 16
//! ```
//!
//! Nothing is authenticated. The API server's padding rule is laxer than
//! PKCS#7: the last byte may count up to the whole plaintext, not only 16. A
//! wrong key passes it about once in 256, so that what comes out counts only
//! if it is recognisably a stored value.
//!
//! Source: `k8s.io/apiserver/pkg/storage/value/encrypt/aes/aes.go`.

use std::fmt;

use aes::cipher::array::Array;
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
    KeyInit, consts::U16,
};
use aes::{Aes128, Aes192, Aes256};
use zeroize::Zeroizing;

use crate::encryption::fault::Fault;
use crate::error::Result;

/// Bytes of a block, and of the IV with which the payload begins.
pub const BLOCK: usize = 16;

/// A key of 16, 24 or 32 bytes, its schedule computed. Wiped on drop.
///
/// ```
/// use k8s_etcd::encryption::aescbc::Key;
///
/// let key = Key::new(&[7; 32])?;
/// let payload = key.seal(&[1; 16], b"k8s\0...");
/// assert_eq!(*key.open(&payload)?, b"k8s\0...");
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct Key(Cipher);

enum Cipher {
    Aes128(Box<Aes128>),
    Aes192(Box<Aes192>),
    Aes256(Box<Aes256>),
}

impl Key {
    /// A key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// Category `configuration` for any other length.
    pub fn new(key: &[u8]) -> Result<Key> {
        Key::try_new(key).map_err(|fault| fault.into_error("AES-CBC key"))
    }

    pub(super) fn try_new(key: &[u8]) -> Result<Key, Fault> {
        let unusable = |_| Fault::AesKeyLength(key.len());
        Ok(Key(match key.len() {
            16 => Cipher::Aes128(Box::new(Aes128::new_from_slice(key).map_err(unusable)?)),
            24 => Cipher::Aes192(Box::new(Aes192::new_from_slice(key).map_err(unusable)?)),
            32 => Cipher::Aes256(Box::new(Aes256::new_from_slice(key).map_err(unusable)?)),
            length => return Err(Fault::AesKeyLength(length)),
        }))
    }

    /// Opens a payload: IV, ciphertext.
    ///
    /// **A success proves nothing**: look at the plaintext. See the module's words.
    ///
    /// # Errors
    /// Category `decryption` if the payload is not an IV and at least one whole
    /// block, or if the padding does not fit.
    pub fn open(&self, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.try_open(payload)
            .map_err(|fault| fault.into_error("AES-CBC payload"))
    }

    pub(super) fn try_open(&self, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (iv, ciphertext) = payload
            .split_first_chunk::<BLOCK>()
            .ok_or(Fault::TooShort {
                need: 2 * BLOCK,
                have: payload.len(),
                upstream: BLOCK,
            })?;
        if !ciphertext.len().is_multiple_of(BLOCK) {
            return Err(Fault::BlockSize(ciphertext.len()));
        }
        if ciphertext.is_empty() {
            return Err(Fault::NoCiphertext);
        }
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        match &self.0 {
            Cipher::Aes128(c) => decrypt_blocks(c.as_ref(), iv, &mut plaintext),
            Cipher::Aes192(c) => decrypt_blocks(c.as_ref(), iv, &mut plaintext),
            Cipher::Aes256(c) => decrypt_blocks(c.as_ref(), iv, &mut plaintext),
        }
        let length = unpadded_length(&plaintext)?;
        plaintext.truncate(length);
        Ok(plaintext)
    }

    /// Seals a plaintext under an IV that nobody can foretell.
    pub fn seal(&self, iv: &[u8; BLOCK], plaintext: &[u8]) -> Vec<u8> {
        // 1 to 16.
        let padding = BLOCK.saturating_sub(plaintext.len() % BLOCK);
        let length = BLOCK
            .saturating_add(plaintext.len())
            .saturating_add(padding);
        let mut payload = Vec::with_capacity(length);
        payload.extend_from_slice(iv);
        payload.extend_from_slice(plaintext);
        payload.resize(length, u8::try_from(padding).unwrap_or_default());
        let buffer = payload.get_mut(BLOCK..).unwrap_or_default();
        match &self.0 {
            Cipher::Aes128(c) => encrypt_blocks(c.as_ref(), iv, buffer),
            Cipher::Aes192(c) => encrypt_blocks(c.as_ref(), iv, buffer),
            Cipher::Aes256(c) => encrypt_blocks(c.as_ref(), iv, buffer),
        }
        payload
    }
}

fn decrypt_blocks<C>(cipher: &C, iv: &[u8; BLOCK], buffer: &mut [u8])
where
    C: BlockCipherDecrypt<BlockSize = U16> + Clone,
{
    let (blocks, _) = Array::slice_as_chunks_mut(buffer);
    cbc::Decryptor::inner_iv_init(cipher.clone(), &Array(*iv)).decrypt_blocks(blocks);
}

fn encrypt_blocks<C>(cipher: &C, iv: &[u8; BLOCK], buffer: &mut [u8])
where
    C: BlockCipherEncrypt<BlockSize = U16> + Clone,
{
    let (blocks, _) = Array::slice_as_chunks_mut(buffer);
    cbc::Encryptor::inner_iv_init(cipher.clone(), &Array(*iv)).encrypt_blocks(blocks);
}

/// The API server's rule: the last byte counts the padding, from 1 to the whole
/// plaintext, and all bytes counted are alike.
fn unpadded_length(plaintext: &[u8]) -> Result<usize, Fault> {
    let &last = plaintext.last().ok_or(Fault::NoCiphertext)?;
    let length = plaintext
        .len()
        .checked_sub(usize::from(last))
        .filter(|_| last != 0)
        .ok_or(Fault::PaddingLength)?;
    let padding = plaintext.get(length..).unwrap_or_default();
    if padding.iter().any(|&byte| byte != last) {
        return Err(Fault::Padding);
    }
    Ok(length)
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("aescbc::Key(redacted)")
    }
}
