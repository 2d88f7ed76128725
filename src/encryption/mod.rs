//! Encryption at rest: from the value that etcd stores to the one that the API
//! server wrote, and back.
//!
//! ```text
//! k8s:enc: aesgcm : v1 : key1 : payload
//!    |        |      |     |       |
//!    |        |      |     |       its layout: aesgcm, aescbc, secretbox, kms
//!    |        |      |     which keys are tried: config, keyring, decrypt
//!    |        the provider and the version of its layout: prefix
//!    only then is a value encrypted: identity
//! ```
//!
//! A [`Keyring`] holds the keys of one or more [`EncryptionConfiguration`]s and
//! asks [`KmsPlugin`]s for wrapped ones. It opens a value as the API server
//! does, and goes on where that gives up; a [`Failure`] says why a value stays
//! closed, in our words and in the API server's. A [`Sealer`] is the way back.
//!
//! ```
//! use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, LocalKms};
//!
//! let configuration = EncryptionConfiguration::parse(br#"
//! apiVersion: apiserver.config.k8s.io/v1
//! kind: EncryptionConfiguration
//! resources:
//!   - resources: ["secrets"]
//!     providers:
//!       - kms: {apiVersion: v2, name: lab, endpoint: "unix:///run/kms.sock"}
//!       - secretbox:
//!           keys:
//!             - {name: key1, secret: xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=}
//! "#)?;
//! let keyring = Keyring::new()
//!     .with_configuration(&configuration)
//!     .with_kms_plugin(LocalKms::new("kek-1", &[7; 32])?);
//!
//! let value = b"k8s:enc:secretbox:v1:key2:...";
//! let failure = keyring.decrypt(value, Some("secrets"), None, &|_| true).unwrap_err();
//! assert_eq!(failure.reason.as_str(), "key-not-configured");
//! assert_eq!(
//!     failure.error.detail(),
//!     "the one secretbox key has another name; the value says \"key2\", but the name may end before or go on"
//! );
//! assert_eq!(
//!     failure.api_server_message.as_deref(),
//!     Some("no matching key was found for the provided Secretbox transformer")
//! );
//! # Ok::<(), k8s_etcd::Error>(())
//! ```
//!
//! This module knows nothing of etcd and of the keys in it: the caller hands in
//! the resource as text, and the etcd key as bytes that are authenticated.
//!
//! Keys and plaintexts are wiped on drop, and `Debug` shows neither. What the
//! parsers of YAML and JSON kept of a configuration in buffers of their own is
//! not wiped.
//!
//! Sources: `k8s.io/apiserver`, `pkg/server/options/encryptionconfig/config.go`
//! and `pkg/storage/value/encrypt/`.

pub mod aescbc;
pub mod aesgcm;
mod clear;
mod config;
mod decrypt;
mod diagnosis;
mod fault;
mod identity;
mod info;
mod keyring;
mod kms;
mod moved;
mod name_guess;
mod names;
mod outcome;
mod policy;
mod prefix;
mod reason;
mod seal;
mod secret_text;
pub mod secretbox;
mod xsalsa20;

pub use config::{
    EncryptionConfiguration, Key, KmsConfiguration, ProviderConfiguration, Release,
    ResourceConfiguration,
};
pub use decrypt::Recognize;
pub use info::{Info, Policy};
pub use keyring::Keyring;
pub use kms::{KmsError, KmsInfo, KmsPlugin, KmsTable, LocalKms, WrappedKey};
pub use moved::{MoveSearch, MoveTries, Moved};
pub(crate) use moved::{Search, Share, Try};
pub use outcome::{Failure, Opened, Plaintext};
pub use prefix::{Prefix, Provider, is_encrypted};
pub use reason::Reason;
pub use seal::{DekSource, Sealer};
