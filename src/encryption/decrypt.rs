//! Opening one stored value with a keyring.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::encryption::diagnosis;
use crate::encryption::fault::{Fault, Upstream, aggregate};
use crate::encryption::identity;
use crate::encryption::keyring::{Keyring, Material, NamedKey, Step};
use crate::encryption::kms::{self, Dek, EncryptedObject, Source, guess_names};
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
        let rule = match resource {
            Some(resource) => self.rule(resource),
            None => self.all_rules(),
        };
        let attempt = Attempt {
            keyring: self,
            prefix,
            provider,
            authenticated_data,
            recognize,
            tried: Vec::new(),
            log: Vec::new(),
            verdict: None,
            is_cut_off: false,
        };
        attempt.run(rule, resource.is_some() && self.has_policy())
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
    pub(super) tried: Vec<Tried>,
    /// What the API server would have logged so far.
    log: Vec<Cow<'static, str>>,
    /// What it logs, as soon as that no longer depends on the keys to come.
    verdict: Option<Option<String>>,
    /// Whether there were more keys than may be tried.
    pub(super) is_cut_off: bool,
}

pub(super) struct Tried {
    /// Of the keyring's keys. None where no configured name matched, and the
    /// KMS plugins were asked all the same.
    pub(super) key: Option<usize>,
    /// Bytes of the name.
    pub(super) name: usize,
    pub(super) fault: Fault,
}

impl<'k, 'v> Attempt<'k, 'v, '_> {
    /// `known`: whether there is a policy, and the resource it is asked for.
    fn run(mut self, rule: Option<&[Step]>, known: bool) -> Result<Opened<'v>, Box<Failure>> {
        for step in rule.unwrap_or_default() {
            if let Some(opened) = self.try_step(step) {
                return Ok(opened);
            }
        }
        let message = match self.verdict.take() {
            Some(verdict) => verdict,
            None if rule.is_none() => Some(identity::REFUSAL.to_owned()),
            None => aggregate(&self.log).or_else(|| Some(NO_PREFIX.to_owned())),
        };
        match self.try_others() {
            Some(mut opened) => {
                if known {
                    opened.info.out_of_policy = true;
                    opened.api_server_message = message;
                }
                Ok(opened)
            }
            None => Err(diagnosis::closed(&self, message)),
        }
    }

    /// The keys of one of the policy's providers, as the API server tries them.
    fn try_step(&mut self, step: &Step) -> Option<Opened<'v>> {
        let Step::Keys(provider, indices) = step else {
            return None;
        };
        if *provider != self.provider {
            return None;
        }
        let mut matched = false;
        for &index in indices {
            let Some((key, payload)) = self.matching(index) else {
                continue;
            };
            matched = true;
            if self.has_tried(index) {
                // The same key in another place fails in the same way.
                continue;
            }
            if self.cut_off() {
                // What the API server would say in the end is not known.
                self.note(Upstream::Unknown);
                return None;
            }
            match self.open(key, payload) {
                Ok(plaintext) => return Some(self.opened(key, payload, plaintext)),
                Err(fault) => {
                    self.note(fault.upstream());
                    self.tried(Some(index), key.name.len(), fault);
                }
            }
        }
        if !matched && let Some(message) = no_matching_key(self.provider) {
            self.note(Upstream::Fails(vec![message.into()]));
        }
        None
    }

    /// All keys that the policy does not have for the resource.
    fn try_others(&mut self) -> Option<Opened<'v>> {
        let mut matched = !self.tried.is_empty();
        for index in 0..self.keyring.keys().len() {
            if self.has_tried(index) {
                continue;
            }
            let Some((key, payload)) = self.matching(index) else {
                continue;
            };
            matched = true;
            if self.cut_off() {
                return None;
            }
            match self.open(key, payload) {
                Ok(plaintext) => return Some(self.opened(key, payload, plaintext)),
                Err(fault) => self.tried(Some(index), key.name.len(), fault),
            }
        }
        // Without any such provider in a configuration, the name in the value
        // is not held against one: a plugin may know the key all the same.
        let of_provider = |key: &NamedKey| key.provider == self.provider;
        matched |= self.keyring.keys().iter().any(of_provider);
        if matched || !self.provider.is_kms() || self.keyring.kms.is_empty() {
            return None;
        }
        for (name, payload) in guess_names(self.provider, self.prefix.rest()) {
            match self.open_kms(name, payload) {
                Ok(plaintext) => {
                    return Some(Opened {
                        plaintext: Plaintext::Decrypted(plaintext),
                        info: Info {
                            kms: kms::KmsInfo::of_payload(self.provider, payload),
                            ..Info::of(&self.prefix)
                        },
                        key_path: None,
                        api_server_message: None,
                    });
                }
                Err(fault) => self.tried(None, name.len(), fault),
            }
        }
        None
    }

    fn cut_off(&mut self) -> bool {
        self.is_cut_off |= self.tried.len() >= self.keyring.keys_tried;
        self.is_cut_off
    }

    fn has_tried(&self, index: usize) -> bool {
        self.tried.iter().any(|tried| tried.key == Some(index))
    }

    fn tried(&mut self, key: Option<usize>, name: usize, fault: Fault) {
        self.tried.push(Tried { key, name, fault });
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

    /// A key of the value's provider whose name the value goes on with, and the
    /// payload after it.
    pub(super) fn matching(&self, index: usize) -> Option<(&'k NamedKey, &'v [u8])> {
        let key = self.keyring.key(index)?;
        if key.provider != self.provider {
            return None;
        }
        let rest = self.prefix.rest().strip_prefix(key.name.as_bytes())?;
        Some((key, rest.strip_prefix(b":")?))
    }

    fn open(&self, key: &NamedKey, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        match &key.material {
            Material::AesGcm(key) => {
                key.try_open(payload, self.authenticated_data.unwrap_or_default())
            }
            Material::Secretbox(key) => key.try_open(payload),
            Material::AesCbc(key) => {
                let plaintext = key.try_open(payload)?;
                if (self.recognize)(&plaintext) {
                    return Ok(plaintext);
                }
                Err(Fault::NotRecognized {
                    upstream: identity::undecodable(&plaintext),
                })
            }
            Material::Kms => self.open_kms(&key.name, payload),
        }
    }

    fn open_kms(&self, name: &str, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let authenticated_data = self.authenticated_data.unwrap_or_default();
        with_dek(self.keyring, self.provider, name, payload, |dek, data| {
            dek.open(data, authenticated_data, self.recognize)
        })
    }

    fn opened(&self, key: &NamedKey, payload: &[u8], plaintext: Zeroizing<Vec<u8>>) -> Opened<'v> {
        Opened {
            plaintext: Plaintext::Decrypted(plaintext),
            info: Info::with_name(&self.prefix, &key.name, payload),
            key_path: Some(key.path.clone()),
            api_server_message: None,
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
            .with_dek(Source::V1, &key, |dek| use_dek(dek, data));
    }
    let object = EncryptedObject::parse(payload)?;
    let key = WrappedKey::v2(
        name,
        object.key_id,
        object.encrypted_dek_source,
        &object.annotations,
    );
    let source = Source::V2(object.source_type);
    keyring
        .kms
        .with_dek(source, &key, |dek| use_dek(dek, object.encrypted_data))
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
