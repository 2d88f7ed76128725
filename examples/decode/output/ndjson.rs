//! `-o ndjson`: a record a line, members in a fixed order, absent ones left out.

use std::io::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::decoded::{Body, Decoded, Item};
use crate::k3s::{NOTE, is_bootstrap};
use crate::output::Source;

pub fn print(
    out: &mut dyn Write,
    source: &Source,
    item: &Item<'_>,
    decoded: &Decoded,
) -> io::Result<()> {
    let mut record = Record { out, first: true };
    if let Some(input) = &source.input {
        record.member("input", input)?;
    }
    match item.key.map(std::str::from_utf8) {
        Some(Ok(key)) => record.member("key", key)?,
        Some(Err(_)) => {
            record.member("keyBase64", &STANDARD.encode(item.key.unwrap_or_default()))?;
        }
        None => {}
    }
    if let Some(revision) = item.revision {
        record.member("revision", &revision.main)?;
        if revision.sub != 0 {
            record.member("sub", &revision.sub)?;
        }
    }
    if let Some(revision) = item.deleted_revision {
        record.member("deletedRevision", &revision)?;
    }
    if let Some(revisions) = item.revisions {
        record.member("createRevision", &revisions.create_revision)?;
        record.member("modRevision", &revisions.mod_revision)?;
        record.member("version", &revisions.version)?;
        if revisions.lease != 0 {
            record.member("lease", &revisions.lease)?;
        }
    }
    if item.is_deletion {
        record.member("deleted", &true)?;
    }
    if let Some(origin) = item.origin {
        record.member("origin", origin)?;
    }
    if let Some(copies) = item.carved {
        record.member("carved", &true)?;
        if let Some(place) = item.place {
            record.member("page", &place.page)?;
            record.member("offset", &place.offset)?;
        }
        record.member("copies", &copies)?;
    }
    if let Some(file) = &source.file {
        let provenance = Provenance {
            file: &file.name,
            sha256: &file.sha256,
            page: item.place.map(|place| place.page),
            offset: item.place.map_or(0, |place| place.offset),
        };
        record.member("provenance", &provenance)?;
    }
    if !item.is_deletion && !matches!(decoded.body, Body::Compacted) {
        record.member("storedBytes", &item.value.len())?;
    }
    if let Some(trimmed) = item.undone.trimmed {
        record.member("trimmed", trimmed)?;
    }
    if item.undone.crlf {
        record.member("crlfUndone", &true)?;
    }
    if item.undone.json_string {
        record.member("jsonString", &true)?;
    }
    if let Some(encryption) = &decoded.encryption {
        record.member("encryption", encryption)?;
    }
    if let Some(media) = decoded.media {
        record.member("media", media.as_str())?;
    }
    if decoded.base64 {
        record.member("base64", &true)?;
    }
    if decoded.key_mismatch {
        record.member("keyMismatch", &true)?;
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
        Body::Text(text) => {
            record.member("text", text)?;
            if item.key.is_some_and(|key| is_bootstrap(key, item.value)) {
                record.member("note", NOTE)?;
            }
        }
        Body::Error(error) => {
            let mut failure = Failure::from(error);
            failure.message = decoded.with_notes(failure.message);
            record.member("error", &failure)?;
        }
        Body::Deleted => {}
        Body::Compacted => {
            record.member("object", &())?;
            record.member("compacted", &true)?;
        }
        Body::Rendering(what) => {
            let error = Unrecognized {
                category: "malformed",
                message: &crate::output::rendering(what),
            };
            record.member("error", &error)?;
        }
        Body::Unrecognized => record.member("error", &UNRECOGNIZED)?,
    }
    if matches!(decoded.body, Body::Error(_) | Body::Unrecognized) && !item.value.is_empty() {
        record.member("valueBase64", &STANDARD.encode(item.value))?;
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
    if report.left_out != 0 {
        record.member("leftOut", &report.left_out)?;
    }
    record.end()
}

#[derive(Serialize)]
struct Provenance<'a> {
    file: &'a str,
    sha256: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    offset: u64,
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
struct Unrecognized<'m> {
    category: &'static str,
    message: &'m str,
}

const UNRECOGNIZED: Unrecognized<'static> = Unrecognized {
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
