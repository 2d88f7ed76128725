//! Messages that carry JSON, or CBOR, as bytes: `{1: raw}`.
//!
//! Source: apimachinery `runtime/extension.go`, `runtime/types_proto.go`,
//! `apis/meta/v1/fields_proto.go`; apiextensions `v1/marshal.go`.

use crate::cbor;
use crate::de::well_known::Gathered;
use crate::de::{Pieces, Value, Walk};
use crate::error::{Category, Error, Result};
use crate::schema::row::Type;
use crate::tree::Tree;
use crate::wire::Reader;

impl<'a> Walk<'a> {
    /// `runtime.RawExtension`: what the first bytes say.
    pub(super) fn raw_extension(&mut self, fields: &Gathered) -> Result<Value<'a>> {
        let Some((raw, offset)) = fields.bytes_at(self, 1) else {
            return Ok(Value::Null);
        };
        self.set_offset(offset);
        match raw {
            raw if begins_as_json(raw) => Ok(Value::Json(raw, offset)),
            [0xd9, 0xd9, 0xf7, ..] => self.cbor(raw, offset, cbor::parse),
            _ => Err(Error::new(
                Category::Unrepresentable,
                "RawExtension",
                "its bytes are neither JSON nor CBOR",
            )),
        }
    }

    /// `meta/v1.FieldsV1`: JSON, or a CBOR map told by its first byte.
    pub(super) fn fields_v1(&mut self, fields: &Gathered) -> Result<Value<'a>> {
        match fields.bytes_at(self, 1) {
            None | Some(([], _)) => Ok(Value::Null),
            Some((raw, offset)) if cbor::is_fields_v1(raw) => {
                self.cbor(raw, offset, cbor::parse_map)
            }
            Some((raw, offset)) => Ok(Value::Json(raw, offset)),
        }
    }

    /// `apiextensions.JSON`.
    pub(super) fn json(&mut self, fields: &Gathered) -> Value<'a> {
        match fields.bytes_at(self, 1) {
            None | Some(([], _)) => Value::Null,
            Some((raw, offset)) => Value::Json(raw, offset),
        }
    }

    /// `runtime.Unknown` inside a message, which no stored object has:
    /// `{1: typeMeta, 2: raw, 3: contentEncoding, 4: contentType}`, of which the
    /// type is not printed, but decoded.
    pub(super) fn nested_unknown(&mut self, fields: &Gathered) -> Result<Value<'a>> {
        if let Type::Message(type_meta) = fields.kind(1) {
            let pieces = Pieces::of(fields.run(self, 1), self);
            self.check_message(type_meta, pieces)?;
        }
        match fields.bytes(self, 4).unwrap_or_default() {
            b"" | b"application/json" => {}
            _ => {
                return Err(Error::new(
                    Category::Unrepresentable,
                    "Unknown",
                    "its content type is not JSON",
                ));
            }
        }
        Ok(match fields.bytes_at(self, 2) {
            None => Value::Null,
            Some((raw, offset)) => Value::Json(raw, offset),
        })
    }

    fn cbor(
        &mut self,
        raw: &'a [u8],
        offset: u64,
        parse: impl FnOnce(Reader<'a>, usize) -> Result<Tree<'a>>,
    ) -> Result<Value<'a>> {
        let reader = Reader::with_base(raw, offset, self.buffer());
        parse(reader, self.limits().tree_depth).map(|tree| Value::Tree(Box::new(tree)))
    }
}

/// Whether `raw` begins as JSON does, white space included.
pub(crate) fn begins_as_json(raw: &[u8]) -> bool {
    matches!(
        raw,
        [
            b'\t' | b'\r' | b'\n' | b' ' | b'{' | b'[' | b'n' | b't' | b'f' | b'"' | b'-' | b'0'
                ..=b'9',
            ..
        ]
    )
}
