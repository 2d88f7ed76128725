//! Provider `secretbox`: NaCl's XSalsa20-Poly1305.
//!
//! ```text
//! nonce 24 | tag 16 | ciphertext, as long as the plaintext
//! ```
//!
//! The value is authenticated, the etcd key is not. The first 32 bytes of the
//! key stream are the key of Poly1305, the rest encrypts.
//!
//! Sources: `k8s.io/apiserver/pkg/storage/value/encrypt/secretbox/secretbox.go`,
//! <https://nacl.cr.yp.to/secretbox.html>.

use std::fmt;

use poly1305::Poly1305;
use poly1305::universal_hash::{KeyInit, UniversalHash};
use zeroize::Zeroizing;

use crate::encryption::fault::Fault;
use crate::encryption::xsalsa20::{BLOCK, XSalsa20};
use crate::error::Result;

/// Bytes of the key.
pub const KEY: usize = 32;

/// Bytes of the nonce, with which the payload begins.
pub const NONCE: usize = 24;

/// Bytes of the tag, between nonce and ciphertext.
pub const TAG: usize = 16;

/// A key of 32 bytes. Wiped on drop.
///
/// ```
/// use k8s_etcd::encryption::secretbox::Key;
///
/// let key = Key::new(&[7; 32])?;
/// let payload = key.seal(&[1; 24], b"k8s\0...");
/// assert_eq!(*key.open(&payload)?, b"k8s\0...");
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct Key(Zeroizing<[u8; KEY]>);

impl Key {
    /// A key of 32 bytes.
    ///
    /// # Errors
    /// Category `configuration` for any other length.
    pub fn new(key: &[u8]) -> Result<Key> {
        Key::try_new(key).map_err(|fault| fault.into_error("secretbox key"))
    }

    pub(super) fn try_new(key: &[u8]) -> Result<Key, Fault> {
        let bytes = key.try_into();
        let bytes = bytes.map_err(|_| Fault::SecretboxKeyLength(key.len()))?;
        Ok(Key(Zeroizing::new(bytes)))
    }

    /// Opens a payload: nonce, tag, ciphertext.
    ///
    /// # Errors
    /// Category `decryption` if the payload is shorter than nonce and tag, or
    /// if authentication fails.
    pub fn open(&self, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.try_open(payload)
            .map_err(|fault| fault.into_error("secretbox payload"))
    }

    pub(super) fn try_open(&self, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (nonce, tag, ciphertext) = split(payload).ok_or(Fault::TooShort {
            need: NONCE + TAG,
            have: payload.len(),
            upstream: NONCE + TAG,
        })?;
        let (stream, mac) = self.start(nonce);
        if !equal(&compute_tag(mac, ciphertext), tag) {
            return Err(Fault::SecretboxAuthentication);
        }
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        stream.apply(&mut plaintext);
        Ok(plaintext)
    }

    /// Seals a plaintext under a nonce that the caller never uses twice with
    /// this key.
    pub fn seal(&self, nonce: &[u8; NONCE], plaintext: &[u8]) -> Vec<u8> {
        let (stream, mac) = self.start(nonce);
        let mut ciphertext = plaintext.to_vec();
        stream.apply(&mut ciphertext);
        let tag = compute_tag(mac, &ciphertext);
        [&nonce[..], &tag, &ciphertext].concat()
    }

    /// The key stream past its first 32 bytes, and Poly1305 keyed with those.
    fn start(&self, nonce: &[u8; NONCE]) -> (Stream, Poly1305) {
        let cipher = XSalsa20::new(&self.0, nonce);
        let mut first = Zeroizing::new([[0; HALF]; 2]);
        cipher.apply(0, first.as_flattened_mut());
        let [key, head] = &*first;
        let mac = Poly1305::new(key.into());
        let head = Zeroizing::new(*head);
        (Stream { cipher, head }, mac)
    }
}

/// Bytes of half a block.
const HALF: usize = BLOCK / 2;

/// The key stream past its first 32 bytes.
struct Stream {
    cipher: XSalsa20,
    /// What is left of block 0.
    head: Zeroizing<[u8; HALF]>,
}

impl Stream {
    fn apply(&self, data: &mut [u8]) {
        let middle = data.len().min(HALF);
        let (head, rest) = data.split_at_mut_checked(middle).unwrap_or_default();
        for (byte, key) in head.iter_mut().zip(&*self.head) {
            *byte ^= key;
        }
        self.cipher.apply(1, rest);
    }
}

fn split(payload: &[u8]) -> Option<(&[u8; NONCE], &[u8; TAG], &[u8])> {
    let (nonce, rest) = payload.split_first_chunk()?;
    let (tag, ciphertext) = rest.split_first_chunk()?;
    Some((nonce, tag, ciphertext))
}

fn compute_tag(mut mac: Poly1305, ciphertext: &[u8]) -> [u8; TAG] {
    // Whole blocks go the fast way, which takes several at once.
    let (blocks, rest) = poly1305::Block::slice_as_chunks(ciphertext);
    mac.update(blocks);
    mac.compute_unpadded(rest).into()
}

/// Compares in a time that does not depend on where the difference is.
fn equal(a: &[u8; TAG], b: &[u8; TAG]) -> bool {
    a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secretbox::Key(redacted)")
    }
}
