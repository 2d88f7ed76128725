//! One value, decoded: what every kind of output prints some part of.

use k8s_etcd::encryption::Info;
use k8s_etcd::etcd::bbolt::Provenance;
use k8s_etcd::etcd::{Carved, KeyValue, Revision};
use k8s_etcd::storage_value::{Content, Document, Media};
use k8s_etcd::{Decoder, Error, Object, Report, Result};

use crate::args::{Args, Output};
use crate::single::Undone;

/// A stored value and what etcd says of it.
#[derive(Clone, Copy, Default)]
pub struct Item<'a> {
    pub key: Option<&'a [u8]>,
    /// Under which it is filed, where that is to be said.
    pub revision: Option<Revision>,
    pub deleted_revision: Option<i64>,
    pub is_deletion: bool,
    /// `live` or `carved`, in a state over both.
    pub origin: Option<&'static str>,
    /// How many more times it was found, where it was carved.
    pub carved: Option<u64>,
    pub revisions: Option<Revisions>,
    pub place: Option<Place>,
    /// What was undone before the value could be decoded.
    pub undone: Undone,
    pub value: &'a [u8],
}

/// Where an entry stands in its file.
#[derive(Clone, Copy)]
pub struct Place {
    pub page: u64,
    pub offset: u64,
}

impl Place {
    /// Where the file is broken.
    pub fn of(error: &Error) -> Option<Place> {
        Some(Place {
            page: error.page()?,
            offset: error.offset()?,
        })
    }
}

impl From<Provenance> for Place {
    fn from(provenance: Provenance) -> Place {
        Place {
            page: provenance.page,
            offset: provenance.key_offset,
        }
    }
}

#[derive(Clone, Copy)]
pub struct Revisions {
    pub create_revision: i64,
    pub mod_revision: i64,
    pub version: i64,
    pub lease: i64,
}

impl<'a> From<&KeyValue<'a>> for Item<'a> {
    fn from(key_value: &KeyValue<'a>) -> Item<'a> {
        Item {
            key: Some(key_value.key),
            revisions: Some(Revisions {
                create_revision: key_value.create_revision,
                mod_revision: key_value.mod_revision,
                version: key_value.version,
                lease: key_value.lease,
            }),
            place: Some(key_value.provenance.into()),
            is_deletion: key_value.is_tombstone(),
            value: key_value.value,
            ..Item::default()
        }
    }
}

impl<'a> From<&Carved<'a>> for Item<'a> {
    fn from(carved: &Carved<'a>) -> Item<'a> {
        let entry = match &carved.key_value {
            Ok(key_value) => Item::from(key_value),
            Err(_) => Item::default(),
        };
        Item {
            key: Some(carved.key),
            revision: carved.revision,
            carved: Some(carved.copies),
            place: Some(carved.provenance.into()),
            is_deletion: carved.tombstone,
            ..entry
        }
    }
}

/// What came of a value.
#[derive(Default)]
pub struct Decoded {
    pub encryption: Option<Info>,
    pub media: Option<Media>,
    /// Whether the object was stored in base64.
    pub base64: bool,
    /// Where the key says another namespace or name than the object.
    pub key_mismatch: bool,
    pub api_version: Option<String>,
    pub kind: Option<String>,
    pub unknown_kind: bool,
    /// Whether unknown fields are reported alone.
    hides_fields: bool,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub body: Body,
    pub report: Report,
    /// What else is to be said of an error.
    pub notes: Vec<String>,
    /// Whether another etcd key may open the value.
    pub may_have_moved: bool,
}

#[derive(Default)]
pub enum Body {
    /// The object, as text of the wanted form.
    Object(Vec<u8>),
    Text(String),
    Error(Error),
    /// A deletion, which has no value.
    Deleted,
    /// A deleted object whose last state compaction removed.
    Compacted,
    /// No stored value, but something that this looks like. Counts as not decoded.
    Rendering(String),
    /// Neither form nor text; counts as not decoded.
    #[default]
    Unrecognized,
}

/// The text that an object is wanted as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Without white space.
    Json,
    Yaml,
}

impl Form {
    pub fn of(output: Output) -> Form {
        match output {
            Output::Yaml => Form::Yaml,
            _ => Form::Json,
        }
    }
}

impl Decoded {
    /// Decodes one value; `None` if the filters leave it out.
    pub fn new(item: &Item<'_>, decoder: &Decoder, args: &Args, form: Form) -> Option<Decoded> {
        if item.is_deletion {
            return Some(Decoded::without_object(Body::Deleted));
        }
        let opened = decoder.open(item.key, item.value);
        let mut decoded = Decoded {
            encryption: opened.encryption().cloned(),
            ..Decoded::default()
        };
        let value = match opened.storage_value() {
            Ok(value) => value,
            Err(error) => {
                if is_of_another(item, decoder, args) {
                    return None;
                }
                decoded.body = Body::Error(error);
                if let Some(failure) = opened.failure() {
                    let message = failure.api_server_message.as_ref();
                    decoded
                        .notes
                        .extend(message.map(|text| format!("API server: {text}")));
                    decoded.may_have_moved = failure.may_have_moved();
                }
                return Some(decoded);
            }
        };
        decoded.media = Some(value.media());
        decoded.base64 = opened.is_base64();
        match value.into_content() {
            Ok(Content::Object(object)) => decoded.take_object(&object, args, form),
            Ok(Content::Document(document)) => decoded.take_document(&document, args, form),
            Ok(Content::Text(text)) => {
                decoded.body = Body::Text(text.to_owned());
                (args.kind.is_none() && args.namespace.is_none()).then_some(())
            }
            Ok(_) => Some(()),
            Err(error) => {
                decoded.body = Body::Error(error);
                Some(())
            }
        }?;
        decoded.key_mismatch = decoded.differs_from_key(item, decoder);
        Some(decoded)
    }

    /// Whether the key says another namespace or name. Keys that the API server keeps
    /// for itself say neither.
    fn differs_from_key(&self, item: &Item<'_>, decoder: &Decoder) -> bool {
        let Some(key) = item.key.map(|key| decoder.parse_key(key)) else {
            return false;
        };
        let (Some(name), Body::Object(_)) = (key.name(), &self.body) else {
            return false;
        };
        let own = |text: &Option<String>| text.clone().unwrap_or_default();
        key.group().is_some()
            && !key.bypasses_encryption()
            && (own(&self.name) != name
                || own(&self.namespace) != key.namespace().unwrap_or_default())
    }

    /// What has no object. It may be of the kind and the namespace that are
    /// wanted, so that no filter leaves it out.
    pub fn without_object(body: Body) -> Decoded {
        Decoded {
            body,
            ..Decoded::default()
        }
    }

    fn take_object(&mut self, object: &Object<'_>, args: &Args, form: Form) -> Option<()> {
        self.api_version = Some(object.api_version().into_owned());
        self.kind = Some(object.kind().into_owned());
        self.unknown_kind = !object.is_known_kind();
        self.hides_fields = self.unknown_kind && !args.lossless;
        if differs(&args.kind, self.kind.as_deref()) {
            return None;
        }
        // Where they cannot be read, printing fails too, and says why.
        self.namespace = object
            .namespace()
            .unwrap_or_default()
            .map(|text| text.into_owned());
        self.name = object
            .name()
            .unwrap_or_default()
            .map(|text| text.into_owned());
        if object.namespace().is_ok() && differs(&args.namespace, self.namespace.as_deref()) {
            return None;
        }
        self.take_text(match form {
            Form::Json => object.to_json(),
            Form::Yaml => object.to_yaml(),
        });
        Some(())
    }

    fn take_document(&mut self, document: &Document<'_>, args: &Args, form: Form) -> Option<()> {
        self.api_version = document.api_version().map(str::to_owned);
        self.kind = document.kind().map(str::to_owned);
        self.namespace = document.namespace().map(str::to_owned);
        self.name = document.name().map(str::to_owned);
        if differs(&args.kind, self.kind.as_deref())
            || differs(&args.namespace, self.namespace.as_deref())
        {
            return None;
        }
        self.take_text(match form {
            Form::Json => document.to_json(),
            Form::Yaml => document.to_yaml(),
        });
        Some(())
    }

    fn take_text(&mut self, printed: Result<(Vec<u8>, Report)>) {
        match printed {
            Ok((text, report)) => {
                // JSON inside protobuf keeps its bad bytes, as Go prints it.
                self.body = Body::Object(match report.invalid_utf8.is_empty() {
                    true => text,
                    false => replaced(text),
                });
                self.report = report;
            }
            Err(error) => self.body = Body::Error(error),
        }
    }

    /// An error's text with all that is to be said of it.
    pub fn with_notes(&self, message: String) -> String {
        self.notes
            .iter()
            .fold(message, |text, note| format!("{text}; {note}"))
    }

    /// Whether it says what it is, as every object of Kubernetes does.
    pub fn is_of_kubernetes(&self) -> bool {
        self.api_version.is_some() && self.kind.is_some()
    }

    /// What the text of the object does not show, where that is printed alone.
    pub fn hidden(&self) -> Option<String> {
        let fields = self.report.unknown_fields.len();
        (self.hides_fields && fields > 0).then(|| {
            format!(
                "{fields} fields are not shown: no release has this kind; \
                 -o ndjson and --lossless show them"
            )
        })
    }

    /// Bytes of the text that it holds.
    pub fn size(&self) -> usize {
        match &self.body {
            Body::Object(text) => text.len(),
            Body::Text(text) => text.len(),
            _ => 0,
        }
    }

    pub fn is_decoded(&self) -> bool {
        !matches!(
            self.body,
            Body::Error(_) | Body::Rendering(_) | Body::Unrecognized
        )
    }
}

/// The text with U+FFFD for each byte that is not UTF-8.
fn replaced(text: Vec<u8>) -> Vec<u8> {
    let Err(_) = std::str::from_utf8(&text) else {
        return text;
    };
    let mut replaced = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        replaced.push_str(chunk.valid());
        replaced.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    replaced.into_bytes()
}

/// Whether the key of a closed value says that it is not of the kind or in the namespace
/// that is wanted.
fn is_of_another(item: &Item<'_>, decoder: &Decoder, args: &Args) -> bool {
    let Some(key) = item.key.map(|key| decoder.parse_key(key)) else {
        return false;
    };
    let (Some(resource), Some(group), Some(_)) = (key.resource(), key.group(), key.name()) else {
        return false;
    };
    // The plural of a custom resource may be any word.
    let is_custom = group.contains('.') && !group.ends_with(".k8s.io");
    let other_kind = args.kind.as_deref().is_some_and(|kind| {
        let kind = kind.to_lowercase();
        let stem = kind.strip_suffix('y').unwrap_or(&kind);
        let plurals = [
            kind.clone(),
            format!("{kind}s"),
            format!("{kind}es"),
            format!("{stem}ies"),
        ];
        !is_custom && !plurals.iter().any(|plural| plural == resource)
    });
    other_kind || differs(&args.namespace, key.namespace())
}

/// Whether a filter is set and something else was found. `--namespace ""`
/// chooses what has no namespace.
fn differs(wanted: &Option<String>, found: Option<&str>) -> bool {
    wanted
        .as_deref()
        .is_some_and(|wanted| wanted != found.unwrap_or_default())
}
