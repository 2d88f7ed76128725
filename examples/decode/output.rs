//! What is printed of a decoded value.

pub mod ndjson;
mod objects;
mod table;

use std::io::{self, Write};

use crate::args::Output;
use crate::decoded::{Decoded, Item};

/// What is said of a value that is nothing.
pub const UNRECOGNIZED: &str = "value: neither protobuf, CBOR, JSON, YAML nor readable text";

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
}

impl Printer {
    /// `None` for keys, which need no value.
    pub fn new(output: Output) -> Option<Printer> {
        match output {
            Output::Ndjson => Some(Printer::Ndjson),
            Output::Json => Some(Printer::Json(objects::List::default())),
            Output::Yaml => Some(Printer::Yaml(objects::Documents::default())),
            Output::Table => Some(Printer::Table(table::Table::default())),
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
                table.add(item, &decoded);
                Ok(())
            }
        }
    }

    /// Prints what had to wait for the end.
    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Printer::Ndjson | Printer::Yaml(_) => Ok(()),
            Printer::Json(list) => list.finish(out),
            Printer::Table(table) => table.finish(out),
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

/// Characters that change how a line looks without being seen: line and
/// paragraph separators, and the marks that turn the direction of text.
fn is_format(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
