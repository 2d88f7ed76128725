//! Encryption at rest: from the value that etcd stores to the one that the API
//! server wrote, and back.
//!
//! ```text
//! k8s:enc: aesgcm : v1 : key1 : payload
//!    |        |      |     |       |
//!    |        |      |     |       one file per provider: aesgcm, aescbc, secretbox
//!    |        |      |     which keys are tried: config, keyring, decrypt
//!    |        the layout, without any key: prefix
//!    only then is a value encrypted: identity
//! ```
//!
//! This module knows nothing of etcd and of the keys in it: the caller hands in
//! the resource as text, and the etcd key as bytes that are authenticated.
//!
//! Sources: `k8s.io/apiserver`, `pkg/server/options/encryptionconfig/config.go`
//! and `pkg/storage/value/encrypt/`.

pub mod aescbc;
pub mod aesgcm;
mod config;
mod decrypt;
mod diagnosis;
mod fault;
mod identity;
mod info;
mod keyring;
mod kms;
mod moved;
mod outcome;
mod prefix;
mod reason;
mod seal;
pub mod secretbox;

pub use config::{
    EncryptionConfiguration, Key, KmsConfiguration, ProviderConfiguration, ResourceConfiguration,
};
pub use decrypt::Recognize;
pub use info::{Info, Policy};
pub use keyring::Keyring;
pub use kms::{KmsError, KmsInfo, KmsPlugin, KmsTable, LocalKms, WrappedKey};
pub use moved::{MoveTries, Moved};
pub use outcome::{Failure, Opened, Plaintext};
pub use prefix::{Prefix, Provider, is_encrypted};
pub use reason::Reason;
pub use seal::{DekSource, Sealer};
