//! The input files: what every release said of its messages, merged.
//!
//! `schema.json` and `openshift.json` have the same form. The types here name
//! their members in the order of the files, so that a file that is read and
//! written again is the same. Members that they do not know are refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// All releases of one project, merged (`schema.json`, `openshift.json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub newest: String,
    /// Oldest first.
    pub releases: Vec<String>,
    /// By full protobuf name.
    pub messages: BTreeMap<String, Message>,
    /// Sorted by group, version and kind.
    pub kinds: Vec<Kind>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The name of the JSON form, where it is not an object of the fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special: Option<String>,
    /// `slice` or `map`: the message stands for a named Go slice or map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapper: Option<String>,
    /// The place of `metav1.TypeMeta` among the struct's fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_meta: Option<u32>,
    /// In the order of the Go struct.
    pub fields: Vec<Field>,
    pub source: String,
    pub since: String,
    /// The last release that had it; none for what the newest has.
    pub until: Option<String>,
}

/// One field: its form, its place and its span of releases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    #[serde(flatten)]
    pub form: FieldForm,
    pub order: u32,
    pub since: String,
    pub until: Option<String>,
    /// Older forms whose type, JSON name or `inline` differ, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternates: Vec<Field>,
}

/// What one release says of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldForm {
    pub number: u32,
    pub json: String,
    /// The protobuf name, where the JSON name is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub label: String,
    /// The type of a map's keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The full name of the message that the field (or the map's value) holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub pointer: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub elem_pointer: bool,
    pub omitempty: bool,
    pub omitzero: bool,
    pub inline: bool,
    #[serde(default, rename = "notInJSON", skip_serializing_if = "is_false")]
    pub not_in_json: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    #[serde(flatten)]
    pub form: KindForm,
    pub since: String,
    pub until: Option<String>,
}

/// What one release says of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindForm {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub message: String,
    pub list: bool,
    /// Whether it has an `ObjectMeta`.
    pub object: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    pub source: String,
}

impl KindForm {
    /// What kinds are sorted and found by.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.group, &self.version, &self.kind)
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Resource (plural) → API group, `""` for the core group.
pub type Resources = BTreeMap<String, String>;

/// Everything that the tables are generated from.
#[derive(Clone)]
pub struct Input {
    pub kubernetes: Schema,
    pub openshift: Schema,
    pub resources: Resources,
}

impl Input {
    pub fn read(folder: &Path) -> Result<Input, String> {
        Ok(Input {
            kubernetes: read(&folder.join("schema.json"))?,
            openshift: read(&folder.join("openshift.json"))?,
            resources: read(&folder.join("resources.json"))?,
        })
    }
}

/// Reads one file. A member that the types here do not name is an error: it
/// would mean something that the tables do not say.
pub fn read<T: Serialize + DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    parse(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn parse<T: Serialize + DeserializeOwned>(text: &str) -> Result<T, String> {
    let parsed: T = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let whole: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let understood = serde_json::to_value(&parsed).map_err(|e| e.to_string())?;
    match difference(&whole, &understood, String::new()) {
        None => Ok(parsed),
        Some(path) => Err(format!("{path}: not understood by this tool")),
    }
}

/// The path to the first place where two values differ.
fn difference(a: &Value, b: &Value, path: String) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a
            .iter()
            .find_map(|(key, value)| {
                let path = format!("{path}.{key}");
                match b.get(key) {
                    Some(other) => difference(value, other, path),
                    None => Some(path),
                }
            })
            .or_else(|| {
                let missing = b.keys().find(|key| !a.contains_key(*key))?;
                Some(format!("{path}.{missing}"))
            }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(i, (a, b))| difference(a, b, format!("{path}[{i}]"))),
        _ => (a != b).then_some(path),
    }
}

/// The text of a file: indented by one space, as the input files are.
pub fn to_text<T: Serialize>(value: &T) -> Result<String, String> {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b" "));
    value
        .serialize(&mut serializer)
        .map_err(|e| e.to_string())?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|e| e.to_string())
}
