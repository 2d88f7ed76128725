//! Whether a value that fails to authenticate was written for another etcd key.
//!
//! `aesgcm` and both KMS layouts authenticate the etcd key with the value. A
//! value that was copied or renamed in etcd, or that is read through a prefix of
//! etcd's namespace proxy, fails under its present key and opens under the one
//! it was written for.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::convert::to_u64;
use crate::encryption::decrypt::{Recognize, with_dek};
use crate::encryption::fault::Fault;
use crate::encryption::keyring::{Keyring, Material, NamedKey};
use crate::encryption::kms::{Dek, guess_names};
use crate::encryption::{Info, Opened, Plaintext, Prefix, Provider, aesgcm};
use crate::limits::Limits;

/// What one run has spent on values that may have moved, and what it has learnt.
///
/// Each try is a pass over the value, and there are as many as etcd keys: without
/// a bound, a snapshot of damaged values would cost the square of its size. The
/// bounds are [`Limits::moved_tries`] and [`Limits::moved_bytes`] of the keyring.
#[derive(Debug, Default)]
pub struct MoveTries {
    /// A bound below that of the limits.
    bound: Option<u32>,
    tries: AtomicU32,
    bytes: AtomicU64,
    changes: Mutex<Vec<Change>>,
}

/// How keys were changed: what they begin with now, and what they began with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    now: Vec<u8>,
    before: Vec<u8>,
}

/// How much of the run's bounds may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    All,
    /// For what takes many tries for each value, so that enough is left to try the
    /// likeliest keys of all values.
    Half,
}

impl Share {
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "it shifts by one bit at most"
    )]
    fn of<N: std::ops::Shr<u32, Output = N>>(self, bound: N) -> N {
        bound >> u32::from(self == Share::Half)
    }
}

/// Different changes that are remembered.
const CHANGES_MAX: usize = 4;

impl MoveTries {
    /// Of so many tries at most, if the keyring's limits do not allow less.
    pub fn new(tries: u32) -> MoveTries {
        MoveTries {
            bound: Some(tries),
            ..MoveTries::default()
        }
    }

    /// How many tries were made.
    pub fn made(&self) -> u32 {
        self.tries.load(Ordering::Relaxed)
    }

    fn is_used_up(&self, limits: &Limits, share: Share) -> bool {
        let tries = self.bound.unwrap_or(u32::MAX).min(limits.moved_tries);
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.made() >= share.of(tries) || bytes >= share.of(limits.moved_bytes)
    }

    /// Counts a try that reads so many bytes, if there is one left.
    fn take(&self, limits: &Limits, share: Share, bytes: u64) -> bool {
        let bound = share.of(self.bound.unwrap_or(u32::MAX).min(limits.moved_tries));
        if self.made() >= bound || !self.read(limits, share, bytes) {
            return false;
        }
        let next = |made: u32| made.checked_add(1).filter(|made| *made <= bound);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.tries.fetch_update(set, fetch, next).is_ok()
    }

    /// Counts bytes that are read, if so many are left.
    fn read(&self, limits: &Limits, share: Share, bytes: u64) -> bool {
        let bound = share.of(limits.moved_bytes);
        let next = |read: u64| read.checked_add(bytes).filter(|read| *read <= bound);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.bytes.fetch_update(set, fetch, next).is_ok()
    }

    /// Remembers how a key was changed, as others may have been too.
    pub(crate) fn learn(&self, now: &[u8], before: &[u8]) {
        let change = Change {
            now: now.to_vec(),
            before: before.to_vec(),
        };
        // No code of others runs under the lock.
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() < CHANGES_MAX && !changes.contains(&change) {
            changes.push(change);
        }
    }

    /// What a key was if it was changed as others were.
    pub(crate) fn unchanged(&self, key: &[u8]) -> Vec<Vec<u8>> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let undo = |change: &Change| {
            let rest = key.strip_prefix(change.now.as_slice())?;
            Some([&change.before, rest].concat())
        };
        changes.iter().filter_map(undo).collect()
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
    /// None of the candidates opens the value. Bytes were changed, the secret is
    /// another, or the etcd key is not known.
    NotFound(MoveSearch),
    /// The run's tries, or the bytes that they may read, were used up.
    CutOff(MoveSearch),
    /// The etcd key is not authenticated with the value, or no key has its name.
    NotApplicable,
}

/// Where a value was looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveSearch {
    /// All tries for this value: etcd keys times keys with its name.
    pub tries: u32,
    /// Other etcd keys that are known.
    pub known_keys: u32,
    /// Keys made from the value's own: without its first segments, and what is
    /// left of it under `prefixes`.
    pub made_keys: u32,
    /// The prefixes of these.
    pub prefixes: Vec<String>,
}

impl fmt::Display for MoveSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tries with ", self.tries)?;
        if self.known_keys > 0 || self.made_keys == 0 {
            write!(f, "{} other known etcd keys", self.known_keys)?;
        }
        if self.made_keys == 0 {
            return Ok(());
        }
        if self.known_keys > 0 {
            f.write_str(" and ")?;
        }
        f.write_str("this etcd key without its first segments or with the prefix ")?;
        for (at, prefix) in self.prefixes.iter().enumerate() {
            let before = match at {
                0 => "",
                _ if at.saturating_add(1) == self.prefixes.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{prefix:?}")?;
        }
        f.write_str(" in place of them")
    }
}

impl<K: AsRef<[u8]>> fmt::Display for Moved<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moved::From { etcd_key, .. } => {
                let etcd_key = etcd_key.as_ref().escape_ascii();
                write!(f, "moved: it was written for etcd key \"{etcd_key}\"")
            }
            Moved::NotFound(search) => {
                write!(f, "not known whether moved: {search} fail too")?;
                if search.made_keys > 0 {
                    f.write_str("; if the API server's --etcd-prefix was another, give that")?;
                }
                Ok(())
            }
            Moved::CutOff(search) if search.tries == 0 => f.write_str(
                "not known whether moved: not looked for, as the run's tries are used up",
            ),
            Moved::CutOff(search) => write!(
                f,
                "not known whether moved: cut off after {search}, as the run's tries are used up"
            ),
            Moved::NotApplicable => f.write_str("the etcd key is not what keeps it closed"),
        }
    }
}

/// What came of one etcd key.
pub(crate) enum Try<'v> {
    Opened(Box<Opened<'v>>),
    Closed,
    /// There are no tries left.
    CutOff,
}

/// A value that is looked for.
pub(crate) struct Search<'s, 'v> {
    keyring: &'s Keyring,
    openers: Vec<Opener<'s, 'v>>,
    tries: &'s MoveTries,
    recognize: &'s Recognize<'s>,
    /// For this value.
    made: u32,
}

impl<'v> Search<'_, 'v> {
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Whether nothing is left to try with.
    pub(crate) fn is_used_up(&self, share: Share) -> bool {
        self.tries.is_used_up(&self.keyring.limits, share)
    }

    /// Tries an etcd key, if the run has tries left.
    pub(crate) fn try_key(&mut self, etcd_key: &[u8], share: Share) -> Try<'v> {
        for opener in &self.openers {
            let bytes = opener.payload.len().saturating_add(etcd_key.len());
            let limits = &self.keyring.limits;
            if !self.tries.take(limits, share, to_u64(bytes)) {
                return Try::CutOff;
            }
            self.made = self.made.saturating_add(1);
            if let Some(opened) = self.open(opener, etcd_key) {
                return Try::Opened(opened);
            }
        }
        Try::Closed
    }

    /// Tries an etcd key that costs the run nothing: one at most for each change
    /// that was learnt.
    pub(crate) fn try_learnt(&self, etcd_key: &[u8]) -> Option<Box<Opened<'v>>> {
        let mut openers = self.openers.iter().take(CHANGES_MAX);
        openers.find_map(|opener| self.open(opener, etcd_key))
    }

    /// Counts an etcd key that is looked at and not tried; tells whether there is
    /// something left for more.
    pub(crate) fn look_at(&self, etcd_key: &[u8]) -> bool {
        const OVERHEAD: usize = 64;
        let bytes = etcd_key.len().saturating_add(OVERHEAD);
        self.tries
            .read(&self.keyring.limits, Share::Half, to_u64(bytes))
    }

    fn open(&self, opener: &Opener<'_, 'v>, etcd_key: &[u8]) -> Option<Box<Opened<'v>>> {
        let keyring = self.keyring;
        let plaintext = keyring.open_with(opener, etcd_key, self.recognize).ok()?;
        let mut info = Info::of_opened(&opener.prefix, opener.name(), opener.payload);
        if let By::Key(key) = opener.by {
            info.key_path = Some(key.path.clone());
        }
        info.out_of_policy = true;
        info.api_server_message = Fault::Authentication.message();
        Some(Box::new(Opened {
            plaintext: Plaintext::Decrypted(plaintext),
            info,
        }))
    }
}

impl Keyring {
    /// Looks for the etcd key for which a value was written that does not
    /// authenticate under its own (see [`Failure::may_have_moved`]).
    ///
    /// `candidates` are other known etcd keys, best those of the same resource
    /// first; each costs one of `tries` for every key that has the value's name.
    /// `recognize` as for [`Keyring::decrypt`].
    /// [`Decoder::find_moved`](crate::Decoder::find_moved) makes more candidates.
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
        let Some(mut search) = self.search_moved(value, tries, recognize) else {
            return Moved::NotApplicable;
        };
        let mut known_keys = 0_u32;
        let searched = |search: &Search<'_, '_>, known_keys| MoveSearch {
            tries: search.made(),
            known_keys,
            ..MoveSearch::default()
        };
        for etcd_key in candidates {
            match search.try_key(etcd_key.as_ref(), Share::All) {
                Try::Opened(opened) => return Moved::From { etcd_key, opened },
                Try::Closed => known_keys = known_keys.saturating_add(1),
                Try::CutOff => return Moved::CutOff(searched(&search, known_keys)),
            }
        }
        Moved::NotFound(searched(&search, known_keys))
    }

    /// A search for a value, if an etcd key may open it.
    pub(crate) fn search_moved<'s, 'v>(
        &'s self,
        value: &'v [u8],
        tries: &'s MoveTries,
        recognize: &'s Recognize<'s>,
    ) -> Option<Search<'s, 'v>> {
        let prefix = Prefix::parse(value)?;
        let openers = self.openers(&prefix);
        (!openers.is_empty()).then_some(Search {
            keyring: self,
            openers,
            tries,
            recognize,
            made: 0,
        })
    }

    /// The keys with the value's name that authenticate the etcd key.
    fn openers<'k, 'v>(&'k self, prefix: &Prefix<'v>) -> Vec<Opener<'k, 'v>> {
        let Some(provider) = prefix.provider() else {
            return Vec::new();
        };
        if !provider.authenticates_etcd_key() {
            return Vec::new();
        }
        let opener = |by, payload| Opener {
            by,
            prefix: *prefix,
            provider,
            payload,
        };
        // A DEK that the KMS does not unwrap is no matter of the etcd key.
        let unwraps = |opener: &Opener<'_, '_>| {
            !provider.is_kms() || self.with_opener_dek(opener, |_, _| Ok(())).is_ok()
        };
        let keys = self.matching(provider, prefix, self.limits.keys_tried);
        let keys = keys
            .into_iter()
            .map(|found| opener(By::Key(found.key), found.payload));
        let mut openers: Vec<_> = keys.filter(unwraps).collect();
        if openers.is_empty() && provider.is_kms() {
            // A provider that was renamed: its plugin is asked whatever the name is.
            let guessed = guess_names(provider, prefix.rest());
            let guessed = guessed.map(|(name, payload)| opener(By::Name(name), payload));
            openers.extend(guessed.filter(unwraps));
        }
        openers
    }

    fn open_with(
        &self,
        opener: &Opener<'_, '_>,
        etcd_key: &[u8],
        recognize: &Recognize<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match opener.by {
            By::Key(NamedKey {
                material: Material::AesGcm(key),
                ..
            }) => key.try_open(opener.payload, etcd_key),
            _ if opener.provider.is_kms() => self.with_opener_dek(opener, |dek, data| match dek {
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
        let name = opener.name();
        with_dek(self, opener.provider, name, opener.payload, use_dek)
    }
}

/// A key to try, and what it is for.
struct Opener<'k, 'v> {
    by: By<'k, 'v>,
    prefix: Prefix<'v>,
    provider: Provider,
    payload: &'v [u8],
}

/// What opens a value.
#[derive(Clone, Copy)]
enum By<'k, 'v> {
    Key(&'k NamedKey),
    /// A KMS, by the name of a provider that no configuration has.
    Name(&'v str),
}

impl Opener<'_, '_> {
    fn name(&self) -> &str {
        match self.by {
            By::Key(key) => &key.name,
            By::Name(name) => name,
        }
    }
}
