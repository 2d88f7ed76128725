//! YAML: parsing stored values, printing objects.
//!
//! ```text
//!  stored YAML ── read ──→ tree          serde-saphyr, with tight bounds
//!  compact JSON ── write ─→ block YAML   as sigs.k8s.io/yaml prints: keys in its
//!                                        order, lists not indented, `|` for lines
//! ```
//!
//! The writer is our own because serde-saphyr's cannot be given a number as text,
//! puts keys and quotes elsewhere than Kubernetes does, and folds.
//!
//! Source: sigs.k8s.io/yaml v1.6.0 with go.yaml.in/yaml/v2 v2.4.3 (`emitterc.go`,
//! `resolve.go`, `sorter.go`); YAML 1.1 and 1.2.2.

mod order;
mod resolve;
mod scalar;
mod write;

pub(crate) use write::write;
