//! What the scanner makes of characters.

use std::borrow::Cow;

use super::input::Mark;

pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: Mark,
}

pub(super) enum Kind<'a> {
    StreamStart,
    StreamEnd,
    /// Whether the version is 1.1, the only one that goyaml reads.
    VersionDirective(bool),
    TagDirective(&'a str, Vec<u8>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// A handle and what follows it.
    Tag(&'a str, Vec<u8>),
    /// The text, and whether it is plain.
    Scalar(Cow<'a, str>, bool),
}

/// A place where a key may begin that no `?` announces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SimpleKey {
    pub(super) possible: bool,
    pub(super) required: bool,
    pub(super) token: usize,
    pub(super) mark: Mark,
}
