//! What Kubernetes keeps in etcd, decoded.
#![forbid(unsafe_code)]
// While the stages are being joined.
#![allow(dead_code, unused_imports)]

// The foundation, then the modules in the order of the way of the data.
mod error;
mod limits;
mod wire;
mod utf8;

pub mod etcd;
pub mod registry_key;
pub mod storage_value;
pub mod encryption;
pub mod envelope;
pub mod schema;
mod tree;
mod object;
mod report;
mod cbor;
mod de;
pub mod json;
mod yaml;
mod decoder;
#[cfg(feature = "k8s-openapi")]
mod typed;

pub use decoder::{Decoder, Opened};
pub use error::{Buffer, Category, Error, Result};
pub use json::WriteError;
pub use limits::Limits;
pub use object::Object;
pub use report::{Report, RetiredField, UnknownField};
#[cfg(feature = "k8s-openapi")]
pub use typed::Found;
