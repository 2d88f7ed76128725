//! What a stored value is, told by its bytes.
//!
//! | first bytes | storage media type |
//! | --- | --- |
//! | `k8s:enc:` | none yet: the value is encrypted |
//! | `k8s\0` | protobuf in the [`envelope`] |
//! | `d9 d9 f7` | CBOR |
//! | `{`, after white space | JSON |
//! | anything that is a YAML mapping with `apiVersion` and `kind` | YAML |
//! | other readable text | text, such as `compact_rev_key`'s number |
//!
//! Source: apimachinery `runtime/serializer/recognizer` (JSON by `{`, protobuf
//! and CBOR by prefix, YAML as what is left); KEP-3299 for the encrypted form.

use std::fmt;

use serde::Deserialize;

use crate::cbor;
use crate::de::Options;
use crate::envelope::{self, Envelope};
use crate::error::{Buffer, Category, Error, Result};
use crate::json::{self, HtmlEscape};
use crate::limits::Limits;
use crate::object::Object;
use crate::report::Report;
use crate::room::Room;
use crate::skip_fields::SkipFields;
use crate::tree::{self, Tree, Value};
use crate::utf8;
use crate::wire::Reader;
use crate::yaml;

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Media {
    /// The `k8s\0` envelope.
    Protobuf,
    /// A JSON object.
    Json,
    /// A YAML mapping with `apiVersion` and `kind`.
    Yaml,
    /// Self-described CBOR.
    Cbor,
    /// Readable text that is no object.
    Text,
    /// None of these. Counts as not decoded.
    Unrecognized,
}

impl Media {
    /// The media type's name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Media::Protobuf => "protobuf",
            Media::Json => "json",
            Media::Yaml => "yaml",
            Media::Cbor => "cbor",
            Media::Text => "text",
            Media::Unrecognized => "unrecognized",
        }
    }
}

/// A stored value in the clear: its media type, and what it holds.
///
/// ```
/// use k8s_etcd::storage_value::{Content, Media, StorageValue};
///
/// let value = StorageValue::parse(br#"{"apiVersion":"v1","kind":"Namespace"}"#);
/// assert_eq!(value.media(), Media::Json);
/// let Ok(Content::Document(document)) = value.into_content() else { panic!() };
/// assert_eq!(document.kind(), Some("Namespace"));
///
/// // compact_rev_key
/// let value = StorageValue::parse(b"266");
/// assert!(matches!(value.into_content(), Ok(Content::Text("266"))));
/// ```
pub struct StorageValue<'a> {
    media: Media,
    content: Result<Content<'a>>,
}

/// What a value holds. `Debug` shows none of it.
#[non_exhaustive]
pub enum Content<'a> {
    /// A protobuf object.
    Object(Object<'a>),
    /// An object that brings its own structure: JSON, YAML, CBOR.
    Document(Document<'a>),
    /// Readable text that is no object.
    Text(&'a str),
    /// Nothing that any API server stores.
    Unrecognized,
}

/// How [`StorageValue::parse_with`] goes about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) options: Options,
}

impl<'a> StorageValue<'a> {
    /// Tells what a value is. Never fails as a whole: damage inside a value
    /// whose media type is clear is the error of its content.
    ///
    /// An encrypted value is [`Media::Text`] or [`Media::Unrecognized`] here;
    /// [`Decoder`](crate::Decoder) looks at that first.
    pub fn parse(value: &'a [u8]) -> StorageValue<'a> {
        StorageValue::parse_with(value, Buffer::Value, &Settings::default())
    }

    pub(crate) fn parse_with(
        value: &'a [u8],
        buffer: Buffer,
        settings: &Settings,
    ) -> StorageValue<'a> {
        let limits = settings.limits;
        if value.len() > limits.value_bytes {
            let detail = format!("{} bytes are more than the limit allows", value.len());
            return StorageValue {
                media: Media::Unrecognized,
                content: Err(Error::limit("value", detail).at(buffer, 0)),
            };
        }
        let reader = Reader::new(value, buffer);
        if value.starts_with(envelope::PREFIX) {
            let object = Envelope::parse_in(value, buffer).and_then(|envelope| {
                let object = Object::of_envelope(&envelope).map_err(|e| e.at(buffer, 0))?;
                Ok(object
                    .limits(limits)
                    .options(settings.options.clone())
                    .in_envelope(envelope, buffer))
            });
            return StorageValue {
                media: Media::Protobuf,
                content: object.map(Content::Object),
            };
        }
        if value.starts_with(&cbor::SELF_DESCRIBED) {
            let tree = cbor::parse_map(reader, limits.tree_depth);
            return StorageValue {
                media: Media::Cbor,
                content: tree
                    .and_then(|tree| Document::of_tree(tree, value.len(), settings))
                    .map(Content::from),
            };
        }
        // What begins so is JSON or an error to the API server, never YAML.
        if begins_as_json(value) {
            return StorageValue {
                media: Media::Json,
                content: Document::of_json(reader, value, settings).map(Content::from),
            };
        }
        match yaml::parse_object(reader, limits.tree_depth) {
            Ok(None) => {}
            Ok(Some(tree)) => {
                return StorageValue {
                    media: Media::Yaml,
                    content: Document::of_tree(tree, value.len(), settings).map(Content::from),
                };
            }
            Err(error) => {
                return StorageValue {
                    media: Media::Yaml,
                    content: Err(error),
                };
            }
        }
        let text = std::str::from_utf8(value)
            .ok()
            .filter(|text| is_readable(text));
        match text {
            Some(text) => StorageValue {
                media: Media::Text,
                content: Ok(Content::Text(text)),
            },
            None => StorageValue {
                media: Media::Unrecognized,
                content: Ok(Content::Unrecognized),
            },
        }
    }

    /// The value as the API server takes it under the key of a resource: an error if it
    /// cannot be read there.
    pub(crate) fn under_a_resource(self) -> StorageValue<'a> {
        let detail = match &self.content {
            Ok(Content::Text("")) => "it is empty",
            Ok(Content::Text(_)) => "it is text, and its key tells of an object",
            Ok(Content::Unrecognized) => "its key tells of an object, and this is none",
            Ok(Content::Document(document)) if document.kind().is_none_or(str::is_empty) => {
                "it has no kind"
            }
            Ok(Content::Document(document)) if document.api_version().is_none_or(str::is_empty) => {
                "it has no apiVersion"
            }
            Ok(_) | Err(_) => return self,
        };
        let detail = format!("{detail}: the API server cannot read it");
        StorageValue {
            media: self.media,
            content: Err(Error::new(Category::NotAnObject, "value", detail)),
        }
    }

    /// Whether Kubernetes would take these bytes for a stored object: they are
    /// protobuf, CBOR, JSON or YAML, and whole. Tells a right key from a wrong
    /// one where the cipher itself cannot.
    pub fn is_recognizable(value: &[u8]) -> bool {
        from_base64(value).is_some() || StorageValue::parse(value).is_an_object()
    }

    fn is_an_object(&self) -> bool {
        match &self.content {
            Ok(Content::Object(_)) => true,
            Ok(Content::Document(document)) => {
                document.kind().is_some() && document.api_version().is_some()
            }
            _ => false,
        }
    }

    /// The media type.
    pub fn media(&self) -> Media {
        self.media
    }

    /// What the value holds.
    ///
    /// # Errors
    ///
    /// Why a value of a clear media type is not whole, with the offset.
    pub fn into_content(self) -> Result<Content<'a>> {
        self.content
    }

    /// [`StorageValue::into_content`] for a look.
    ///
    /// # Errors
    ///
    /// As [`StorageValue::into_content`].
    pub fn content(&self) -> Result<&Content<'a>, &Error> {
        self.content.as_ref()
    }
}

/// The object that a value holds in base64, which the API server reads too: it wrote
/// protobuf so to etcd 2.
///
/// Source: apiserver `pkg/server/storage/storage_codec.go`, apimachinery
/// `runtime.NewBase64Serializer`.
pub(crate) fn from_base64(value: &[u8]) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    // `k8s\0`, `{` and the beginning of CBOR; all else is told apart at once.
    let begins = [&b"azhzA"[..], b"e", b"2dn3"];
    if !begins.iter().any(|begin| value.starts_with(begin)) {
        return None;
    }
    let is_text = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let text: Vec<u8> = value.iter().copied().filter(is_text).collect();
    let object = STANDARD.decode(text).ok()?;
    StorageValue::parse(&object)
        .is_an_object()
        .then_some(object)
}

/// Whether the first character behind white space is `{`. White space is what Unicode
/// says, as in Go.
fn begins_as_json(value: &[u8]) -> bool {
    value
        .utf8_chunks()
        .next()
        .is_some_and(|chunk| chunk.valid().trim_start().starts_with('{'))
}

/// Text that a terminal can show: no control characters but white space.
fn is_readable(text: &str) -> bool {
    text.bytes()
        .all(|byte| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// An object stored as JSON, YAML or CBOR: a custom resource, as a rule.
pub struct Document<'a> {
    source: Source<'a>,
    /// Bytes that it was stored in.
    length: usize,
    head: json::Head<'a>,
    limits: Limits,
    strict: bool,
    skip: SkipFields,
}

enum Source<'a> {
    Json(&'a [u8], Buffer),
    Tree(Tree<'a>),
}

impl fmt::Debug for StorageValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StorageValue { media, content } = self;
        write!(f, "StorageValue({}, {content:?})", media.as_str())
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Object(object) => write!(f, "{object:?}"),
            Content::Document(document) => write!(f, "{document:?}"),
            Content::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Content::Unrecognized => f.write_str("Unrecognized"),
        }
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Json(json, _) => write!(f, "Document(JSON, {} bytes)", json.len()),
            Source::Tree(_) => write!(f, "Document(tree of {} bytes)", self.length),
        }
    }
}

impl<'a> From<Document<'a>> for Content<'a> {
    fn from(document: Document<'a>) -> Content<'a> {
        Content::Document(document)
    }
}

impl<'a> Document<'a> {
    fn of_json(reader: Reader<'a>, json: &'a [u8], settings: &Settings) -> Result<Document<'a>> {
        Ok(Document {
            source: Source::Json(json, reader.buffer()),
            length: json.len(),
            head: json::head(reader, settings.limits.json_depth)?,
            limits: settings.limits,
            strict: settings.options.strict,
            skip: settings.options.skip.clone(),
        })
    }

    /// `length` is that of the bytes that the tree comes from.
    fn of_tree(mut tree: Tree<'a>, length: usize, settings: &Settings) -> Result<Document<'a>> {
        let text = |value: Option<Value<'_, '_>>| {
            let text = value.and_then(Value::as_string)?;
            Some(utf8::lossy(text.bytes()).into_owned().into())
        };
        let root = tree.root();
        let metadata = |name| root.get("metadata").and_then(|metadata| metadata.get(name));
        let head = json::Head {
            api_version: text(root.get("apiVersion")),
            kind: text(root.get("kind")),
            namespace: text(metadata("namespace")),
            name: text(metadata("name")),
        };
        let skip = settings.options.skip.clone();
        tree.remove(skip.root())?;
        Ok(Document {
            source: Source::Tree(tree),
            length,
            head,
            limits: settings.limits,
            strict: settings.options.strict,
            skip,
        })
    }

    /// `apiVersion`, if it is a string.
    pub fn api_version(&self) -> Option<&str> {
        self.head.api_version.as_deref()
    }

    /// `kind`, if it is a string.
    pub fn kind(&self) -> Option<&str> {
        self.head.kind.as_deref()
    }

    /// `metadata.namespace`, if it is a string.
    pub fn namespace(&self) -> Option<&str> {
        self.head.namespace.as_deref()
    }

    /// `metadata.name`, if it is a string.
    pub fn name(&self) -> Option<&str> {
        self.head.name.as_deref()
    }

    /// Decodes into any type that serde can deserialize. Of JSON, `T` is given
    /// what [`Decoder::skip_fields`](crate::Decoder::skip_fields) leaves out too.
    ///
    /// # Errors
    ///
    /// Type mismatch where `T` refuses what it is given.
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T> {
        match &self.source {
            Source::Json(json, buffer) => {
                if self.limits.tree_depth < Limits::DEFAULT.tree_depth {
                    json::head(Reader::new(json, *buffer), self.limits.tree_depth)?;
                }
                crate::de::decode_json(json, *buffer)
            }
            Source::Tree(tree) => T::deserialize(tree::deserializer(tree.root())),
        }
    }

    /// Prints the object as JSON without white space. What was JSON keeps its
    /// bytes otherwise; what was YAML or CBOR is printed as Go prints a
    /// `map[string]any`, members sorted by the bytes of their names.
    ///
    /// # Errors
    ///
    /// Unrepresentable where Go's own encoder fails.
    pub fn append_json(&self, out: &mut Vec<u8>) -> Result<Report> {
        match &self.source {
            Source::Json(json, buffer) => {
                let mut report = Report::default();
                let reader = Reader::new(json, *buffer);
                let (escape, depth) = (HtmlEscape::Replace, self.limits.json_depth);
                let start = out.len();
                let compacted =
                    json::compact_without(out, reader, escape, depth, self.skip.root())?;
                if compacted.invalid_utf8 {
                    let mut room = Room::new(&self.limits, json.len());
                    json::invalid_utf8(reader, depth, &mut |way| {
                        report.invalid_utf8.extend(room.path(&tree::Way(way), 0));
                    })?;
                    report.left_out = room.left_out();
                }
                self.check(report).inspect_err(|_| out.truncate(start))
            }
            Source::Tree(tree) => {
                json::write_value(out, tree.root())?;
                self.check(self.report_on(tree))
            }
        }
    }

    fn report_on(&self, tree: &Tree<'_>) -> Report {
        let mut report = Report::default();
        let mut room = Room::new(&self.limits, self.length);
        tree.root().visit_invalid_utf8(&mut |way| {
            report.invalid_utf8.extend(room.path(&tree::Way(way), 0));
        });
        report.left_out = room.left_out();
        report
    }

    /// The report, or an error if what it tells is one.
    fn check(&self, report: Report) -> Result<Report> {
        let is_valid = report.invalid_utf8.is_empty() && report.left_out == 0;
        if self.strict && !is_valid {
            let first = report.invalid_utf8.into_iter().next();
            let error = Error::malformed("string", "not valid UTF-8");
            return Err(error.in_path(|| first.unwrap_or_default()));
        }
        Ok(report)
    }

    /// [`Document::append_json`] into a fresh buffer.
    ///
    /// # Errors
    ///
    /// As [`Document::append_json`].
    pub fn to_json(&self) -> Result<(Vec<u8>, Report)> {
        let mut json = Vec::new();
        let report = self.append_json(&mut json)?;
        Ok((json, report))
    }

    /// Prints the object as YAML, as [`Object::to_yaml`] does.
    ///
    /// # Errors
    ///
    /// As [`Document::append_json`].
    pub fn to_yaml(&self) -> Result<(Vec<u8>, Report)> {
        let mut out = Vec::new();
        if let Source::Tree(tree) = &self.source {
            let report = self.check(self.report_on(tree))?;
            yaml::write_tree(&mut out, tree.root())?;
            return Ok((out, report));
        }
        let (json, report) = self.to_json()?;
        yaml::write(&mut out, &json, self.limits.tree_depth)?;
        Ok((out, report))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_tells_name_and_namespace_in_every_media_type() {
        let json = br#"{"apiVersion":"v1","kind":"A","metadata":{"name":"one","namespace":"s"}}"#;
        let yaml = b"apiVersion: v1\nkind: A\nmetadata:\n  name: one\n  namespace: s\n";
        let cbor = b"\xd9\xd9\xf7\xa3\x4aapiVersion\x42v1\x44kind\x41A\x48metadata\xa2\x44name\x43one\x49namespace\x41s";
        for value in [json.as_slice(), yaml, cbor] {
            let Ok(Content::Document(document)) = StorageValue::parse(value).into_content() else {
                panic!("no document");
            };
            assert_eq!(document.namespace(), Some("s"));
            assert_eq!(document.name(), Some("one"));
        }
    }
}
