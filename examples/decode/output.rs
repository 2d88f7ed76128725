//! What is printed of a decoded value.

pub mod ndjson;
mod objects;
mod raw;
mod table;

use std::io::{self, Write};

use crate::args::Output;
use crate::decoded::{Decoded, Item};

/// What is said of a value that is nothing.
pub const UNRECOGNIZED: &str = "neither protobuf, CBOR, JSON, YAML nor readable text";

/// What is said of JSON that is no object of Kubernetes, where objects alone are printed.
pub const FOREIGN: &str = "left out: it has no apiVersion and kind";

/// What is said of an input that is no stored value.
pub fn rendering(what: &str) -> String {
    format!("not a stored value: it looks like {what}")
}

/// What a record says of the file that it is from.
#[derive(Default)]
pub struct Source {
    /// The input's name, where there are several.
    pub input: Option<String>,
    /// For `--provenance`.
    pub file: Option<EvidenceFile>,
}

/// A file as evidence: its name and what it was when it was read.
pub struct EvidenceFile {
    pub name: String,
    /// In hex.
    pub sha256: String,
}

/// One kind of output at work.
pub enum Printer {
    Ndjson,
    Json(objects::List),
    Yaml(objects::Documents),
    Table(table::Table),
    Raw(raw::Raw),
}

impl Printer {
    /// `None` for keys, which need no value.
    pub fn new(output: Output) -> Option<Printer> {
        match output {
            Output::Ndjson => Some(Printer::Ndjson),
            Output::Json => Some(Printer::Json(objects::List::default())),
            Output::Yaml => Some(Printer::Yaml(objects::Documents::default())),
            Output::Table => Some(Printer::Table(table::Table::default())),
            Output::Raw => Some(Printer::Raw(raw::Raw::default())),
            Output::Keys => None,
        }
    }

    pub fn print(
        &mut self,
        out: &mut dyn Write,
        source: &Source,
        item: &Item<'_>,
        decoded: Decoded,
    ) -> io::Result<()> {
        match self {
            Printer::Ndjson => ndjson::print(out, source, item, &decoded),
            Printer::Json(list) => list.print(out, source, item, decoded),
            Printer::Yaml(documents) => documents.print(out, source, item, decoded),
            Printer::Table(table) => {
                table.add(source, item, &decoded);
                Ok(())
            }
            Printer::Raw(raw) => raw.add(item),
        }
    }

    /// Prints what had to wait for the end.
    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Printer::Ndjson | Printer::Yaml(_) => Ok(()),
            Printer::Json(list) => list.finish(out),
            Printer::Table(table) => table.finish(out),
            Printer::Raw(raw) => raw.finish(out),
        }
    }
}

/// A key for people: what a terminal or a line cannot hold is escaped.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                c if c.is_control() || is_format(c) => text.extend(c.escape_unicode()),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Characters that change how a line looks without being seen: separators of lines and
/// paragraphs, marks that turn the direction of text, fillers, joiners and tags.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
