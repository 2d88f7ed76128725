//! `--report`: what each page of a database is, and all damage; the same in
//! short on stderr.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

use k8s_etcd::Error;
use k8s_etcd::etcd::bbolt::{FreelistCheck, PageState, Survey};
use k8s_etcd::etcd::{self, Carving, Snapshot, Trailer};
use serde::Serialize;

use crate::run::sha256;
use crate::store::Store;

/// Places on stderr where not all was carved; the report has all.
const CUTS_SAID: usize = 8;

/// The file of `--report`.
#[derive(Default, Serialize)]
pub struct Report {
    inputs: Vec<Input>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    input: String,
    bytes: usize,
    sha256: String,
    #[serde(flatten)]
    database: Option<Database>,
    damage: Vec<Damage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carved: Option<Carved>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Database {
    page_size: u32,
    byte_order: String,
    meta_page: u64,
    transaction: u64,
    trailer: &'static str,
    /// By state.
    pages: BTreeMap<&'static str, Extent>,
    page_ids_that_agree: u64,
    freelist: Freelist,
    store: Store,
}

#[derive(Serialize)]
struct Extent {
    pages: u64,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Freelist {
    Absent,
    Damaged,
    Agrees {
        listed: u64,
    },
    Differs {
        listed: u64,
        in_use: u64,
        out_of_range: u64,
        repeated: u64,
        leaked: u64,
    },
}

#[derive(Serialize)]
struct Damage {
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    category: &'static str,
    reason: String,
    /// Further faults in the same page.
    more: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Carved {
    entries: usize,
    copies: u64,
    searched_bytes: u64,
    /// Where not all was carved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cuts: Vec<Cut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cut {
    offset: u64,
    /// Where the last record begins that this is about.
    last_offset: u64,
    category: &'static str,
    reason: String,
    /// Records that are listed and not read.
    unread: u64,
    left_out: u64,
}

/// A file that was read, and what was found besides its records.
pub struct Findings<'a> {
    pub name: &'a str,
    pub data: &'a [u8],
    pub carving: Option<&'a Carving<'a>>,
    /// Tells a line about the file.
    pub say: &'a dyn Fn(&dyn Display),
}

impl Report {
    pub fn unreadable(&mut self, findings: &Findings<'_>, error: &Error) {
        let Findings {
            name,
            data,
            carving,
            say,
        } = *findings;
        self.inputs.push(Input {
            input: name.to_owned(),
            bytes: data.len(),
            sha256: sha256(data),
            database: None,
            damage: vec![Damage::of(error, 0)],
            carved: carving.map(|carving| Carved::new(carving, say)),
        });
    }

    pub fn database(
        &mut self,
        findings: &Findings<'_>,
        snapshot: &Snapshot<'_>,
        trailer: Trailer,
        survey: &Survey,
    ) {
        let Findings {
            name,
            data,
            carving,
            say,
        } = *findings;
        for damage in survey.damage() {
            let (page, error) = (damage.page, &damage.error);
            match damage.more {
                0 => say(&format_args!("damaged page {page}: {error}")),
                more => say(&format_args!(
                    "damaged page {page}: {error}; and {more} more"
                )),
            }
        }
        let extent = |state| survey.extent(state);
        let shown: Vec<String> = PageState::ALL
            .into_iter()
            .filter(|state| extent(*state).pages > 0)
            .map(|state| {
                let extent = extent(state);
                format!(
                    "{} {} ({} bytes)",
                    extent.pages,
                    state.as_str(),
                    extent.bytes
                )
            })
            .collect();
        say(&format_args!("pages: {}", shown.join(", ")));
        let freelist = Freelist::of(survey.freelist());
        let meta = snapshot.database().meta();
        let pages = PageState::ALL.map(|state| {
            let extent = extent(state);
            let (pages, bytes) = (extent.pages, extent.bytes);
            (state.as_str(), Extent { pages, bytes })
        });
        let damage = survey.damage();
        self.inputs.push(Input {
            input: name.to_owned(),
            bytes: data.len(),
            sha256: sha256(data),
            database: Some(Database {
                page_size: meta.page_size,
                byte_order: meta.byte_order.to_string(),
                meta_page: meta.page,
                transaction: meta.txid,
                trailer: match trailer {
                    Trailer::Absent => "absent",
                    Trailer::Valid => "valid",
                    Trailer::Mismatch => "mismatch",
                    Trailer::Unwritten => "unwritten",
                },
                pages: pages.into(),
                page_ids_that_agree: survey.page_ids_that_agree(),
                freelist,
                store: Store::of(snapshot),
            }),
            damage: damage
                .map(|damage| Damage {
                    page: Some(damage.page),
                    ..Damage::of(&damage.error, damage.more)
                })
                .chain(survey.whole_file().iter().map(|error| Damage::of(error, 0)))
                .collect(),
            carved: carving.map(|carving| Carved::new(carving, say)),
        });
    }

    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        out.write_all(text.as_bytes())
    }
}

impl Damage {
    fn of(error: &Error, more: u64) -> Damage {
        Damage {
            page: error.page(),
            offset: error.offset(),
            category: error.category().as_str(),
            reason: error.message(),
            more,
        }
    }
}

impl Carved {
    fn new(carving: &Carving<'_>, say: &dyn Fn(&dyn Display)) -> Carved {
        let (entries, copies) = (carving.len(), carving.copies());
        let searched = carving.searched();
        say(&format_args!(
            "carved: {entries} entries that the tree does not reach, {copies} copies of others, \
             in {searched} bytes"
        ));
        let cuts = carving.cuts();
        for cut in cuts.iter().take(CUTS_SAID) {
            say(&cut.error);
        }
        if let Some(more @ 1..) = cuts.len().checked_sub(CUTS_SAID) {
            say(&format_args!(
                "{more} more places were not carved to the end: --report lists them"
            ));
        }
        Carved {
            entries,
            copies,
            searched_bytes: searched,
            cuts: cuts.iter().map(Cut::of).collect(),
        }
    }
}

impl Cut {
    fn of(cut: &etcd::Cut) -> Cut {
        Cut {
            offset: *cut.bytes.start(),
            last_offset: *cut.bytes.end(),
            category: cut.error.category().as_str(),
            reason: cut.error.message(),
            unread: cut.unread,
            left_out: cut.left_out,
        }
    }
}

impl Freelist {
    fn of(check: &FreelistCheck) -> Freelist {
        match *check {
            FreelistCheck::Absent => Freelist::Absent,
            FreelistCheck::Compared {
                listed,
                in_use: 0,
                out_of_range: 0,
                repeated: 0,
                leaked: 0,
                ..
            } => Freelist::Agrees { listed },
            FreelistCheck::Compared {
                listed,
                in_use,
                out_of_range,
                repeated,
                leaked,
                ..
            } => Freelist::Differs {
                listed,
                in_use,
                out_of_range,
                repeated,
                leaked,
            },
            _ => Freelist::Damaged,
        }
    }
}
