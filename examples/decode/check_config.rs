//! `decode check-config FILE...`: EncryptionConfigurations, held against what
//! the API server asks of them.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use k8s_etcd::encryption::EncryptionConfiguration;

use crate::key_sources::{self, Part};
use crate::output::escaped;
use crate::run::{Outcome, Stop};
use crate::spare;

const USAGE: &str = "Usage: decode check-config FILE...";

/// Partial if a configuration is not valid.
pub fn run(files: impl Iterator<Item = OsString>, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let files: Vec<_> = files.map(PathBuf::from).collect();
    let is_help = |file: &PathBuf| ["--help", "-h"].map(Some).contains(&file.to_str());
    if files.iter().any(is_help) {
        writeln!(out, "{USAGE}")?;
        return Ok(Outcome::Whole);
    }
    if files.is_empty() {
        return Err(Stop::Usage(format!("no file is given. {USAGE}")));
    }
    spare::inputs(&[], files.iter().map(PathBuf::as_path))?;
    let mut outcome = Outcome::Whole;
    for file in files {
        let name = escaped(file.as_os_str().as_encoded_bytes());
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("decode: {name}: {error}");
                outcome = Outcome::Unread;
                continue;
            }
        };
        let unpacked = match key_sources::unpack(&name, &text) {
            Ok(unpacked) => unpacked,
            Err(what) => {
                outcome = outcome.max(Outcome::Partial);
                writeln!(out, "{what}")?;
                continue;
            }
        };
        for line in &unpacked.found {
            writeln!(out, "{line}")?;
        }
        for Part { name, text } in &unpacked.parts {
            outcome = outcome.max(check(out, name, text)?);
        }
    }
    Ok(outcome)
}

fn check(out: &mut dyn Write, name: &str, text: &[u8]) -> io::Result<Outcome> {
    match EncryptionConfiguration::parse(text) {
        Ok(configuration) => {
            let rules = configuration.resources().len();
            writeln!(out, "{name}: valid, {rules} rules")?;
            Ok(Outcome::Whole)
        }
        Err(first) => {
            // The lenient way knows more than the first thing wrong.
            let (_, errors) = EncryptionConfiguration::parse_lenient(text);
            let errors = if errors.is_empty() {
                vec![first]
            } else {
                errors
            };
            for error in errors {
                writeln!(out, "{name}: {}", escaped(error.message().as_bytes()))?;
            }
            Ok(Outcome::Partial)
        }
    }
}
