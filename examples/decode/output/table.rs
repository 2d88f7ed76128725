//! `-o table`: a line for each key, for people.

use std::io::{self, Write};

use crate::decoded::{Body, Decoded, Item};
use crate::output::escaped;

const COLUMNS: usize = 8;

const HEAD: [&str; COLUMNS] = [
    "KEY",
    "MODREVISION",
    "KIND",
    "NAMESPACE",
    "NAME",
    "MEDIA",
    "ENCRYPTION",
    "NOTE",
];

/// Collects the rows, since the widest decides the columns.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; COLUMNS]>,
}

impl Table {
    pub fn add(&mut self, item: &Item<'_>, decoded: &Decoded) {
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
        let encryption = decoded.encryption.as_ref().map(|encryption| {
            let provider = encryption.provider.unwrap_or_default();
            let policy = encryption.policy.map(|policy| policy.as_str());
            match (&encryption.key_name, policy) {
                (Some(name), _) => escaped(format!("{provider}/{name}").as_bytes()),
                (None, Some(policy)) => policy.to_owned(),
                (None, None) => provider.to_owned(),
            }
        });
        self.rows.push([
            item.key.map_or("-".to_owned(), escaped),
            revision(item),
            kind,
            shown(&decoded.namespace),
            shown(&decoded.name),
            decoded.media.map_or("-", |media| media.as_str()).to_owned(),
            encryption.unwrap_or("-".to_owned()),
            note(item),
        ]);
    }

    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        let mut head = HEAD.map(str::to_owned);
        if let [.., note] = &mut head
            && self.rows.iter().all(|[.., note]| note.is_empty())
        {
            note.clear();
        }
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
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// What makes it no live key's entry.
fn note(item: &Item<'_>) -> String {
    let deleted = item
        .deleted_revision
        .map(|revision| format!("deleted in {revision}"));
    let carved = item.carved.map(|_| match item.place {
        Some(place) => format!("carved, page {}", place.page),
        None => "carved".to_owned(),
    });
    deleted.or(carved).unwrap_or_default()
}

/// That of the change; a deletion has none but the one it is filed under.
fn revision(item: &Item<'_>) -> String {
    let filed = item.revision.filter(|_| item.is_deletion);
    let of_change = item.revisions.map(|revisions| revisions.mod_revision);
    let revision = filed.map(|revision| revision.main).or(of_change);
    revision.map_or("-".to_owned(), |revision| revision.to_string())
}
