//! Events: what the tokens say, by libyaml's grammar. No recursion.

use std::borrow::Cow;
use std::collections::BTreeMap;

use zeroize::Zeroize;

use super::encoding::Source;
use super::input::Mark;
use super::scanner::Scanner;
use super::token::{Kind, Token};
use super::{Fault, Result};

/// What stands before a node.
#[derive(Debug, Clone, Default)]
pub(in crate::yaml) struct Properties<'a> {
    pub(in crate::yaml) anchor: Option<&'a str>,
    /// Resolved; empty if there is none. Of what is longer than any that means
    /// something, the beginning.
    pub(in crate::yaml) tag: Vec<u8>,
}

pub(in crate::yaml) enum Event<'a> {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'a str),
    Scalar {
        text: Cow<'a, str>,
        /// Whether its text tells its type: plain, or with the tag `!`.
        implicit: bool,
        properties: Properties<'a>,
    },
    SequenceStart(Properties<'a>),
    SequenceEnd,
    MappingStart(Properties<'a>),
    MappingEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequence,
    IndentlessSequence,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    FlowSequencePairKey,
    FlowSequencePairValue,
    FlowSequencePairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Where a node may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// In a block, where a list need not be indented.
    BlockOrIndentless,
    Flow,
}

/// A pull parser. After an error it must not be asked again.
pub(in crate::yaml) struct Events<'a> {
    scanner: Scanner<'a>,
    state: State,
    /// What comes after what is open.
    states: Vec<State>,
    tag_directives: BTreeMap<&'a str, Vec<u8>>,
    mark: Mark,
}

/// Longer than any tag that means something, so that a long prefix costs once.
const TAG_BYTES: usize = 64;

const YAML_TAGS: &[u8] = b"tag:yaml.org,2002:";

impl<'a> Events<'a> {
    pub(in crate::yaml) fn new(source: Source<'a>) -> Events<'a> {
        Events {
            scanner: Scanner::new(source),
            state: State::StreamStart,
            states: Vec::new(),
            tag_directives: BTreeMap::new(),
            mark: Mark::default(),
        }
    }

    /// Where the last event begins.
    pub(in crate::yaml) fn mark(&self) -> Mark {
        self.mark
    }

    pub(in crate::yaml) fn next(&mut self) -> Result<Event<'a>> {
        match self.state {
            State::StreamStart => {
                self.peek()?;
                self.take();
                self.state = State::ImplicitDocumentStart;
                Ok(Event::StreamStart)
            }
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => match self.peek()?.kind {
                Kind::VersionDirective(_)
                | Kind::TagDirective(..)
                | Kind::DocumentStart
                | Kind::DocumentEnd
                | Kind::StreamEnd => {
                    self.pop();
                    Ok(empty())
                }
                _ => self.node(Place::Block),
            },
            State::DocumentEnd => {
                if let Kind::DocumentEnd = self.peek()?.kind {
                    self.take();
                }
                self.tag_directives.clear();
                self.state = State::DocumentStart;
                Ok(Event::DocumentEnd)
            }
            State::BlockNode => self.node(Place::Block),
            State::BlockSequenceFirst => {
                self.take();
                self.block_sequence_entry()
            }
            State::BlockSequence => self.block_sequence_entry(),
            State::IndentlessSequence => self.indentless_sequence_entry(),
            State::BlockMappingFirst => {
                self.take();
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => {
                self.take();
                self.flow_sequence_entry(true)
            }
            State::FlowSequence => self.flow_sequence_entry(false),
            State::FlowSequencePairKey => self.flow_sequence_pair_key(),
            State::FlowSequencePairValue => self.flow_sequence_pair_value(),
            State::FlowSequencePairEnd => {
                self.peek()?;
                self.state = State::FlowSequence;
                Ok(Event::MappingEnd)
            }
            State::FlowMappingFirst => {
                self.take();
                self.flow_mapping_key(true)
            }
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                self.peek()?;
                self.state = State::FlowMappingKey;
                Ok(empty())
            }
            State::End => self.fault("nothing after the end"),
        }
    }

    fn peek(&mut self) -> Result<&mut Token<'a>> {
        let token = self.scanner.peek()?;
        self.mark = token.start;
        Ok(token)
    }

    fn take(&mut self) {
        self.scanner.take();
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// The error that begins where the token does that was looked at last.
    fn fault<T>(&self, problem: &'static str) -> Result<T> {
        Err(Fault {
            mark: self.mark,
            problem,
        })
    }

    fn document_start(&mut self, implicit: bool) -> Result<Event<'a>> {
        while !implicit && matches!(self.peek()?.kind, Kind::DocumentEnd) {
            self.take();
        }
        match self.peek()?.kind {
            Kind::StreamEnd => {
                self.state = State::End;
                self.take();
                return Ok(Event::StreamEnd);
            }
            Kind::VersionDirective(_) | Kind::TagDirective(..) | Kind::DocumentStart => {}
            _ if implicit => {
                self.process_directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok(Event::DocumentStart);
            }
            _ => {}
        }
        self.process_directives()?;
        if !matches!(self.peek()?.kind, Kind::DocumentStart) {
            return self.fault("no '---' before a document");
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        self.take();
        Ok(Event::DocumentStart)
    }

    fn process_directives(&mut self) -> Result {
        let mut has_version = false;
        loop {
            match &mut self.peek()?.kind {
                Kind::VersionDirective(_) if has_version => {
                    return self.fault("a second %YAML directive");
                }
                Kind::VersionDirective(false) => {
                    return self.fault("a version of YAML other than 1.1");
                }
                Kind::VersionDirective(true) => has_version = true,
                Kind::TagDirective(handle, prefix) => {
                    let (handle, prefix) = (*handle, std::mem::take(prefix));
                    if self.tag_directives.insert(handle, prefix).is_some() {
                        return self.fault("a second %TAG directive for a handle");
                    }
                }
                _ => break,
            }
            self.take();
        }
        for (handle, prefix) in [("!", &b"!"[..]), ("!!", YAML_TAGS)] {
            self.tag_directives
                .entry(handle)
                .or_insert_with(|| prefix.to_vec());
        }
        Ok(())
    }

    /// An anchor and a tag, in any order.
    fn properties(&mut self) -> Result<Properties<'a>> {
        let mut properties = Properties::default();
        let mut tagged = None;
        loop {
            let token = self.peek()?;
            match &mut token.kind {
                Kind::Anchor(anchor) if properties.anchor.is_none() => {
                    properties.anchor = Some(*anchor);
                }
                Kind::Tag(handle, suffix) if tagged.is_none() => {
                    tagged = Some((*handle, std::mem::take(suffix)));
                }
                _ => break,
            }
            self.take();
        }
        if let Some((handle, suffix)) = tagged {
            if !handle.is_empty() {
                match self.tag_directives.get(handle) {
                    Some(prefix) => properties.tag.extend(prefix.iter().take(TAG_BYTES)),
                    None => return self.fault("a tag's handle that no directive defines"),
                }
            }
            properties.tag.extend(suffix.iter().take(TAG_BYTES));
        }
        Ok(properties)
    }

    fn node(&mut self, place: Place) -> Result<Event<'a>> {
        if let Kind::Alias(name) = self.peek()?.kind {
            self.pop();
            self.take();
            return Ok(Event::Alias(name));
        }
        let start = self.mark;
        let properties = self.properties()?;
        let token = self.peek()?;
        let in_block = place != Place::Flow;
        let event = match &mut token.kind {
            Kind::BlockEntry if place == Place::BlockOrIndentless => {
                self.state = State::IndentlessSequence;
                Event::SequenceStart(properties)
            }
            Kind::Scalar(text, plain) => {
                let implicit = match properties.tag.as_slice() {
                    [] => *plain,
                    tag => tag == b"!",
                };
                let text = std::mem::take(text);
                self.pop();
                self.take();
                Event::Scalar {
                    text,
                    implicit,
                    properties,
                }
            }
            Kind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                Event::SequenceStart(properties)
            }
            Kind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                Event::MappingStart(properties)
            }
            Kind::BlockSequenceStart if in_block => {
                self.state = State::BlockSequenceFirst;
                Event::SequenceStart(properties)
            }
            Kind::BlockMappingStart if in_block => {
                self.state = State::BlockMappingFirst;
                Event::MappingStart(properties)
            }
            _ if properties.anchor.is_some() || !properties.tag.is_empty() => {
                self.pop();
                Event::Scalar {
                    text: Cow::Borrowed(""),
                    implicit: properties.tag.is_empty(),
                    properties,
                }
            }
            _ => return self.fault("nothing that could be a value here"),
        };
        self.mark = start;
        Ok(event)
    }

    fn node_then(&mut self, next: State, place: Place) -> Result<Event<'a>> {
        self.states.push(next);
        self.node(place)
    }

    fn empty_then(&mut self, next: State) -> Result<Event<'a>> {
        self.state = next;
        Ok(empty())
    }

    fn end(&mut self, event: Event<'a>) -> Result<Event<'a>> {
        self.pop();
        self.take();
        Ok(event)
    }

    fn block_sequence_entry(&mut self) -> Result<Event<'a>> {
        match self.peek()?.kind {
            Kind::BlockEntry => {
                self.take();
                match self.peek()?.kind {
                    Kind::BlockEntry | Kind::BlockEnd => self.empty_then(State::BlockSequence),
                    _ => self.node_then(State::BlockSequence, Place::Block),
                }
            }
            Kind::BlockEnd => self.end(Event::SequenceEnd),
            _ => self.fault("no '-' where a list goes on"),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event<'a>> {
        if !matches!(self.peek()?.kind, Kind::BlockEntry) {
            self.pop();
            return Ok(Event::SequenceEnd);
        }
        self.take();
        match self.peek()?.kind {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                self.empty_then(State::IndentlessSequence)
            }
            _ => self.node_then(State::IndentlessSequence, Place::Block),
        }
    }

    fn block_mapping_key(&mut self) -> Result<Event<'a>> {
        match self.peek()?.kind {
            Kind::Key => {
                self.take();
                match self.peek()?.kind {
                    Kind::Key | Kind::Value | Kind::BlockEnd => {
                        self.empty_then(State::BlockMappingValue)
                    }
                    _ => self.node_then(State::BlockMappingValue, Place::BlockOrIndentless),
                }
            }
            Kind::BlockEnd => self.end(Event::MappingEnd),
            _ => self.fault("no key where a mapping goes on"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event<'a>> {
        if !matches!(self.peek()?.kind, Kind::Value) {
            return self.empty_then(State::BlockMappingKey);
        }
        self.take();
        match self.peek()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => self.empty_then(State::BlockMappingKey),
            _ => self.node_then(State::BlockMappingKey, Place::BlockOrIndentless),
        }
    }

    /// Steps over the comma before an entry that is not the first.
    fn comma(&mut self, first: bool, problem: &'static str) -> Result {
        if first {
            return Ok(());
        }
        if !matches!(self.peek()?.kind, Kind::FlowEntry) {
            return self.fault(problem);
        }
        self.take();
        Ok(())
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event<'a>> {
        if !matches!(self.peek()?.kind, Kind::FlowSequenceEnd) {
            self.comma(first, "no ',' or ']' in a list")?;
            match self.peek()?.kind {
                Kind::Key => {
                    self.state = State::FlowSequencePairKey;
                    self.take();
                    return Ok(Event::MappingStart(Properties::default()));
                }
                Kind::FlowSequenceEnd => {}
                _ => return self.node_then(State::FlowSequence, Place::Flow),
            }
        }
        self.end(Event::SequenceEnd)
    }

    fn flow_sequence_pair_key(&mut self) -> Result<Event<'a>> {
        match self.peek()?.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // goyaml takes the token, whatever it is.
                self.take();
                self.empty_then(State::FlowSequencePairValue)
            }
            _ => self.node_then(State::FlowSequencePairValue, Place::Flow),
        }
    }

    fn flow_sequence_pair_value(&mut self) -> Result<Event<'a>> {
        if matches!(self.peek()?.kind, Kind::Value) {
            self.take();
            if !matches!(self.peek()?.kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                return self.node_then(State::FlowSequencePairEnd, Place::Flow);
            }
        }
        self.empty_then(State::FlowSequencePairEnd)
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'a>> {
        if !matches!(self.peek()?.kind, Kind::FlowMappingEnd) {
            self.comma(first, "no ',' or '}' in a mapping")?;
            match self.peek()?.kind {
                Kind::Key => {
                    self.take();
                    return match self.peek()?.kind {
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                            self.empty_then(State::FlowMappingValue)
                        }
                        _ => self.node_then(State::FlowMappingValue, Place::Flow),
                    };
                }
                Kind::FlowMappingEnd => {}
                _ => return self.node_then(State::FlowMappingEmptyValue, Place::Flow),
            }
        }
        self.end(Event::MappingEnd)
    }

    fn flow_mapping_value(&mut self) -> Result<Event<'a>> {
        if matches!(self.peek()?.kind, Kind::Value) {
            self.take();
            if !matches!(self.peek()?.kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                return self.node_then(State::FlowMappingKey, Place::Flow);
            }
        }
        self.empty_then(State::FlowMappingKey)
    }
}

/// What stands where nothing does.
fn empty<'a>() -> Event<'a> {
    Event::Scalar {
        text: Cow::Borrowed(""),
        implicit: true,
        properties: Properties::default(),
    }
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        if let Kind::Scalar(Cow::Owned(text), _) = &mut self.kind {
            text.zeroize();
        }
    }
}
