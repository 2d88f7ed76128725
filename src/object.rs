//! One object in its protobuf form: typed, or printed as Kubernetes prints it.

use std::borrow::Cow;
use std::io;
use std::marker::PhantomData;

use serde::Deserialize;

use crate::de::{self, Head, Options, Pieces, Walk};
use crate::envelope::Envelope;
use crate::error::{Buffer, Error, Result};
use crate::json::{Printer, WriteError};
use crate::limits::Limits;
use crate::report::Report;
use crate::schema::generated::meta_v1::ObjectMeta as OBJECT_META;
use crate::schema::row::{Field, Form, Label, Type, field, message};
use crate::schema::{self, Message};
use crate::skip_fields::SkipFields;
use crate::utf8;
use crate::wire::{Fields, Payload, Quick, Reader};
use crate::yaml;

/// An object's message with its schema, borrowing from the value; nothing is
/// decoded yet.
///
/// ```
/// use k8s_etcd::{Object, envelope::Envelope};
///
/// #[derive(serde::Deserialize)]
/// struct Named {
///     kind: String,
///     metadata: Metadata,
/// }
/// #[derive(serde::Deserialize)]
/// struct Metadata {
///     name: String,
/// }
///
/// let value = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0d\x0a\x0b\x0a\x09kube-prod";
/// let object = Object::of_envelope(&Envelope::parse(value)?)?;
/// let named: Named = object.decode()?;
/// assert_eq!((&*named.kind, &*named.metadata.name), ("Namespace", "kube-prod"));
///
/// let (json, report) = object.to_json()?;
/// assert_eq!(json, br#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-prod"},"spec":{},"status":{}}"#);
/// assert!(report.is_empty());
/// # Ok::<_, k8s_etcd::Error>(())
/// ```
#[derive(Clone)]
pub struct Object<'a> {
    head: Option<Head<'a>>,
    message: &'static Message,
    raw: &'a [u8],
    known: bool,
    limits: Limits,
    options: Options,
    /// For what it has besides its four fields.
    envelope: Option<(Envelope<'a>, Buffer)>,
}

impl std::fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Object({}, {} bytes)",
            self.message.name(),
            self.raw.len()
        )
    }
}

impl<'a> Object<'a> {
    /// The object that the envelope says it holds.
    ///
    /// A kind that the schema does not have is no error: the object then
    /// consists of `kind`, `apiVersion` and, if field 1 reads wholly as one,
    /// `metadata`; everything else is reported as unknown fields.
    ///
    /// # Errors
    ///
    /// Malformed if the envelope lacks a kind or a version.
    pub fn of_envelope(envelope: &Envelope<'a>) -> Result<Object<'a>> {
        let (group, version) = envelope.group_version()?;
        let raw = envelope.raw();
        let known = known_kind(group, version, envelope.kind());
        Ok(Object {
            head: Some(Head {
                kind: envelope.kind(),
                api_version: canonical_api_version(envelope.api_version()),
            }),
            message: known.unwrap_or_else(|| message_of_unknown_kind(raw)),
            raw,
            known: known.is_some(),
            limits: Limits::default(),
            options: Options::default(),
            envelope: None,
        })
    }

    /// An object of which only the message is known, such as `meta/v1.WatchEvent`,
    /// which has neither `apiVersion` nor `kind`.
    ///
    /// ```
    /// use k8s_etcd::{Object, schema};
    ///
    /// let message = schema::message("k8s.io.api.core.v1.ContainerPort").unwrap();
    /// let (json, _) = Object::of_message(message, b"\x18\x50\x22\x03TCP").to_json()?;
    /// assert_eq!(json, br#"{"containerPort":80,"protocol":"TCP"}"#);
    /// # Ok::<_, k8s_etcd::Error>(())
    /// ```
    pub fn of_message(message: &'static Message, raw: &'a [u8]) -> Object<'a> {
        Object {
            head: None,
            message,
            raw,
            known: true,
            limits: Limits::default(),
            options: Options::default(),
            envelope: None,
        }
    }

    /// Sets the bounds.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Object<'a> {
        self.limits = limits;
        self
    }

    /// Whether retired fields stand at their place, if they hold anything, and
    /// unknown ones in a member `$unknownFields` of their message (a list of
    /// `bytes`, `message`, `number`, `wireType`). Without it both are only reported.
    ///
    /// Unknown fields of a message whose JSON is no object are reported only.
    #[must_use]
    pub fn lossless(mut self, lossless: bool) -> Object<'a> {
        self.options.lossless = lossless;
        self
    }

    /// Whether a string that is not UTF-8 is an error, instead of being
    /// replaced as Go does and reported.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Object<'a> {
        self.options.strict = strict;
        self
    }

    /// Leaves fields out; see [`SkipFields`].
    #[must_use]
    pub fn skip_fields(mut self, fields: &SkipFields) -> Object<'a> {
        self.options.skip = fields.clone();
        self
    }

    pub(crate) fn options(mut self, options: Options) -> Object<'a> {
        self.options = options;
        self
    }

    pub(crate) fn in_envelope(mut self, envelope: Envelope<'a>, buffer: Buffer) -> Object<'a> {
        if envelope.has_unknown() {
            self.envelope = Some((envelope, buffer));
        }
        self
    }

    fn report(&self, report: de::Report<'a>) -> Report {
        Report::new(report, self.envelope.as_ref(), self.limits)
    }

    /// `v1` or `group/version`; empty for [`Object::of_message`].
    pub fn api_version(&self) -> Cow<'a, str> {
        utf8::lossy(self.head.map_or(b"", |head| head.api_version))
    }

    /// The kind; empty for [`Object::of_message`].
    pub fn kind(&self) -> Cow<'a, str> {
        utf8::lossy(self.head.map_or(b"", |head| head.kind))
    }

    /// Whether the schema has the object's kind.
    pub fn is_known_kind(&self) -> bool {
        self.known
    }

    /// The object's message in the schema.
    pub fn message(&self) -> &'static Message {
        self.message
    }

    /// `metadata.namespace`, without decoding anything else. `None` if the
    /// object has no metadata; empty if it is not namespaced.
    ///
    /// # Errors
    ///
    /// Truncated or malformed wire bytes on the way there.
    pub fn namespace(&self) -> Result<Option<Cow<'a, str>>> {
        self.metadata(3)
    }

    /// `metadata.name`, without decoding anything else. `None` if the object
    /// has no metadata.
    ///
    /// # Errors
    ///
    /// Truncated or malformed wire bytes on the way there.
    pub fn name(&self) -> Result<Option<Cow<'a, str>>> {
        self.metadata(1)
    }

    fn metadata(&self, number: u32) -> Result<Option<Cow<'a, str>>> {
        let Some(row) = metadata_number(self.message) else {
            return Ok(None);
        };
        if let Some(found) = find_text(self.raw, row, number) {
            return Ok(Some(utf8::lossy(found)));
        }
        let mut found: &[u8] = b"";
        let mut fields = Fields::new(Reader::new(self.raw, Buffer::Raw));
        while let Some(field) = fields.next_field()? {
            if let (true, Payload::LengthDelimited(bytes)) = (field.number == row, field.payload) {
                let reader = Reader::with_base(bytes, field.payload_offset, Buffer::Raw);
                let mut metadata = Fields::new(reader);
                while let Some(field) = metadata.next_field()? {
                    if let (true, Payload::LengthDelimited(text)) =
                        (field.number == number, field.payload)
                    {
                        found = text;
                    }
                }
            }
        }
        Ok(Some(utf8::lossy(found)))
    }

    fn walk(&self) -> Walk<'a> {
        let length = match &self.envelope {
            Some((envelope, _)) => envelope.length(),
            None => self.raw.len(),
        };
        Walk::new(self.limits, self.options.clone(), Buffer::Raw, length)
    }

    fn pieces(&self) -> Pieces<'a> {
        Pieces::One(self.raw, 0)
    }

    /// Decodes into any type that serde can deserialize: k8s-openapi's, the
    /// caller's own, `serde_json::Value`. `&str` and `&[u8]` borrow from the value
    /// where they can; who asks serde for a `String` is given a copy. The members
    /// of a struct come in any order; those of a map in Go's.
    ///
    /// # Errors
    ///
    /// What the bytes are to blame for, with offset and path; type mismatch
    /// where `T` refuses what it is given, for example another kind.
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T> {
        // What is decoded may be large: it is moved as seldom as can be.
        let usual = self.decode_usual();
        if usual.is_ok() {
            return usual;
        }
        self.decode_by_all_rules().map(|(object, _)| object)
    }

    /// [`Object::decode`], and what else was met. Parts of the object that `T`
    /// ignores are not looked into.
    ///
    /// # Errors
    ///
    /// As [`Object::decode`].
    pub fn decode_with_report<T: Deserialize<'a>>(&self) -> Result<(T, Report)> {
        match self.decode_usual() {
            Ok(object) => Ok((object, self.report(self.walk().into_report()))),
            Err(_) => self.decode_by_all_rules(),
        }
    }

    fn decode_by_all_rules<T: Deserialize<'a>>(&self) -> Result<(T, Report)> {
        let mut walk = self.walk();
        let (message, pieces) = (self.message, self.pieces());
        match de::decode_object(&mut walk, self.head, message, pieces, PhantomData) {
            Ok(object) => Ok((object, self.report(walk.into_report()))),
            Err(error) => Err(walk.locate(error)),
        }
    }

    /// Decodes what stands on the wire as usual, and has nothing to report. Of an
    /// error only that there is one counts.
    #[inline]
    fn decode_usual<T: Deserialize<'a>>(&self) -> Result<T> {
        let mut walk = self.walk();
        let skip = self.options.skip.root();
        let seed = PhantomData;
        de::decode_usual(&mut walk, self.head, self.message, self.raw, skip, seed)
    }

    /// Prints exactly the JSON that Kubernetes' own encoder prints of the
    /// object, less its closing newline, to `out`.
    ///
    /// # Errors
    ///
    /// What the bytes are to blame for, with offset and path; unrepresentable
    /// where Go's own encoder fails. `out` then ends somewhere in the middle.
    pub fn append_json(&self, out: &mut Vec<u8>) -> Result<Report> {
        let mut walk = self.walk();
        let printed = Printer::new(&mut walk, out).object(self.head, self.message, self.pieces());
        match printed {
            Ok(()) => Ok(self.report(walk.into_report())),
            Err(WriteError::Decode(error)) => Err(error),
            // Cannot happen: there is none.
            Err(WriteError::Io(_)) => Err(Error::malformed("writer", "failed")),
        }
    }

    /// [`Object::append_json`] into a fresh buffer.
    ///
    /// # Errors
    ///
    /// As [`Object::append_json`].
    pub fn to_json(&self) -> Result<(Vec<u8>, Report)> {
        let mut json = Vec::new();
        let report = self.append_json(&mut json)?;
        Ok((json, report))
    }

    /// Prints as [`Object::append_json`] does, in pieces of some 32 KiB, so that
    /// a large object is never in memory as text.
    ///
    /// # Errors
    ///
    /// As [`Object::append_json`], and the writer's own. What is printed up to
    /// then may have reached the writer.
    pub fn write_json(&self, writer: &mut dyn io::Write) -> Result<Report, WriteError> {
        let mut walk = self.walk();
        let mut out = Vec::new();
        Printer::new(&mut walk, &mut out)
            .with_writer(writer)
            .object(self.head, self.message, self.pieces())?;
        Ok(self.report(walk.into_report()))
    }

    /// Prints the object as YAML: keys sorted and laid out in blocks as
    /// `sigs.k8s.io/yaml` does, numbers with their JSON text, every string safe
    /// for YAML 1.1 and 1.2 readers. Ends with a newline.
    ///
    /// # Errors
    ///
    /// As [`Object::append_json`].
    pub fn to_yaml(&self) -> Result<(Vec<u8>, Report)> {
        let (json, report) = self.to_json()?;
        let mut out = Vec::new();
        yaml::write(&mut out, &json, self.limits.tree_depth)?;
        Ok((out, report))
    }
}

/// The last value of field `number` in field `row`, if both stand on the wire
/// as usual.
fn find_text(raw: &[u8], row: u32, number: u32) -> Option<&[u8]> {
    let tag = |number: u32| u16::try_from(number << 3 | 2).ok();
    let (row, number) = (tag(row)?, tag(number)?);
    let mut found: &[u8] = b"";
    let mut object = Quick::new(raw);
    while !object.is_empty() {
        let tag = object.tag()?;
        if tag != row {
            object.skip(tag)?;
            continue;
        }
        let mut metadata = Quick::new(object.bytes()?);
        while !metadata.is_empty() {
            match metadata.tag()? {
                tag if tag == number => found = metadata.bytes()?,
                tag => metadata.skip(tag)?,
            }
        }
    }
    Some(found)
}

fn known_kind(group: &[u8], version: &[u8], kind: &[u8]) -> Option<&'static Message> {
    if let Some(known) = schema::by_hash([group, version, kind]) {
        return Some(known);
    }
    // A group version that is no text may still have an unversioned kind.
    let kind = std::str::from_utf8(kind).ok()?;
    schema::kind(&utf8::lossy(group), &utf8::lossy(version), kind)
}

/// The group version as Go prints it, which parses it first: the core group has no
/// slash, even if it was stored with one.
fn canonical_api_version(api_version: &[u8]) -> &[u8] {
    api_version.strip_prefix(b"/").unwrap_or(api_version)
}

/// The number of the field that holds a kind's `ObjectMeta`.
fn metadata_number(message: &Message) -> Option<u32> {
    let is_metadata = |field: &&Field| match field.kind() {
        Type::Message(message) => std::ptr::eq(message, &OBJECT_META) && field.name() == "metadata",
        _ => false,
    };
    message
        .fields
        .iter()
        .find(is_metadata)
        .map(|field| field.number())
}

/// What every kind has that Kubernetes stores.
static UNKNOWN_KIND: Message = message(
    "",
    Form::Object,
    true,
    &[field!(
        1,
        "metadata",
        Type::Message(&OBJECT_META),
        Label::One,
        0
    )],
);

static UNKNOWN_KIND_WITHOUT_METADATA: Message = message("", Form::Object, true, &[]);

/// `kind`, `apiVersion`, and `metadata` if field 1 is there and reads wholly as one.
fn message_of_unknown_kind(raw: &[u8]) -> &'static Message {
    let limits = Limits {
        // Only whether there is something to report is asked.
        report_entries: 0,
        ..Limits::DEFAULT
    };
    let mut walk = Walk::new(limits, Options::default(), Buffer::Raw, 0);
    let message = &UNKNOWN_KIND;
    let has_metadata = Fields::new(Reader::new(raw, Buffer::Raw))
        .map_while(Result::ok)
        .any(|field| field.number == 1);
    let sound = walk.check_message(message, Pieces::One(raw, 0)).is_ok();
    let wholly = !walk.into_report().unknown_below;
    if has_metadata && sound && wholly {
        message
    } else {
        &UNKNOWN_KIND_WITHOUT_METADATA
    }
}
