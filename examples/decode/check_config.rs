//! `decode check-config FILE...`: EncryptionConfigurations, held against what
//! the API server asks of them.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use k8s_etcd::encryption::{EncryptionConfiguration, Release};

use crate::key_sources::{self, Part};
use crate::output::escaped;
use crate::run::{Outcome, Stop};
use crate::spare;

const USAGE: &str = "\
Usage: decode check-config [--as RELEASE] FILE...

Holds EncryptionConfigurations against what the API server asks of them: of the newest
release, or of another by --as 1.24.";

/// Partial if a configuration is not valid.
pub fn run(args: impl Iterator<Item = OsString>, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let mut release = Release::LATEST;
    let mut files = Vec::new();
    let mut args = args.peekable();
    let mut only_files = false;
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--help" | "-h") if !only_files => {
                writeln!(out, "{USAGE}")?;
                return Ok(Outcome::Whole);
            }
            Some("--") if !only_files => only_files = true,
            Some(text) if !only_files && (text == "--as" || text.starts_with("--as=")) => {
                let value = match text.strip_prefix("--as=") {
                    Some(value) => Some(value.to_owned()),
                    None => args.next().and_then(|value| value.into_string().ok()),
                };
                let value = value.unwrap_or_default();
                release = value
                    .parse()
                    .map_err(|_| Stop::Usage("--as: need a release, such as 1.24".to_owned()))?;
            }
            Some(text) if !only_files && text.starts_with("--") => {
                let text = escaped(text.as_bytes());
                return Err(Stop::Usage(format!("there is no option {text}\n\n{USAGE}")));
            }
            _ => files.push(PathBuf::from(arg)),
        }
    }
    if files.is_empty() {
        return Err(Stop::Usage(format!("no file is given\n\n{USAGE}")));
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
            outcome = outcome.max(check(out, name, text, release)?);
        }
    }
    Ok(outcome)
}

fn check(out: &mut dyn Write, name: &str, text: &[u8], release: Release) -> io::Result<Outcome> {
    let (configuration, problems) = EncryptionConfiguration::check(text, release);
    for problem in &problems {
        writeln!(out, "{name}: {}", escaped(problem.message().as_bytes()))?;
    }
    if problems.is_empty() {
        match configuration.resources().len() {
            1 => writeln!(out, "{name}: valid, 1 rule")?,
            rules => writeln!(out, "{name}: valid, {rules} rules")?,
        }
    }
    for warning in configuration.warnings() {
        let warning = escaped(warning.message().as_bytes());
        writeln!(out, "{name}: warning: {warning}")?;
    }
    Ok(match problems.is_empty() {
        true => Outcome::Whole,
        false => Outcome::Partial,
    })
}
