//! One item with all that is in it.

use super::head::{Argument, BREAK, Head, Major};
use super::{WHAT, time};
use crate::convert::to_u64;
use crate::error::{Error, Result};
use crate::tree::{Builder, Members, Scalar, Tree};
use crate::wire::Reader;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::borrow::Cow;

/// The text that byte strings below a tag are meant to become in JSON.
#[derive(Clone, Copy)]
enum LaterEncoding {
    /// Tag 21, without padding.
    Base64Url,
    /// Tag 22; Kubernetes writes a `[]byte` so.
    Base64,
    /// Tag 23, lower case.
    Base16,
}

impl LaterEncoding {
    fn of_tag(number: u64) -> Option<LaterEncoding> {
        match number {
            21 => Some(LaterEncoding::Base64Url),
            22 => Some(LaterEncoding::Base64),
            23 => Some(LaterEncoding::Base16),
            _ => None,
        }
    }

    fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            LaterEncoding::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
            LaterEncoding::Base64 => STANDARD.encode(bytes),
            LaterEncoding::Base16 => hex::encode(bytes),
        }
        .into_bytes()
    }
}

/// What holds at the place of an item.
#[derive(Clone, Copy)]
struct Context {
    /// How many more levels may open.
    depth_left: usize,
    /// Of the innermost tag around that sets one; it holds for everything within.
    encoding: Option<LaterEncoding>,
}

pub(super) fn parse<'a>(reader: &mut Reader<'a>, max_depth: usize) -> Result<Tree<'a>> {
    let context = Context {
        depth_left: max_depth,
        encoding: None,
    };
    let mut all = *reader;
    let source = all.bytes(to_u64(all.remaining()), WHAT)?;
    let mut tree = Builder::new(source);
    item(&mut tree, reader, context)?;
    Ok(tree.finish())
}

fn item<'a>(tree: &mut Builder<'a>, reader: &mut Reader<'a>, context: Context) -> Result<()> {
    let start = *reader;
    let head = Head::read(reader)?;
    item_of(tree, reader, start, head, context)
}

/// `start` stands before `head`, `reader` behind it.
fn item_of<'a>(
    tree: &mut Builder<'a>,
    reader: &mut Reader<'a>,
    start: Reader<'a>,
    head: Head,
    context: Context,
) -> Result<()> {
    let Content {
        tag,
        start,
        head,
        context,
    } = skip_tags(reader, start, head, context)?;
    match (tag, head.major) {
        (Some(0), Major::Text) => {
            let text = string(reader, head, context)?;
            let time = time::normalize(&text)
                .ok_or_else(|| start.malformed(WHAT, "tag 0 on what is no RFC 3339 time"))?;
            tree.made(time.as_bytes())?;
            return Ok(());
        }
        (Some(1), _) => {
            let time = match scalar(&start, head)? {
                Scalar::Int(seconds) => time::from_seconds(seconds),
                Scalar::Float(seconds) => time::from_float(seconds),
                _ => None,
            };
            let time =
                time.ok_or_else(|| start.malformed(WHAT, "tag 1 outside of RFC 3339's years"))?;
            tree.made(time.as_bytes())?;
            return Ok(());
        }
        _ => {}
    }
    match head.major {
        Major::Bytes | Major::Text => {
            let text = string(reader, head, context)?;
            tree.scalar(Scalar::String(text))?;
        }
        Major::Array => {
            let context = deeper(&start, context)?;
            array(tree, reader, start, head.argument, context)?;
        }
        Major::Map => {
            let context = deeper(&start, context)?;
            map(tree, reader, start, head.argument, context)?;
        }
        Major::Unsigned | Major::Negative | Major::Simple | Major::Tag => {
            let scalar = scalar(&start, head)?;
            tree.scalar(scalar)?;
        }
    }
    Ok(())
}

/// What stands below an item's tags.
struct Content<'a> {
    /// The innermost tag.
    tag: Option<u64>,
    /// Before `head`.
    start: Reader<'a>,
    head: Head,
    context: Context,
}

/// Reads on while `head` is a tag.
fn skip_tags<'a>(
    reader: &mut Reader<'a>,
    mut start: Reader<'a>,
    mut head: Head,
    mut context: Context,
) -> Result<Content<'a>> {
    let mut tag = None;
    while head.major == Major::Tag {
        // The outermost tag costs no level, as in Kubernetes' decoder.
        if tag.is_some() {
            context = deeper(&start, context)?;
        }
        let number = head.argument.number().unwrap_or_default();
        tag = Some(number);
        context.encoding = LaterEncoding::of_tag(number).or(context.encoding);
        let content = *reader;
        head = Head::read(reader)?;
        check_tag(&start, number, head)?;
        start = content;
    }
    Ok(Content {
        tag,
        start,
        head,
        context,
    })
}

#[inline]
fn deeper(at: &Reader<'_>, context: Context) -> Result<Context> {
    match context.depth_left.checked_sub(1) {
        Some(depth_left) => Ok(Context {
            depth_left,
            ..context
        }),
        None => Err(Error::limit(WHAT, "nested too deep").at(at.buffer(), at.offset())),
    }
}

/// Tags whose content RFC 8949 prescribes, and those Kubernetes refuses.
fn check_tag(at: &Reader<'_>, number: u64, content: Head) -> Result<()> {
    let is_float = matches!(
        content.argument,
        Argument::Two(_) | Argument::Four(_) | Argument::Eight(_)
    );
    let detail = match (number, content.major) {
        (0, Major::Text) | (1, Major::Unsigned | Major::Negative) => return Ok(()),
        (1, Major::Simple) if is_float => return Ok(()),
        (0, _) => "tag 0 on what is no text string",
        (1, _) => "tag 1 on what is no number",
        (2 | 3, _) => "bignum",
        _ => return Ok(()),
    };
    Err(at.malformed(WHAT, detail))
}

/// Integers, floats and simple values.
fn scalar<'a>(at: &Reader<'_>, head: Head) -> Result<Scalar<'a>> {
    let integer = |argument: Argument| {
        let number = argument.number().and_then(|n| i64::try_from(n).ok());
        number.ok_or_else(|| at.malformed(WHAT, "integer does not fit 64 bits with a sign"))
    };
    let float = match (head.major, head.argument) {
        (Major::Unsigned, argument) => return integer(argument).map(Scalar::Int),
        // -1 - n, which cannot overflow.
        (Major::Negative, argument) => return integer(argument).map(|n| Scalar::Int(!n)),
        (_, Argument::Short(20)) => return Ok(Scalar::Bool(false)),
        (_, Argument::Short(21)) => return Ok(Scalar::Bool(true)),
        (_, Argument::Short(22)) => return Ok(Scalar::Null),
        (_, Argument::Short(_) | Argument::One(_)) => {
            return Err(at.malformed(WHAT, "simple value other than false, true and null"));
        }
        (_, Argument::Two(bits)) => half(bits),
        (_, Argument::Four(bits)) => f64::from(f32::from_bits(bits)),
        (_, Argument::Eight(bits)) => f64::from_bits(bits),
        (_, Argument::Indefinite) => return Err(at.malformed(WHAT, "break outside of an item")),
    };
    match float.is_finite() {
        true => Ok(Scalar::Float(float)),
        false => Err(at.malformed(WHAT, "NaN or infinity")),
    }
}

/// IEEE 754 binary16; NaN for everything that is not finite.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 0x1f, f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2f64.powi(i32::from(exponent).saturating_sub(25)),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// The bytes of a string whose head is read, joined if it comes in chunks.
fn string<'a>(reader: &mut Reader<'a>, head: Head, context: Context) -> Result<Cow<'a, [u8]>> {
    let bytes = match head.argument.number() {
        Some(length) => Cow::Borrowed(chunk(reader, head.major, length)?),
        None => {
            let mut joined = Vec::new();
            loop {
                let start = *reader;
                let next = Head::read(reader)?;
                match next.argument.number() {
                    _ if next == BREAK => break Cow::Owned(joined),
                    Some(length) if next.major == head.major => {
                        joined.extend_from_slice(chunk(reader, head.major, length)?);
                    }
                    _ => return Err(start.malformed(WHAT, "no chunk of a string where one is due")),
                }
            }
        }
    };
    Ok(match (head.major, context.encoding) {
        (Major::Bytes, Some(encoding)) => Cow::Owned(encoding.encode(&bytes)),
        _ => bytes,
    })
}

fn chunk<'a>(reader: &mut Reader<'a>, major: Major, length: u64) -> Result<&'a [u8]> {
    let start = *reader;
    let bytes = reader.bytes(length, "CBOR string")?;
    if major == Major::Text && std::str::from_utf8(bytes).is_err() {
        return Err(start.malformed(WHAT, "text string is not UTF-8"));
    }
    Ok(bytes)
}

/// Counts items down, or waits for the break.
struct Items {
    left: Option<u64>,
}

impl Items {
    /// `least` is the number of bytes that an item takes at least.
    fn new(reader: &Reader<'_>, at: Reader<'_>, argument: Argument, least: u64) -> Result<Items> {
        let left = argument.number();
        let most = to_u64(reader.remaining())
            .checked_div(least)
            .unwrap_or(u64::MAX);
        if left.is_some_and(|count| count > most) {
            let need = left.unwrap_or_default().saturating_mul(least);
            let error = Error::truncated(WHAT, need, to_u64(reader.remaining()));
            return Err(error.at(at.buffer(), at.offset()));
        }
        Ok(Items { left })
    }

    /// The head of the next item and where it starts; `None` after the last.
    fn next<'a>(&mut self, reader: &mut Reader<'a>) -> Result<Option<(Reader<'a>, Head)>> {
        if let Some(left) = &mut self.left {
            let Some(fewer) = left.checked_sub(1) else {
                return Ok(None);
            };
            *left = fewer;
        }
        let start = *reader;
        let head = Head::read(reader)?;
        match head == BREAK && self.left.is_none() {
            true => Ok(None),
            false => Ok(Some((start, head))),
        }
    }
}

fn array<'a>(
    tree: &mut Builder<'a>,
    reader: &mut Reader<'a>,
    at: Reader<'a>,
    argument: Argument,
    context: Context,
) -> Result<()> {
    let mut items = Items::new(reader, at, argument, 1)?;
    // Grows as items come: an announced length proves nothing.
    let array = tree.begin_array()?;
    while let Some((start, head)) = items.next(reader)? {
        item_of(tree, reader, start, head, context)?;
    }
    tree.end_array(array)?;
    Ok(())
}

fn map<'a>(
    tree: &mut Builder<'a>,
    reader: &mut Reader<'a>,
    at: Reader<'a>,
    argument: Argument,
    context: Context,
) -> Result<()> {
    let mut again = *reader;
    let mut items = Items::new(reader, at, argument, 2)?;
    let mut members = tree.begin_object()?;
    let mut is_first = true;
    while let Some((start, head)) = items.next(reader)? {
        member(tree, reader, start, head, context, &mut members, is_first)?;
        is_first = false;
    }
    let Some(before) = tree.end_object_of_unique(members)? else {
        return Ok(());
    };
    // Read once more up to the key that repeats another, for its place.
    let mut items = Items::new(&again, at, argument, 2)?;
    let mut members = tree.begin_object()?;
    for number in 0..before {
        if let Some((start, head)) = items.next(&mut again)? {
            let is_first = number == 0;
            member(
                tree,
                &mut again,
                start,
                head,
                context,
                &mut members,
                is_first,
            )?;
        }
    }
    Err(again.malformed(WHAT, "duplicate key in a map"))
}

/// A key and its value.
fn member<'a>(
    tree: &mut Builder<'a>,
    reader: &mut Reader<'a>,
    start: Reader<'a>,
    head: Head,
    context: Context,
    members: &mut Members,
    is_first: bool,
) -> Result<()> {
    let key = match key(reader, start, head, context)? {
        Some(key) => key,
        // Kubernetes' decoder takes null for the empty key at first, and later
        // for the key before.
        None if is_first => Cow::default(),
        None => return Err(start.malformed(WHAT, "null key in a map")),
    };
    let key = tree.scalar(Scalar::String(key))?;
    tree.key(members, key);
    item(tree, reader, context)
}

/// A string, or `None` for null.
fn key<'a>(
    reader: &mut Reader<'a>,
    start: Reader<'a>,
    head: Head,
    context: Context,
) -> Result<Option<Cow<'a, [u8]>>> {
    // A time tag changes nothing on a key.
    let content = skip_tags(reader, start, head, context)?;
    match (content.head.major, content.head.argument) {
        (Major::Bytes | Major::Text, _) => string(reader, content.head, content.context).map(Some),
        (Major::Simple, Argument::Short(22)) => Ok(None),
        _ => Err(content.start.malformed(WHAT, "a map's key is no string")),
    }
}
