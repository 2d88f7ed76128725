//! Stored YAML, parsed into a tree.
//!
//! An API server with `--storage-media-type=application/yaml` writes one block
//! mapping with sorted keys, and reads with goyaml: YAML 1.1's scalars, merge
//! keys, of duplicate keys the last. There is nothing in front of such a value,
//! and most short texts are YAML too; hence [`parse_object`] decides by what the
//! text says of itself.
//!
//! The events come from granit-parser, the parser below serde-saphyr. One
//! difference to goyaml remains: U+0085, U+2028 and U+2029 are breaks in YAML 1.1
//! and characters in 1.2, and are characters here.

use super::plain::{resolve, resolve_tagged};
use crate::convert::to_u64;
use crate::error::{Error, Result};
use crate::tree::{Object, Value};
use crate::wire::Reader;
use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, StrInput, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

const WHAT: &str = "YAML";

/// The object that all that is left in `reader` describes: one YAML document, a
/// mapping with the strings `apiVersion` and `kind`. `None` if it is not that: no
/// UTF-8, no YAML, several documents, keys or numbers that JSON does not have.
///
/// An error (category `limit`) is a document that nests deeper than `max_depth`,
/// or whose aliases make more of it than its size warrants.
pub(crate) fn parse_object<'a>(
    mut reader: Reader<'a>,
    max_depth: usize,
) -> Result<Option<Value<'a>>> {
    let (buffer, offset) = (reader.buffer(), reader.offset());
    let bytes = reader.bytes(to_u64(reader.remaining()), WHAT)?;
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(None);
    };
    let is_string = |value: &Value<'_>, key| matches!(value.get(key), Some(Value::String(_)));
    match Composer::new(text, max_depth).document(max_depth) {
        Ok(value) if is_string(&value, "apiVersion") && is_string(&value, "kind") => {
            Ok(Some(value))
        }
        Ok(_) | Err(Stop::NotAnObject) => Ok(None),
        Err(Stop::Limit(detail)) => Err(Error::limit(WHAT, detail).at(buffer, offset)),
    }
}

/// Why there is no tree.
pub(super) enum Stop {
    /// Not YAML, or nothing that JSON could say.
    NotAnObject,
    Limit(&'static str),
}

const TOO_DEEP: Stop = Stop::Limit("nested too deep");

/// Makes nodes of events.
struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// What each anchor stands for, once its node is complete.
    anchors: HashMap<usize, Value<'a>>,
    /// What copies for anchors and aliases may still cost: one for each node and
    /// for each byte of its strings.
    copies_left: usize,
}

/// A node with what only a mapping's key needs to know.
struct Node<'a> {
    value: Value<'a>,
    is_merge_key: bool,
}

impl<'a> Composer<'a> {
    fn new(text: &'a str, max_depth: usize) -> Composer<'a> {
        let mut options = Options::default();
        options.set_emit_comments(false);
        // One more, so that it is the composer that stops.
        options.flow_nesting_limit = max_depth.saturating_add(1);
        options.block_nesting_limit = max_depth.saturating_add(1);
        Composer {
            parser: Parser::new_from_str_with_options(text, options),
            anchors: HashMap::new(),
            // Kubernetes writes no anchors; a linear bound is generous.
            copies_left: text.len().saturating_mul(2).saturating_add(1024),
        }
    }

    fn event(&mut self) -> Result<Event<'a>, Stop> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) if *error.kind() == ErrorKind::RecursionLimitExceeded => Err(TOO_DEEP),
            Some(Err(_)) | None => Err(Stop::NotAnObject),
        }
    }

    /// The only document of the stream.
    fn document(&mut self, depth_left: usize) -> Result<Value<'a>, Stop> {
        loop {
            match self.event()? {
                Event::StreamStart | Event::DocumentStart(..) => {}
                event => {
                    let node = self.node(event, depth_left)?;
                    return match (self.event()?, self.event()?) {
                        (Event::DocumentEnd, Event::StreamEnd) => Ok(node.value),
                        _ => Err(Stop::NotAnObject),
                    };
                }
            }
        }
    }

    /// The node that begins with `event`. `depth_left` levels may open.
    fn node(&mut self, event: Event<'a>, depth_left: usize) -> Result<Node<'a>, Stop> {
        let mut is_merge_key = false;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                is_merge_key = plain && tag.is_none() && text == "<<";
                (scalar(text, plain, tag.as_deref())?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
                (self.sequence(depth_left)?, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
                (Value::Object(self.mapping(depth_left)?), anchor)
            }
            Event::Alias(anchor) => {
                // An anchor within itself is not complete, so not there.
                let value = self.anchors.get(&anchor).ok_or(Stop::NotAnObject)?;
                pay(&mut self.copies_left, value, depth_left)?;
                (value.clone(), 0)
            }
            _ => return Err(Stop::NotAnObject),
        };
        if anchor != 0 {
            pay(&mut self.copies_left, &value, depth_left)?;
            self.anchors.insert(anchor, value.clone());
        }
        Ok(Node {
            value,
            is_merge_key,
        })
    }

    fn sequence(&mut self, depth_left: usize) -> Result<Value<'a>, Stop> {
        let mut values = Vec::new();
        loop {
            match self.event()? {
                Event::SequenceEnd => return Ok(Value::Array(values)),
                event => values.push(self.node(event, depth_left)?.value),
            }
        }
    }

    fn mapping(&mut self, depth_left: usize) -> Result<Object<'a>, Stop> {
        let mut members = Object::new();
        loop {
            let key = match self.event()? {
                Event::MappingEnd => return Ok(members),
                event => self.node(event, depth_left)?,
            };
            let event = self.event()?;
            let value = self.node(event, depth_left)?.value;
            if key.is_merge_key {
                merge(&mut members, value)?;
            } else {
                members.insert(member_key(key.value)?, value);
            }
        }
    }
}

/// As sigs.k8s.io/yaml turns keys into strings, which it also does with floats.
fn member_key(key: Value<'_>) -> Result<Cow<'_, [u8]>, Stop> {
    match key {
        Value::String(key) => Ok(key),
        Value::Int(number) => Ok(Cow::Owned(number.to_string().into_bytes())),
        Value::Bool(true) => Ok(Cow::Borrowed(b"true")),
        Value::Bool(false) => Ok(Cow::Borrowed(b"false")),
        _ => Err(Stop::NotAnObject),
    }
}

/// `<<`: the members of a mapping, or of several of which the first counts most.
/// As in goyaml, they replace what stands before them and not what follows.
fn merge<'a>(members: &mut Object<'a>, value: Value<'a>) -> Result<(), Stop> {
    match value {
        Value::Object(merged) => members.extend(merged),
        Value::Array(values) => {
            for value in values.into_iter().rev() {
                match value {
                    Value::Object(merged) => members.extend(merged),
                    _ => return Err(Stop::NotAnObject),
                }
            }
        }
        _ => return Err(Stop::NotAnObject),
    }
    Ok(())
}

fn scalar<'a>(text: Cow<'a, str>, plain: bool, tag: Option<&Tag>) -> Result<Value<'a>, Stop> {
    match tag {
        None if plain => resolve(text),
        None => Ok(string(text)),
        Some(tag) => resolve_tagged(text, tag),
    }
}

pub(super) fn string(text: Cow<'_, str>) -> Value<'_> {
    Value::String(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// Takes the cost of a copy of `value` from `left`, and checks that it is not
/// deeper than the place it goes to allows.
fn pay(left: &mut usize, value: &Value<'_>, depth_left: usize) -> Result<(), Stop> {
    let mut take = |cost: usize| {
        *left = left
            .checked_sub(cost.saturating_add(1))
            .ok_or(Stop::Limit("anchors and aliases expand too much"))?;
        Ok(())
    };
    match value {
        Value::String(text) => take(text.len()),
        Value::Array(values) => {
            take(0)?;
            let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
            values
                .iter()
                .try_for_each(|value| pay(left, value, depth_left))
        }
        Value::Object(members) => {
            take(0)?;
            let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
            members.iter().try_for_each(|(key, value)| {
                *left = left.saturating_sub(key.len());
                pay(left, value, depth_left)
            })
        }
        _ => take(0),
    }
}
