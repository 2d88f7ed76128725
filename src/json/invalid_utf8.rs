//! The strings of a JSON text that are not UTF-8, with their paths.

use std::borrow::Cow;

use super::scanner::{Scanner, Token};
use crate::error::Result;
use crate::tree::Step;
use crate::wire::Reader;

/// An array or object that is open, and where in it the next value is.
enum Open<'a> {
    Array(usize),
    Object(Cow<'a, str>),
}

/// Calls `found` with the path to each string, and to each key as the last step of its
/// own path, that holds bytes which are not UTF-8. `json` is one sound value.
pub(crate) fn invalid_utf8<'a>(
    json: Reader<'a>,
    max_depth: usize,
    found: &mut dyn FnMut(&[Step<'_>]),
) -> Result<()> {
    let mut scanner = Scanner::new(json, max_depth);
    let mut open: Vec<Open<'a>> = Vec::new();
    while let Some(token) = scanner.next_token()? {
        match token {
            Token::Key(key) => {
                if let Some(Open::Object(name)) = open.last_mut() {
                    *name = key.decode();
                }
                if key.invalid_utf8 {
                    tell(&open, found);
                }
                continue;
            }
            Token::BeginArray => {
                open.push(Open::Array(0));
                continue;
            }
            Token::BeginObject => {
                open.push(Open::Object(Cow::Borrowed("")));
                continue;
            }
            Token::EndArray | Token::EndObject => {
                open.pop();
            }
            Token::String(text) if text.invalid_utf8 => tell(&open, found),
            _ => {}
        }
        // A value has ended.
        if let Some(Open::Array(index)) = open.last_mut() {
            *index = index.saturating_add(1);
        }
    }
    Ok(())
}

fn tell(open: &[Open<'_>], found: &mut dyn FnMut(&[Step<'_>])) {
    let steps: Vec<_> = open
        .iter()
        .map(|open| match open {
            Open::Array(index) => Step::Index(*index),
            Open::Object(name) => Step::Key(name.as_bytes()),
        })
        .collect();
    found(&steps);
}
