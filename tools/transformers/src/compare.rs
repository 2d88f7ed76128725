//! What the API server makes of damaged values and altered configurations, and
//! what the library makes of them.

use std::collections::BTreeMap;
use std::error::Error;

use k8s_etcd::encryption::{EncryptionConfiguration, Plaintext, Reason};

use crate::{KINDS, Record, recognize, records};

#[derive(Default)]
struct Counts {
    /// Both open it, to the same bytes.
    open: usize,
    /// Both refuse it, with the same message.
    refused: usize,
    /// The API server takes garbage for a plaintext, we do not.
    garbage: usize,
    /// Both refuse it; the message is one of a KMS.
    kms: usize,
}

pub fn damaged_values() -> Result<(), Box<dyn Error>> {
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    let mut disagreements = 0;
    for record in records() {
        let record = record?;
        let counts = all.entry(record.provider.clone()).or_default();
        if let Err(disagreement) = compare(&record, counts) {
            disagreements += 1;
            eprintln!(
                "{}: {disagreement}: value {}",
                record.provider, record.value
            );
        }
    }
    println!("  damaged values     both open  same refusal  KMS's refusal  garbage seen");
    for kind in KINDS {
        let none = Counts::default();
        let counts = all.get(kind).unwrap_or(&none);
        println!(
            "  {kind:<18} {:9} {:13} {:14} {:13}",
            counts.open, counts.refused, counts.kms, counts.garbage
        );
    }
    match disagreements {
        0 => Ok(()),
        n => Err(format!("{n} disagreements").into()),
    }
}

fn compare(record: &Record, counts: &mut Counts) -> Result<(), Box<dyn Error>> {
    let value = hex::decode(&record.value)?;
    let etcd_key = Some(record.etcd_key.as_bytes());
    let keyring = record.keyring()?;
    let ours = keyring.decrypt(&value, Some("secrets"), etcd_key, &recognize);
    // Go's protobuf prints one or the other, so that nobody compares.
    let theirs = record.error.replace('\u{a0}', " ");
    match (theirs.as_str(), ours) {
        ("", Ok(opened)) => {
            let plaintext = hex::decode(&record.plaintext)?;
            if *opened.plaintext == *plaintext && !opened.info.out_of_policy {
                counts.open += 1;
            } else if !recognize(&plaintext) && recognize(&opened.plaintext) {
                // Its first key passes; ours goes on to the one that is right.
                counts.garbage += 1;
            } else {
                return Err("another plaintext".into());
            }
        }
        ("", Err(failure)) => {
            if recognize(&hex::decode(&record.plaintext)?)
                || failure.reason != Reason::NotRecognized
            {
                return Err(format!("API server opens it, we do not: {failure}").into());
            }
            counts.garbage += 1;
        }
        // Plain to us, as the head that says otherwise is gone.
        (theirs, Ok(opened)) => {
            // A KMS is asked whatever name the value has; what it opens under another
            // name is out of policy.
            let stored = matches!(opened.plaintext, Plaintext::Stored(_));
            let may_open = stored || opened.info.out_of_policy;
            if !may_open || opened.info.api_server_message.as_deref() != Some(theirs) {
                return Err(format!("API server says {theirs:?}, we open it").into());
            }
            counts.refused += 1;
        }
        (theirs, Err(failure)) => {
            let ours = failure.api_server_message.as_deref();
            if ours == Some(theirs) {
                counts.refused += 1;
            } else if theirs.ends_with("not mine") && failure.reason == Reason::KmsKeyUnknown
                || theirs.ends_with("authentication fails")
                    && failure.reason == Reason::KmsUnwrapFailed
            {
                counts.kms += 1;
            } else {
                return Err(format!("API server says {theirs:?}, we {ours:?}").into());
            }
        }
    }
    Ok(())
}

pub fn configurations() -> Result<(), Box<dyn Error>> {
    let (mut accepted, mut refused, mut disagreements) = (0, 0, 0);
    for record in records() {
        let record = record?;
        let ours = EncryptionConfiguration::parse(record.config.as_bytes());
        match (record.error.as_str(), ours) {
            ("", Ok(_)) => accepted += 1,
            (theirs, Err(_)) if !theirs.is_empty() => refused += 1,
            (theirs, ours) => {
                disagreements += 1;
                let ours = ours.err();
                eprintln!(
                    "API server {theirs:?}, we {ours:?}:\n{}\n---",
                    record.config
                );
            }
        }
    }
    println!("  configurations: both accept {accepted}, both refuse {refused}");
    match disagreements {
        0 => Ok(()),
        n => Err(format!("{n} disagreements").into()),
    }
}
