//! Protobuf by schema: one walk over the wire bytes of a message, in Go's
//! member order, with no tree and no allocation per field.
//!
//! ```text
//! wire bytes ─ gather ─▶ occurrences of each field ─ Members ─▶ (name, Value)
//!                        sorted by table row         Items  ──▶ Value
//!                                                    Entries ─▶ (key, Value)
//! ```
//!
//! [`Walk`] holds what one decode shares: bounds, the path, the report, and
//! the stacks that the cursors [`Members`], [`Items`] and [`Entries`] work on.
//! Two consumers sit on top: [`deserializer`] (serde: typed objects and
//! `serde_json::Value`) and the printer in `json`. Rules for absent, zero and
//! repeated fields are here once, for both. Objects that are as Go wrote them
//! take a shorter way first, [`usual`].

mod access;
mod deserializer;
mod error;
mod entries;
mod items;
mod members;
mod path;
mod report;
pub(crate) mod scalar;
pub(crate) mod usual;
mod value;
mod walk;
pub(crate) mod well_known;

pub(crate) use deserializer::{Head, decode_json, decode_object, decode_usual, decode_value};
pub(crate) use entries::Entries;
pub(crate) use items::Items;
pub(crate) use members::Members;
pub(crate) use path::{Path, Segment};
pub(crate) use report::{Report, Retired};
pub(crate) use value::Value;
pub(crate) use walk::{Mark, Occurrence, Options, Pieces, Walk};
