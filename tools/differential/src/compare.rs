//! Counts agreements and differences.

use std::collections::BTreeMap;
use std::error::Error;

use crate::judgement::{Outcome, exceptions, judge};
use crate::records::{Record, WELL_FORMED, records};

#[derive(Default)]
struct Counts {
    accepted: usize,
    refused: usize,
    unknown_kind: usize,
    differ: usize,
}

impl Counts {
    fn all(&self) -> usize {
        self.accepted + self.refused + self.unknown_kind + self.differ
    }
}

/// The differences of one class.
struct Class {
    count: usize,
    /// Of the shortest value.
    example: Record,
}

/// Fails on a class that is no listed exception, and on any difference over an
/// object as Kubernetes writes it.
pub fn run() -> Result<(), Box<dyn Error>> {
    let mut damages: BTreeMap<String, Counts> = BTreeMap::new();
    let mut classes: BTreeMap<String, Class> = BTreeMap::new();
    for record in records() {
        let record = record?;
        let counts = damages.entry(record.damage.clone()).or_default();
        match judge(&record.value, record.theirs()?) {
            Outcome::Accepted => counts.accepted += 1,
            Outcome::Refused => counts.refused += 1,
            Outcome::UnknownKind => counts.unknown_kind += 1,
            Outcome::Differs(class) => {
                counts.differ += 1;
                let class = match record.damage.as_str() {
                    WELL_FORMED => format!("well-formed: {class}"),
                    _ => class,
                };
                match classes.get_mut(&class) {
                    Some(known) => {
                        known.count += 1;
                        if record.value.len() < known.example.value.len() {
                            known.example = record;
                        }
                    }
                    None => {
                        let (count, example) = (1, record);
                        classes.insert(class, Class { count, example });
                    }
                }
            }
        }
    }
    print(&damages);
    let exceptions = exceptions();
    let mut unlisted = 0;
    for (class, Class { count, example }) in &classes {
        let listed = exceptions.iter().any(|(listed, _)| listed == class);
        println!("  {count:8} {class}");
        if !listed {
            unlisted += 1;
            println!("           NOT LISTED, after {}", example.damage);
            println!("           value {}", hex::encode(&example.value));
            println!("           Go {}", String::from_utf8_lossy(&example.text));
            println!("           we {}", ours(&example.value));
        }
    }
    match (unlisted, damages.is_empty()) {
        (0, false) => Ok(()),
        (0, true) => Err("no records".into()),
        (n, _) => Err(format!("{n} classes of differences that are not listed").into()),
    }
}

fn print(damages: &BTreeMap<String, Counts>) {
    println!("  {:32} both accept  both refuse  no such kind  differ", "");
    let mut all = Counts::default();
    let line = |name: &str, counts: &Counts| {
        println!(
            "  {name:32} {:11} {:12} {:13} {:7}",
            counts.accepted, counts.refused, counts.unknown_kind, counts.differ
        );
    };
    for (damage, counts) in damages {
        line(damage, counts);
        all.accepted += counts.accepted;
        all.refused += counts.refused;
        all.unknown_kind += counts.unknown_kind;
        all.differ += counts.differ;
    }
    line("all", &all);
    let well_formed = damages.get(WELL_FORMED).map_or(0, Counts::all);
    println!(
        "  {} values: {well_formed} well-formed, {} damaged; {} differ, in the classes",
        all.all(),
        all.all() - well_formed,
        all.differ
    );
}

fn ours(value: &[u8]) -> String {
    let printed = k8s_etcd::envelope::Envelope::parse(value)
        .and_then(|envelope| k8s_etcd::Object::of_envelope(&envelope))
        .and_then(|object| object.to_json());
    match printed {
        Ok((json, _)) => String::from_utf8_lossy(&json).into_owned(),
        Err(error) => error.to_string(),
    }
}
