//! Provider `kms`: each value is sealed with a data encryption key (DEK) that a
//! KMS has wrapped and that is stored beside it.
//!
//! The KMS itself comes in as a [`KmsPlugin`]. Two are here: [`KmsTable`], what
//! was unwrapped elsewhere, and [`LocalKms`], an AES key in memory. A client of
//! a running plugin is a third that callers can bring.

mod local;
mod object;
mod protobuf;
mod table;
mod unwrap;
pub(super) mod v1;
pub(super) mod v2;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

pub use local::LocalKms;
pub(super) use object::{DekSourceType, EncryptedObject};
pub use table::KmsTable;
pub(super) use unwrap::{Dek, Source, Unwrapper};

use crate::encryption::Provider;

/// Unwraps data encryption keys, as a KMS plugin does for the API server.
///
/// ```
/// use k8s_etcd::encryption::{KmsError, KmsPlugin, WrappedKey};
/// use zeroize::Zeroizing;
///
/// /// Wraps by exclusive or.
/// struct Toy(u8);
///
/// impl KmsPlugin for Toy {
///     fn unwrap_key(
///         &self,
///         key: &WrappedKey<'_>,
///     ) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
///         if key.key_id != Some("toy") {
///             return None;
///         }
///         if key.wrapped.len() != 32 {
///             return Some(Err(KmsError::new("not 32 bytes")));
///         }
///         let dek = key.wrapped.iter().map(|byte| byte ^ self.0).collect();
///         Some(Ok(Zeroizing::new(dek)))
///     }
/// }
/// ```
pub trait KmsPlugin: Send + Sync {
    /// Unwraps a key: a DEK or, with v2, also a seed of DEKs.
    ///
    /// `None` says "not mine": another plugin may know it. `Some(Err)` says
    /// "mine, and it failed".
    ///
    /// A [`Keyring`](crate::encryption::Keyring) keeps a key and a "not mine": it
    /// asks once for each different [`WrappedKey`]. An error may pass, so that the
    /// next value with the same wrapped key asks again: in all
    /// [`kms_attempts`](crate::Limits::kms_attempts) times for one wrapped key,
    /// and no more once [`kms_repeats`](crate::Limits::kms_repeats) are used up
    /// by all of them. Then the last error stands. The keyring does not wait in
    /// between; a plugin that can wait may do so. Called for different keys from
    /// several threads at once, if values are opened so.
    fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>>;
}

/// A wrapped key, and all that the stored value tells a KMS of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrappedKey<'a> {
    /// [`Provider::KmsV1`] or [`Provider::KmsV2`]: the version of the plugin's API.
    pub provider: Provider,
    /// The name of the KMS provider in the EncryptionConfiguration.
    pub provider_name: &'a str,
    /// The KMS's own name of the wrapping key; with v2 only.
    pub key_id: Option<&'a str>,
    /// The wrapped bytes.
    pub wrapped: &'a [u8],
    /// What the plugin said besides when it wrapped; with v2 only.
    pub annotations: &'a BTreeMap<String, Vec<u8>>,
}

impl<'a> WrappedKey<'a> {
    /// A key that a KMS v1 wrapped.
    pub fn v1(provider_name: &'a str, wrapped: &'a [u8]) -> WrappedKey<'a> {
        static NONE: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        WrappedKey {
            provider: Provider::KmsV1,
            provider_name,
            key_id: None,
            wrapped,
            annotations: &NONE,
        }
    }

    /// A key that a KMS v2 wrapped.
    pub fn v2(
        provider_name: &'a str,
        key_id: &'a str,
        wrapped: &'a [u8],
        annotations: &'a BTreeMap<String, Vec<u8>>,
    ) -> WrappedKey<'a> {
        WrappedKey {
            provider: Provider::KmsV2,
            provider_name,
            key_id: Some(key_id),
            wrapped,
            annotations,
        }
    }
}

/// Why a KMS plugin could not unwrap a key that is its own.
///
/// The message stands in reports: it must hold no key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsError(String);

impl KmsError {
    /// For a client of a running plugin, its error as the API server would log it.
    pub fn new(message: impl Into<String>) -> KmsError {
        KmsError(message.into())
    }

    pub(super) fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KmsError {}

/// What a value sealed with a KMS tells without any key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KmsInfo {
    /// The KMS's own name of the wrapping key; with v2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// What the plugin said besides when it wrapped, with v2 only; in JSON the
    /// values are base64.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        serialize_with = "base64_values"
    )]
    pub annotations: BTreeMap<String, Vec<u8>>,
    /// Whether the wrapped bytes are a DEK (`aes-gcm-key`) or a seed of DEKs
    /// (`hkdf-sha256-seed`); with v2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dek_source: Option<&'static str>,
    /// Bytes of the wrapped key.
    pub wrapped_bytes: usize,
    /// Bytes of the sealed data: nonce, ciphertext, tag, with a seed also the info.
    pub data_bytes: usize,
    /// The wrapped key itself, which a KMS unwraps; empty where the value is open.
    /// In JSON as `wrapped` in base64, and as `wrappedHex`.
    #[serde(
        flatten,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "in_base64_and_hex"
    )]
    pub wrapped: Vec<u8>,
}

fn in_base64_and_hex<S: Serializer>(wrapped: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let members = [
        ("wrapped", STANDARD.encode(wrapped)),
        ("wrappedHex", hex::encode(wrapped)),
    ];
    serializer.collect_map(members)
}

fn base64_values<S: Serializer>(
    annotations: &BTreeMap<String, Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let encode = |bytes| STANDARD.encode(bytes);
    serializer.collect_map(annotations.iter().map(|(key, value)| (key, encode(value))))
}

impl KmsInfo {
    /// From the bytes after the provider's name, as far as they have their form.
    pub(super) fn of_payload(provider: Provider, payload: &[u8]) -> Option<KmsInfo> {
        if provider == Provider::KmsV1 {
            let (wrapped, data) = v1::split(payload).ok()?;
            return Some(KmsInfo {
                key_id: None,
                annotations: BTreeMap::new(),
                dek_source: None,
                wrapped_bytes: wrapped.len(),
                data_bytes: data.len(),
                wrapped: wrapped.to_vec(),
            });
        }
        let object = EncryptedObject::parse(payload).ok()?;
        Some(KmsInfo {
            key_id: Some(object.key_id.to_owned()),
            dek_source: Some(object.source_type.as_str()),
            wrapped_bytes: object.encrypted_dek_source.len(),
            data_bytes: object.encrypted_data.len(),
            wrapped: object.encrypted_dek_source.to_vec(),
            annotations: object.annotations,
        })
    }
}

/// Where the payload may begin in what follows the header, if no configured
/// name says so, with the name before it.
///
/// With v2 a name has no `:`. With v1 it may, so that every `:` counts behind
/// which a wrapped key and data of a possible length stand.
pub(super) fn guess_names(provider: Provider, rest: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    const NAME_MAX: usize = 512;
    /// Each may cost a call of every plugin.
    const GUESSES_MAX: usize = 4;
    let colons = rest
        .iter()
        .take(NAME_MAX)
        .enumerate()
        .filter_map(|(at, &byte)| (byte == b':').then_some(at));
    let splits = colons.filter_map(move |at| {
        let name = std::str::from_utf8(rest.get(..at)?).ok()?;
        Some((name, rest.get(at.checked_add(1)?..)?))
    });
    let v2 = provider == Provider::KmsV2;
    splits
        .take(if v2 { 1 } else { NAME_MAX })
        .filter(move |(_, payload)| v2 || v1::is_possible(payload))
        .take(GUESSES_MAX)
}
