//! KMS v1: a DEK of its own for each value.
//!
//! ```text
//! length 2, big-endian | wrapped DEK | data
//!
//! data: nonce 12 | ciphertext | tag 16    written since 1.25, as in aesgcm
//!       IV 16 | padded ciphertext         written before, as in aescbc
//! ```
//!
//! Nothing tells the two forms of data apart: as the API server does, AES-GCM
//! is tried first, then AES-CBC, whose success counts only if a recognisable
//! stored value comes out.
//!
//! Source: `k8s.io/apiserver/pkg/storage/value/encrypt/envelope/envelope.go`.

use crate::encryption::clear::Clear;
use crate::encryption::fault::Fault;
use crate::encryption::{Recognize, aescbc, aesgcm, identity};
use crate::error::{Category, Error, Result};

/// Parts the wrapped DEK from the data.
pub(in crate::encryption) fn split(payload: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let cut = || Fault::WrappedKeyCut {
        have: payload.len(),
    };
    let (length, rest) = payload.split_first_chunk().ok_or_else(cut)?;
    let length = usize::from(u16::from_be_bytes(*length));
    rest.split_at_checked(length).ok_or_else(cut)
}

/// Whether a payload has the lengths that one can have.
pub(in crate::encryption) fn is_possible(payload: &[u8]) -> bool {
    split(payload).is_ok_and(|(wrapped, data)| {
        !wrapped.is_empty() && data.len() >= aesgcm::NONCE + aesgcm::TAG
    })
}

/// Opens the data with the unwrapped DEK.
///
/// Whoever knows 16 bytes of a plaintext and where they stand can make, of its
/// ciphertext, data in the older form that opens under any etcd key: the counter
/// mode within AES-GCM gives the encryption of a block, which is what CBC needs.
/// So a success there is marked.
pub(in crate::encryption) fn open(
    dek: &[u8],
    data: &[u8],
    authenticated_data: &[u8],
    recognize: &Recognize<'_>,
) -> Result<Clear, Fault> {
    let gcm = match aesgcm::Key::try_new(dek)?.try_open(data, authenticated_data) {
        Ok(plaintext) => return Ok(Clear::authenticated(plaintext)),
        Err(fault) => fault,
    };
    let cbc = match aescbc::Key::try_new(dek)?.try_open(data) {
        Ok(plaintext) if recognize(&plaintext) => return Ok(Clear::unauthenticated(plaintext)),
        Ok(plaintext) => Fault::NotRecognized {
            upstream: identity::undecodable(&plaintext),
        },
        Err(fault) => fault,
    };
    Err(Fault::GcmThenCbc(Box::new([gcm, cbc])))
}

/// The payload from a wrapped DEK and the data that was sealed with it.
pub(in crate::encryption) fn join(wrapped: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let length = u16::try_from(wrapped.len()).map_err(|_| {
        Error::new(
            Category::Configuration,
            "wrapped DEK",
            format!("{} bytes, KMS v1 holds 65,535 at most", wrapped.len()),
        )
    })?;
    Ok([&length.to_be_bytes()[..], wrapped, data].concat())
}
