//! One value as the walk hands it to its consumer.

use std::borrow::Cow;
use std::ops::Range;

use crate::de::Pieces;
use crate::schema::row::{Message, Type};
use crate::tree::Tree;

/// A value with its JSON form decided and its content still on the wire.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    /// Text that nobody has checked yet: gogo/protobuf does not.
    String(&'a [u8]),
    /// Base64 in JSON.
    Bytes(&'a [u8]),
    /// To be opened with [`Members`](crate::de::Members).
    Object(&'static Message, Pieces<'a>),
    /// Occurrences of a repeated field; to be opened with [`Items`](crate::de::Items).
    List(Type, Range<usize>),
    /// Occurrences of a map field; to be opened with [`Entries`](crate::de::Entries).
    Map(Type, Range<usize>),
    /// Seconds since 1970.
    Time(i64),
    /// Seconds since 1970 and nanoseconds, the latter whole microseconds.
    MicroTime(i64, i32),
    /// Nanoseconds.
    Duration(i64),
    /// Canonical text.
    Quantity(Cow<'a, str>),
    /// Text made of two fields (`group/version`), not checked either.
    Joined(Vec<u8>),
    /// JSON text, not checked yet, and its offset.
    Json(&'a [u8], u64),
    /// What was CBOR, or has no schema.
    Tree(Box<Tree<'a>>),
}
