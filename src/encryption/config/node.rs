//! A YAML or JSON document as a tree that forgets nothing the API server's
//! strict decoding would notice: duplicate fields stay, null stays apart.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::convert::to_u64;
use crate::encryption::config::problem;
use crate::error::Result;

/// Text is wiped on drop: any of it may be a secret, also at a wrong place.
pub(super) enum Node {
    Null,
    Bool,
    Integer(i128),
    Float,
    Text(Zeroizing<String>),
    Sequence(Vec<Node>),
    Mapping(Vec<(String, Node)>),
}

/// Nesting that is read; a configuration nests 7 levels.
const DEPTH: usize = 32;

/// Bytes of a configuration. The largest sensible one has some kilobytes.
const BYTES: usize = 16 << 20;

impl Node {
    /// Parses one document. As in the API server, text that begins with `{` is
    /// JSON, anything else YAML.
    pub(super) fn parse(bytes: &[u8]) -> Result<Node> {
        if bytes.len() > BYTES {
            return Err(problem("", format!("longer than {BYTES} bytes")));
        }
        if bytes.trim_ascii_start().starts_with(b"{") {
            // The text of an error could show a secret; its place is enough.
            serde_json::from_slice(bytes)
                .map_err(|error| not_readable("JSON", to_u64(error.line()), to_u64(error.column())))
        } else {
            parse_yaml(bytes)
        }
    }

    /// What the node is, with its article.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool => "a boolean",
            Node::Integer(_) | Node::Float => "a number",
            Node::Text(_) => "a string",
            Node::Sequence(_) => "a list",
            Node::Mapping(_) => "a mapping",
        }
    }
}

fn parse_yaml(bytes: &[u8]) -> Result<Node> {
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        // Go's YAML library follows YAML 1.1 for these.
        strict_booleans: false,
        legacy_octal_numbers: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH,
            flow_nesting_limit: DEPTH,
            max_total_scalar_bytes: BYTES,
        },
    };
    serde_saphyr::with_deserializer_from_slice_with_options(bytes, options, |deserializer| {
        Node::deserialize(deserializer)
    })
    .map_err(|error| {
        let location = error.location();
        not_readable(
            "YAML",
            location.map_or(0, |l| l.line()),
            location.map_or(0, |l| l.column()),
        )
    })
}

fn not_readable(format: &str, line: u64, column: u64) -> crate::error::Error {
    problem(
        "",
        if line == 0 {
            format!("not readable as {format}")
        } else {
            format!("not readable as {format} at line {line}, column {column}")
        },
    )
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML or JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Bool)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Float)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Node, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = access.next_key::<Node>()? {
            let Node::Text(key) = key else {
                return Err(A::Error::custom("a key that is no string"));
            };
            fields.push((String::clone(&key), access.next_value()?));
        }
        Ok(Node::Mapping(fields))
    }
}
