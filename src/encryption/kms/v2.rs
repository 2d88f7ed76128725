//! KMS v2: one wrapped DEK, or one wrapped seed of DEKs, for many values.
//!
//! ```text
//! EncryptedObject { encryptedData, keyID, encryptedDEKSource, annotations, type }
//!
//! encryptedData, type 0:           nonce 12 | ciphertext | tag 16
//! encryptedData, type 1: info 32 | nonce 12 | ciphertext | tag 16
//!                        DEK = HKDF-Expand-SHA256(seed, info), 32 bytes
//! ```
//!
//! The etcd key is authenticated with the data. The other fields are not, other
//! than by what the KMS itself does when it unwraps.
//!
//! Sources: `k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/envelope.go`,
//! `.../encrypt/aes/aes_extended_nonce.go`.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::encryption::aesgcm;
use crate::encryption::fault::Fault;

/// Bytes of the info, with which the data begins where a seed is used.
pub const INFO: usize = 32;

/// Bytes that a seed has at least, and that a DEK from it has.
pub const SEED: usize = 32;

/// Opens data that begins with the info, with a DEK from the seed.
pub(in crate::encryption) fn open_with_seed(
    seed: &[u8],
    data: &[u8],
    authenticated_data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let too_short = || Fault::TooShort {
        need: INFO + aesgcm::NONCE + aesgcm::TAG,
        have: data.len(),
        upstream: INFO + aesgcm::NONCE,
    };
    let (info, payload) = data.split_first_chunk().ok_or_else(too_short)?;
    if payload.len() < aesgcm::NONCE + aesgcm::TAG {
        return Err(too_short());
    }
    derive(seed, info)?.try_open(payload, authenticated_data)
}

/// The DEK of one value.
pub(in crate::encryption) fn derive(seed: &[u8], info: &[u8; INFO]) -> Result<aesgcm::Key, Fault> {
    let mut dek = Zeroizing::new([0; SEED]);
    Hkdf::<Sha256>::from_prk(seed)
        .ok()
        .and_then(|hkdf| hkdf.expand(info, &mut *dek).ok())
        .ok_or(Fault::SeedLength(seed.len()))?;
    aesgcm::Key::try_new(&*dek)
}
