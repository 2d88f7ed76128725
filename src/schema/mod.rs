//! The schema: which fields every Kubernetes message has, and how Go prints them.
//!
//! One table serves every release from 1.4 on, since no field number ever
//! changed its wire type. The rows are generated from
//! `tools/schema-gen/input/`; what they mean stands in [`row`].

pub(crate) mod row;

pub use row::Message;
