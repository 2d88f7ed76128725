//! Making a tree, value by value in the order of the text.

use std::borrow::Cow;

use super::value::{Text, Value, View};
use super::{Node, Span, Tree};
use crate::convert::{to_u64, to_usize};
use crate::error::{Error, Result};
use crate::skip_fields::Skip;
use crate::utf8;

/// Makes a tree. An error (category `limit`) is one of more than 4 GiB.
pub(crate) struct Builder<'a>(Tree<'a>);

/// A value that holds no others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    String(Cow<'a, [u8]>),
}

/// An object whose members come.
pub(crate) struct Members {
    at: u32,
    last: Option<u32>,
    /// All keys so far, from the first that does not come sorted on.
    keys: Option<Vec<u32>>,
}

impl<'a> Builder<'a> {
    /// Texts that are found in `source` are not copied.
    pub(crate) fn new(source: &'a [u8]) -> Builder<'a> {
        Builder(Tree {
            source,
            ..Tree::default()
        })
    }

    pub(crate) fn finish(self) -> Tree<'a> {
        self.0
    }

    /// Where the next value will stand.
    pub(crate) fn place(&self) -> Result<u32> {
        narrow(self.0.nodes.len())
    }

    /// What was made at a place.
    pub(crate) fn value(&self, at: u32) -> Value<'_, 'a> {
        Value::at(&self.0, at)
    }

    fn push(&mut self, node: Node) -> Result<u32> {
        let at = self.place()?;
        let nodes = &mut self.0.nodes;
        if nodes.len() == nodes.capacity() {
            // In four steps to twice as much and not in one: a node may be a byte on
            // the wire.
            let above = nodes.len().saturating_add(1).checked_next_power_of_two();
            nodes.reserve_exact((above.unwrap_or_default() / 8).max(16));
        }
        nodes.push(node);
        Ok(at)
    }

    pub(crate) fn scalar(&mut self, scalar: Scalar<'a>) -> Result<u32> {
        let node = match scalar {
            Scalar::Null => Node::Null,
            Scalar::Bool(value) => Node::Bool(value),
            Scalar::Int(value) => Node::Int(value),
            Scalar::Uint(value) => Node::Uint(value),
            Scalar::Float(value) => Node::Float(value),
            Scalar::String(Cow::Borrowed(text)) => return self.text(text),
            Scalar::String(Cow::Owned(text)) => return self.made(&text),
        };
        self.push(node)
    }

    /// A string of the source.
    pub(crate) fn text(&mut self, text: &'a [u8]) -> Result<u32> {
        match self.find(text)? {
            Some(span) => self.push(Node::Lent(span)),
            None => self.made(text),
        }
    }

    /// A string that the source does not hold as it is.
    pub(crate) fn made(&mut self, text: &[u8]) -> Result<u32> {
        let span = Span {
            at: narrow(self.0.made.len())?,
            length: narrow(text.len())?,
        };
        self.0.made.extend_from_slice(text);
        self.push(Node::Made(span))
    }

    /// A number as JSON spells it.
    pub(crate) fn spelled(&mut self, number: &'a [u8]) -> Result<u32> {
        match self.find(number)? {
            Some(span) => self.push(Node::Spelled(span)),
            None => Err(Error::malformed("tree", "a number stands elsewhere")),
        }
    }

    /// Where a text stands in the source, if it does.
    fn find(&self, text: &[u8]) -> Result<Option<Span>> {
        let source = self.0.source;
        let at = text.as_ptr().addr().checked_sub(source.as_ptr().addr());
        let end = at.and_then(|at| at.checked_add(text.len()));
        Ok(match (at, end) {
            (Some(at), Some(end)) if end <= source.len() => Some(Span {
                at: narrow(at)?,
                length: narrow(text.len())?,
            }),
            _ => None,
        })
    }

    fn copied(&mut self, text: Text<'_, 'a>) -> Result<u32> {
        match text {
            Text::Lent(text) => self.text(text),
            Text::Made(text) => self.made(text),
        }
    }

    /// A value of another tree with the same source, less what is left out.
    fn copy(&mut self, value: Value<'_, 'a>, skip: Skip<'_>) -> Result<u32> {
        match value.view() {
            View::Null => self.push(Node::Null),
            View::Bool(value) => self.push(Node::Bool(value)),
            View::Int(value) => self.push(Node::Int(value)),
            View::Uint(value) => self.push(Node::Uint(value)),
            View::Float(value) => self.push(Node::Float(value)),
            View::Spelled(number) => self.spelled(number),
            View::String(text) => self.copied(text),
            View::Array(items) => {
                let array = self.begin_array()?;
                for item in items {
                    self.copy(item, skip)?;
                }
                self.end_array(array)
            }
            View::Object(entries) => {
                let mut members = self.begin_object()?;
                for (key, value) in entries {
                    let name = utf8::lossy(key.bytes());
                    if !skip.skips(&name) {
                        let key = self.copied(key)?;
                        self.key(&mut members, key);
                        self.copy(value, skip.below(&name))?;
                    }
                }
                self.end_object(members)
            }
        }
    }

    /// The value at another place once more.
    pub(crate) fn alias(&mut self, target: u32) -> Result<u32> {
        self.0.shared = true;
        self.push(Node::Alias(target))
    }

    /// All values until [`Builder::end_array`] are in it.
    pub(crate) fn begin_array(&mut self) -> Result<u32> {
        self.push(Node::Array { end: 0 })
    }

    pub(crate) fn end_array(&mut self, at: u32) -> Result<u32> {
        self.0.set(at, Node::Array { end: self.place()? });
        Ok(at)
    }

    /// A key, its value and so on follow, until [`Builder::end_object`].
    pub(crate) fn begin_object(&mut self) -> Result<Members> {
        Ok(Members {
            at: self.push(Node::Object { end: 0 })?,
            last: None,
            keys: None,
        })
    }

    /// Notes that a key was made at `key`, whose value follows.
    #[inline]
    pub(crate) fn key(&mut self, members: &mut Members, key: u32) {
        let sorted = |last| self.0.text(last).bytes() < self.0.text(key).bytes();
        match &mut members.keys {
            Some(keys) => keys.push(key),
            None if members.last.is_none_or(sorted) => members.last = Some(key),
            None => self.disorder(members).push(key),
        }
    }

    /// The keys of an object of which one does not come sorted, or that holds nodes
    /// which are no members.
    pub(crate) fn disorder<'m>(&self, members: &'m mut Members) -> &'m mut Vec<u32> {
        members.keys.get_or_insert_with(|| {
            let mut keys = Vec::new();
            let Some(last) = members.last else {
                return keys;
            };
            let mut at = members.at.saturating_add(1);
            while at <= last {
                keys.push(at);
                at = self.0.behind(at.saturating_add(1));
            }
            keys
        })
    }

    /// Adds the members of another object, or those that one holds in place of these.
    pub(crate) fn merge(&mut self, members: &mut Members, object: u32) {
        self.0.shared = true;
        let mut merged = Vec::new();
        if let View::Object(mut entries) = self.value(object).view() {
            merged.extend(std::iter::from_fn(|| entries.next_key()));
        }
        self.disorder(members).extend(merged);
    }

    /// Of keys that are equal the last counts.
    pub(crate) fn end_object(&mut self, members: Members) -> Result<u32> {
        let at = members.at;
        if let Some(mut keys) = self.end(members)? {
            // The last of each run of equal keys.
            let tree = &self.0;
            keys.reverse();
            keys.dedup_by(|key, other| tree.text(*key).bytes() == tree.text(*other).bytes());
            keys.reverse();
            self.0.order(at, &keys)?;
        }
        Ok(at)
    }

    /// If keys are equal, the number of those before the first that repeats another.
    pub(crate) fn end_object_of_unique(&mut self, members: Members) -> Result<Option<usize>> {
        let at = members.at;
        let Some(keys) = self.end(members)? else {
            return Ok(None);
        };
        let tree = &self.0;
        let text = |key: &u32| tree.text(*key).bytes();
        let pairs = keys.iter().zip(keys.iter().skip(1));
        let repeated = pairs.filter(|(key, next)| text(key) == text(next));
        if let Some(first) = repeated.map(|(_, next)| *next).min() {
            return Ok(Some(keys.iter().filter(|key| **key < first).count()));
        }
        self.0.order(at, &keys)?;
        Ok(None)
    }

    /// Closes an object. Its keys in order, equal ones as they came, if they did not
    /// come so.
    fn end(&mut self, members: Members) -> Result<Option<Vec<u32>>> {
        self.0.set(members.at, Node::Object { end: self.place()? });
        let Some(mut keys) = members.keys else {
            return Ok(None);
        };
        let tree = &self.0;
        keys.sort_by(|a, b| tree.text(*a).bytes().cmp(tree.text(*b).bytes()));
        Ok(Some(keys))
    }
}

impl<'a> Tree<'a> {
    /// Gives an object these members.
    fn order(&mut self, at: u32, keys: &[u32]) -> Result<()> {
        let (order, count) = (narrow(self.orders.len())?, narrow(keys.len())?);
        self.orders.extend_from_slice(keys);
        if let Some(node) = self.nodes.get_mut(to_usize(at))
            && let Node::Object { end } | Node::Ordered { end, .. } = *node
        {
            *node = Node::Ordered { end, order, count };
        }
        Ok(())
    }

    /// Takes members out, those of all elements of an array.
    pub(crate) fn remove(&mut self, skip: Skip<'_>) -> Result<()> {
        if skip.is_empty() {
            return Ok(());
        }
        if self.shared {
            // What is left out at one place may stay at another.
            let mut whole = Builder::new(self.source);
            whole.copy(self.root(), skip)?;
            *self = whole.finish();
            return Ok(());
        }
        self.remove_below(0, skip)
    }

    fn remove_below(&mut self, at: u32, skip: Skip<'_>) -> Result<()> {
        match Value::at(self, at).view() {
            View::Array(mut items) if !skip.is_empty() => {
                let mut places = Vec::new();
                places.extend(std::iter::from_fn(|| items.next().map(Value::place)));
                places
                    .into_iter()
                    .try_for_each(|item| self.remove_below(item, skip))
            }
            View::Object(mut entries) if !skip.is_empty() => {
                let keys: Vec<u32> = std::iter::from_fn(|| entries.next_key()).collect();
                let mut kept = Vec::new();
                for &key in &keys {
                    let name = utf8::lossy(self.text(key).bytes()).into_owned();
                    self.remove_below(key.saturating_add(1), skip.below(&name))?;
                    if !skip.skips(&name) {
                        kept.push(key);
                    }
                }
                match kept.len() == keys.len() {
                    true => Ok(()),
                    false => self.order(at, &kept),
                }
            }
            _ => Ok(()),
        }
    }

    fn set(&mut self, at: u32, node: Node) {
        if let Some(slot) = self.nodes.get_mut(to_usize(at)) {
            *slot = node;
        }
    }
}

fn narrow(place: usize) -> Result<u32> {
    u32::try_from(place).map_err(|_| {
        let detail = format!(
            "{} bytes or values are more than a tree holds",
            to_u64(place)
        );
        Error::limit("tree", detail)
    })
}
