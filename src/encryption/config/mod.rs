//! The EncryptionConfiguration, as the API server reads it.
//!
//! ```yaml
//! apiVersion: apiserver.config.k8s.io/v1
//! kind: EncryptionConfiguration
//! resources:
//!   - resources: ["secrets", "*.apps"]
//!     providers:
//!       - aesgcm:
//!           keys:
//!             - name: key1
//!               secret: <base64>
//!       - identity: {}
//! ```
//!
//! Sources: `k8s.io/apiserver`, `pkg/apis/apiserver/v1/types_encryption.go` (the
//! fields), `pkg/apis/apiserver/validation/validation_encryption.go` (the rules),
//! `pkg/server/options/encryptionconfig/config.go` (masking, choice of rule).

mod duration;
mod endpoint;
mod kms;
mod problems;
mod read;
mod resource;
mod rules;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::encryption::Provider;
use crate::error::{Error, Result};

pub(super) use resource::GroupResource;
pub use rules::Release;

/// Which resources are encrypted, and with which keys.
///
/// ```
/// use k8s_etcd::encryption::EncryptionConfiguration;
///
/// let yaml = br#"
/// apiVersion: apiserver.config.k8s.io/v1
/// kind: EncryptionConfiguration
/// resources:
///   - resources: ["secrets"]
///     providers:
///       - aescbc: {keys: [{name: key1, secret: dG9vIHNob3J0}]}
/// "#;
/// let error = EncryptionConfiguration::parse(yaml).unwrap_err();
/// assert_eq!(error.path(), "resources[0].providers[0].aescbc.keys[0].secret");
/// assert_eq!(error.detail(), "9 bytes, need 16, 24 or 32");
/// ```
#[derive(Debug, Clone)]
pub struct EncryptionConfiguration {
    resources: Vec<ResourceConfiguration>,
    warnings: Vec<Error>,
}

/// Providers for a list of resources.
#[derive(Debug, Clone)]
pub struct ResourceConfiguration {
    resources: Vec<String>,
    providers: Vec<ProviderConfiguration>,
}

/// One provider and what it needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ProviderConfiguration {
    /// AES-GCM with these keys; the first one writes.
    AesGcm(Vec<Key>),
    /// AES-CBC with these keys; the first one writes.
    AesCbc(Vec<Key>),
    /// XSalsa20-Poly1305 with these keys; the first one writes.
    Secretbox(Vec<Key>),
    /// Values as they are.
    Identity,
    /// Keys wrapped by a KMS plugin.
    Kms(KmsConfiguration),
}

/// A named secret. `Debug` does not show it, and it is wiped on drop.
#[derive(Clone)]
pub struct Key {
    name: String,
    secret: Zeroizing<Vec<u8>>,
    path: String,
}

/// The KMS plugin of a `kms` provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsConfiguration {
    provider: Provider,
    name: String,
    cache_size: Option<i32>,
    endpoint: String,
    timeout: Duration,
    path: String,
}

impl EncryptionConfiguration {
    /// Parses a configuration, YAML or JSON, and refuses what the API server
    /// refuses: unknown and duplicate fields, wrong types, wrong key sizes,
    /// rules that overlap or mask each other.
    ///
    /// As with the API server's defaults, KMS v1 providers may share a name, which
    /// automatic reload does not allow. KMS v1 itself needs a feature gate; that is
    /// a [warning](EncryptionConfiguration::warnings).
    ///
    /// # Errors
    /// Category `configuration`, with the path of the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<EncryptionConfiguration> {
        let (configuration, problems) = EncryptionConfiguration::parse_lenient(bytes);
        match problems.into_iter().next() {
            None => Ok(configuration),
            Some(problem) => Err(problem),
        }
    }

    /// Parses a configuration for forensics: keeps every key that can be used
    /// and tells all that the API server would refuse.
    ///
    /// The configuration is as [`EncryptionConfiguration::parse`] gives it when
    /// there are no problems, and may be empty when there are: it is where the
    /// bytes are no YAML or JSON. Of more than 100 problems the last one says how
    /// many there are.
    pub fn parse_lenient(bytes: &[u8]) -> (EncryptionConfiguration, Vec<Error>) {
        EncryptionConfiguration::check(bytes, Release::LATEST)
    }

    /// As [`EncryptionConfiguration::parse_lenient`], by the rules of a release.
    /// What only later ones refuse is a [warning](EncryptionConfiguration::warnings).
    ///
    /// ```
    /// use k8s_etcd::encryption::EncryptionConfiguration;
    ///
    /// let json = br#"{"kind": "EncryptionConfig", "apiVersion": "v1", "metadata": {},
    ///     "resources": [{"resources": ["secrets"], "providers": [{"identity": {}}]}]}"#;
    /// assert!(EncryptionConfiguration::parse(json).is_err());
    /// let (_, problems) = EncryptionConfiguration::check(json, "1.24".parse()?);
    /// assert!(problems.is_empty());
    /// # Ok::<(), k8s_etcd::Error>(())
    /// ```
    pub fn check(bytes: &[u8], release: Release) -> (EncryptionConfiguration, Vec<Error>) {
        read::read(bytes, release)
    }

    /// What the API server takes and a person should know: KMS v1, which needs a
    /// feature gate, and `identity` before other providers.
    pub fn warnings(&self) -> &[Error] {
        &self.warnings
    }

    /// The rules, in order.
    pub fn resources(&self) -> &[ResourceConfiguration] {
        &self.resources
    }
}

impl ResourceConfiguration {
    /// Resources as written: `secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*`.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// The providers, in order; the first one writes.
    pub fn providers(&self) -> &[ProviderConfiguration] {
        &self.providers
    }
}

impl ProviderConfiguration {
    /// The provider; none for `identity`.
    pub fn provider(&self) -> Option<Provider> {
        match self {
            ProviderConfiguration::AesGcm(_) => Some(Provider::AesGcm),
            ProviderConfiguration::AesCbc(_) => Some(Provider::AesCbc),
            ProviderConfiguration::Secretbox(_) => Some(Provider::Secretbox),
            ProviderConfiguration::Identity => None,
            ProviderConfiguration::Kms(kms) => Some(kms.provider),
        }
    }
}

impl Key {
    /// The key's name. May be anything, `:` included, and need not be unique.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret's bytes: 16, 24 or 32 of them, for secretbox always 32.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Where the key stands: `resources[1].providers[0].aescbc.keys[2]`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .field("secret", &format_args!("redacted"))
            .field("path", &self.path)
            .finish()
    }
}

impl KmsConfiguration {
    /// [`Provider::KmsV1`] or [`Provider::KmsV2`].
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The name, which stands in the stored value.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many data encryption keys the API server caches, negative for none;
    /// with v1 only.
    pub fn cache_size(&self) -> Option<i32> {
        self.cache_size
    }

    /// The plugin's socket, a `unix` URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How long the API server waits for the plugin.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Where the provider stands: `resources[1].providers[0].kms`.
    pub fn path(&self) -> &str {
        &self.path
    }
}
