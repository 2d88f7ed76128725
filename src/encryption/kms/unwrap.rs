//! Asking the plugins: once for each wrapped key that they answer for, and again
//! after an error, which may pass.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::convert::to_u64;
use crate::encryption::clear::Clear;
use crate::encryption::fault::Fault;
use crate::encryption::kms::{DekSourceType, v2};
use crate::encryption::{KmsPlugin, Provider, Recognize, WrappedKey, aesgcm, kms};
use crate::limits::Limits;

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
    ) -> Result<Clear, Fault> {
        let plaintext = match self {
            Dek::V1(dek) => return kms::v1::open(dek, data, authenticated_data, recognize),
            Dek::V2Key(key) => key.try_open(data, authenticated_data)?,
            Dek::V2Seed(seed) => v2::open_with_seed(seed, data, authenticated_data)?,
        };
        Ok(Clear::authenticated(plaintext))
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
/// A slot is filled by the first thread that is answered; others wait while it
/// asks, so that a plugin never answers for the same key twice. Slots are found
/// by a digest, which keeps the cache to some 250 bytes a slot: a database
/// cannot make it grow out of proportion to itself.
#[derive(Default)]
pub(in crate::encryption) struct Unwrapper {
    plugins: Vec<Box<dyn KmsPlugin>>,
    slots: Mutex<HashMap<[u8; 32], Arc<Slot>>>,
    /// How often a plugin was asked again after an error.
    repeats: AtomicU32,
}

/// What is known of one wrapped key.
#[derive(Default)]
struct Slot {
    /// A key, or that no plugin can ever give one: asked for once.
    answer: OnceLock<Result<Dek, Fault>>,
    /// Held by the thread that asks.
    errors: Mutex<Errors>,
}

/// Errors of plugins for one wrapped key: how many, and the last one.
#[derive(Default)]
struct Errors {
    count: u32,
    last: Option<Fault>,
}

/// What the plugins say of a wrapped key.
enum Outcome {
    Answer(Result<Dek, Fault>),
    /// May be another the next time.
    Error(Fault),
}

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
        limits: &Limits,
        use_dek: impl FnOnce(&Dek) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let slot = self.slot(source, key);
        let answer = match slot.answer.get() {
            Some(answer) => answer,
            None => self.ask_for(&slot, source, key, limits)?,
        };
        match answer {
            Ok(dek) => use_dek(dek),
            Err(fault) => Err(fault.clone()),
        }
    }

    /// Has a slot filled, unless it fails now or has failed too often.
    fn ask_for<'s>(
        &self,
        slot: &'s Slot,
        source: Source,
        key: &WrappedKey<'_>,
        limits: &Limits,
    ) -> Result<&'s Result<Dek, Fault>, Fault> {
        // A plugin that panicked has not answered.
        let mut errors = slot.errors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = slot.answer.get() {
            return Ok(answer);
        }
        if let Some(last) = &errors.last
            && !(errors.count < limits.kms_attempts && self.may_repeat(limits))
        {
            return Err(last.clone());
        }
        match self.ask(source, key) {
            Outcome::Answer(answer) => Ok(slot.answer.get_or_init(|| answer)),
            Outcome::Error(fault) => {
                errors.count = errors.count.saturating_add(1);
                errors.last = Some(fault.clone());
                Err(fault)
            }
        }
    }

    /// Counts one more repetition, if there may be one.
    fn may_repeat(&self, limits: &Limits) -> bool {
        let more = |repeats: u32| {
            let more = repeats.checked_add(1)?;
            (more <= limits.kms_repeats).then_some(more)
        };
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.repeats.fetch_update(set, fetch, more).is_ok()
    }

    fn slot(&self, source: Source, key: &WrappedKey<'_>) -> Arc<Slot> {
        let digest = digest(source, key);
        // No code of others runs under the lock; a panic elsewhere harms nothing.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(digest).or_default())
    }

    /// The first plugin that unwraps the key. An id may be the beginning of
    /// another, so that "mine and wrong" does not end the search.
    fn ask(&self, source: Source, key: &WrappedKey<'_>) -> Outcome {
        let mut wrong = None;
        for plugin in &self.plugins {
            match plugin.unwrap_key(key) {
                None => {}
                Some(Ok(bytes)) => return Outcome::Answer(Dek::new(source, bytes)),
                Some(Err(error)) => wrong = wrong.or(Some(error)),
            }
        }
        match wrong {
            Some(error) => Outcome::Error(Fault::KmsUnwrap {
                v2: key.provider == Provider::KmsV2,
                message: error.message().to_owned(),
            }),
            None => Outcome::Answer(Err(Fault::KmsKeyUnknown {
                plugins: self.plugins.len(),
                key_id: key.key_id.map(str::to_owned),
            })),
        }
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
