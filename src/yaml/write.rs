//! Objects as YAML for people, from their JSON.

use super::order;
use super::scalar::{self, has_break, spaces};
use crate::error::{Buffer, Error, Result};
use crate::json::{Scanner, Token, write_f64, write_i64, write_u64};
use crate::tree::{Builder, Items, Members, Scalar, Tree, Value, View};
use crate::utf8::lossy;
use crate::wire::Reader;
use std::borrow::Cow;

/// Appends the JSON value `json` as one YAML document in block style, without
/// `---`, ending in a line feed: what `sigs.k8s.io/yaml` prints.
///
/// Keys come in its order and of duplicate members the last counts; lists stand
/// at the column of their key; numbers keep their JSON text. Unlike there, long
/// lines are not folded, and more strings are quoted: all that some reader of YAML
/// 1.1 or 1.2 would not read back as that string.
///
/// `max_depth` bounds the nesting of arrays and objects. On an error, whose
/// offset would count in a printed text, `out` is as it was.
pub(crate) fn write(out: &mut Vec<u8>, json: &[u8], max_depth: usize) -> Result<()> {
    let tree = parse(json, max_depth).map_err(|error| {
        Error::new(
            error.category(),
            "object as YAML",
            error.detail().to_owned(),
        )
    })?;
    write_tree(out, tree.root())
}

/// As [`write`], of what was never JSON: its numbers are printed as JSON's would be.
pub(crate) fn write_tree(out: &mut Vec<u8>, value: Value<'_, '_>) -> Result<()> {
    let start = out.len();
    let written = match Node::of(value) {
        Node::Mapping(members) => mapping(out, &members, 0, true),
        Node::Sequence(items) => sequence(out, items, 0, true),
        Node::Scalar(view) => scalar(out, view, 0),
    };
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// The tree of a JSON text, numbers as it spells them.
fn parse(json: &[u8], max_depth: usize) -> Result<Tree<'_>> {
    let mut scanner = Scanner::new(Reader::new(json, Buffer::Value), max_depth);
    let mut tree = Builder::new(json);
    let mut open = Vec::new();
    while let Some(token) = scanner.next_token()? {
        match token {
            Token::Null => tree.scalar(Scalar::Null)?,
            Token::Bool(value) => tree.scalar(Scalar::Bool(value))?,
            Token::Number(number) => tree.spelled(number)?,
            Token::String(text) => string(&mut tree, text.decode())?,
            Token::BeginArray => {
                let array = tree.begin_array()?;
                open.push(Open::Array(array));
                array
            }
            Token::BeginObject => {
                let members = tree.begin_object()?;
                open.push(Open::Object(members));
                0
            }
            Token::Key(text) => {
                let key = string(&mut tree, text.decode())?;
                if let Some(Open::Object(members)) = open.last_mut() {
                    tree.key(members, key);
                }
                key
            }
            Token::EndArray | Token::EndObject => match open.pop() {
                Some(Open::Array(array)) => tree.end_array(array)?,
                Some(Open::Object(members)) => tree.end_object(members)?,
                // The scanner ends only what it began.
                None => 0,
            },
        };
    }
    Ok(tree.finish())
}

enum Open {
    Array(u32),
    Object(Members),
}

fn string<'a>(tree: &mut Builder<'a>, text: Cow<'a, str>) -> Result<u32> {
    match text {
        Cow::Borrowed(text) => tree.text(text.as_bytes()),
        Cow::Owned(text) => tree.made(text.as_bytes()),
    }
}

/// A value by its layout: what is empty stands on one line.
enum Node<'t, 'a> {
    Mapping(Vec<Member<'t, 'a>>),
    Sequence(Items<'t, 'a>),
    Scalar(View<'t, 'a>),
}

type Member<'t, 'a> = (Cow<'t, str>, Value<'t, 'a>);

impl<'t, 'a: 't> Node<'t, 'a> {
    fn of(value: Value<'t, 'a>) -> Node<'t, 'a> {
        match value.view() {
            View::Object(members) => {
                let mut members: Vec<Member<'t, 'a>> = members
                    .map(|(key, value)| (lossy(key.bytes()), value))
                    .collect();
                // Keys that differ in a bad byte only are one, the last.
                if members.iter().any(|(key, _)| matches!(key, Cow::Owned(_))) {
                    members.sort_by(|a, b| a.0.cmp(&b.0));
                }
                members.reverse();
                members.dedup_by(|member, other| member.0 == other.0);
                members.reverse();
                match members.is_empty() {
                    true => Node::Scalar(value.view()),
                    false => Node::Mapping(order::sort(members, |(key, _)| key)),
                }
            }
            View::Array(items) if !items.is_empty() => Node::Sequence(items),
            view => Node::Scalar(view),
        }
    }
}

/// What stands before a value.
#[derive(PartialEq)]
enum After {
    /// `key:`, which lists and mappings leave for the next line.
    Key,
    /// `-`, or `?` and `:` of a key that does not fit a line, on whose line they begin.
    Indicator,
}

/// `indent` is the column where the lines of the mapping begin; `inline`, that
/// the first begins where `out` ends.
fn mapping(
    out: &mut Vec<u8>,
    members: &[Member<'_, '_>],
    indent: usize,
    inline: bool,
) -> Result<()> {
    for (index, (key, node)) in members.iter().enumerate() {
        if index > 0 || !inline {
            spaces(out, indent);
        }
        if key.len() <= MAX_SIMPLE_KEY && !has_break(key) {
            scalar::write_key(out, key);
            out.push(b':');
            value(out, *node, indent, After::Key)?;
        } else {
            out.extend_from_slice(b"? ");
            scalar::write(out, key, indent.saturating_add(2));
            spaces(out, indent);
            out.push(b':');
            value(out, *node, indent, After::Indicator)?;
        }
    }
    Ok(())
}

/// Bytes of a key that goyaml still writes before a colon.
const MAX_SIMPLE_KEY: usize = 128;

fn sequence(out: &mut Vec<u8>, items: Items<'_, '_>, indent: usize, inline: bool) -> Result<()> {
    for (index, node) in items.enumerate() {
        if index > 0 || !inline {
            spaces(out, indent);
        }
        out.push(b'-');
        value(out, node, indent, After::Indicator)?;
    }
    Ok(())
}

/// `indent` is that of the mapping or sequence which the value is in.
fn value(out: &mut Vec<u8>, node: Value<'_, '_>, indent: usize, after: After) -> Result<()> {
    let inline = after == After::Indicator;
    let separator = if inline { b' ' } else { b'\n' };
    match Node::of(node) {
        Node::Sequence(items) => {
            out.push(separator);
            let indent = if inline {
                indent.saturating_add(2)
            } else {
                indent
            };
            sequence(out, items, indent, inline)
        }
        Node::Mapping(members) => {
            out.push(separator);
            mapping(out, &members, indent.saturating_add(2), inline)
        }
        Node::Scalar(view) => {
            out.push(b' ');
            scalar(out, view, indent)
        }
    }
}

/// A scalar or an empty collection, with the line feed after it.
fn scalar(out: &mut Vec<u8>, view: View<'_, '_>, indent: usize) -> Result<()> {
    match view {
        View::String(text) => {
            scalar::write(out, &lossy(text.bytes()), indent.saturating_add(2));
            return Ok(());
        }
        View::Null => out.extend_from_slice(b"null"),
        View::Bool(value) => out.extend_from_slice(if value { &b"true"[..] } else { b"false" }),
        View::Int(number) => write_i64(out, number),
        View::Uint(number) => write_u64(out, number),
        View::Float(number) => write_f64(out, number)?,
        View::Spelled(text) => out.extend_from_slice(text),
        View::Array(_) => out.extend_from_slice(b"[]"),
        View::Object(_) => out.extend_from_slice(b"{}"),
    }
    out.push(b'\n');
    Ok(())
}
