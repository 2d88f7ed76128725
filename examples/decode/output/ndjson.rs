//! `-o ndjson`: a record a line, members in a fixed order, absent ones left out.

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::decoded::{Body, Decoded, Item};

pub fn print(
    out: &mut dyn Write,
    input: Option<&str>,
    item: &Item<'_>,
    decoded: &Decoded,
) -> io::Result<()> {
    let mut record = Record { out, first: true };
    if let Some(input) = input {
        record.member("input", input)?;
    }
    match item.key.map(std::str::from_utf8) {
        Some(Ok(key)) => record.member("key", key)?,
        Some(Err(_)) => {
            record.member("keyBase64", &STANDARD.encode(item.key.unwrap_or_default()))?;
        }
        None => {}
    }
    if let Some(revisions) = item.revisions {
        record.member("createRevision", &revisions.create_revision)?;
        record.member("modRevision", &revisions.mod_revision)?;
        record.member("version", &revisions.version)?;
        if revisions.lease != 0 {
            record.member("lease", &revisions.lease)?;
        }
    }
    if let Some(encryption) = &decoded.encryption {
        record.member("encryption", encryption)?;
    }
    if let Some(media) = decoded.media {
        record.member("media", media.as_str())?;
    }
    if let Some(api_version) = &decoded.api_version {
        record.member("apiVersion", api_version)?;
    }
    if let Some(kind) = &decoded.kind {
        record.member("kind", kind)?;
    }
    if decoded.unknown_kind {
        record.member("unknownKind", &true)?;
    }
    match &decoded.body {
        Body::Object(json) => {
            record.name("object")?;
            record.out.write_all(json)?;
        }
        Body::Text(text) => record.member("text", text)?,
        Body::Error(error) => {
            let mut failure = Failure::from(error);
            failure.message = decoded.with_notes(failure.message);
            record.member("error", &failure)?;
        }
        Body::Unrecognized => record.member("error", &UNRECOGNIZED)?,
    }
    let report = &decoded.report;
    if !report.unknown_fields.is_empty() {
        record.member("unknownFields", &report.unknown_fields)?;
    }
    if !report.retired_fields.is_empty() {
        record.member("retiredFields", &report.retired_fields)?;
    }
    if !report.invalid_utf8.is_empty() {
        record.member("invalidUtf8", &report.invalid_utf8)?;
    }
    record.end()
}

#[derive(Serialize)]
struct Failure {
    category: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    buffer: Option<&'static str>,
}

impl From<&k8s_etcd::Error> for Failure {
    fn from(error: &k8s_etcd::Error) -> Failure {
        Failure {
            category: error.category().as_str(),
            message: error.message(),
            offset: error.offset(),
            buffer: error.buffer().map(k8s_etcd::Buffer::as_str),
        }
    }
}

#[derive(Serialize)]
struct Unrecognized {
    category: &'static str,
    message: &'static str,
}

const UNRECOGNIZED: Unrecognized = Unrecognized {
    category: "malformed",
    message: crate::output::UNRECOGNIZED,
};

struct Record<'w> {
    out: &'w mut dyn Write,
    first: bool,
}

impl Record<'_> {
    fn name(&mut self, name: &str) -> io::Result<()> {
        let before = if std::mem::take(&mut self.first) {
            "{"
        } else {
            ","
        };
        write!(self.out, "{before}\"{name}\":")
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> io::Result<()> {
        self.name(name)?;
        serde_json::to_writer(&mut *self.out, value)?;
        Ok(())
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(b"}\n")
    }
}
