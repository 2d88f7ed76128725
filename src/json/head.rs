//! Who an object is, read from its JSON without a tree.

use super::scanner::{Scanner, Token};
use crate::error::Result;
use crate::wire::Reader;
use std::borrow::Cow;

/// What an object says of itself. A member that is absent or no string is `None`;
/// of duplicates the last counts, as in Go's maps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) api_version: Option<Cow<'a, str>>,
    pub(crate) kind: Option<Cow<'a, str>>,
    /// `metadata.namespace`
    pub(crate) namespace: Option<Cow<'a, str>>,
    /// `metadata.name`
    pub(crate) name: Option<Cow<'a, str>>,
}

/// Reads the head of the one JSON value in `json`, all of which is checked.
/// A value that is no object has an empty head.
pub(crate) fn head<'a>(json: Reader<'a>, max_depth: usize) -> Result<Head<'a>> {
    let mut scanner = Scanner::new(json, max_depth);
    let mut reader = HeadReader::default();
    while let Some(token) = scanner.next_token()? {
        reader.observe(scanner.depth(), &token);
    }
    Ok(reader.finish())
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Member {
    #[default]
    Other,
    ApiVersion,
    Kind,
    Metadata,
    Namespace,
    Name,
}

/// Fed with every token and the depth after it.
#[derive(Default)]
pub(super) struct HeadReader<'a> {
    head: Head<'a>,
    member: Member,
    in_object: bool,
    in_metadata: bool,
}

impl<'a> HeadReader<'a> {
    #[inline]
    pub(super) fn observe(&mut self, depth: usize, token: &Token<'a>) {
        // Deeper than `{"metadata":{"name":[`, nothing is of interest.
        if depth <= 3 {
            self.observe_outer(depth, token);
        }
    }

    fn observe_outer(&mut self, depth: usize, token: &Token<'a>) {
        match (depth, token) {
            (1, Token::BeginObject) if !self.in_object => self.in_object = true,
            (1, Token::Key(key)) if self.in_object => {
                self.member = if key.is("apiVersion") {
                    Member::ApiVersion
                } else if key.is("kind") {
                    Member::Kind
                } else if key.is("metadata") {
                    Member::Metadata
                } else {
                    Member::Other
                };
                if self.member == Member::Metadata {
                    self.head.namespace = None;
                    self.head.name = None;
                }
            }
            (2, Token::BeginObject) if self.member == Member::Metadata => self.in_metadata = true,
            (2, Token::Key(key)) if self.in_metadata => {
                self.member = if key.is("namespace") {
                    Member::Namespace
                } else if key.is("name") {
                    Member::Name
                } else {
                    Member::Other
                };
            }
            (1, Token::EndObject) => {
                self.in_metadata = false;
                self.member = Member::Other;
            }
            // An array or object where a string is due, in whatever depth it stands.
            (_, Token::BeginObject | Token::BeginArray) => self.set(None),
            (_, Token::String(text)) => self.set(Some(text.decode())),
            (_, Token::Number(_) | Token::Bool(_) | Token::Null) => self.set(None),
            _ => {}
        }
    }

    fn set(&mut self, value: Option<Cow<'a, str>>) {
        let slot = match self.member {
            Member::ApiVersion => &mut self.head.api_version,
            Member::Kind => &mut self.head.kind,
            Member::Namespace => &mut self.head.namespace,
            Member::Name => &mut self.head.name,
            Member::Metadata | Member::Other => return,
        };
        *slot = value;
        self.member = Member::Other;
    }

    pub(super) fn finish(self) -> Head<'a> {
        self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Buffer;

    fn read(json: &str) -> [Option<String>; 4] {
        let head = head(Reader::new(json.as_bytes(), Buffer::Value), 100).unwrap();
        [head.api_version, head.kind, head.namespace, head.name].map(|s| s.map(String::from))
    }

    fn expect(json: &str, expected: [&str; 4]) {
        let expected = expected.map(|text| (text != "-").then(|| text.to_owned()));
        assert_eq!(read(json), expected, "{json}");
    }

    #[test]
    fn members_at_their_place_only() {
        expect(
            r#"{"kind":"A","metadata":{"labels":{"name":"x"},"name":"n","namespace":"s","o":[{"name":"y"}]},
                "spec":{"kind":"B","metadata":{"name":"z"}},"apiVersion":"v1"}"#,
            ["v1", "A", "s", "n"],
        );
        expect(r#"{"spec":{"kind":"A","name":"n"},"name":"n"}"#, ["-"; 4]);
        expect(r#"[{"kind":"A"}]"#, ["-"; 4]);
        expect(r#""kind""#, ["-"; 4]);
    }

    #[test]
    fn the_last_duplicate_counts() {
        expect(r#"{"kind":"A","kind":"B"}"#, ["-", "B", "-", "-"]);
        expect(r#"{"kind":"A","kind":{"kind":"B"}}"#, ["-"; 4]);
        expect(r#"{"kind":"A","kind":["B"]}"#, ["-"; 4]);
        expect(
            r#"{"metadata":{"name":"a","namespace":"s"},"metadata":{"name":"b"}}"#,
            ["-", "-", "-", "b"],
        );
        expect(r#"{"metadata":{"name":"a"},"metadata":"b"}"#, ["-"; 4]);
        expect(r#"{"metadata":[{"name":"a"}]}"#, ["-"; 4]);
        expect(r#"{"metadata":[],"a":{"name":"a"}}"#, ["-"; 4]);
    }

    #[test]
    fn escapes_in_names_and_values() {
        expect(
            r#"{"\u006bind":"\u0041\/b","apiVersion":null}"#,
            ["-", "A/b", "-", "-"],
        );
    }
}
