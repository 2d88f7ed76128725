//! The schema: which fields every Kubernetes message has, and how Go prints them.
//!
//! One table serves every release from 1.4 on, since no field number ever
//! changed its wire type. The rows are generated from
//! `tools/schema-gen/input/` (all releases of Kubernetes 1.4–1.37 and of
//! OpenShift 3.8–5.1); what they mean stands in `row.rs`.
//!
//! A message is found by its [`kind`], or by its full name ([`message`]):
//!
//! ```
//! let pod = k8s_etcd::schema::kind("", "v1", "Pod").unwrap();
//! assert_eq!(pod.name(), "k8s.io.api.core.v1.Pod");
//! ```

#[rustfmt::skip]
pub(crate) mod generated;
mod lookup;
pub(crate) mod row;
#[cfg(test)]
mod tests;

pub(crate) use lookup::by_hash;
pub use lookup::{kind, kind_of, message, messages};
pub use row::Message;
