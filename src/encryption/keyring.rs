//! All keys that were given, in the order in which they are tried.
//!
//! First as the API server does: the rule for the resource, its providers in
//! order, in each provider all keys whose `name:` the value goes on with. Then,
//! for forensics, every other key with such a name.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::encryption::config::GroupResource;
use crate::encryption::kms::Unwrapper;
use crate::encryption::{
    EncryptionConfiguration, Key, KmsPlugin, Provider, ProviderConfiguration, aescbc, aesgcm,
    secretbox,
};
use crate::limits::Limits;

/// Keys and rules from configurations and KMS plugins.
///
/// The first configuration is the policy: what the API server in question runs
/// with. Those after it, and rules for other resources, only lend their keys.
/// Usable from several threads at once.
///
/// ```
/// use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
///
/// let configuration = EncryptionConfiguration::parse(br#"{
///     "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
///     "resources": [{"resources": ["secrets"], "providers": [{"identity": {}}]}]}"#)?;
/// let keyring = Keyring::new().with_configuration(&configuration);
///
/// let value = b"k8s\0...";
/// let opened = keyring
///     .decrypt(value, Some("secrets"), Some(b"/registry/secrets/default/a"), &|_| true)
///     .unwrap();
/// assert_eq!(&*opened.plaintext, value);
/// assert!(opened.info.is_empty());
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct Keyring {
    keys: Vec<NamedKey>,
    /// The policy's rules by group and resource; providers of several rules for
    /// one resource joined.
    rules: HashMap<String, HashMap<String, Vec<Step>>>,
    /// The providers of all the policy's rules, in order.
    all_rules: Vec<Step>,
    configurations: usize,
    pub(super) kms: Unwrapper,
    pub(super) keys_tried: usize,
}

/// A key, and the name that stands before what it sealed.
pub(super) struct NamedKey {
    pub(super) provider: Provider,
    pub(super) name: String,
    pub(super) material: Material,
    /// Where it first stands.
    pub(super) path: String,
    /// To know it again.
    secret: Zeroizing<Vec<u8>>,
}

pub(super) enum Material {
    AesGcm(aesgcm::Key),
    AesCbc(aescbc::Key),
    Secretbox(secretbox::Key),
    /// The plugins have it.
    Kms,
}

/// One provider of a rule.
#[derive(Clone)]
pub(super) enum Step {
    Identity,
    /// Indices into the keyring's keys.
    Keys(Provider, Vec<usize>),
}

impl Step {
    pub(super) fn encrypts(&self) -> bool {
        matches!(self, Step::Keys(..))
    }
}

impl Default for Keyring {
    fn default() -> Keyring {
        Keyring {
            keys: Vec::new(),
            rules: HashMap::new(),
            all_rules: Vec::new(),
            configurations: 0,
            kms: Unwrapper::default(),
            keys_tried: Limits::DEFAULT.keys_tried,
        }
    }
}

impl Keyring {
    /// No keys and no policy: opens what is not encrypted.
    pub fn new() -> Keyring {
        Keyring::default()
    }

    /// Sets the bounds, of which [`keys_tried`](Limits::keys_tried) concerns a
    /// keyring. A [`Decoder`](crate::Decoder) sets its own.
    #[must_use]
    pub fn with_limits(mut self, limits: &Limits) -> Keyring {
        self.keys_tried = limits.keys_tried;
        self
    }

    /// Adds a configuration. The first one added is the policy.
    pub fn with_configuration(mut self, configuration: &EncryptionConfiguration) -> Keyring {
        self.configurations = self.configurations.saturating_add(1);
        let number = self.configurations;
        for rule in configuration.resources() {
            let steps: Vec<_> = rule
                .providers()
                .iter()
                .map(|provider| self.add_provider(provider, number))
                .collect();
            if number > 1 {
                continue;
            }
            self.all_rules.extend_from_slice(&steps);
            for resource in rule.resources() {
                let GroupResource { resource, group } = GroupResource::parse(resource);
                let of_group = self.rules.entry(group_key(group).to_owned()).or_default();
                let rule = of_group.entry(resource.to_owned()).or_default();
                rule.extend_from_slice(&steps);
            }
        }
        self
    }

    /// Adds a KMS plugin. Plugins are asked in the order in which they are added.
    pub fn with_kms_plugin(mut self, plugin: impl KmsPlugin + 'static) -> Keyring {
        self.kms.add(Box::new(plugin));
        self
    }

    fn add_provider(&mut self, configuration: &ProviderConfiguration, number: usize) -> Step {
        let (provider, keys) = match configuration {
            ProviderConfiguration::Identity => return Step::Identity,
            ProviderConfiguration::AesGcm(keys) => (Provider::AesGcm, keys),
            ProviderConfiguration::AesCbc(keys) => (Provider::AesCbc, keys),
            ProviderConfiguration::Secretbox(keys) => (Provider::Secretbox, keys),
            ProviderConfiguration::Kms(kms) => {
                let key = NamedKey {
                    provider: kms.provider(),
                    name: kms.name().to_owned(),
                    material: Material::Kms,
                    path: place(kms.path(), number),
                    secret: Zeroizing::default(),
                };
                return Step::Keys(kms.provider(), vec![self.intern(key)]);
            }
        };
        let indices = keys
            .iter()
            .filter_map(|key| named(provider, key, number))
            .map(|key| self.intern(key))
            .collect();
        Step::Keys(provider, indices)
    }

    /// The index of a key, which may stand in several places.
    fn intern(&mut self, key: NamedKey) -> usize {
        let same = |other: &NamedKey| {
            other.provider == key.provider && other.name == key.name && other.secret == key.secret
        };
        self.keys.iter().position(same).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len().saturating_sub(1)
        })
    }

    pub(super) fn key(&self, index: usize) -> Option<&NamedKey> {
        self.keys.get(index)
    }

    pub(super) fn keys(&self) -> &[NamedKey] {
        &self.keys
    }

    pub(super) fn has_policy(&self) -> bool {
        self.configurations > 0
    }

    /// Whether there is nothing to try on encrypted values.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.kms.is_empty()
    }

    /// The policy's providers where the resource is not known: all of them.
    pub(super) fn all_rules(&self) -> Option<&[Step]> {
        self.has_policy().then_some(&self.all_rules)
    }

    /// The policy's providers for a resource, as the API server looks them up:
    /// the resource itself, `*.<group>`, `*.*`. `None` where it has no rule.
    pub(super) fn rule(&self, resource: &str) -> Option<&[Step]> {
        GroupResource::parse(resource)
            .lookup_order()
            .iter()
            .find_map(|r| self.rules.get(group_key(r.group))?.get(r.resource))
            .map(Vec::as_slice)
    }
}

/// The core group, which has no name, by one that no group has: to compare empty
/// text, which is nowhere in memory, costs hundreds of cycles on some machines.
fn group_key(group: &str) -> &str {
    if group.is_empty() { "." } else { group }
}

/// A path, and which configuration it is in where it is not the policy.
fn place(path: &str, number: usize) -> String {
    match number {
        1 => path.to_owned(),
        n => format!("configuration {n}, {path}"),
    }
}

/// None where the secret's length is wrong, which a configuration never has.
fn named(provider: Provider, key: &Key, number: usize) -> Option<NamedKey> {
    let material = match provider {
        Provider::AesGcm => Material::AesGcm(aesgcm::Key::new(key.secret()).ok()?),
        Provider::AesCbc => Material::AesCbc(aescbc::Key::new(key.secret()).ok()?),
        Provider::Secretbox => Material::Secretbox(secretbox::Key::new(key.secret()).ok()?),
        Provider::KmsV1 | Provider::KmsV2 => return None,
    };
    Some(NamedKey {
        provider,
        name: key.name().to_owned(),
        material,
        path: place(key.path(), number),
        secret: Zeroizing::new(key.secret().to_vec()),
    })
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("configurations", &self.configurations)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}
