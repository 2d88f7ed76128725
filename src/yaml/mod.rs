//! YAML: what the API server reads, and objects as it prints them.
//!
//! ```text
//!  bytes ── goyaml ─→ events ──┬── parse ────→ tree    stored values
//!                              └── document ─→ nodes   the API server's own files, JSON too
//!  compact JSON ── write ─→ block YAML   as sigs.k8s.io/yaml prints: keys in its
//!                                        order, lists not indented, `|` for lines
//! ```
//!
//! Source: sigs.k8s.io/yaml v1.6.0 with go.yaml.in/yaml/v2 v2.4.4.

pub(crate) mod document;
mod goyaml;
mod order;
mod parse;
mod plain;
mod resolve;
mod scalar;
mod timestamp;
mod write;

#[cfg(test)]
mod conformance;

pub(crate) use parse::parse_object;
pub(crate) use write::{write, write_tree};
