//! Asking the plugins, once for each wrapped key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::convert::to_u64;
use crate::encryption::fault::Fault;
use crate::encryption::kms::{DekSourceType, v2};
use crate::encryption::{KmsPlugin, Provider, Recognize, WrappedKey, aesgcm, kms};

/// What a KMS unwrapped, ready for use. Wiped on drop.
pub(in crate::encryption) enum Dek {
    /// For AES-GCM or AES-CBC, of one value.
    V1(Zeroizing<Vec<u8>>),
    V2Key(aesgcm::Key),
    V2Seed(Zeroizing<Vec<u8>>),
}

impl Dek {
    /// Checks what was unwrapped as the API server does.
    fn new(source: Source, bytes: Zeroizing<Vec<u8>>) -> Result<Dek, Fault> {
        match source {
            Source::V1 if matches!(bytes.len(), 16 | 24 | 32) => Ok(Dek::V1(bytes)),
            Source::V1 => Err(Fault::AesKeyLength(bytes.len())),
            Source::V2(DekSourceType::AesGcmKey) => aesgcm::Key::try_new(&bytes).map(Dek::V2Key),
            Source::V2(DekSourceType::HkdfSha256Seed) if bytes.len() >= v2::SEED => {
                Ok(Dek::V2Seed(bytes))
            }
            Source::V2(DekSourceType::HkdfSha256Seed) => Err(Fault::SeedLength(bytes.len())),
        }
    }

    pub(in crate::encryption) fn open(
        &self,
        data: &[u8],
        authenticated_data: &[u8],
        recognize: &Recognize<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match self {
            Dek::V1(dek) => kms::v1::open(dek, data, authenticated_data, recognize),
            Dek::V2Key(key) => key.try_open(data, authenticated_data),
            Dek::V2Seed(seed) => v2::open_with_seed(seed, data, authenticated_data),
        }
    }
}

/// What a wrapped key is wrapped for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::encryption) enum Source {
    V1,
    V2(DekSourceType),
}

/// The plugins, and what they answered.
///
/// A slot is filled by the first thread that asks; others wait for it, so that
/// a plugin is never asked twice. Slots are found by a digest, which keeps the
/// cache to some 150 bytes a slot: a database cannot make it grow out of
/// proportion to itself.
#[derive(Default)]
pub(in crate::encryption) struct Unwrapper {
    plugins: Vec<Box<dyn KmsPlugin>>,
    slots: Mutex<HashMap<[u8; 32], Slot>>,
}

type Slot = Arc<OnceLock<Result<Dek, Fault>>>;

impl Unwrapper {
    pub(in crate::encryption) fn add(&mut self, plugin: Box<dyn KmsPlugin>) {
        self.plugins.push(plugin);
        // An answer "not mine" may no longer hold.
        self.slots = Mutex::default();
    }

    pub(in crate::encryption) fn is_empty(&self) -> bool {
        self.plugins.is_empty()
    }

    /// Calls `use_dek` with the unwrapped key.
    pub(in crate::encryption) fn with_dek<T>(
        &self,
        source: Source,
        key: &WrappedKey<'_>,
        use_dek: impl FnOnce(&Dek) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let slot = self.slot(source, key);
        let answer = slot.get_or_init(|| self.ask(source, key));
        match answer {
            Ok(dek) => use_dek(dek),
            Err(fault) => Err(fault.clone()),
        }
    }

    fn slot(&self, source: Source, key: &WrappedKey<'_>) -> Slot {
        let digest = digest(source, key);
        // No code of others runs under the lock; a panic elsewhere harms nothing.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(digest).or_default())
    }

    /// The first plugin that unwraps the key. An id may be the beginning of
    /// another, so that "mine and wrong" does not end the search.
    fn ask(&self, source: Source, key: &WrappedKey<'_>) -> Result<Dek, Fault> {
        let mut wrong = None;
        for plugin in &self.plugins {
            match plugin.unwrap_key(key) {
                None => {}
                Some(Ok(bytes)) => return Dek::new(source, bytes),
                Some(Err(error)) => wrong = wrong.or(Some(error)),
            }
        }
        Err(match wrong {
            Some(error) => Fault::KmsUnwrap {
                v2: key.provider == Provider::KmsV2,
                message: error.message().to_owned(),
            },
            None => Fault::KmsKeyUnknown {
                plugins: self.plugins.len(),
                key_id: key.key_id.map(str::to_owned),
            },
        })
    }
}

/// All that a plugin is told, each part with its length.
fn digest(source: Source, key: &WrappedKey<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(to_u64(bytes.len()).to_be_bytes());
        hash.update(bytes);
    };
    part(match source {
        Source::V1 => b"v1",
        Source::V2(source) => source.as_str().as_bytes(),
    });
    part(key.provider_name.as_bytes());
    part(key.key_id.unwrap_or_default().as_bytes());
    part(key.wrapped);
    for (name, value) in key.annotations {
        part(name.as_bytes());
        part(value);
    }
    hash.finalize().into()
}
