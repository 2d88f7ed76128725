//! Opening one stored value with a keyring.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::encryption::clear::Clear;
use crate::encryption::diagnosis;
use crate::encryption::fault::{Fault, Upstream, aggregate};
use crate::encryption::identity;
use crate::encryption::keyring::{Keyring, Material, NamedKey};
use crate::encryption::kms::{self, Dek, EncryptedObject, Source, guess_names};
use crate::encryption::names::Match;
use crate::encryption::policy::{Rule, Rules, Write};
use crate::encryption::{Failure, Info, Opened, Plaintext, Prefix, Provider, WrappedKey};

/// Tells whether bytes are recognisably a stored value (`k8s\0`, JSON, …).
pub type Recognize<'a> = dyn Fn(&[u8]) -> bool + 'a;

/// What the API server logs when no provider of the rule has the value's prefix.
pub(super) const NO_PREFIX: &str = "no matching prefix found";

impl Keyring {
    /// Opens a stored value.
    ///
    /// - `resource`: as in a configuration, `secrets` or `deployments.apps`.
    ///   `None` where it is not known, or is one that the API server never
    ///   encrypts: all rules of the policy are then taken for the value's, and
    ///   nothing is said of what the policy asks for.
    /// - `authenticated_data`: the etcd key under which the value stood. Values
    ///   of `aesgcm` and of a KMS do not open without it.
    /// - `recognize`: what `aescbc`, which authenticates nothing, gives counts
    ///   only if this says yes.
    ///
    /// A value that is not encrypted is opened as it is. The order in which keys
    /// are tried is the API server's; keys of other rules and configurations
    /// come after, and what they open is marked out of policy.
    ///
    /// # Errors
    /// A [`Failure`] with the reason, what the API server would log, and what is
    /// known of the encryption all the same.
    pub fn decrypt<'v>(
        &self,
        value: &'v [u8],
        resource: Option<&str>,
        authenticated_data: Option<&[u8]>,
        recognize: &Recognize<'_>,
    ) -> Result<Opened<'v>, Box<Failure>> {
        let Some(prefix) = Prefix::parse(value) else {
            return diagnosis::plain(self, value, resource, recognize);
        };
        let Some(provider) = prefix.provider() else {
            return Err(diagnosis::unknown_provider(self, &prefix, resource));
        };
        let attempt = Attempt {
            keyring: self,
            prefix,
            provider,
            authenticated_data,
            recognize,
            tried: Vec::new(),
            tried_keys: BTreeSet::new(),
            log: Vec::new(),
            verdict: None,
            is_cut_off: false,
        };
        attempt.run(
            self.rules(resource),
            resource.is_some() && self.has_policy(),
        )
    }
}

/// One value on its way through the keys.
pub(super) struct Attempt<'k, 'v, 'a> {
    pub(super) keyring: &'k Keyring,
    pub(super) prefix: Prefix<'v>,
    pub(super) provider: Provider,
    pub(super) authenticated_data: Option<&'a [u8]>,
    recognize: &'a Recognize<'a>,
    /// Keys that were tried, and what came of it.
    pub(super) tried: Vec<Tried<'k>>,
    tried_keys: BTreeSet<usize>,
    /// What the API server would have logged so far.
    log: Vec<Cow<'static, str>>,
    /// What it logs, as soon as that no longer depends on the keys to come.
    verdict: Option<Option<String>>,
    /// Whether there were more keys than may be tried.
    pub(super) is_cut_off: bool,
}

pub(super) struct Tried<'k> {
    /// None where no configured name matched, and the KMS plugins were asked all
    /// the same.
    pub(super) key: Option<&'k NamedKey>,
    /// Where the key stands.
    pub(super) path: &'k str,
    /// Bytes of the name.
    pub(super) name: usize,
    pub(super) fault: Fault,
}

impl<'k, 'v> Attempt<'k, 'v, '_> {
    /// `known`: whether there is a policy, and the resource it is asked for.
    fn run(mut self, rules: Option<Rules<'k>>, known: bool) -> Result<Opened<'v>, Box<Failure>> {
        for rule in rules.iter().flat_map(|rules| rules.iter()) {
            if let Some((found, mut opened)) = self.try_rule(rule) {
                let writes = rules.map_or(Write::Nothing, Rules::writes);
                opened.info.stale = known && writes != Write::Key(Some(found.index));
                return Ok(opened);
            }
        }
        let message = match self.verdict.take() {
            Some(verdict) => verdict,
            None if rules.is_none() => Some(identity::REFUSAL.to_owned()),
            None => aggregate(&self.log).or_else(|| Some(NO_PREFIX.to_owned())),
        };
        match self.try_others() {
            Some(mut opened) => {
                if known {
                    opened.info.out_of_policy = true;
                    opened.info.api_server_message = message;
                }
                Ok(opened)
            }
            None => Err(diagnosis::closed(&self, message)),
        }
    }

    /// The keys of one of the policy's rules, as the API server tries them.
    fn try_rule(&mut self, rule: &'k Rule) -> Option<(Match<'k, 'v>, Opened<'v>)> {
        let (keyring, provider) = (self.keyring, self.provider);
        let limit = self.bound();
        let matching = keyring.matching_rule(rule, provider, &self.prefix, limit);
        // The first step of the provider in which no key has the name: those
        // after it say the same, and each message is told once.
        let matched: BTreeSet<_> = matching.iter().map(|found| found.place.step).collect();
        let steps = rule.steps_of(provider).iter();
        let mut without_match = steps.copied().find(|step| !matched.contains(step));
        let mut note_without_match = |attempt: &mut Self, before: usize| {
            if without_match.take_if(|step| *step < before).is_some()
                && let Some(message) = no_matching_key(provider)
            {
                attempt.note(Upstream::Fails(vec![message.into()]));
            }
        };
        for found in matching {
            note_without_match(self, found.place.step);
            if self.tried_keys.contains(&found.index) {
                // The same key in another place fails in the same way.
                continue;
            }
            if self.cut_off() {
                // What the API server would say in the end is not known.
                self.note(Upstream::Unknown);
                return None;
            }
            match self.open(found.key, found.payload) {
                Ok(clear) => return Some((found, self.opened(&found, clear))),
                Err(fault) => {
                    self.note(fault.upstream());
                    self.tried(&found, fault);
                }
            }
        }
        note_without_match(self, usize::MAX);
        None
    }

    /// All keys that the policy does not have for the resource.
    fn try_others(&mut self) -> Option<Opened<'v>> {
        let (keyring, provider) = (self.keyring, self.provider);
        for found in keyring.matching(provider, &self.prefix, self.bound()) {
            if self.tried_keys.contains(&found.index) {
                continue;
            }
            if self.cut_off() {
                return None;
            }
            match self.open(found.key, found.payload) {
                Ok(clear) => return Some(self.opened(&found, clear)),
                Err(fault) => self.tried(&found, fault),
            }
        }
        if !provider.is_kms() || keyring.kms.is_empty() || !self.tried.is_empty() {
            return None;
        }
        // The name in the value is not held against the configurations: a provider
        // may have been renamed, and a plugin know the key all the same.
        let has_other_names = keyring.count(provider) > 0;
        for (name, payload) in guess_names(provider, self.prefix.rest()) {
            match self.open_kms(name, payload) {
                Ok(clear) => {
                    return Some(Opened {
                        plaintext: Plaintext::Decrypted(clear.plaintext),
                        // What opened the value has the name.
                        info: Info {
                            unauthenticated: clear.is_unauthenticated,
                            ..Info::of_opened(&self.prefix, name, payload)
                        },
                    });
                }
                // Then that no such name is configured is the better reason.
                Err(fault) if has_other_names && !fault.shows_a_known_key() => {}
                Err(fault) => self.tried.push(Tried {
                    key: None,
                    path: "",
                    name: name.len(),
                    fault,
                }),
            }
        }
        None
    }

    /// Of so many keys in order, those that were tried among them, one at least
    /// is more than may be tried.
    fn bound(&self) -> usize {
        let may_be_tried = self.keyring.limits.keys_tried;
        may_be_tried
            .saturating_add(self.tried.len())
            .saturating_add(1)
    }

    fn cut_off(&mut self) -> bool {
        self.is_cut_off |= self.tried.len() >= self.keyring.limits.keys_tried;
        self.is_cut_off
    }

    fn tried(&mut self, found: &Match<'k, '_>, fault: Fault) {
        self.tried_keys.insert(found.index);
        self.tried.push(Tried {
            key: Some(found.key),
            path: found.path(),
            name: found.key.name.len(),
            fault,
        });
    }

    fn note(&mut self, upstream: Upstream) {
        if self.verdict.is_some() {
            return;
        }
        match upstream {
            Upstream::Fails(messages) => self.log.extend(messages),
            Upstream::Panics(message) => self.verdict = Some(Some(message.to_owned())),
            Upstream::Passes(later) => self.verdict = Some(later),
            Upstream::Unknown => self.verdict = Some(None),
        }
    }

    fn open(&self, key: &NamedKey, payload: &[u8]) -> Result<Clear, Fault> {
        let plaintext = match &key.material {
            Material::AesGcm(key) => {
                key.try_open(payload, self.authenticated_data.unwrap_or_default())?
            }
            Material::Secretbox(key) => key.try_open(payload)?,
            Material::AesCbc(key) => {
                let plaintext = key.try_open(payload)?;
                if (self.recognize)(&plaintext) {
                    return self.accept(Clear::unauthenticated(plaintext));
                }
                return Err(Fault::NotRecognized {
                    upstream: identity::undecodable(&plaintext),
                });
            }
            Material::Kms => return self.open_kms(&key.name, payload),
        };
        Ok(Clear::authenticated(plaintext))
    }

    fn open_kms(&self, name: &str, payload: &[u8]) -> Result<Clear, Fault> {
        let authenticated_data = self.authenticated_data.unwrap_or_default();
        let clear = with_dek(self.keyring, self.provider, name, payload, |dek, data| {
            dek.open(data, authenticated_data, self.recognize)
        })?;
        self.accept(clear)
    }

    /// Unless nothing authenticates the bytes, and that is refused.
    fn accept(&self, clear: Clear) -> Result<Clear, Fault> {
        if clear.is_unauthenticated && self.keyring.refuses_unauthenticated {
            return Err(Fault::Unauthenticated);
        }
        Ok(clear)
    }

    fn opened(&self, found: &Match<'_, 'v>, clear: Clear) -> Opened<'v> {
        Opened {
            plaintext: Plaintext::Decrypted(clear.plaintext),
            info: Info {
                key_path: Some(found.path().to_owned()),
                unauthenticated: clear.is_unauthenticated,
                ..Info::of_opened(&self.prefix, &found.key.name, found.payload)
            },
        }
    }
}

/// Has the DEK of a KMS payload unwrapped, and calls `use_dek` with it and the
/// data it is for.
pub(super) fn with_dek<T>(
    keyring: &Keyring,
    provider: Provider,
    name: &str,
    payload: &[u8],
    use_dek: impl FnOnce(&Dek, &[u8]) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if provider == Provider::KmsV1 {
        let (wrapped, data) = kms::v1::split(payload)?;
        let key = WrappedKey::v1(name, wrapped);
        return keyring
            .kms
            .with_dek(Source::V1, &key, &keyring.limits, |dek| use_dek(dek, data));
    }
    let object = EncryptedObject::parse(payload)?;
    let key = WrappedKey::v2(
        name,
        object.key_id,
        object.encrypted_dek_source,
        &object.annotations,
    );
    let source = Source::V2(object.source_type);
    keyring.kms.with_dek(source, &key, &keyring.limits, |dek| {
        use_dek(dek, object.encrypted_data)
    })
}

/// What a provider logs when its header fits, and none of its key names. A KMS
/// provider's name is part of its header.
fn no_matching_key(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::AesCbc | Provider::AesGcm => {
            Some("no matching key was found for the provided AES transformer")
        }
        Provider::Secretbox => {
            Some("no matching key was found for the provided Secretbox transformer")
        }
        Provider::KmsV1 | Provider::KmsV2 => None,
    }
}
