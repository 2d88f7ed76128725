//! The `k8s\0` envelope: what every protobuf value that Kubernetes stores begins with.
//!
//! ```text
//! 6b 38 73 00            "k8s\0"
//! runtime.Unknown
//!   1  typeMeta          { 1 apiVersion, 2 kind }
//!   2  raw               the object's own message, without type
//!   3  contentEncoding   empty in stored values
//!   4  contentType       empty in stored values
//! ```
//!
//! Source: k8s.io/apimachinery `pkg/runtime/generated.proto` (Unknown, TypeMeta)
//! and `pkg/runtime/serializer/protobuf/protobuf.go`.

use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};
use crate::wire::{self, Fields, Payload, Quick, Reader};

/// The four bytes that a protobuf value begins with.
pub const PREFIX: &[u8; 4] = b"k8s\0";

/// A parsed envelope, borrowing from the value.
///
/// ```
/// let value = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x02\x0a\x00";
/// let envelope = k8s_etcd::envelope::Envelope::parse(value)?;
/// assert_eq!(envelope.kind(), b"Namespace");
/// assert_eq!(envelope.api_version(), b"v1");
/// assert_eq!(envelope.raw(), b"\x0a\x00");
/// # Ok::<_, k8s_etcd::Error>(())
/// ```
#[derive(Clone)]
pub struct Envelope<'a> {
    api_version: &'a [u8],
    kind: &'a [u8],
    raw: &'a [u8],
    raw_offset: u64,
    content_encoding: &'a [u8],
    content_type: &'a [u8],
    /// All behind the prefix, and where it begins, if some field in it is unknown.
    odd: Option<Reader<'a>>,
}

impl<'a> Envelope<'a> {
    /// Parses a value that begins with [`PREFIX`].
    ///
    /// # Errors
    ///
    /// Malformed if the prefix is missing or a field does not have its wire
    /// type; truncated if nothing follows the prefix or a length points past
    /// the end. Offsets count in [`Buffer::Value`].
    pub fn parse(value: &'a [u8]) -> Result<Envelope<'a>> {
        Envelope::parse_in(value, Buffer::Value)
    }

    pub(crate) fn parse_in(value: &'a [u8], buffer: Buffer) -> Result<Envelope<'a>> {
        let Some(body) = value.strip_prefix(PREFIX) else {
            return Err(Error::malformed("envelope", "does not begin with k8s\\0").at(buffer, 0));
        };
        let base = to_u64(PREFIX.len());
        if body.is_empty() {
            return Err(Error::truncated("envelope body", 1, 0).at(buffer, base));
        }
        if let Some(envelope) = Envelope::parse_usual(body, base) {
            return Ok(envelope);
        }
        let mut envelope = Envelope {
            api_version: b"",
            kind: b"",
            raw: b"",
            raw_offset: to_u64(value.len()),
            content_encoding: b"",
            content_type: b"",
            odd: None,
        };
        let whole = Reader::with_base(body, base, buffer);
        let mut fields = Fields::new(whole);
        while let Some(field) = fields.next_field()? {
            let (slot, what) = match field.number {
                1 => {
                    let bytes = length_delimited(&field, buffer, "field typeMeta of the envelope")?;
                    let reader = Reader::with_base(bytes, field.payload_offset, buffer);
                    if envelope.parse_type_meta(reader)? {
                        envelope.odd = Some(whole);
                    }
                    continue;
                }
                2 => {
                    envelope.raw_offset = field.payload_offset;
                    (&mut envelope.raw, "field raw of the envelope")
                }
                3 => (
                    &mut envelope.content_encoding,
                    "field contentEncoding of the envelope",
                ),
                4 => (
                    &mut envelope.content_type,
                    "field contentType of the envelope",
                ),
                _ => {
                    envelope.odd = Some(whole);
                    continue;
                }
            };
            *slot = length_delimited(&field, buffer, what)?;
        }
        Ok(envelope)
    }

    /// As every API server writes it: all fields, each once.
    fn parse_usual(body: &'a [u8], base: u64) -> Option<Envelope<'a>> {
        let [first, second, third, fourth] = [1, 2, 3, 4].map(|number| number << 3 | 2);
        let mut wire = Quick::new(body);
        let mut type_meta = Quick::new(wire.take_bytes(first)?);
        let raw = wire.take_bytes(second)?;
        let behind_raw = wire.rest().len();
        let raw_at = body.len().checked_sub(behind_raw)?.checked_sub(raw.len())?;
        let envelope = Envelope {
            api_version: type_meta.take_bytes(first)?,
            kind: type_meta.take_bytes(second)?,
            raw,
            raw_offset: base.checked_add(to_u64(raw_at))?,
            content_encoding: wire.take_bytes(third)?,
            content_type: wire.take_bytes(fourth)?,
            odd: None,
        };
        (type_meta.is_empty() && wire.is_empty()).then_some(envelope)
    }

    /// Whether there are unknown fields.
    fn parse_type_meta(&mut self, reader: Reader<'a>) -> Result<bool> {
        let mut odd = false;
        let mut fields = Fields::new(reader);
        while let Some(field) = fields.next_field()? {
            let (slot, what) = match field.number {
                1 => (&mut self.api_version, "apiVersion of the envelope"),
                2 => (&mut self.kind, "kind of the envelope"),
                _ => {
                    odd = true;
                    continue;
                }
            };
            *slot = length_delimited(&field, reader.buffer(), what)?;
        }
        Ok(odd)
    }

    pub(crate) fn has_unknown(&self) -> bool {
        self.odd.is_some()
    }

    /// The fields that no API server writes, of the envelope and its type, as they
    /// come. They are read again: a forged envelope may have very many.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = wire::Field<'a>> {
        let whole = self.odd.into_iter().flat_map(fields);
        whole.flat_map(|field| {
            let type_meta = match (field.number, field.payload) {
                (1, Payload::LengthDelimited(bytes)) => Some((bytes, field.payload_offset)),
                _ => None,
            };
            let inner = type_meta.into_iter().flat_map(|(bytes, offset)| {
                let inner = fields(Reader::with_base(bytes, offset, Buffer::Value));
                inner.filter(|field| field.number > 2)
            });
            let outer = (field.number > 4).then_some(field);
            inner.chain(outer)
        })
    }

    /// Bytes of the envelope with all that is in it.
    pub(crate) fn length(&self) -> usize {
        self.odd.map_or(self.raw.len(), |body| body.remaining())
    }

    /// `v1` or `group/version`, as stored: nobody has checked its UTF-8.
    pub fn api_version(&self) -> &'a [u8] {
        self.api_version
    }

    /// The kind, as stored: nobody has checked its UTF-8.
    pub fn kind(&self) -> &'a [u8] {
        self.kind
    }

    /// The object's own message.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Where [`Envelope::raw`] begins in the value.
    pub fn raw_offset(&self) -> u64 {
        self.raw_offset
    }

    /// Empty in every value that an API server stored.
    pub fn content_encoding(&self) -> &'a [u8] {
        self.content_encoding
    }

    /// Empty in every value that an API server stored.
    pub fn content_type(&self) -> &'a [u8] {
        self.content_type
    }

    /// Group and version, of which Kubernetes insists on the latter, as on a kind.
    ///
    /// # Errors
    ///
    /// Malformed, as in Kubernetes, if kind or version is missing.
    pub fn group_version(&self) -> Result<(&'a [u8], &'a [u8])> {
        if self.kind.is_empty() {
            return Err(Error::malformed("envelope", "its kind is missing"));
        }
        let mut parts = self.api_version.splitn(3, |byte| *byte == b'/');
        let (group, version) = match (parts.next(), parts.next(), parts.next()) {
            (Some(version), None, _) => (&b""[..], version),
            (Some(group), Some(version), None) => (group, version),
            // More than one slash: to Kubernetes, no version at all.
            _ => (&b""[..], &b""[..]),
        };
        if version.is_empty() {
            return Err(Error::malformed("envelope", "its version is missing"));
        }
        Ok((group, version))
    }
}

/// The fields of what was parsed before.
fn fields(reader: Reader<'_>) -> impl Iterator<Item = wire::Field<'_>> {
    let mut fields = Fields::new(reader);
    std::iter::from_fn(move || fields.next_field().ok().flatten())
}

fn length_delimited<'a>(
    field: &wire::Field<'a>,
    buffer: Buffer,
    what: &'static str,
) -> Result<&'a [u8]> {
    match field.payload {
        Payload::LengthDelimited(bytes) => Ok(bytes),
        _ => Err(Error::malformed(what, "wire type does not fit").at(buffer, field.offset)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of the API server, which is read in one step, and in another.
    #[test]
    fn encoding_and_type_are_told() {
        let type_meta = b"\x0a\x0f\x0a\x02v1\x12\x09Namespace".as_slice();
        let rest = b"\x12\x00\x1a\x04gzip\x22\x04json".as_slice();
        for body in [[type_meta, rest].concat(), [rest, type_meta].concat()] {
            let value = [PREFIX.as_slice(), &body].concat();
            let envelope = Envelope::parse(&value).unwrap();
            assert_eq!(envelope.content_encoding(), b"gzip");
            assert_eq!(envelope.content_type(), b"json");
        }
    }
}
