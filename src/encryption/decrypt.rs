//! Opening one stored value with a keyring.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::encryption::fault::{Fault, aggregate};
use crate::encryption::identity;
use crate::encryption::keyring::{Keyring, Material, NamedKey, Step};
use crate::encryption::prefix::{Damage, damaged_header};
use crate::encryption::{Failure, Info, Opened, Plaintext, Policy, Prefix, Provider, Reason};
use crate::error::{Buffer, Category, Error};

/// Tells whether bytes are recognisably a stored value (`k8s\0`, JSON, …).
pub type Recognize<'a> = dyn Fn(&[u8]) -> bool + 'a;

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
            return self.plain(value, resource, recognize);
        };
        let attempt = Attempt {
            keyring: self,
            prefix,
            base: value.len() - prefix.rest().len(),
            authenticated_data,
            recognize,
            tried: Vec::new(),
            log: Vec::new(),
        };
        attempt.run(resource)
    }

    fn plain<'v>(
        &self,
        value: &'v [u8],
        resource: Option<&str>,
        recognize: &Recognize<'_>,
    ) -> Result<Opened<'v>, Box<Failure>> {
        let rule = resource.and_then(|resource| self.rule(resource));
        let should = rule.is_some_and(|rule| rule.first().is_some_and(Step::encrypts));
        let readable = rule.is_none_or(|rule| !rule.iter().all(Step::encrypts));
        let mut api_server_message = (!readable).then(|| NO_PREFIX.to_owned());
        let info = Info {
            policy: should.then_some(Policy::PlainButShouldBeEncrypted),
            out_of_policy: !readable,
            ..Info::default()
        };
        if let Some(damage) = damaged_header(value).filter(|_| !recognize(value)) {
            if readable {
                api_server_message = identity::undecodable(value);
            }
            let (reason, offset, detail) = match damage {
                Damage::Cut => (
                    Reason::HeaderCut,
                    value.len(),
                    "the value ends within the header of an encrypted one",
                ),
                Damage::Changed(at) => (
                    Reason::HeaderDamaged,
                    at,
                    "the value begins almost as an encrypted one: its header was damaged here",
                ),
            };
            let category = self.category_without_key();
            return Err(Box::new(Failure {
                error: Error::new(category, "header", detail).at(Buffer::Value, offset as u64),
                reason,
                api_server_message,
                info: Info::default(),
            }));
        }
        Ok(Opened {
            plaintext: Plaintext::Stored(value),
            info,
            key_path: None,
            api_server_message,
        })
    }

    /// Where the value itself keeps any key from being tried.
    fn category_without_key(&self) -> Category {
        if self.is_empty() {
            Category::Encrypted
        } else {
            Category::Decryption
        }
    }
}

const NO_PREFIX: &str = "no matching prefix found";

/// One value on its way through the keys.
struct Attempt<'k, 'v, 'a> {
    keyring: &'k Keyring,
    prefix: Prefix<'v>,
    /// Where the prefix's rest begins in the value.
    base: usize,
    authenticated_data: Option<&'a [u8]>,
    recognize: &'a Recognize<'a>,
    /// Keys that were tried, and what came of it.
    tried: Vec<(usize, Fault)>,
    /// What the API server would have logged.
    log: Vec<Cow<'static, str>>,
}

impl<'k, 'v> Attempt<'k, 'v, '_> {
    fn run(mut self, resource: Option<&str>) -> Result<Opened<'v>, Box<Failure>> {
        let Some(provider) = self.prefix.provider() else {
            return Err(self.unknown_provider(resource));
        };
        let rule = match resource {
            Some(resource) => self.keyring.rule(resource),
            None => None,
        };
        // The policy's own keys, as the API server tries them.
        for step in rule.unwrap_or_default() {
            let Step::Keys(of, indices) = step else {
                continue;
            };
            if *of != provider {
                continue;
            }
            let mut matched = false;
            for &index in indices {
                let Some((key, payload)) = self.matching(index) else {
                    continue;
                };
                matched = true;
                match self.open(key, payload) {
                    Ok(plaintext) => return Ok(self.opened(key, plaintext, None)),
                    Err(fault) => {
                        fault.upstream(&mut self.log);
                        self.tried.push((index, fault));
                    }
                }
            }
            if !matched && let Some(message) = no_matching_key(provider) {
                self.log.push(message.into());
            }
        }
        let message = match (resource, rule) {
            (Some(_), None) => identity::REFUSAL.to_owned(),
            (None, _) if !self.keyring.has_policy() => identity::REFUSAL.to_owned(),
            _ => aggregate(&self.log).unwrap_or_else(|| NO_PREFIX.to_owned()),
        };
        // All others.
        let known_policy = resource.is_some() && self.keyring.has_policy();
        for (index, key) in self.keyring.keys().iter().enumerate() {
            if key.provider != provider || self.tried.iter().any(|(tried, _)| *tried == index) {
                continue;
            }
            let Some((key, payload)) = self.matching(index) else {
                continue;
            };
            match self.open(key, payload) {
                Ok(plaintext) => {
                    let message = known_policy.then_some(message);
                    return Ok(self.opened(key, plaintext, message));
                }
                Err(fault) => self.tried.push((index, fault)),
            }
        }
        Err(self.failed(provider, message))
    }

    /// A key of the value's provider whose name the value goes on with, and the
    /// payload after it.
    fn matching(&self, index: usize) -> Option<(&'k NamedKey, &'v [u8])> {
        let key = self.keyring.key(index)?;
        let rest = self.prefix.rest().strip_prefix(key.name.as_bytes())?;
        Some((key, rest.strip_prefix(b":")?))
    }

    fn open(&self, key: &NamedKey, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let authenticated_data = self.authenticated_data.unwrap_or_default();
        match &key.material {
            Material::AesGcm(key) => key.try_open(payload, authenticated_data),
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
            Material::Kms => Err(Fault::All(Vec::new())),
        }
    }

    /// `message`: what the API server logs, where the key is not of the policy.
    fn opened(
        &self,
        key: &NamedKey,
        plaintext: Zeroizing<Vec<u8>>,
        message: Option<String>,
    ) -> Opened<'v> {
        let mut info = Info::of_prefix(&self.prefix);
        info.set_key_name(&key.name);
        info.out_of_policy = message.is_some();
        Opened {
            plaintext: Plaintext::Decrypted(plaintext),
            info,
            key_path: Some(key.path.clone()),
            api_server_message: message,
        }
    }

    fn unknown_provider(&self, resource: Option<&str>) -> Box<Failure> {
        let (reason, offset, detail) = if self.prefix.is_cut() {
            let offset = self.prefix.header().len();
            (
                Reason::HeaderCut,
                offset,
                "the value ends within its header".to_owned(),
            )
        } else {
            let header = self.prefix.header();
            let detail = format!("{header:?} is no provider and version that Kubernetes has");
            (Reason::UnknownProvider, 0, detail)
        };
        let has_rule = resource.map_or(self.keyring.has_policy(), |resource| {
            self.keyring.rule(resource).is_some()
        });
        let message = if has_rule {
            NO_PREFIX
        } else {
            identity::REFUSAL
        };
        let category = self.keyring.category_without_key();
        Box::new(Failure {
            error: Error::new(category, "header", detail).at(Buffer::Value, offset as u64),
            reason,
            api_server_message: Some(message.to_owned()),
            info: Info::of_prefix(&self.prefix),
        })
    }

    /// No key opened the value, or none was there to try.
    fn failed(&self, provider: Provider, message: String) -> Box<Failure> {
        let mut info = Info::of_prefix(&self.prefix);
        let mut offset = self.base;
        // The longest name is the value's, if one is the beginning of another.
        let heaviest = self
            .tried
            .iter()
            .filter_map(|(index, fault)| Some((self.keyring.key(*index)?, fault)))
            .max_by_key(|(key, fault)| (key.name.len(), fault.reason().weight()));
        let (category, reason, detail) = match heaviest {
            Some((key, fault)) => {
                info.set_key_name(&key.name);
                offset += key.name.len() + 1;
                let detail = self.describe(key, fault);
                (Category::Decryption, fault.reason(), detail)
            }
            None if self.keyring.is_empty() => {
                let detail = format!("sealed by {}, and no key was given", provider.name());
                (Category::Encrypted, Reason::NoKeys, detail)
            }
            None => {
                let detail = self.name_not_configured(provider);
                (Category::Encrypted, Reason::KeyNotConfigured, detail)
            }
        };
        Box::new(Failure {
            error: Error::new(category, "encrypted value", detail).at(Buffer::Value, offset as u64),
            reason,
            api_server_message: Some(message),
            info,
        })
    }

    fn describe(&self, key: &NamedKey, fault: &Fault) -> String {
        let NamedKey { name, path, .. } = key;
        let mut text = format!("key {name:?} ({path}): {}", fault.detail());
        if fault.reason() == Reason::AuthenticationFailed {
            text.push_str(match self.authenticated_data {
                None if key.provider.authenticates_etcd_key() => {
                    ": the etcd key, which is authenticated too, was not given"
                }
                _ if key.provider.authenticates_etcd_key() => {
                    ": another secret, changed bytes, or written for another etcd key"
                }
                _ => ": another secret, or changed bytes",
            });
        }
        let others = self.tried.len().saturating_sub(1);
        if others > 0 {
            text.push_str(&format!(
                "; {others} more keys with a matching name failed too"
            ));
        }
        text
    }

    fn name_not_configured(&self, provider: Provider) -> String {
        let of_provider = |key: &&NamedKey| key.provider == provider;
        let keys = self.keyring.keys().iter().filter(of_provider).count();
        let keys = match keys {
            0 => format!("no {} key is configured", provider.name()),
            1 => format!("the one {} key has another name", provider.name()),
            n => format!("none of {n} {} keys has the name", provider.name()),
        };
        match self.shown_name() {
            Some(name) => format!("{keys}; the value says {name:?}"),
            None => keys,
        }
    }

    /// The value's text up to the first `:`, if it looks like a name. A longer
    /// name cannot be told from the payload.
    fn shown_name(&self) -> Option<&'v str> {
        const NAME_MAX: usize = 253;
        let rest = self.prefix.rest();
        let end = rest.iter().take(NAME_MAX).position(|&byte| byte == b':')?;
        let name = std::str::from_utf8(rest.get(..end)?).ok()?;
        name.bytes()
            .all(|b| b.is_ascii_graphic() || b == b' ')
            .then_some(name)
    }
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
