//! EncryptionConfigurations where people find them: in a Secret, in the state of
//! RKE, as the secrets of Talos, in k3s' bootstrap data.
//!
//! Any text of YAML or JSON is searched for one: as a part of it, as a string in
//! it, or in base64. Talos keeps only the secrets, and writes the configuration
//! of its API servers from them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// Text within text that is looked into.
const DEPTH: usize = 4;

/// A configuration, and how it is called in messages.
pub struct Part {
    pub name: String,
    pub text: Zeroizing<Vec<u8>>,
}

/// What a file holds.
pub struct Unpacked {
    pub parts: Vec<Part>,
    /// Where each stands, for people; empty if the file is one itself.
    pub found: Vec<String>,
}

/// Finds the configurations in a file. What holds none that can be found is taken
/// for one, whose parser says what is wrong.
pub fn unpack(name: &str, text: &[u8]) -> Result<Unpacked, String> {
    if let Some(length) = bare_key(text) {
        return Err(format!(
            "{name}: a key of {length} bytes without a name, and no EncryptionConfiguration: \
             --key-literal PROVIDER:NAME=KEY uses it (Talos calls its secretbox key \"key2\", \
             its aescbc key \"key1\")"
        ));
    }
    let itself = || Unpacked {
        parts: vec![Part {
            name: name.to_owned(),
            text: Zeroizing::new(text.to_vec()),
        }],
        found: Vec::new(),
    };
    let Some(documents) = documents(text) else {
        return Ok(itself());
    };
    if documents.first().is_none_or(is_configuration) {
        return Ok(itself());
    }
    let what = what(&documents);
    let mut search = Search::default();
    for document in &documents {
        search.look(document, "", DEPTH);
    }
    if search.found.is_empty() {
        return Ok(itself());
    }
    // Of RKE's states, the current one is in force.
    search
        .found
        .sort_by_key(|found| !found.place.starts_with("currentState"));
    let found = search.found.iter().map(|found| {
        let (place, note) = (&found.place, found.note);
        format!("{name}: {what}, with {note} at {place}")
    });
    Ok(Unpacked {
        found: found.collect(),
        parts: search
            .found
            .into_iter()
            .map(|found| Part {
                name: format!("{name}: {}", found.place),
                text: found.text,
            })
            .collect(),
    })
}

/// A key in base64 or hex.
pub fn decode_key(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let decoded = hex::decode(text).or_else(|_| STANDARD.decode(text));
    decoded.ok().map(Zeroizing::new)
}

/// The length of a key that is all there is.
fn bare_key(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let length = decode_key(text)?.len();
    [16, 24, 32].contains(&length).then_some(length)
}

/// JSON where it begins as such, else YAML; all documents.
fn documents(text: &[u8]) -> Option<Vec<Value>> {
    if text.trim_ascii_start().starts_with(b"{") {
        let documents = serde_json::Deserializer::from_slice(text).into_iter();
        return documents.collect::<Result<_, _>>().ok();
    }
    serde_saphyr::from_slice_multiple(text).ok()
}

fn is_configuration(value: &Value) -> bool {
    let is_kind = |kind| value["kind"] == kind;
    is_kind("EncryptionConfiguration") || is_kind("EncryptionConfig")
}

/// What such a file is called.
fn what(documents: &[Value]) -> &'static str {
    let has = |name: &str| documents.iter().any(|document| !document[name].is_null());
    if documents
        .iter()
        .any(|document| document["kind"] == "Secret")
    {
        "a Secret"
    } else if has("currentState") || has("desiredState") {
        "a state of RKE"
    } else if has("machine") && has("cluster") {
        "a machine configuration of Talos"
    } else if has("cluster") && has("secrets") {
        "a secrets bundle of Talos"
    } else if has("EncryptionConfig") {
        "bootstrap data of k3s"
    } else {
        "YAML or JSON"
    }
}

struct Found {
    place: String,
    note: &'static str,
    text: Zeroizing<Vec<u8>>,
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
}

impl Search {
    fn push(&mut self, place: &str, note: &'static str, text: Vec<u8>) {
        let text = Zeroizing::new(text);
        if self.found.iter().all(|found| found.text != text) {
            self.found.push(Found {
                place: place.to_owned(),
                note,
                text,
            });
        }
    }

    fn look(&mut self, value: &Value, place: &str, depth: usize) {
        match value {
            Value::Object(members) => {
                if is_configuration(value) {
                    return self.push(
                        place,
                        "an EncryptionConfiguration",
                        value.to_string().into(),
                    );
                }
                if let Some(configuration) = of_talos(members) {
                    let text = configuration.to_string().into();
                    self.push(
                        if place.is_empty() { "the top" } else { place },
                        TALOS,
                        text,
                    );
                }
                for (name, member) in members {
                    self.look(member, &child(place, name), depth);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.look(item, &format!("{place}[{index}]"), depth);
                }
            }
            Value::String(text) => self.look_into(text, place, depth),
            _ => {}
        }
    }

    fn look_into(&mut self, text: &str, place: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if may_hold(text.as_bytes()) {
            return self.look_at(text.as_bytes(), place, "an EncryptionConfiguration", depth);
        }
        let compact: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
        if let Ok(bytes) = STANDARD.decode(&*compact).map(Zeroizing::new)
            && may_hold(&bytes)
        {
            self.look_at(&bytes, place, "an EncryptionConfiguration in base64", depth);
        }
    }

    fn look_at(&mut self, text: &[u8], place: &str, note: &'static str, depth: usize) {
        let Some(documents) = documents(text) else {
            return;
        };
        if documents.first().is_some_and(is_configuration) {
            return self.push(place, note, text.to_vec());
        }
        for document in &documents {
            self.look(document, place, depth);
        }
    }
}

/// Whether text is worth parsing.
fn may_hold(text: &[u8]) -> bool {
    let holds = |needle: &[u8]| {
        text.windows(needle.len())
            .any(|window| window.eq_ignore_ascii_case(needle))
    };
    holds(b"EncryptionConfig") || holds(b"EncryptionSecret")
}

fn child(place: &str, name: &str) -> String {
    match place {
        "" => name.to_owned(),
        place => format!("{place}.{name}"),
    }
}

const TALOS: &str = "the secrets from which Talos makes its EncryptionConfiguration";

/// What Talos writes for its API servers.
///
/// Source: `siderolabs/talos`, `internal/app/machined/pkg/controllers/k8s`.
fn of_talos(members: &Map<String, Value>) -> Option<Value> {
    let provider = |name: &str, field: &str, key: &str| {
        let (_, secret) = members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(field))?;
        let secret = secret.as_str().filter(|secret| !secret.is_empty())?;
        Some(json!({name: {"keys": [{"name": key, "secret": secret}]}}))
    };
    let mut providers: Vec<Value> = [
        provider("secretbox", "secretboxEncryptionSecret", "key2"),
        provider("aescbc", "aescbcEncryptionSecret", "key1"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if providers.is_empty() {
        return None;
    }
    providers.push(json!({"identity": {}}));
    Some(json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": providers}],
    }))
}
