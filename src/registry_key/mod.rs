//! The etcd keys of an API server: key → group resource, namespace, name.

#[rustfmt::skip]
mod generated;
