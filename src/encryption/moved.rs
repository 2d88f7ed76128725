//! Whether a value that fails to authenticate was written for another etcd key.
//!
//! `aesgcm` and both KMS layouts authenticate the etcd key with the value. A
//! value that was copied or renamed in etcd, or that is read through a prefix of
//! etcd's namespace proxy, fails under its present key and opens under the one
//! it was written for.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

use crate::encryption::decrypt::{Recognize, with_dek};
use crate::encryption::fault::Fault;
use crate::encryption::keyring::{Keyring, Material, NamedKey};
use crate::encryption::kms::Dek;
use crate::encryption::{Info, Opened, Plaintext, Prefix, Provider, aesgcm};
use crate::limits::Limits;

/// How many more authentications may be tried on moved values in one run.
///
/// Each is a pass over the value, and there are as many as etcd keys: without
/// a bound, a snapshot of damaged values would cost the square of its size.
#[derive(Debug)]
pub struct MoveTries(AtomicU32);

impl MoveTries {
    /// The usual bound of one run.
    pub const DEFAULT: u32 = Limits::DEFAULT.moved_tries;

    /// A bound of its own.
    pub fn new(tries: u32) -> MoveTries {
        MoveTries(AtomicU32::new(tries))
    }

    /// How many are left.
    pub fn left(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn take(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.0.fetch_update(set, fetch, less).is_ok()
    }
}

impl Default for MoveTries {
    fn default() -> MoveTries {
        MoveTries::new(MoveTries::DEFAULT)
    }
}

/// What came of looking for the etcd key that a value was written for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Moved<'v, K> {
    /// The value was written for this etcd key.
    From {
        /// The candidate that opens it.
        etcd_key: K,
        /// The value, marked out of policy: the API server cannot read it where
        /// it stands.
        opened: Box<Opened<'v>>,
    },
    /// None of the candidates opens the value, after so many tries. Bytes were
    /// changed, the secret is another, or the etcd key is not known.
    NotFound(u32),
    /// The run's tries were used up, after so many for this value.
    CutOff(u32),
    /// The etcd key is not authenticated with the value, or no key has its name.
    NotApplicable,
}

impl<K: AsRef<[u8]>> fmt::Display for Moved<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moved::From { etcd_key, .. } => {
                let etcd_key = etcd_key.as_ref().escape_ascii();
                write!(f, "moved: it was written for etcd key \"{etcd_key}\"")
            }
            Moved::NotFound(tries) => {
                write!(f, "not moved: {tries} tries with other etcd keys fail too")
            }
            Moved::CutOff(tries) => write!(
                f,
                "not known whether moved: cut off after {tries} tries with other etcd keys"
            ),
            Moved::NotApplicable => f.write_str("the etcd key is not what keeps it closed"),
        }
    }
}

impl Keyring {
    /// Looks for the etcd key for which a value was written that does not
    /// authenticate under its own (see [`Failure::may_have_moved`]).
    ///
    /// `candidates` are other known etcd keys, best those of the same resource
    /// first; each costs one of `tries` for every key that has the value's name.
    /// `recognize` as for [`Keyring::decrypt`].
    ///
    /// ```
    /// # use k8s_etcd::encryption::*;
    /// # let configuration = EncryptionConfiguration::parse(br#"{
    /// #     "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
    /// #     "resources": [{"resources": ["secrets"], "providers": [{"aesgcm": {"keys":
    /// #     [{"name": "key1", "secret": "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI="}]}}]}]}"#)?;
    /// # let keyring = Keyring::new().with_configuration(&configuration);
    /// let written_for = b"/registry/secrets/default/old";
    /// let value = keyring.seal(b"k8s\0...", Some("secrets"), written_for, &[1; 24])?;
    ///
    /// let now_at = b"/registry/secrets/default/new";
    /// let failure = keyring.decrypt(&value, Some("secrets"), Some(now_at), &|_| true).unwrap_err();
    /// assert!(failure.may_have_moved());
    ///
    /// let candidates = [&now_at[..], written_for];
    /// let moved = keyring.find_moved(&value, candidates, &MoveTries::default(), &|_| true);
    /// assert_eq!(
    ///     moved.to_string(),
    ///     r#"moved: it was written for etcd key "/registry/secrets/default/old""#
    /// );
    /// # Ok::<(), k8s_etcd::Error>(())
    /// ```
    ///
    /// [`Failure::may_have_moved`]: crate::encryption::Failure::may_have_moved
    pub fn find_moved<'v, K: AsRef<[u8]>>(
        &self,
        value: &'v [u8],
        candidates: impl IntoIterator<Item = K>,
        tries: &MoveTries,
        recognize: &Recognize<'_>,
    ) -> Moved<'v, K> {
        let prefix = Prefix::parse(value);
        let openers: Vec<_> = prefix
            .iter()
            .flat_map(|prefix| self.openers(prefix))
            .collect();
        if openers.is_empty() {
            return Moved::NotApplicable;
        }
        let mut tried = 0_u32;
        for etcd_key in candidates {
            for opener in &openers {
                if !tries.take() {
                    return Moved::CutOff(tried);
                }
                tried = tried.saturating_add(1);
                let Ok(plaintext) = self.open_with(opener, etcd_key.as_ref(), recognize) else {
                    continue;
                };
                let mut info = Info::of_opened(&opener.prefix, &opener.key.name, opener.payload);
                info.key_path = Some(opener.key.path.clone());
                info.out_of_policy = true;
                info.api_server_message = Fault::Authentication.message();
                let opened = Opened {
                    plaintext: Plaintext::Decrypted(plaintext),
                    info,
                };
                let opened = Box::new(opened);
                return Moved::From { etcd_key, opened };
            }
        }
        Moved::NotFound(tried)
    }

    /// The keys with the value's name that authenticate the etcd key.
    fn openers<'k, 'v>(&'k self, prefix: &Prefix<'v>) -> Vec<Opener<'k, 'v>> {
        let Some(provider) = prefix.provider() else {
            return Vec::new();
        };
        if !provider.authenticates_etcd_key() {
            return Vec::new();
        }
        let keys = self.matching(provider, prefix, self.limits.keys_tried);
        keys.into_iter()
            .filter_map(|found| {
                let opener = Opener {
                    key: found.key,
                    prefix: *prefix,
                    provider,
                    payload: found.payload,
                };
                // A DEK that the KMS does not unwrap is no matter of the etcd key.
                let unwraps = || self.with_opener_dek(&opener, |_, _| Ok(())).is_ok();
                (!provider.is_kms() || unwraps()).then_some(opener)
            })
            .collect()
    }

    fn open_with(
        &self,
        opener: &Opener<'_, '_>,
        etcd_key: &[u8],
        recognize: &Recognize<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match &opener.key.material {
            Material::AesGcm(key) => key.try_open(opener.payload, etcd_key),
            Material::Kms => self.with_opener_dek(opener, |dek, data| match dek {
                // The older form of data, AES-CBC, has nothing to do with the key.
                Dek::V1(dek) => aesgcm::Key::try_new(dek)?.try_open(data, etcd_key),
                dek => Ok(dek.open(data, etcd_key, recognize)?.plaintext),
            }),
            _ => Err(Fault::Authentication),
        }
    }

    fn with_opener_dek<T>(
        &self,
        opener: &Opener<'_, '_>,
        use_dek: impl FnOnce(&Dek, &[u8]) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let name = &opener.key.name;
        with_dek(self, opener.provider, name, opener.payload, use_dek)
    }
}

/// A key to try, and what it is for.
struct Opener<'k, 'v> {
    key: &'k NamedKey,
    prefix: Prefix<'v>,
    provider: Provider,
    payload: &'v [u8],
}
