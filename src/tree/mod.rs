//! A value in JSON's data model, for what carries no schema: YAML, CBOR, and JSON
//! that is printed as YAML.
//!
//! ```text
//! nodes    { object ─ "a" ─ [ ─ 1 ─ 2 ─ "b" ─ null      as they come, 16 bytes each;
//!            └───────── where it ends ──────────┘       what is within follows at once
//! source   …a……b…                                       texts are places in it,
//! made     …                                            or here if they had to change
//! orders   keys of the objects that do not come sorted
//! ```
//!
//! One list for all nodes: an empty map is a byte in CBOR, and would be some hundred
//! as a tree of maps. Strings are bytes, as Go's are: CBOR's byte strings need not be
//! UTF-8, and two keys that differ in a bad byte only are two keys. Objects give their
//! members in the order of the keys' bytes, as Go prints a `map[string]any`. The
//! parsers bound the depth ([`Limits::tree_depth`](crate::Limits::tree_depth)), so that
//! recursion over a tree is safe.

mod builder;
mod deserializer;
mod value;
mod way;

#[cfg(test)]
mod tests;

pub(crate) use builder::{Builder, Members, Scalar};
pub(crate) use deserializer::deserializer;
pub(crate) use value::{Items, Text, Value, View};
pub(crate) use way::Way;

/// A whole value, or the values that a parser has made so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree<'a> {
    source: &'a [u8],
    made: Vec<u8>,
    nodes: Vec<Node>,
    orders: Vec<u32>,
    /// Some values stand at several places: there are aliases, or merged members.
    shared: bool,
}

/// One step of the way to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Key(&'a [u8]),
    Index(usize),
}

/// One value, a key included. Numbers of 32 bits are places in the lists of the tree.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    Float(f64),
    /// In the source.
    Lent(Span),
    Made(Span),
    /// A number as JSON spells it, in the source.
    Spelled(Span),
    Array {
        end: u32,
    },
    /// A key, its value, the next key.
    Object {
        end: u32,
    },
    /// `count` keys, from `order` on in the orders, each with its value behind it.
    Ordered {
        end: u32,
        order: u32,
        count: u32,
    },
    /// What stands at another place.
    Alias(u32),
}

const _: () = assert!(size_of::<Node>() == 16);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    at: u32,
    length: u32,
}

impl<'a> Tree<'a> {
    /// The first value.
    pub(crate) fn root(&self) -> Value<'_, 'a> {
        Value::at(self, 0)
    }
}
