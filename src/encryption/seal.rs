//! From a plaintext to a stored value: for tests, re-encryption and recovery.
//!
//! No randomness is drawn here. The caller passes every nonce, IV and info, and
//! answers for it: a nonce used twice with one key gives both plaintexts away
//! with AES-GCM and secretbox; an IV must be unpredictable.

use std::collections::BTreeMap;
use std::fmt;

use crate::encryption::fault::Fault;
use crate::encryption::keyring::{Keyring, Material};
use crate::encryption::kms::{DekSourceType, EncryptedObject, v1, v2};
use crate::encryption::policy::{Rules, Write};
use crate::encryption::{Provider, aescbc, aesgcm, is_encrypted, secretbox};
use crate::error::{Category, Error, Result};

/// How to seal one value.
///
/// ```
/// use k8s_etcd::encryption::{Sealer, secretbox};
///
/// let key = secretbox::Key::new(&[7; 32])?;
/// let sealer = Sealer::Secretbox { name: "key1", key: &key, nonce: &[1; 24] };
/// let value = sealer.seal(b"k8s\0...", b"/registry/secrets/default/a")?;
/// assert!(value.starts_with(b"k8s:enc:secretbox:v1:key1:"));
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Sealer<'a> {
    /// The plaintext as it is.
    Identity,
    /// With AES-GCM, the etcd key authenticated.
    AesGcm {
        /// The key's name.
        name: &'a str,
        /// The key.
        key: &'a aesgcm::Key,
        /// Never twice with one key.
        nonce: &'a [u8; aesgcm::NONCE],
    },
    /// With AES-CBC.
    AesCbc {
        /// The key's name.
        name: &'a str,
        /// The key.
        key: &'a aescbc::Key,
        /// Unpredictable.
        iv: &'a [u8; aescbc::BLOCK],
    },
    /// With XSalsa20-Poly1305.
    Secretbox {
        /// The key's name.
        name: &'a str,
        /// The key.
        key: &'a secretbox::Key,
        /// Never twice with one key.
        nonce: &'a [u8; secretbox::NONCE],
    },
    /// With a DEK that a KMS wrapped, in KMS v1's layout and AES-GCM.
    KmsV1 {
        /// The KMS provider's name.
        name: &'a str,
        /// What the KMS made of the DEK.
        wrapped: &'a [u8],
        /// The DEK, one of its own for each value.
        dek: &'a aesgcm::Key,
        /// Never twice with one DEK.
        nonce: &'a [u8; aesgcm::NONCE],
    },
    /// With a DEK or a seed that a KMS wrapped, in KMS v2's layout.
    KmsV2 {
        /// The KMS provider's name.
        name: &'a str,
        /// The KMS's own name of the wrapping key.
        key_id: &'a str,
        /// What the KMS made of the DEK or seed.
        wrapped: &'a [u8],
        /// What the KMS said besides.
        annotations: &'a BTreeMap<String, Vec<u8>>,
        /// The DEK or seed.
        source: DekSource<'a>,
        /// Never twice with one DEK.
        nonce: &'a [u8; aesgcm::NONCE],
    },
}

/// What a KMS v2 wrapped.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum DekSource<'a> {
    /// The DEK itself, as Kubernetes wrote until 1.28.
    Key(&'a aesgcm::Key),
    /// A seed, from which each value's DEK comes.
    Seed {
        /// At least 32 bytes.
        seed: &'a [u8],
        /// Random for each value: it makes the DEK.
        info: &'a [u8; v2::INFO],
    },
}

impl Sealer<'_> {
    /// Seals a plaintext for an etcd key: gives the stored value.
    ///
    /// # Errors
    /// Category `configuration` for what the API server could not read back: a
    /// plaintext that begins with `k8s:enc:` under `Identity`, a wrapped key or
    /// annotations that do not fit, a KMS v2 name with a `:`, a seed of less
    /// than 32 bytes. Category `limit` above 64 GiB with AES-GCM.
    pub fn seal(&self, plaintext: &[u8], etcd_key: &[u8]) -> Result<Vec<u8>> {
        let (provider, name, payload) = match *self {
            Sealer::Identity if is_encrypted(plaintext) => {
                return Err(refused("a plaintext that begins with k8s:enc:"));
            }
            Sealer::Identity => return Ok(plaintext.to_vec()),
            Sealer::AesGcm { name, key, nonce } => {
                let payload = key.seal(nonce, etcd_key, plaintext)?;
                (Provider::AesGcm, name, payload)
            }
            Sealer::AesCbc { name, key, iv } => (Provider::AesCbc, name, key.seal(iv, plaintext)),
            Sealer::Secretbox { name, key, nonce } => {
                (Provider::Secretbox, name, key.seal(nonce, plaintext))
            }
            Sealer::KmsV1 {
                name,
                wrapped,
                dek,
                nonce,
            } => {
                let data = dek.seal(nonce, etcd_key, plaintext)?;
                (Provider::KmsV1, name, v1::join(wrapped, &data)?)
            }
            Sealer::KmsV2 { name, .. } if name.contains(':') => {
                return Err(refused("a KMS v2 provider's name with a ':'"));
            }
            Sealer::KmsV2 {
                name,
                key_id,
                wrapped,
                annotations,
                source,
                nonce,
            } => {
                let (source_type, data) = source.seal(nonce, etcd_key, plaintext)?;
                let object = EncryptedObject {
                    encrypted_data: &data,
                    key_id,
                    encrypted_dek_source: wrapped,
                    annotations: annotations.clone(),
                    source_type,
                };
                (Provider::KmsV2, name, object.encode()?)
            }
        };
        let header = provider.header().as_bytes();
        Ok([header, name.as_bytes(), b":", &payload].concat())
    }
}

impl DekSource<'_> {
    fn seal(
        self,
        nonce: &[u8; aesgcm::NONCE],
        etcd_key: &[u8],
        plaintext: &[u8],
    ) -> Result<(DekSourceType, Vec<u8>)> {
        match self {
            DekSource::Key(dek) => {
                let data = dek.seal(nonce, etcd_key, plaintext)?;
                Ok((DekSourceType::AesGcmKey, data))
            }
            DekSource::Seed { seed, info } => {
                let dek = v2::derive(seed, info)
                    .map_err(|fault: Fault| fault.into_error("KMS v2 seed"))?;
                let data = dek.seal(nonce, etcd_key, plaintext)?;
                Ok((DekSourceType::HkdfSha256Seed, [&info[..], &data].concat()))
            }
        }
    }
}

impl fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(redacted)")
    }
}

impl fmt::Debug for DekSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DekSource(redacted)")
    }
}

fn refused(what: &'static str) -> Error {
    Error::new(
        Category::Configuration,
        "sealing",
        format!("{what}, which the API server could not read back"),
    )
}

impl Keyring {
    /// Seals a plaintext as the policy writes `resource`: with the first key of
    /// the first provider of its rule, or as it is where there is no rule.
    ///
    /// `random` serves as nonce or IV: 12 bytes of it with `aesgcm`, 16 with
    /// `aescbc`, all with `secretbox`. See the warning on
    /// [`aesgcm::Key::seal`]; 24 bytes from the system's source are right for all.
    ///
    /// # Errors
    /// Category `configuration` if the rule writes with a KMS, which this
    /// library has no way to ask for a wrapped key (use [`Sealer`]), or if the
    /// rule has no key; otherwise as [`Sealer::seal`].
    pub fn seal(
        &self,
        plaintext: &[u8],
        resource: Option<&str>,
        etcd_key: &[u8],
        random: &[u8; secretbox::NONCE],
    ) -> Result<Vec<u8>> {
        let rules = resource.and_then(|resource| self.rules(Some(resource)));
        let index = match rules.map(Rules::writes) {
            None | Some(Write::Plain) => {
                return Sealer::Identity.seal(plaintext, etcd_key);
            }
            Some(Write::Key(index)) => index,
            Some(Write::Nothing) => None,
        };
        let Some(key) = index.and_then(|index| self.key(index)) else {
            let detail = "the rule has no key to write with";
            return Err(Error::new(Category::Configuration, "sealing", detail));
        };
        let name = &key.name;
        match &key.material {
            Material::AesGcm(key) => {
                let nonce = first(random);
                Sealer::AesGcm { name, key, nonce }.seal(plaintext, etcd_key)
            }
            Material::AesCbc(key) => {
                let iv = first(random);
                Sealer::AesCbc { name, key, iv }.seal(plaintext, etcd_key)
            }
            Material::Secretbox(key) => {
                let nonce = random;
                Sealer::Secretbox { name, key, nonce }.seal(plaintext, etcd_key)
            }
            Material::Kms => Err(Error::new(
                Category::Configuration,
                "sealing",
                format!("the rule writes with the KMS {name:?}, which has to wrap the key"),
            )),
        }
    }
}

/// The first `N` of 24 bytes, where `N` is at most that.
fn first<const N: usize>(random: &[u8; secretbox::NONCE]) -> &[u8; N] {
    const { assert!(N <= secretbox::NONCE) };
    random.first_chunk().unwrap_or(&[0; N])
}
