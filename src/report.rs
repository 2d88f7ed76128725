//! What a decode met besides the object itself.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    /// Entries that are missing above, because the report would outgrow the object: it
    /// holds [`Limits::report_entries`] at most, and 16 bytes for each byte of the
    /// object (and 16 KiB). A path longer than 1,024 bytes is cut in its middle, at `…`.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
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
            && self.left_out == 0
    }

    /// What a walk met, and what the envelope has besides its four fields, if there is
    /// any such.
    pub(crate) fn new(
        report: de::Report<'_>,
        envelope: Option<&(Envelope<'_>, Buffer)>,
        limits: Limits,
    ) -> Report {
        let mut room = report.room;
        let unknown = report.unknown.into_iter().map(|unknown| {
            let (message, field) = (unknown.message.name(), &unknown.field);
            UnknownField::new(unknown.path, message, field, Buffer::Raw)
        });
        let mut unknown_fields: Vec<_> = unknown.collect();
        let mut retired_fields = Vec::new();
        for retired in report.retired {
            if room.take(retired.weight(limits)) {
                let value = retired.decode(limits).unwrap_or_default();
                let path = retired.path;
                retired_fields.push(RetiredField { path, value });
            }
        }
        if let Some((envelope, buffer)) = envelope {
            for field in envelope.unknown() {
                const UNKNOWN: &str = "k8s.io.apimachinery.pkg.runtime.Unknown";
                let bytes = UNKNOWN.len().saturating_add(field.bytes.len());
                let path = room.path(&"", bytes);
                unknown_fields
                    .extend(path.map(|path| UnknownField::new(path, UNKNOWN, &field, *buffer)));
            }
        }
        Report {
            unknown_fields,
            retired_fields,
            invalid_utf8: report.invalid_utf8,
            left_out: room.left_out(),
        }
    }
}

impl UnknownField {
    fn new(path: String, message: &'static str, field: &wire::Field<'_>, buffer: Buffer) -> Self {
        UnknownField {
            path,
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
    /// Its value. That it decodes was seen when it was gathered.
    fn decode<T: DeserializeOwned>(&self, limits: Limits) -> Option<T> {
        let mut walk = Walk::new(limits, Options::default(), Buffer::Raw, 0);
        let run = walk.resume(&self.occurrences);
        walk.quietly(|walk| match walk.field_value(self.field, run) {
            Ok(Some(value)) => de::decode_value(walk, value).ok(),
            _ => None,
        })
    }

    /// The memory that its value will take as JSON.
    fn weight(&self, limits: Limits) -> usize {
        self.decode(limits).map_or(0, |Weight(bytes)| bytes)
    }
}

/// The memory that a [`serde_json::Value`] takes, about.
struct Weight(usize);

impl Weight {
    /// A member of an object with its key; elements of lists are smaller.
    const VALUE: usize = 64;

    fn of(text: usize) -> Weight {
        Weight(text.saturating_add(Weight::VALUE))
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Weight, D::Error> {
        deserializer.deserialize_any(Weigh)
    }
}

struct Weigh;

impl<'de> Visitor<'de> for Weigh {
    type Value = Weight;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Weight, E> {
        Ok(Weight::of(0))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Weight, E> {
        Ok(Weight::of(0))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Weight, E> {
        Ok(Weight::of(0))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Weight, E> {
        Ok(Weight::of(0))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Weight, E> {
        Ok(Weight::of(0))
    }

    fn visit_str<E>(self, text: &str) -> Result<Weight, E> {
        Ok(Weight::of(text.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Weight, A::Error> {
        let mut sum = Weight::of(0);
        while let Some(Weight(bytes)) = list.next_element()? {
            sum.0 = sum.0.saturating_add(bytes);
        }
        Ok(sum)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Weight, A::Error> {
        let mut sum = Weight::of(0);
        while let Some((Weight(key), Weight(value))) = map.next_entry()? {
            sum.0 = sum.0.saturating_add(key).saturating_add(value);
        }
        Ok(sum)
    }
}

fn buffer_name<S: Serializer>(buffer: &Buffer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(buffer.as_str())
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}
