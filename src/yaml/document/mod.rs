//! A file as the API server reads its own: JSON if it begins with `{`, YAML if not,
//! and of YAML the first document.
//!
//! The tree keeps what strict decoding asks for: duplicate fields, null apart from
//! absence, the place of everything. Errors say what is wrong and where, and never
//! what stands there: such a file holds keys.
//!
//! Source: k8s.io/apimachinery v0.37.2 (`serializer/recognizer`, `serializer/json`),
//! sigs.k8s.io/yaml v1.6.0 (`YAMLToJSON`).

mod json;
mod yaml;

use std::fmt;
use std::rc::Rc;

use zeroize::Zeroizing;

/// Nesting of mappings and lists, also through aliases.
const DEPTH: usize = 128;

pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// Text is wiped on drop: any of it may be a secret, also at a wrong place.
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As JSON writes it, so that YAML's `1e2` is one and JSON's is not.
    Integer(i128),
    Float,
    Text(Zeroizing<String>),
    Sequence(Vec<Rc<Node>>),
    /// In the document's order, with what `<<` merges at its place.
    Mapping(Vec<Field>),
}

#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Rc<Zeroizing<String>>,
    pub(crate) place: Place,
    pub(crate) node: Rc<Node>,
}

/// Line and column, counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why there is no tree.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) format: &'static str,
    pub(crate) problem: &'static str,
    pub(crate) place: Place,
}

/// Reads a file.
pub(crate) fn read(bytes: &[u8]) -> Result<Rc<Node>, Unreadable> {
    match is_json(bytes) {
        true => json::read(bytes),
        false => yaml::read(bytes),
    }
}

/// Whether the first character that is no white space to Go is a brace.
fn is_json(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    };
    valid.trim_start().starts_with('{')
}

#[cfg(test)]
mod tests;
