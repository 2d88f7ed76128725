//! CBOR as Kubernetes writes it, parsed into a tree.
//!
//! ```text
//! d9 d9f7             tag 55799, self-described CBOR: what a stored value begins with
//! a2                  map of 2
//!    44 6b696e64      byte string "kind": Kubernetes writes strings and keys as byte strings
//!    43 506f64        byte string "Pod"
//!    44 64617461      "data"
//!    d6 42 0102       tag 22, byte string: a []byte, "AQI=" in JSON
//! ```
//!
//! Accepted is what the API server's decoder accepts when it reads an object
//! without a schema: text strings must be UTF-8, byte strings need not; no
//! duplicate keys; no NaN, infinity, bignum, integer outside of `i64` or simple
//! value but false, true and null; indefinite lengths; unknown tags fall away,
//! tags 0 and 1 become RFC 3339 text.
//!
//! Source: KEP-4222; k8s.io/apimachinery v0.36.0,
//! `pkg/runtime/serializer/cbor/internal/modes/decode.go`, with
//! github.com/fxamacker/cbor v2.9.0; RFC 8949 for the encoding.

mod head;
mod item;
mod time;

#[cfg(test)]
mod conformance;

use crate::error::{Error, Result};
use crate::tree::{Tree, View};
use crate::wire::Reader;

/// What every stored CBOR value begins with: tag 55799.
pub(crate) const SELF_DESCRIBED: [u8; 3] = [0xd9, 0xd9, 0xf7];

const WHAT: &str = "CBOR";

/// Whether the JSON of a `FieldsV1` with these bytes is to be made from CBOR:
/// they begin with a map, a tag, or null.
pub(crate) fn is_fields_v1(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(0xa0..=0xbf | 0xc6..=0xdb | 0xf6))
}

/// Parses the one item that is left in `reader`, any tags around it included.
/// Arrays, maps and tags nested deeper than `max_depth` are an error.
pub(crate) fn parse<'a>(mut reader: Reader<'a>, max_depth: usize) -> Result<Tree<'a>> {
    let tree = item::parse(&mut reader, max_depth)?;
    match reader.is_empty() {
        true => Ok(tree),
        false => Err(reader.malformed(WHAT, "data after the item")),
    }
}

/// [`parse`] where Kubernetes decodes into a map: an object, or null for none.
pub(crate) fn parse_map<'a>(reader: Reader<'a>, max_depth: usize) -> Result<Tree<'a>> {
    let tree = parse(reader, max_depth)?;
    match tree.root().view() {
        View::Object(_) | View::Null => Ok(tree),
        _ => Err(Error::malformed(WHAT, "not a map").at(reader.buffer(), reader.offset())),
    }
}
