//! `--carve --state`: the newest known entry of each key.

use std::fmt::Display;
use std::io::Write;

use k8s_etcd::etcd::{Carving, Known, KnownState, Snapshot};

use crate::decoded::{Item, Place};
use crate::output::escaped;
use crate::run::{Outcome, Run, Stop};

/// Overruled keys that are named on stderr.
const OVERRULED_SAID: usize = 8;

impl Run<'_> {
    /// Prints what was carved, by itself or in one state with what the tree reaches.
    pub fn found(
        &mut self,
        out: &mut dyn Write,
        snapshot: Option<&Snapshot<'_>>,
        carving: &Carving<'_>,
        complain: &dyn Fn(&dyn Display),
    ) -> Result<(), Stop> {
        if !self.args.state {
            return self.carved(out, carving);
        }
        let known = match KnownState::new(snapshot, carving) {
            Ok(known) => known,
            Err(error) => {
                complain(&error);
                self.outcome = Outcome::Partial;
                return Ok(());
            }
        };
        let [mut live, mut carved] = [0_usize; 2];
        for entry in known.iter() {
            let (item, error) = match entry {
                Known::Live { key, key_value, .. } => {
                    live += 1;
                    let item = match &key_value {
                        Ok(key_value) => Item::from(key_value),
                        Err(error) => Item {
                            key: Some(key),
                            place: Place::of(error),
                            ..Item::default()
                        },
                    };
                    let origin = Some("live");
                    (Item { origin, ..item }, key_value.err())
                }
                Known::Carved(entry) => {
                    carved += 1;
                    let origin = Some("carved");
                    let item = Item::from(&entry);
                    (Item { origin, ..item }, entry.key_value.err())
                }
                _ => continue,
            };
            match error {
                None => _ = self.item(out, &item, None)?,
                Some(error) => self.broken(out, &item, error)?,
            }
        }
        let is_mixed = carved > 0 || known.overruled().next().is_some();
        let mut overruled = known.overruled();
        for (key, main, carved) in overruled.by_ref().take(OVERRULED_SAID) {
            complain(&format_args!(
                "{}: left out, since its deletion in {} was carved, offset {}; the tree has it in {main}",
                escaped(key),
                carved.main,
                carved.provenance.key_offset,
            ));
        }
        if let more @ 1.. = overruled.count() {
            complain(&format_args!(
                "{more} more keys are left out, since their deletions were carved"
            ));
        }
        complain(&format_args!(
            "state: {live} keys of the tree, {carved} keys that were carved"
        ));
        if is_mixed || known.is_incomplete() || !carving.cuts().is_empty() {
            self.outcome = Outcome::Partial;
        }
        Ok(())
    }
}
