//! Looking at a tree.

use std::slice;

use super::{Node, Span, Step, Tree};
use crate::convert::to_usize;

/// One value of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t, 'a> {
    tree: &'t Tree<'a>,
    at: u32,
}

/// What a value is.
pub(crate) enum View<'t, 'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    Float(f64),
    /// A number as JSON spells it.
    Spelled(&'a [u8]),
    /// Mostly UTF-8; what is not is replaced when it is printed or decoded.
    String(Text<'t, 'a>),
    Array(Items<'t, 'a>),
    Object(Entries<'t, 'a>),
}

/// The bytes of a string or a key.
#[derive(Clone, Copy)]
pub(crate) enum Text<'t, 'a> {
    /// As they are stored.
    Lent(&'a [u8]),
    /// In the tree.
    Made(&'t [u8]),
}

impl<'t, 'a: 't> Text<'t, 'a> {
    #[inline]
    pub(crate) fn bytes(self) -> &'t [u8] {
        match self {
            Text::Lent(bytes) => bytes,
            Text::Made(bytes) => bytes,
        }
    }
}

impl<'a> Tree<'a> {
    /// Where what an alias stands for is; no alias stands for another.
    #[inline]
    pub(super) fn resolve(&self, at: u32) -> u32 {
        match self.node(at) {
            Node::Alias(target) => target,
            _ => at,
        }
    }

    #[inline]
    fn node(&self, at: u32) -> Node {
        // No place is behind the end.
        self.nodes.get(to_usize(at)).copied().unwrap_or(Node::Null)
    }

    /// Where the next value begins.
    #[inline]
    pub(super) fn behind(&self, at: u32) -> u32 {
        match self.node(at) {
            Node::Array { end } | Node::Object { end } | Node::Ordered { end, .. } => end,
            _ => at.saturating_add(1),
        }
    }

    /// The text at `at`; empty if there is another value.
    #[inline]
    pub(super) fn text(&self, at: u32) -> Text<'_, 'a> {
        match self.node(self.resolve(at)) {
            Node::Lent(span) => Text::Lent(cut(self.source, span)),
            Node::Made(span) => Text::Made(cut(&self.made, span)),
            _ => Text::Lent(&[]),
        }
    }
}

#[inline]
fn cut(bytes: &[u8], span: Span) -> &[u8] {
    let start = to_usize(span.at);
    let end = start.saturating_add(to_usize(span.length));
    bytes.get(start..end).unwrap_or_default()
}

impl<'t, 'a> Value<'t, 'a> {
    pub(super) fn at(tree: &'t Tree<'a>, at: u32) -> Value<'t, 'a> {
        Value { tree, at }
    }

    /// What it is.
    #[inline]
    pub(crate) fn view(self) -> View<'t, 'a> {
        let tree = self.tree;
        let at = tree.resolve(self.at);
        match tree.node(at) {
            Node::Null | Node::Alias(_) => View::Null,
            Node::Bool(value) => View::Bool(value),
            Node::Int(value) => View::Int(value),
            Node::Uint(value) => View::Uint(value),
            Node::Float(value) => View::Float(value),
            Node::Spelled(span) => View::Spelled(cut(tree.source, span)),
            Node::Lent(_) | Node::Made(_) => View::String(tree.text(at)),
            Node::Array { end } => View::Array(Items {
                tree,
                at: at.saturating_add(1),
                end,
            }),
            Node::Object { end } => View::Object(Entries {
                tree,
                keys: Keys::AsTheyCome {
                    at: at.saturating_add(1),
                    end,
                },
            }),
            Node::Ordered { order, count, .. } => {
                let start = to_usize(order);
                let keys = tree
                    .orders
                    .get(start..start.saturating_add(to_usize(count)));
                View::Object(Entries {
                    tree,
                    keys: Keys::Ordered(keys.unwrap_or_default().iter()),
                })
            }
        }
    }

    /// The string, if it is one.
    pub(crate) fn as_string(self) -> Option<Text<'t, 'a>> {
        match self.view() {
            View::String(text) => Some(text),
            _ => None,
        }
    }

    /// The member `key`, if this is an object that has one.
    pub(crate) fn get(self, key: &str) -> Option<Value<'t, 'a>> {
        let View::Object(mut members) = self.view() else {
            return None;
        };
        members
            .find(|(name, _)| name.bytes() == key.as_bytes())
            .map(|(_, value)| value)
    }

    /// Where it stands.
    pub(crate) fn place(self) -> u32 {
        self.at
    }

    /// Calls `found` with the way to each string, and to each key as the last
    /// step of its own way, that is not UTF-8.
    pub(crate) fn visit_invalid_utf8(self, found: &mut impl FnMut(&[Step<'_>])) {
        self.visit_invalid_utf8_below(&mut Vec::new(), found);
    }

    fn visit_invalid_utf8_below(self, way: &mut Vec<Step<'t>>, found: &mut impl FnMut(&[Step<'_>]))
    where
        'a: 't,
    {
        match self.view() {
            View::String(text) if std::str::from_utf8(text.bytes()).is_err() => found(way),
            View::Array(items) => {
                for (index, value) in items.enumerate() {
                    way.push(Step::Index(index));
                    value.visit_invalid_utf8_below(way, found);
                    way.pop();
                }
            }
            View::Object(members) => {
                for (key, value) in members {
                    way.push(Step::Key(key.bytes()));
                    if std::str::from_utf8(key.bytes()).is_err() {
                        found(way);
                    }
                    value.visit_invalid_utf8_below(way, found);
                    way.pop();
                }
            }
            _ => {}
        }
    }
}

/// The elements of an array.
pub(crate) struct Items<'t, 'a> {
    tree: &'t Tree<'a>,
    at: u32,
    end: u32,
}

impl Items<'_, '_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.end
    }
}

impl<'t, 'a> Iterator for Items<'t, 'a> {
    type Item = Value<'t, 'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'t, 'a>> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.tree.behind(at);
        Some(Value {
            tree: self.tree,
            at,
        })
    }
}

/// The members of an object, sorted by the bytes of their keys.
pub(crate) struct Entries<'t, 'a> {
    tree: &'t Tree<'a>,
    keys: Keys<'t>,
}

enum Keys<'t> {
    AsTheyCome { at: u32, end: u32 },
    Ordered(slice::Iter<'t, u32>),
}

impl Entries<'_, '_> {
    /// Places of the keys.
    pub(super) fn next_key(&mut self) -> Option<u32> {
        match &mut self.keys {
            Keys::AsTheyCome { at, end } => {
                if *at >= *end {
                    return None;
                }
                let key = *at;
                *at = self.tree.behind(key.saturating_add(1));
                Some(key)
            }
            Keys::Ordered(keys) => keys.next().copied(),
        }
    }
}

impl<'t, 'a> Iterator for Entries<'t, 'a> {
    type Item = (Text<'t, 'a>, Value<'t, 'a>);

    #[inline]
    fn next(&mut self) -> Option<(Text<'t, 'a>, Value<'t, 'a>)> {
        let key = self.next_key()?;
        let value = Value {
            tree: self.tree,
            at: key.saturating_add(1),
        };
        Some((self.tree.text(key), value))
    }
}
