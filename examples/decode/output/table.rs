//! `-o table`: a line for each key, for people.

use std::io::{self, Write};

use crate::decoded::{Body, Decoded, Item};
use crate::k3s::is_bootstrap;
use crate::output::{Source, escaped};

const COLUMNS: usize = 9;

const HEAD: [&str; COLUMNS] = [
    "INPUT",
    "KEY",
    "MODREVISION",
    "KIND",
    "NAMESPACE",
    "NAME",
    "MEDIA",
    "ENCRYPTION",
    "NOTE",
];

/// Characters of a column; what is longer is cut, and ends in `…`.
const WIDTH_MAX: usize = 200;

/// Collects the rows, since the widest decides the columns.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; COLUMNS]>,
}

impl Table {
    pub fn add(&mut self, source: &Source, item: &Item<'_>, decoded: &Decoded) {
        let shown = |text: &Option<String>| match text.as_deref() {
            None | Some("") => "-".to_owned(),
            Some(text) => escaped(text.as_bytes()),
        };
        let kind = match &decoded.body {
            Body::Error(error) => format!("<{}>", error.category()),
            Body::Deleted => "<deleted>".to_owned(),
            Body::Compacted => "<compacted>".to_owned(),
            Body::Rendering(_) | Body::Unrecognized => "<unrecognized>".to_owned(),
            Body::Object(_) | Body::Text(_) => shown(&decoded.kind),
        };
        let encryption = decoded.encryption.as_ref().and_then(|encryption| {
            let provider = encryption.provider?;
            Some(match &encryption.key_name {
                Some(name) => escaped(format!("{provider}/{name}").as_bytes()),
                None => provider.to_owned(),
            })
        });
        let row = [
            shown(&source.input),
            item.key.map_or("-".to_owned(), escaped),
            revision(item),
            kind,
            shown(&decoded.namespace),
            shown(&decoded.name),
            decoded.media.map_or("-", |media| media.as_str()).to_owned(),
            encryption.unwrap_or("-".to_owned()),
            note(item, decoded),
        ];
        self.rows.push(row.map(cut));
    }

    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        let mut head = HEAD.map(str::to_owned);
        if let [.., note] = &mut head
            && self.rows.iter().all(|[.., note]| note.is_empty())
        {
            note.clear();
        }
        let has_input = self.rows.iter().any(|[input, ..]| input != "-");
        let first = usize::from(!has_input);
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            let cells = self
                .rows
                .iter()
                .chain([&head])
                .map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        });
        for row in [&head].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths).skip(first) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn cut(cell: String) -> String {
    match cell.char_indices().nth(WIDTH_MAX) {
        None => cell,
        Some(_) => cell.chars().take(WIDTH_MAX - 1).chain(['…']).collect(),
    }
}

/// What makes it no live key's entry, and what is to be said of its value.
fn note(item: &Item<'_>, decoded: &Decoded) -> String {
    let deleted = item
        .deleted_revision
        .map(|revision| format!("deleted in {revision}"));
    let carved = item.carved.map(|_| match item.place {
        Some(place) => format!("carved, page {}", place.page),
        None => "carved".to_owned(),
    });
    let mut notes: Vec<_> = deleted.or(carved).into_iter().collect();
    if let Some(encryption) = &decoded.encryption {
        let policy = encryption.policy.map(|policy| policy.as_str());
        let findings = [
            policy,
            encryption.out_of_policy.then_some("out of policy"),
            encryption.stale.then_some("stale"),
            encryption.unauthenticated.then_some("unauthenticated"),
        ];
        notes.extend(findings.into_iter().flatten().map(str::to_owned));
    }
    if decoded.key_mismatch {
        notes.push("the key says another namespace or name".to_owned());
    }
    if item.key.is_some_and(|key| is_bootstrap(key, item.value)) {
        notes.push("bootstrap data of k3s: --k3s-token".to_owned());
    }
    if decoded.base64 {
        notes.push("base64".to_owned());
    }
    notes.join(", ")
}

/// That of the change; a deletion has none but the one it is filed under.
fn revision(item: &Item<'_>) -> String {
    let filed = item.revision.filter(|_| item.is_deletion);
    let of_change = item.revisions.map(|revisions| revisions.mod_revision);
    let revision = filed.map(|revision| revision.main).or(of_change);
    revision.map_or("-".to_owned(), |revision| revision.to_string())
}
