//! `-o json` and `-o yaml`: objects only; what is none is told on stderr.

use std::io::{self, Write};

use k8s_etcd::json;

use crate::decoded::{Body, Decoded, Item};
use crate::output::{self, Source, escaped};

/// One object as it is; more of them as the items of a v1 List.
#[derive(Default)]
pub struct List {
    first: Option<Vec<u8>>,
    is_open: bool,
}

const OPEN: &str =
    "{\n  \"kind\": \"List\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \"items\": [";
const CLOSE: &str = "\n  ]\n}\n";

impl List {
    pub fn print(
        &mut self,
        out: &mut dyn Write,
        source: &Source,
        item: &Item<'_>,
        decoded: Decoded,
    ) -> io::Result<()> {
        let Some(object) = object(source, item, decoded) else {
            return Ok(());
        };
        if !self.is_open {
            let Some(first) = self.first.take() else {
                self.first = Some(object);
                return Ok(());
            };
            self.is_open = true;
            out.write_all(OPEN.as_bytes())?;
            element(out, &first, "\n")?;
        }
        element(out, &object, ",\n")
    }

    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        match self.first {
            Some(only) => {
                let mut indented = Vec::new();
                json::indent(&mut indented, &only);
                indented.push(b'\n');
                out.write_all(&indented)
            }
            None if self.is_open => out.write_all(CLOSE.as_bytes()),
            None => writeln!(out, "{OPEN}]\n}}"),
        }
    }
}

/// An item of the list: four columns in.
fn element(out: &mut dyn Write, object: &[u8], before: &str) -> io::Result<()> {
    let mut indented = Vec::new();
    json::indent(&mut indented, object);
    out.write_all(before.as_bytes())?;
    for (number, line) in indented.split(|byte| *byte == b'\n').enumerate() {
        if number > 0 {
            out.write_all(b"\n")?;
        }
        out.write_all(b"    ")?;
        out.write_all(line)?;
    }
    Ok(())
}

/// YAML documents with `---` between them.
#[derive(Default)]
pub struct Documents {
    any: bool,
}

impl Documents {
    pub fn print(
        &mut self,
        out: &mut dyn Write,
        source: &Source,
        item: &Item<'_>,
        decoded: Decoded,
    ) -> io::Result<()> {
        let Some(object) = object(source, item, decoded) else {
            return Ok(());
        };
        if std::mem::replace(&mut self.any, true) {
            out.write_all(b"---\n")?;
        }
        out.write_all(&object)
    }
}

fn object(source: &Source, item: &Item<'_>, decoded: Decoded) -> Option<Vec<u8>> {
    let what = match &decoded.body {
        Body::Object(_) if !decoded.is_of_kubernetes() => output::FOREIGN.to_owned(),
        Body::Object(text) => {
            if let Some(hidden) = decoded.hidden() {
                say(source, item, &hidden);
            }
            return Some(text.clone());
        }
        // That there is none is no fault.
        Body::Deleted => return None,
        Body::Compacted => "is deleted, and its last state compacted".to_owned(),
        Body::Text(_) => "is text, not an object".to_owned(),
        Body::Error(error) => decoded.with_notes(error.to_string()),
        Body::Rendering(what) => output::rendering(what),
        Body::Unrecognized => output::UNRECOGNIZED.to_owned(),
    };
    say(source, item, &what);
    None
}

fn say(source: &Source, item: &Item<'_>, what: &str) {
    let input = source.input.as_deref();
    let place = input
        .map(|input| format!("{}: ", escaped(input.as_bytes())))
        .unwrap_or_default();
    let key = item.key.map_or("the value".to_owned(), escaped);
    eprintln!("decode: {place}{key}: {}", escaped(what.as_bytes()));
}
