//! What a decode met besides the object itself.

use serde::{Serialize, Serializer};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::de::{self, Options, Walk};
use crate::envelope::Envelope;
use crate::error::Buffer;
use crate::limits::Limits;
use crate::wire;

/// What a decode met besides the object itself: nothing is dropped unseen.
///
/// Serializes to the members that a report of the object has; empty lists are
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// Fields whose number the schema does not have, in wire order of their messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<UnknownField>,
    /// Fields that Kubernetes once had: the newest release drops them on reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retired_fields: Vec<RetiredField>,
    /// Paths of strings that are not UTF-8.
    #[serde(rename = "invalidUtf8", skip_serializing_if = "Vec::is_empty")]
    pub invalid_utf8: Vec<String>,
}

/// A field whose number the message does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnknownField {
    /// Path of the message that holds the field; empty for the object itself.
    pub path: String,
    /// Full protobuf name of that message.
    pub message: &'static str,
    /// The field's number.
    pub number: u32,
    /// The protobuf specification's number of the wire type.
    pub wire_type: u8,
    /// Where the field's tag begins, in `buffer`.
    pub offset: u64,
    /// What the offset counts in.
    #[serde(rename = "in", serialize_with = "buffer_name")]
    pub buffer: Buffer,
    /// The whole field, tag included; base64 when serialized.
    #[serde(serialize_with = "base64")]
    pub bytes: Vec<u8>,
}

/// A field that the newest Kubernetes no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetiredField {
    /// Path of the field.
    pub path: String,
    /// Its value.
    pub value: serde_json::Value,
}

impl Report {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.unknown_fields.is_empty()
            && self.retired_fields.is_empty()
            && self.invalid_utf8.is_empty()
    }

    pub(crate) fn new(report: de::Report<'_>, limits: Limits) -> Report {
        let mut made = Report {
            invalid_utf8: report.invalid_utf8,
            ..Report::default()
        };
        made.unknown_fields
            .extend(report.unknown.iter().map(|unknown| {
                UnknownField::new(
                    &unknown.path,
                    unknown.message.name(),
                    &unknown.field,
                    Buffer::Raw,
                )
            }));
        made.retired_fields
            .extend(report.retired.iter().map(|retired| RetiredField {
                path: retired.path.clone(),
                value: retired.value(limits),
            }));
        made
    }

    /// Adds what the envelope has besides its four fields.
    pub(crate) fn add_envelope(&mut self, envelope: &Envelope<'_>, buffer: Buffer) {
        const UNKNOWN: &str = "k8s.io.apimachinery.pkg.runtime.Unknown";
        self.unknown_fields.extend(
            envelope
                .unknown
                .iter()
                .map(|field| UnknownField::new("", UNKNOWN, field, buffer)),
        );
    }
}

impl UnknownField {
    fn new(path: &str, message: &'static str, field: &wire::Field<'_>, buffer: Buffer) -> Self {
        UnknownField {
            path: path.to_owned(),
            message,
            number: field.number,
            wire_type: field.payload.wire_type().number(),
            offset: field.offset,
            buffer,
            bytes: field.bytes.to_vec(),
        }
    }
}

impl de::Retired<'_> {
    /// The value as JSON. That it decodes was seen when it was gathered.
    fn value(&self, limits: Limits) -> serde_json::Value {
        let mut walk = Walk::new(limits, Options::default(), Buffer::Raw);
        let run = walk.resume(&self.occurrences);
        walk.quietly(|walk| match walk.field_value(self.field, run) {
            Ok(Some(value)) => {
                de::decode_value::<serde_json::Value>(walk, value).unwrap_or_default()
            }
            _ => serde_json::Value::Null,
        })
    }
}

fn buffer_name<S: Serializer>(buffer: &Buffer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(buffer.as_str())
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}
