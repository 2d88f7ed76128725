//! JSON, by Go's grammar.

use std::rc::Rc;

use zeroize::Zeroizing;

use super::{DEPTH, Field, Node, Place, Unreadable, Value};
use crate::convert::to_u64;
use crate::error::Buffer;
use crate::json::{Scanner, Token};
use crate::wire::Reader;

pub(super) fn read(bytes: &[u8]) -> Result<Rc<Node>, Unreadable> {
    let mut composer = Composer {
        scanner: Scanner::new(Reader::new(bytes, Buffer::Value), DEPTH),
        bytes,
        passed: 0,
        line: 1,
        column: 1,
    };
    let (token, place) = composer.token()?;
    let node = composer.node(token, place)?;
    // Only white space may follow.
    match composer.scanner.next_token() {
        Ok(_) => Ok(node),
        Err(error) => Err(composer.unreadable(error.offset())),
    }
}

struct Composer<'a> {
    scanner: Scanner<'a>,
    bytes: &'a [u8],
    /// Bytes before the place of `line` and `column`.
    passed: usize,
    line: usize,
    column: usize,
}

impl<'a> Composer<'a> {
    /// The next token and where it begins.
    fn token(&mut self) -> Result<(Token<'a>, Place), Unreadable> {
        let separators = self.bytes.get(self.passed..).unwrap_or_default().iter();
        let length = separators.take_while(|b| b" \t\r\n,:".contains(b)).count();
        let place = self.pass(self.passed.saturating_add(length));
        match self.scanner.next_token() {
            Ok(Some(token)) => {
                self.pass(self.scanner.scanned());
                Ok((token, place))
            }
            Ok(None) => Err(self.unreadable(None)),
            Err(error) => Err(self.unreadable(error.offset())),
        }
    }

    /// Goes on to the byte `at`.
    fn pass(&mut self, at: usize) -> Place {
        for byte in self.bytes.get(self.passed..at).unwrap_or_default() {
            match byte {
                b'\n' => {
                    self.line = self.line.saturating_add(1);
                    self.column = 1;
                }
                // Within a character.
                0x80..=0xbf => {}
                _ => self.column = self.column.saturating_add(1),
            }
        }
        self.passed = self.passed.max(at);
        Place {
            line: self.line,
            column: self.column,
        }
    }

    fn unreadable(&mut self, offset: Option<u64>) -> Unreadable {
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        let too_deep = self.scanner.depth() >= DEPTH;
        Unreadable {
            format: "JSON",
            problem: match too_deep {
                true => "nested too deep",
                false => "no JSON",
            },
            place: self.pass(offset.unwrap_or(self.bytes.len())),
        }
    }

    fn node(&mut self, token: Token<'a>, place: Place) -> Result<Rc<Node>, Unreadable> {
        let value = match token {
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Number(text) => integer(text).map_or(Value::Float, Value::Integer),
            Token::String(text) => Value::Text(Zeroizing::new(text.decode().into_owned())),
            Token::BeginArray => Value::Sequence(self.sequence()?),
            Token::BeginObject => Value::Mapping(self.mapping()?),
            // The scanner lets none of them stand here.
            Token::EndArray | Token::EndObject | Token::Key(_) => {
                return Err(self.unreadable(Some(to_u64(self.passed))));
            }
        };
        Ok(Rc::new(Node { value, place }))
    }

    fn sequence(&mut self) -> Result<Vec<Rc<Node>>, Unreadable> {
        let mut nodes = Vec::new();
        loop {
            match self.token()? {
                (Token::EndArray, _) => return Ok(nodes),
                (token, place) => nodes.push(self.node(token, place)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Vec<Field>, Unreadable> {
        let mut fields = Vec::new();
        loop {
            let (token, place) = self.token()?;
            let Token::Key(name) = token else {
                return Ok(fields);
            };
            let (token, at) = self.token()?;
            fields.push(Field {
                name: Rc::new(Zeroizing::new(name.decode().into_owned())),
                place,
                node: self.node(token, at)?,
            });
        }
    }
}

/// A whole number without exponent or fraction.
fn integer(text: &[u8]) -> Option<i128> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
