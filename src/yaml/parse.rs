//! Stored YAML, parsed into a tree.
//!
//! An API server with `--storage-media-type=application/yaml` writes one block
//! mapping with sorted keys, and reads with goyaml: YAML 1.1's scalars, merge
//! keys, of duplicate keys the last. There is nothing in front of such a value,
//! and most short texts are YAML too; hence [`parse_object`] decides by what the
//! text says of itself.

use super::goyaml::{Event, Events, Fault, Source};
use super::plain::resolve;
use crate::convert::to_u64;
use crate::error::{Error, Result};
use crate::tree::{Builder, Members, Scalar, Tree, Value, View};
use crate::wire::Reader;
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
) -> Result<Option<Tree<'a>>> {
    let (buffer, offset) = (reader.buffer(), reader.offset());
    let bytes = reader.bytes(to_u64(reader.remaining()), WHAT)?;
    let is_string = |tree: &Tree<'_>, key| {
        let value = tree.root().get(key);
        value.and_then(Value::as_string).is_some()
    };
    match Composer::new(bytes).document(max_depth) {
        Ok(tree) if is_string(&tree, "apiVersion") && is_string(&tree, "kind") => Ok(Some(tree)),
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

impl From<Error> for Stop {
    /// Of the tree, which has but one.
    fn from(_: Error) -> Stop {
        Stop::Limit("larger than a tree may be")
    }
}

/// The tag of the key that merges.
pub(super) const MERGE: &[u8] = b"tag:yaml.org,2002:merge";

const TOO_DEEP: Stop = Stop::Limit("nested too deep");

/// Makes nodes of events.
struct Composer<'a> {
    events: Events<'a>,
    tree: Builder<'a>,
    /// Where what an anchor stands for is; nothing while its node is not complete.
    anchors: HashMap<&'a str, Option<u32>>,
    /// What aliases may still make of the document: one for each node that is read
    /// again, and for each byte of its strings.
    copies_left: usize,
}

/// A node with what only a mapping's key needs to know.
struct Node {
    place: u32,
    is_merge_key: bool,
}

impl<'a> Composer<'a> {
    fn new(bytes: &'a [u8]) -> Composer<'a> {
        Composer {
            events: Events::new(Source::utf8(bytes)),
            tree: Builder::new(bytes),
            anchors: HashMap::new(),
            // Kubernetes writes no anchors; a linear bound is generous.
            copies_left: bytes.len().saturating_mul(2).saturating_add(1024),
        }
    }

    fn event(&mut self) -> Result<Event<'a>, Stop> {
        self.events.next().map_err(|Fault { .. }| Stop::NotAnObject)
    }

    /// The only document of the stream.
    fn document(mut self, depth_left: usize) -> Result<Tree<'a>, Stop> {
        loop {
            match self.event()? {
                Event::StreamStart | Event::DocumentStart => {}
                event => {
                    self.node(event, depth_left)?;
                    return match (self.event()?, self.event()?) {
                        (Event::DocumentEnd, Event::StreamEnd) => Ok(self.tree.finish()),
                        _ => Err(Stop::NotAnObject),
                    };
                }
            }
        }
    }

    /// The node that begins with `event`. `depth_left` levels may open.
    fn node(&mut self, event: Event<'a>, depth_left: usize) -> Result<Node, Stop> {
        let mut is_merge_key = false;
        let (place, anchor) = match event {
            Event::Scalar {
                text,
                implicit,
                properties,
            } => {
                is_merge_key = text == "<<" && (implicit || properties.tag == MERGE);
                let scalar = resolve(text, implicit, &properties.tag)?;
                (self.tree.scalar(scalar)?, properties.anchor)
            }
            Event::SequenceStart(properties) => {
                let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
                self.begin(properties.anchor);
                (self.sequence(depth_left)?, properties.anchor)
            }
            Event::MappingStart(properties) => {
                let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
                self.begin(properties.anchor);
                (self.mapping(depth_left)?, properties.anchor)
            }
            Event::Alias(anchor) => {
                // An anchor within itself is not complete, so not there.
                let target = self.anchors.get(anchor).copied().flatten();
                let target = target.ok_or(Stop::NotAnObject)?;
                pay(&mut self.copies_left, self.tree.value(target), depth_left)?;
                (self.tree.alias(target)?, None)
            }
            _ => return Err(Stop::NotAnObject),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Some(place));
        }
        Ok(Node {
            place,
            is_merge_key,
        })
    }

    /// The anchor of a node that begins.
    fn begin(&mut self, anchor: Option<&'a str>) {
        self.anchors.extend(anchor.map(|anchor| (anchor, None)));
    }

    fn sequence(&mut self, depth_left: usize) -> Result<u32, Stop> {
        let array = self.tree.begin_array()?;
        loop {
            match self.event()? {
                Event::SequenceEnd => return Ok(self.tree.end_array(array)?),
                event => self.node(event, depth_left)?,
            };
        }
    }

    fn mapping(&mut self, depth_left: usize) -> Result<u32, Stop> {
        let mut members = self.tree.begin_object()?;
        loop {
            let key = match self.event()? {
                Event::MappingEnd => return Ok(self.tree.end_object(members)?),
                event => self.node(event, depth_left)?,
            };
            if key.is_merge_key {
                // The node of the key itself is no member.
                self.tree.disorder(&mut members);
            } else {
                self.key(&mut members, key.place)?;
            }
            let event = self.event()?;
            let value = self.node(event, depth_left)?.place;
            if key.is_merge_key {
                self.merge(&mut members, value)?;
            }
        }
    }

    /// As sigs.k8s.io/yaml turns keys into strings, which it also does with floats.
    fn key(&mut self, members: &mut Members, place: u32) -> Result<(), Stop> {
        let text = match self.tree.value(place).view() {
            View::String(_) => {
                self.tree.key(members, place);
                return Ok(());
            }
            View::Int(number) => number.to_string(),
            View::Bool(value) => value.to_string(),
            _ => return Err(Stop::NotAnObject),
        };
        // The text stands behind the node of the number, which an anchor may name.
        self.tree.disorder(members);
        let key = self.tree.made(text.as_bytes())?;
        self.tree.key(members, key);
        Ok(())
    }

    /// `<<`: the members of a mapping, or of several of which the first counts most.
    /// As in goyaml, they replace what stands before them and not what follows.
    fn merge(&mut self, members: &mut Members, place: u32) -> Result<(), Stop> {
        let places = match self.tree.value(place).view() {
            View::Object(_) => vec![place],
            View::Array(items) => items.map(Value::place).collect(),
            _ => return Err(Stop::NotAnObject),
        };
        for place in places.into_iter().rev() {
            match self.tree.value(place).view() {
                View::Object(_) => self.tree.merge(members, place),
                _ => return Err(Stop::NotAnObject),
            }
        }
        Ok(())
    }
}

pub(super) fn string(text: Cow<'_, str>) -> Scalar<'_> {
    Scalar::String(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// Takes the cost of reading `value` once more from `left`, and checks that it is
/// not deeper than the place it goes to allows.
fn pay(left: &mut usize, value: Value<'_, '_>, depth_left: usize) -> Result<(), Stop> {
    let mut take = |cost: usize| {
        *left = left
            .checked_sub(cost.saturating_add(1))
            .ok_or(Stop::Limit("anchors and aliases expand too much"))?;
        Ok(())
    };
    match value.view() {
        View::String(text) => take(text.bytes().len()),
        View::Array(mut values) => {
            take(0)?;
            let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
            values.try_for_each(|value| pay(left, value, depth_left))
        }
        View::Object(mut members) => {
            take(0)?;
            let depth_left = depth_left.checked_sub(1).ok_or(TOO_DEEP)?;
            members.try_for_each(|(key, value)| {
                *left = left.saturating_sub(key.bytes().len());
                pay(left, value, depth_left)
            })
        }
        _ => take(0),
    }
}
