//! The small set that `cargo test` replays.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use crate::judgement::{Outcome, Theirs, judge};
use crate::records::{Record, WELL_FORMED, records};

/// A line of the set.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    name: &'a str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unregistered: bool,
}

/// Values up to this length are recorded.
const LENGTH: usize = 600;

/// How many are recorded of each damage and outcome.
const EACH: usize = 8;

/// One object of each kind, as written; of each damage and outcome the first few.
pub fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let file = File::create(folder.join("random.jsonl.gz"))?;
    let mut out = GzEncoder::new(file, Compression::best());
    for record in records() {
        let record = record?;
        if record.value.len() > LENGTH {
            continue;
        }
        let outcome = judge(&record.value, record.theirs()?);
        let (group, most) = match (record.damage.as_str(), &outcome) {
            // The head of the value: its kind.
            (WELL_FORMED, Outcome::Accepted) => (format!("{:?}", head(&record.value)), 1),
            (_, Outcome::Differs(class)) => (class.clone(), EACH),
            (damage, outcome) => (format!("{damage} {outcome:?}"), EACH),
        };
        let count = taken.entry(group).or_default();
        if *count < most {
            *count += 1;
            serde_json::to_writer(&mut out, &case(&record)?)?;
            out.write_all(b"\n")?;
        }
    }
    out.finish()?;
    println!("  {} values recorded", taken.values().sum::<usize>());
    Ok(())
}

fn head(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let envelope = k8s_etcd::envelope::Envelope::parse(value).ok()?;
    Some((envelope.api_version(), envelope.kind()))
}

fn case(record: &Record) -> Result<Case<'_>, Box<dyn Error>> {
    let mut case = Case {
        name: &record.damage,
        value: hex::encode(&record.value),
        json: None,
        json_hex: None,
        error: None,
        unregistered: false,
    };
    match record.theirs()? {
        Theirs::Accepted(json) => match std::str::from_utf8(json) {
            Ok(json) => case.json = Some(json),
            Err(_) => case.json_hex = Some(hex::encode(json)),
        },
        Theirs::Refused(error) => case.error = Some(error),
        Theirs::Unregistered => case.unregistered = true,
    }
    Ok(case)
}
