//! Objects as YAML for people, from their JSON.

use super::order;
use super::scalar::{self, has_break, spaces};
use crate::error::{Buffer, Error, Result};
use crate::json::{Scanner, Token};
use crate::wire::Reader;
use std::borrow::Cow;
use std::collections::BTreeMap;

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
    let mut scanner = Scanner::new(Reader::new(json, Buffer::Value), max_depth);
    let node = Node::parse(&mut scanner).map_err(|error| {
        Error::new(
            error.category(),
            "object as YAML",
            error.detail().to_owned(),
        )
    })?;
    match &node {
        Node::Mapping(members) if !members.is_empty() => mapping(out, members, 0, true),
        Node::Sequence(items) if !items.is_empty() => sequence(out, items, 0, true),
        _ => scalar(out, &node, 0),
    }
    Ok(())
}

/// A value of the JSON text, borrowed from it, keys in order.
enum Node<'a> {
    /// null, true, false, or a number, as it is written.
    Plain(&'a [u8]),
    Text(Cow<'a, str>),
    Sequence(Vec<Node<'a>>),
    Mapping(Vec<Member<'a>>),
}

type Member<'a> = (Cow<'a, str>, Node<'a>);

impl<'a> Node<'a> {
    /// The whole value. Recurses as deep as the scanner lets it.
    fn parse(scanner: &mut Scanner<'a>) -> Result<Node<'a>> {
        let node = match scanner.next_token()? {
            Some(token) => Node::parse_from(token, scanner)?,
            None => Node::Plain(b"null"),
        };
        // The end of the text, or the error that there is more.
        scanner.next_token()?;
        Ok(node)
    }

    fn parse_from(token: Token<'a>, scanner: &mut Scanner<'a>) -> Result<Node<'a>> {
        Ok(match token {
            Token::Null => Node::Plain(b"null"),
            Token::Bool(true) => Node::Plain(b"true"),
            Token::Bool(false) => Node::Plain(b"false"),
            Token::Number(number) => Node::Plain(number),
            Token::String(text) => Node::Text(text.decode()),
            Token::BeginArray => {
                let mut items = Vec::new();
                while let Some(token) = scanner.next_token()? {
                    if token == Token::EndArray {
                        break;
                    }
                    items.push(Node::parse_from(token, scanner)?);
                }
                Node::Sequence(items)
            }
            Token::BeginObject => {
                let mut members = BTreeMap::new();
                while let Some(Token::Key(key)) = scanner.next_token()? {
                    if let Some(token) = scanner.next_token()? {
                        members.insert(key.decode(), Node::parse_from(token, scanner)?);
                    }
                }
                Node::Mapping(order::sort(members.into_iter().collect(), |(key, _)| key))
            }
            // The scanner gives these only inside of what they belong to.
            Token::EndArray | Token::EndObject | Token::Key(_) => Node::Plain(b"null"),
        })
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
fn mapping(out: &mut Vec<u8>, members: &[Member<'_>], indent: usize, inline: bool) {
    for (index, (key, node)) in members.iter().enumerate() {
        if index > 0 || !inline {
            spaces(out, indent);
        }
        if key.len() <= MAX_SIMPLE_KEY && !has_break(key) {
            scalar::write_key(out, key);
            out.push(b':');
            value(out, node, indent, After::Key);
        } else {
            out.extend_from_slice(b"? ");
            scalar::write(out, key, indent.saturating_add(2));
            spaces(out, indent);
            out.push(b':');
            value(out, node, indent, After::Indicator);
        }
    }
}

/// Bytes of a key that goyaml still writes before a colon.
const MAX_SIMPLE_KEY: usize = 128;

fn sequence(out: &mut Vec<u8>, items: &[Node<'_>], indent: usize, inline: bool) {
    for (index, node) in items.iter().enumerate() {
        if index > 0 || !inline {
            spaces(out, indent);
        }
        out.push(b'-');
        value(out, node, indent, After::Indicator);
    }
}

/// `indent` is that of the mapping or sequence which the value is in.
fn value(out: &mut Vec<u8>, node: &Node<'_>, indent: usize, after: After) {
    let inline = after == After::Indicator;
    let separator = if inline { b' ' } else { b'\n' };
    match node {
        Node::Sequence(items) if !items.is_empty() => {
            out.push(separator);
            let indent = if inline {
                indent.saturating_add(2)
            } else {
                indent
            };
            sequence(out, items, indent, inline);
        }
        Node::Mapping(members) if !members.is_empty() => {
            out.push(separator);
            mapping(out, members, indent.saturating_add(2), inline);
        }
        _ => {
            out.push(b' ');
            scalar(out, node, indent);
        }
    }
}

/// A scalar or an empty collection, with the line feed after it.
fn scalar(out: &mut Vec<u8>, node: &Node<'_>, indent: usize) {
    match node {
        Node::Text(text) => return scalar::write(out, text, indent.saturating_add(2)),
        Node::Plain(text) => out.extend_from_slice(text),
        Node::Sequence(_) => out.extend_from_slice(b"[]"),
        Node::Mapping(_) => out.extend_from_slice(b"{}"),
    }
    out.push(b'\n');
}
