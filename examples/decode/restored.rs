//! A database that is not there as it is: behind something else, changed by a
//! terminal, without its meta pages; and the older one of its two transactions.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use k8s_etcd::etcd::{Diagnosis, Snapshot, State, diagnose};

use crate::args::Meta;
use crate::output::escaped;
use crate::run::{Outcome, Run, Stop, sha256};

impl Run<'_> {
    /// Prints the database that an input holds; `false` where it holds none.
    pub fn restored(
        &mut self,
        out: &mut dyn Write,
        data: &[u8],
        name: &Path,
    ) -> Result<bool, Stop> {
        let say = |what: &dyn Display| {
            let name = escaped(name.as_os_str().as_encoded_bytes());
            eprintln!("decode: {name}: {what}");
        };
        let Some(found) = diagnose(data) else {
            return Ok(false);
        };
        self.outcome = self.outcome.max(Outcome::Partial);
        match found {
            Diagnosis::LineFeeds(undone) => {
                say(&format_args!(
                    "line feeds became CR LF: the file went through a terminal (kubectl exec -t). \
                     Undone: {} bytes, SHA-256 {}; offsets count in them",
                    undone.len(),
                    sha256(&undone)
                ));
                // Once: line feeds that are undone again would have no end.
                match diagnose(&undone) {
                    Some(Diagnosis::Behind(at)) => self.behind(out, &undone, at, name)?,
                    _ => self.database(out, &undone, name)?,
                }
            }
            Diagnosis::Behind(at) => self.behind(out, data, at, name)?,
            Diagnosis::Pages(pages) => {
                say(&format_args!(
                    "{pages} pages of a database, whose meta pages are lost"
                ));
                self.database(out, data, name)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn behind(
        &mut self,
        out: &mut dyn Write,
        data: &[u8],
        at: usize,
        name: &Path,
    ) -> Result<(), Stop> {
        eprintln!(
            "decode: {}: a database begins at byte {at}, behind something else; offsets count \
             from there (alone: tail -c +{})",
            escaped(name.as_os_str().as_encoded_bytes()),
            at.saturating_add(1)
        );
        self.database(out, data.get(at..).unwrap_or_default(), name)
    }

    /// Tells of the older transaction of a damaged file, where it is whole.
    pub fn suggest_older(&self, snapshot: &Snapshot<'_>, say: &dyn Fn(&dyn Display)) {
        if self.args.meta == Meta::Older {
            return;
        }
        let Some(older) = snapshot.older() else {
            return;
        };
        let Ok(state) = older.current() else {
            return;
        };
        if !is_sound(&state) {
            return;
        }
        let reached = match snapshot.current() {
            Ok(state) if is_sound(&state) => return,
            Ok(state) => format!(
                "{} keys up to revision {}",
                state.len(),
                state.completeness().last_revision()
            ),
            Err(_) => "no keys".to_owned(),
        };
        say(&format_args!(
            "--meta older reads transaction {}, which is whole: {} keys up to revision {}; \
             the newest, {}, reaches {reached}",
            older.database().meta().txid,
            state.len(),
            state.completeness().last_revision(),
            snapshot.database().meta().txid,
        ));
    }

    /// Whether the transaction that was passed over for the older one is broken.
    pub fn is_newest_broken(&self, data: &[u8], say: &dyn Fn(&dyn Display)) -> bool {
        if self.args.meta == Meta::Newest {
            return false;
        }
        let Ok(newest) = Snapshot::parse(data) else {
            return false;
        };
        let is_broken = !newest.current().is_ok_and(|state| is_sound(&state));
        let condition = if is_broken { "damaged" } else { "sound" };
        say(&format_args!(
            "an older transaction is read; the newest, {}, is {condition}",
            newest.database().meta().txid
        ));
        is_broken
    }
}

fn is_sound(state: &State<'_>) -> bool {
    state.damage().next().is_none() && state.completeness().is_whole()
}
