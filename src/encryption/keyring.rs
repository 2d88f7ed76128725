//! All keys that were given, in the order in which they are tried.
//!
//! First as the API server does: the rule for the resource, its providers in
//! order, in each provider all keys whose `name:` the value goes on with. Then,
//! for forensics, every other key with such a name.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::encryption::kms::Unwrapper;
use crate::encryption::names::{Match, Names, Place};
use crate::encryption::policy::{Policies, Rule, Rules, Step};
use crate::encryption::{
    EncryptionConfiguration, Key, KmsPlugin, Prefix, Provider, ProviderConfiguration, aescbc,
    aesgcm, secretbox,
};
use crate::limits::Limits;

/// Keys and rules from configurations and KMS plugins.
///
/// A configuration is the policy of an API server: what it runs with. Several are
/// policies side by side if their resources differ, as those of OpenShift's three
/// API servers do. One that names a resource which an earlier policy names too is
/// taken for another version of it, and only lends its keys. Where a wildcard
/// overlaps, the earlier is the policy for the resource, and the later lends its
/// keys. Usable from several threads at once.
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
    /// Indices of `keys` by a hash of all that makes a key another.
    known: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
    policies: Policies,
    has_policy: bool,
    /// Configurations so far, those that only lend keys included.
    configurations: usize,
    /// All keys by name; made when the first value is opened.
    names: OnceLock<Names>,
    /// The rules of all policies as one; made when it is needed.
    all_rules: OnceLock<Rule>,
    pub(super) kms: Unwrapper,
    pub(super) limits: Limits,
    pub(super) refuses_unauthenticated: bool,
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

impl Default for Keyring {
    fn default() -> Keyring {
        Keyring {
            keys: Vec::new(),
            known: HashMap::new(),
            hasher: RandomState::new(),
            policies: Policies::default(),
            has_policy: false,
            configurations: 0,
            names: OnceLock::new(),
            all_rules: OnceLock::new(),
            kms: Unwrapper::default(),
            limits: Limits::DEFAULT,
            refuses_unauthenticated: false,
        }
    }
}

impl Keyring {
    /// No keys and no policy: opens what is not encrypted.
    pub fn new() -> Keyring {
        Keyring::default()
    }

    /// Sets the bounds, of which [`keys_tried`](Limits::keys_tried),
    /// [`moved_tries`](Limits::moved_tries), [`moved_bytes`](Limits::moved_bytes),
    /// [`kms_attempts`](Limits::kms_attempts) and [`kms_repeats`](Limits::kms_repeats)
    /// concern a keyring. A [`Decoder`](crate::Decoder) sets its own.
    #[must_use]
    pub fn with_limits(mut self, limits: &Limits) -> Keyring {
        self.limits = *limits;
        self
    }

    /// Adds a configuration, as the policy for those of its resources that no
    /// configuration before it has a rule for. One that names a resource, or the
    /// same wildcard, which an earlier policy names too is taken for another
    /// version of that: it only lends its keys.
    pub fn with_configuration(mut self, configuration: &EncryptionConfiguration) -> Keyring {
        let rules = configuration.resources().iter();
        let mut names = rules.flat_map(|rule| rule.resources());
        if names.any(|name| self.policies.names(name)) {
            return self.with_keys_of(configuration);
        }
        self.has_policy = true;
        self.add_keys(configuration, |keyring, number, resources, steps| {
            keyring
                .policies
                .add(number, resources, steps, &keyring.keys);
        });
        self
    }

    /// Adds the keys of a configuration that is no policy, such as an older one:
    /// what only they open is out of policy.
    ///
    /// ```
    /// # use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
    /// # let with = |name: &str| EncryptionConfiguration::parse(format!(r#"{{
    /// #     "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
    /// #     "resources": [{{"resources": ["secrets"], "providers": [{{"secretbox": {{"keys":
    /// #     [{{"name": {name:?}, "secret": "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI="}}]}}}}]}}]}}"#
    /// # ).as_bytes()).unwrap();
    /// let (today, older) = (with("key2"), with("key1"));
    /// let value = Keyring::new()
    ///     .with_configuration(&older)
    ///     .seal(b"k8s\0...", Some("secrets"), b"/registry/secrets/default/a", &[1; 24])?;
    /// let keyring = Keyring::new().with_configuration(&today).with_keys_of(&older);
    /// let opened = keyring.decrypt(&value, Some("secrets"), None, &|_| true).unwrap();
    /// assert!(opened.info.out_of_policy);
    /// # Ok::<(), k8s_etcd::Error>(())
    /// ```
    pub fn with_keys_of(mut self, configuration: &EncryptionConfiguration) -> Keyring {
        self.add_keys(configuration, |_, _, _, _| {});
        self
    }

    /// Adds the keys of each rule, then the rule by `add_rule`.
    fn add_keys(
        &mut self,
        configuration: &EncryptionConfiguration,
        add_rule: impl Fn(&mut Keyring, usize, &[String], Vec<Step>),
    ) {
        self.configurations = self.configurations.saturating_add(1);
        let number = self.configurations;
        for rule in configuration.resources() {
            let steps = rule
                .providers()
                .iter()
                .map(|provider| self.add_provider(provider, number))
                .collect();
            add_rule(self, number, rule.resources(), steps);
        }
        self.names = OnceLock::new();
        self.all_rules = OnceLock::new();
    }

    /// Whether encrypted values that nothing authenticates stay closed: all of
    /// `aescbc`, and of KMS v1 those that AES-CBC opens. The API server reads them.
    /// It writes KMS v1 so up to 1.24; whoever knows a part of a newer value can
    /// forge one that opens so under any etcd key. Plain values, which nothing
    /// authenticates either, are not concerned.
    #[must_use]
    pub fn refuse_unauthenticated(mut self, refuse: bool) -> Keyring {
        self.refuses_unauthenticated = refuse;
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
        let keys = keys
            .iter()
            .filter_map(|key| named(provider, key, number))
            .map(|key| self.intern(key))
            .collect();
        Step::Keys(provider, keys)
    }

    /// The index of a key, which may stand in several places, and this place where
    /// it is not the first.
    fn intern(&mut self, key: NamedKey) -> (usize, Option<String>) {
        let hash = self
            .hasher
            .hash_one((key.provider, &key.name, key.secret.as_slice()));
        let same_hash = self.known.entry(hash).or_default();
        let keys = &self.keys;
        let is_same = |index: &&usize| keys.get(**index).is_some_and(|other| other.is_same(&key));
        if let Some(&index) = same_hash.iter().find(is_same) {
            return (index, Some(key.path));
        }
        let index = keys.len();
        same_hash.push(index);
        self.keys.push(key);
        (index, None)
    }

    pub(super) fn key(&self, index: usize) -> Option<&NamedKey> {
        self.keys.get(index)
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let to_place = |key| Place {
                key,
                step: 0,
                path: None,
            };
            let places = (0..self.keys.len()).map(to_place).collect();
            Names::new(places, &self.keys)
        })
    }

    /// The first `limit` keys with the name that a value goes on with.
    pub(super) fn matching<'k, 'v>(
        &'k self,
        provider: Provider,
        prefix: &Prefix<'v>,
        limit: usize,
    ) -> Vec<Match<'k, 'v>> {
        let names = self.names();
        names.matching(&self.keys, provider, prefix.rest(), limit)
    }

    /// As [`Keyring::matching`], of one rule's keys.
    pub(super) fn matching_rule<'k, 'v>(
        &'k self,
        rule: &'k Rule,
        provider: Provider,
        prefix: &Prefix<'v>,
        limit: usize,
    ) -> Vec<Match<'k, 'v>> {
        rule.names
            .matching(&self.keys, provider, prefix.rest(), limit)
    }

    /// How many keys there are of a provider.
    pub(super) fn count(&self, provider: Provider) -> usize {
        self.names().of_provider(provider).len()
    }

    /// A key's name that a value which ends within its name may go on to.
    pub(super) fn begun_name(&self, provider: Provider, rest: &[u8]) -> Option<&str> {
        self.names().begun_by(&self.keys, provider, rest)
    }

    pub(super) fn has_policy(&self) -> bool {
        self.has_policy
    }

    /// Whether there is nothing to try on encrypted values.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.kms.is_empty()
    }

    /// The policy's rules for a resource, as the API server looks them up; where
    /// the resource is not known, all of them. `None` where there is no rule.
    pub(super) fn rules(&self, resource: Option<&str>) -> Option<Rules<'_>> {
        match resource {
            Some(resource) => self.policies.rules(resource),
            None => self.has_policy.then(|| {
                let join = || Rule::new(&self.policies.steps, &self.keys);
                Rules::of_one(self.all_rules.get_or_init(join))
            }),
        }
    }
}

impl NamedKey {
    fn is_same(&self, other: &NamedKey) -> bool {
        self.provider == other.provider && self.name == other.name && self.secret == other.secret
    }
}

/// A path, and which configuration it is in where it is not the first.
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
