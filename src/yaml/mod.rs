//! YAML: parsing stored values, printing objects.
//!
//! ```text
//!  stored YAML ─── parse ─→ tree         granit-parser's events, goyaml's meaning
//!  compact JSON ── write ─→ block YAML   as sigs.k8s.io/yaml prints: keys in its
//!                                        order, lists not indented, `|` for lines
//! ```
//!
//! Both are not serde-saphyr's. Its reader resolves plain scalars itself and does
//! not give their text, and it sees other things in them than Kubernetes: a label
//! `7e98765` is a string to goyaml, which writes it without quotes, and infinity
//! there; `yEs` and `tRue` become bools, `1__0` a string. Its writer cannot be given a
//! number as text, and quotes and orders differently.
//!
//! Source: sigs.k8s.io/yaml v1.6.0 with go.yaml.in/yaml/v2 v2.4.3 (`emitterc.go`,
//! `resolve.go`, `sorter.go`); YAML 1.1 and 1.2.2.

mod order;
mod parse;
mod plain;
mod resolve;
mod scalar;
mod write;

#[cfg(test)]
mod conformance;

pub(crate) use parse::parse_object;
pub(crate) use write::{write, write_tree};
