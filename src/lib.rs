//! What Kubernetes keeps in etcd, decoded.
//!
//! From a snapshot to typed objects, or to exactly the JSON that Kubernetes
//! itself would print:
//!
//! ```no_run
//! use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
//! use k8s_etcd::etcd::Snapshot;
//! use k8s_etcd::storage_value::Content;
//! use k8s_etcd::Decoder;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let configuration = EncryptionConfiguration::parse(&std::fs::read("encryption.yaml")?)?;
//! let decoder = Decoder::new().keyring(Keyring::new().with_configuration(&configuration));
//!
//! let file = std::fs::read("snapshot.db")?;
//! for (key, entry) in &Snapshot::parse(&file)?.current()? {
//!     let opened = decoder.open(Some(key), entry?.value);
//!     match opened.storage_value()?.into_content()? {
//!         Content::Object(object) => drop(object.write_json(&mut std::io::stdout())?),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! You may have
//!
//! - a database file or snapshot: [`etcd::Snapshot`], then [`Decoder`];
//! - stored values, from wherever: [`Decoder::open`], with the etcd key if you
//!   have it, since encryption authenticates it;
//! - a protobuf message and its name: [`Object::of_message`].
//!
//! and want
//!
//! - typed objects: [`Opened::decode`] into any serde type, all of one kind by
//!   `Decoder::objects` (feature `k8s-openapi`);
//! - text: [`Object::append_json`], [`Object::to_yaml`];
//! - to know what else was there: the [`Report`] that each of these gives.
//!
//! # Features
//!
//! - `k8s-openapi`: `Decoder::objects`, for types that implement
//!   `k8s_openapi::Resource`. The version of Kubernetes is chosen by the
//!   application, through k8s-openapi's own features.
//!
//! # Hostile input
//!
//! Everything but the caller's own arguments is taken for hostile: bytes never
//! make the crate panic, recurse without bound, or use memory or time out of
//! proportion to their size; the bounds stand in [`Limits`]. What cannot be
//! decoded is an [`Error`] that says what was being read and where, and never
//! holds key material or payload.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

// The foundation, then the modules in the order of the way of the data.
mod convert;
mod error;
mod limits;
mod room;
mod skip_fields;
mod utf8;
mod wire;

pub mod etcd;
pub mod registry_key;
pub mod encryption;
pub mod storage_value;
pub mod envelope;
pub mod schema;
mod tree;
mod cbor;
mod de;
pub mod json;
mod yaml;
mod object;
mod report;
mod decoder;
#[cfg(feature = "k8s-openapi")]
mod typed;

pub use decoder::{Decoder, Opened};
pub use error::{Buffer, Category, Error, Result};
pub use json::WriteError;
pub use limits::Limits;
pub use object::Object;
pub use report::{Report, RetiredField, UnknownField};
pub use skip_fields::SkipFields;
#[cfg(feature = "k8s-openapi")]
pub use typed::Found;
