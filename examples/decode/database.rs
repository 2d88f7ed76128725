//! A database file: its live keys, its history, what it deleted, what it lost.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use k8s_etcd::etcd::{Carving, LastState, Snapshot, State, Trailer, carve};
use k8s_etcd::{Category, Error, Limits};

use crate::decoded::{Body, Item, Place};
use crate::output::escaped;
use crate::report::Findings;
use crate::run::{Outcome, Run, Stop};

impl Run<'_> {
    pub fn database(&mut self, out: &mut dyn Write, data: &[u8], name: &Path) -> Result<(), Stop> {
        let file = name.to_string_lossy();
        let name = escaped(name.as_os_str().as_encoded_bytes());
        let complain = |what: &dyn Display| {
            eprintln!("decode: {name}: {}", escaped(what.to_string().as_bytes()));
        };
        let snapshot = match Snapshot::parse_meta(data, self.args.meta.into(), &Limits::DEFAULT) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let hint = match self.args.carve {
                    true => "",
                    false => "; --carve searches the file all the same",
                };
                complain(&format_args!("{error}{hint}"));
                self.outcome = Outcome::Partial;
                let carving = self.args.carve.then(|| carve(data, &Limits::DEFAULT));
                if let Some(carving) = &carving {
                    self.found(out, None, carving, &complain)?;
                }
                let findings = Findings {
                    name: &file,
                    data,
                    carving: carving.as_ref(),
                    say: &complain,
                };
                self.report.unreadable(&findings, &error);
                return Ok(());
            }
        };
        // Hashing takes its time: beside the rest, if there may be two threads.
        thread::scope(|scope| {
            let hashing = (self.args.jobs() > 1)
                .then(|| thread::Builder::new().spawn_scoped(scope, || snapshot.verify_trailer()))
                .and_then(Result::ok);
            let opened = Opened {
                snapshot: &snapshot,
                file: &file,
                data,
                complain: &complain,
            };
            self.opened(out, &opened, || match hashing {
                Some(hashing) => hashing.join().unwrap_or_else(|panic| resume_unwind(panic)),
                None => snapshot.verify_trailer(),
            })
        })
    }

    fn opened(
        &mut self,
        out: &mut dyn Write,
        opened: &Opened<'_, '_>,
        trailer: impl FnOnce() -> Trailer,
    ) -> Result<(), Stop> {
        let Opened {
            snapshot,
            file,
            data,
            complain,
        } = *opened;
        let mut is_damaged = self.is_newest_broken(data, complain);
        let meta = snapshot.database().meta();
        if let Err(error) = snapshot.database().other_meta() {
            is_damaged = true;
            let (page, txid) = (meta.page, meta.txid);
            complain(&format_args!(
                "{error}; meta page {page} of transaction {txid} is used"
            ));
        }
        let mut is_whole = None;
        let records = if self.args.history {
            self.history(out, snapshot)
        } else if self.args.deleted {
            self.deletions(out, snapshot)
        } else if self.args.state {
            // Printed below, with what is carved.
            snapshot.revisions().map(|_| true).map_err(Failure::from)
        } else {
            self.live(out, snapshot, &mut is_whole, complain)
        };
        let trailer = trailer();
        let is_wrong = match trailer {
            Trailer::Mismatch => Some("the SHA-256 trailer does not match the database"),
            Trailer::Unwritten => Some(
                "the SHA-256 trailer is all zeros: it was never written, and nothing tells \
                 whether the database is as it was saved",
            ),
            Trailer::Absent | Trailer::Valid => None,
        };
        if let Some(is_wrong) = is_wrong {
            is_damaged = true;
            complain(&is_wrong);
        }
        let (in_file, count) = (snapshot.database().pages_in_file(), meta.page_count);
        if in_file < count {
            is_damaged = true;
            complain(&format_args!(
                "the file was cut: of {count} pages {in_file} are in it"
            ));
        }
        match records {
            Ok(is_sound) => is_damaged |= !is_sound,
            Err(Failure::Stop(stop)) => return Err(stop),
            Err(Failure::Database(error)) => {
                is_damaged = true;
                let hint = match self.args.carve {
                    true => "",
                    false => "; --carve searches the pages that no tree reaches",
                };
                complain(&format_args!("{error}{hint}"));
            }
        }
        if is_whole.is_none()
            && let Ok(state) = snapshot.current()
        {
            is_whole = Some(self.whole(&state, complain));
        }
        is_damaged |= is_whole == Some(false);
        let carving = self.args.carve.then(|| snapshot.carve());
        if let Some(carving) = &carving {
            self.found(out, Some(snapshot), carving, complain)?;
        }
        let has_freelist = meta.freelist.is_some();
        let is_asked = self.args.carve || self.args.report.is_some();
        if is_damaged || is_asked || has_freelist {
            let survey = snapshot.survey();
            for error in survey
                .whole_file()
                .iter()
                .filter(|e| e.what() == "freelist")
            {
                complain(error);
            }
            is_damaged |= survey.damage().len() > 0 || !survey.whole_file().is_empty();
            if !is_damaged && !is_asked {
                return Ok(());
            }
            let findings = Findings {
                name: file,
                data,
                carving: carving.as_ref(),
                say: complain,
            };
            self.report.database(&findings, snapshot, trailer, &survey);
        }
        if is_damaged {
            self.outcome = Outcome::Partial;
            self.suggest_older(snapshot, complain);
        }
        Ok(())
    }

    /// Whether nothing was broken, here and below.
    fn live(
        &mut self,
        out: &mut dyn Write,
        snapshot: &Snapshot<'_>,
        is_whole: &mut Option<bool>,
        complain: &dyn Fn(&dyn Display),
    ) -> Result<bool, Failure> {
        let state = match self.args.revision {
            None => snapshot.current()?,
            Some(revision) => snapshot.at(revision).map_err(|error| {
                if error.category() == Category::Configuration {
                    return Failure::Stop(Stop::Usage(format!("--revision: {}", error.detail())));
                }
                Failure::Database(error)
            })?,
        };
        let entries = match (&self.args.key_exact, &self.args.key) {
            (Some(exact), _) => state.exact(exact.as_bytes()),
            (None, Some(prefix)) => state.prefix(prefix.as_bytes()),
            (None, None) => state.iter(),
        };
        *is_whole = Some(self.whole(&state, complain));
        let is_sound = self.entries(out, &state, &entries)?;
        Ok(is_sound && state.damage().next().is_none())
    }

    /// Tells what is missing; whether nothing is.
    fn whole(&self, state: &State<'_>, complain: &dyn Fn(&dyn Display)) -> bool {
        let completeness = state.completeness();
        for error in completeness.errors() {
            complain(&error);
        }
        let is_whole = completeness.is_whole();
        if !is_whole && !self.args.carve {
            complain(&"--carve searches the pages that no tree reaches");
        }
        is_whole
    }

    fn history(&mut self, out: &mut dyn Write, snapshot: &Snapshot<'_>) -> Result<bool, Failure> {
        let mut is_sound = true;
        let mut wanted = Wanted::new();
        for key_value in snapshot.revisions()? {
            let key_value = match key_value {
                // The content-free entry of `--bump-revision` is no change.
                Ok(key_value) if key_value.key.is_empty() => continue,
                Ok(key_value) => key_value,
                Err(error) => {
                    is_sound = false;
                    // The survey tells of pages; a path is that of an entry.
                    if !error.path().is_empty() {
                        let item = Item {
                            place: Place::of(&error),
                            ..Item::default()
                        };
                        self.broken(out, &item, error)?;
                    }
                    continue;
                }
            };
            let item = Item {
                revision: Some(key_value.revision),
                ..Item::from(&key_value)
            };
            self.change(out, key_value.key, &item, &mut wanted)?;
        }
        Ok(is_sound)
    }

    /// Prints a change, one of several of the same key.
    fn change<'a>(
        &mut self,
        out: &mut dyn Write,
        key: &'a [u8],
        item: &Item<'_>,
        wanted: &mut Wanted<'a>,
    ) -> std::io::Result<()> {
        if item.is_deletion && wanted.remove(key) == Some(false) {
            return Ok(());
        }
        let is_wanted = self.item(out, item, None)?;
        let has_filter = self.args.kind.is_some() || self.args.namespace.is_some();
        if has_filter && !item.is_deletion {
            wanted.insert(key, is_wanted);
        }
        Ok(())
    }

    fn deletions(&mut self, out: &mut dyn Write, snapshot: &Snapshot<'_>) -> Result<bool, Failure> {
        let mut is_sound = true;
        for deletion in snapshot.deletions()? {
            let Ok(deletion) = deletion else {
                is_sound = false;
                continue;
            };
            let deleted_revision = Some(deletion.revision.main);
            let item = Item {
                key: Some(deletion.key),
                deleted_revision,
                place: Some(deletion.provenance.into()),
                ..Item::default()
            };
            match deletion.last {
                LastState::Found(key_value) => {
                    let item = Item {
                        deleted_revision,
                        ..Item::from(&key_value)
                    };
                    self.item(out, &item, None)?;
                }
                LastState::Compacted => self.without_object(out, &item, Body::Compacted)?,
                LastState::Lost(error) => self.broken(out, &item, error)?,
            }
        }
        Ok(is_sound)
    }

    pub fn carved(&mut self, out: &mut dyn Write, carving: &Carving<'_>) -> Result<(), Stop> {
        let mut wanted = Wanted::new();
        for carved in carving.iter() {
            let item = Item::from(&carved);
            match carved.key_value {
                Ok(_) => self.change(out, carved.key, &item, &mut wanted)?,
                Err(error) => self.broken(out, &item, error)?,
            }
        }
        if !carving.cuts().is_empty() {
            self.outcome = Outcome::Partial;
        }
        Ok(())
    }
}

/// A database with a meta page that can be read.
struct Opened<'a, 'd> {
    snapshot: &'a Snapshot<'d>,
    file: &'a str,
    data: &'a [u8],
    complain: &'a dyn Fn(&dyn Display),
}

/// Whether the filters want what a key was last: a deletion tells neither kind
/// nor namespace, and goes with what it deleted.
type Wanted<'a> = HashMap<&'a [u8], bool>;

/// Why the records of a database ended early.
enum Failure {
    Database(Error),
    Stop(Stop),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Database(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Stop(error.into())
    }
}
