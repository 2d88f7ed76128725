//! JSON exactly as Go's `encoding/json` prints it, which is what Kubernetes' serializer uses.
//!
//! ```text
//!  scanner ── tokens ──┬── compact   white space out, `<>&` escaped: JSON inside protobuf, stored JSON
//!  (Go's acceptance)   └── head      apiVersion, kind, namespace, name without a tree
//!  string, number ─────── value      a tree printed
//!  compact text ───────── indent     two spaces, for people
//! ```
//!
//! Everything prints into a `Vec<u8>`. Printed bytes are always valid UTF-8,
//! except that `compact` passes bad bytes inside strings through unchanged,
//! as Go does, and says so.
//!
//! Source: `encode.go`, `indent.go`, `scanner.go` of Go 1.26's `encoding/json`;
//! RFC 8259 for the grammar, which Go accepts exactly except for a bound on depth.

mod base64;
mod compact;
mod direct;
mod head;
mod indent;
mod invalid_utf8;
mod number;
mod object;
mod plain;
mod scanner;
mod string;
mod text;
mod value;

#[cfg(test)]
mod conformance;

pub(crate) use base64::write_base64;
pub(crate) use compact::{HtmlEscape, compact, compact_without};
#[cfg(test)]
pub(crate) use direct::print as print_direct;
pub(crate) use head::{Head, head};
pub use indent::indent;
pub(crate) use invalid_utf8::invalid_utf8;
pub(crate) use number::{write_f64, write_i64, write_u64};
pub(crate) use object::Printer;
pub use object::WriteError;
pub(crate) use scanner::{Scanner, Token};
pub(crate) use string::write_string;
pub(crate) use value::write_value;
