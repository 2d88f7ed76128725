//! A KMS of one key, and what it wraps.

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, LocalKms, Provider};
use std::sync::OnceLock;

use super::sealed::aes_key;

/// The KMS's own name of its key.
pub const KEY_ID: &str = "kek-1";

const CONFIGURATION: &[u8] = br#"{
  "apiVersion": "apiserver.config.k8s.io/v1",
  "kind": "EncryptionConfiguration",
  "resources": [{
    "resources": ["secrets"],
    "providers": [
      {"kms": {"apiVersion": "v1", "name": "kms1", "endpoint": "unix:///kms.sock"}},
      {"kms": {"apiVersion": "v2", "name": "kms2", "endpoint": "unix:///kms.sock"}}
    ]
  }]
}"#;

/// The name of the provider in the configuration: a name is of one version.
pub fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::KmsV2 => "kms2",
        _ => "kms1",
    }
}

/// A new one for each run: a keyring keeps what its plugins answered.
pub fn keyring() -> Keyring {
    static PARSED: OnceLock<EncryptionConfiguration> = OnceLock::new();
    let configuration = PARSED
        .get_or_init(|| EncryptionConfiguration::parse(CONFIGURATION).expect("a configuration"));
    let kms = LocalKms::new(KEY_ID, aes_key(2)).expect("a key");
    Keyring::new()
        .with_configuration(configuration)
        .with_kms_plugin(kms)
}

/// `dek`, wrapped by the KMS of [`keyring`].
pub fn wrap(provider: Provider, dek: &[u8]) -> Vec<u8> {
    static KMS: OnceLock<LocalKms> = OnceLock::new();
    let kms = KMS.get_or_init(|| LocalKms::new(KEY_ID, aes_key(2)).expect("a key"));
    kms.wrap(provider, &[3; 12], dek).expect("a KMS")
}
