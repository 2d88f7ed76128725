//! The run: inputs one after the other, their values in key order.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable, LocalKms, MoveTries};
use k8s_etcd::etcd::{Snapshot, State};
use k8s_etcd::{Decoder, Error, SkipFields};
use sha2::{Digest, Sha256};

use crate::args::Args;
use crate::decoded::{Body, Decoded, Form, Item};
use crate::input::{self, Data, Input};
use crate::output::{EvidenceFile, Printer, Source, escaped};
use crate::report::Report;

/// How a run that came to its end went: its exit status.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Whole = 0,
    /// Some values were not decoded, or a check failed.
    Partial = 1,
    /// An input could not be read.
    Unread = 2,
}

/// Why a run ended early.
pub enum Stop {
    Usage(String),
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let unreadable = |path: &Path, error: io::Error| {
        Stop::Usage(format!(
            "{}: {error}",
            escaped(path.as_os_str().as_encoded_bytes())
        ))
    };
    let decoder = decoder(args)?;
    let mut run = Run {
        args,
        decoder: &decoder,
        printer: Printer::new(args.output),
        outcome: Outcome::Whole,
        report: Report::default(),
        source: Arc::default(),
        tries: MoveTries::default(),
    };
    let inputs = input::expand(&args.input).map_err(|error| Stop::Usage(format!("{error}")))?;
    // A long run should not end with a report that cannot be written.
    let report = match &args.report {
        Some(path) => {
            spare_the_evidence(path, &inputs)?;
            Some(fs::File::create(path).map_err(|error| unreadable(path, error))?)
        }
        None => None,
    };
    let several = inputs.len() > 1;
    for input in &inputs {
        // A file that cannot be read ends the run before anything of it is printed.
        let data = input
            .read()
            .map_err(|error| unreadable(&input.name, error))?;
        let name = input.name.to_string_lossy().into_owned();
        run.source = Arc::new(Source {
            file: args.provenance.then(|| EvidenceFile {
                name: name.clone(),
                sha256: sha256(&data),
            }),
            input: several.then_some(name),
        });
        run.input(out, &data, &input.name)?;
    }
    if let Some(printer) = run.printer {
        printer.finish(out)?;
    }
    if let (Some(path), Some(mut file)) = (&args.report, report) {
        let written = run.report.write(&mut file);
        written.map_err(|error| unreadable(path, error))?;
    }
    Ok(run.outcome)
}

/// Inputs are never written to.
fn spare_the_evidence(report: &Path, inputs: &[Input]) -> Result<(), Stop> {
    let Ok(report) = fs::canonicalize(report) else {
        return Ok(());
    };
    let same = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path == report);
    if inputs.iter().filter_map(Input::path).any(same) {
        let report = escaped(report.as_os_str().as_encoded_bytes());
        return Err(Stop::Usage(format!("--report: {report} is an input")));
    }
    Ok(())
}

fn decoder(args: &Args) -> Result<Decoder, Stop> {
    let mut keyring = Keyring::new();
    for path in &args.encryption_config {
        keyring = keyring.with_configuration(&configuration(path)?);
    }
    for path in &args.old_encryption_config {
        keyring = keyring.with_keys_of(&configuration(path)?);
    }
    for path in &args.kms_map {
        let usage = |error: String| Stop::Usage(format!("{}: {error}", path.display()));
        let text = fs::read(path).map_err(|error| usage(error.to_string()))?;
        let table = KmsTable::from_json(&text).map_err(|error| usage(error.to_string()))?;
        keyring = keyring.with_kms_plugin(table);
    }
    for key in &args.kms_local_key {
        let usage = |error: Error| Stop::Usage(format!("--kms-local-key: {error}"));
        keyring = keyring.with_kms_plugin(LocalKms::parse(key).map_err(usage)?);
    }
    let mut decoder = Decoder::new()
        .keyring(keyring)
        .lossless(args.lossless)
        .skip_fields(&SkipFields::new(&args.skip))
        .strict(args.strict);
    for prefix in &args.etcd_prefix {
        decoder = decoder.etcd_prefix(prefix);
    }
    Ok(decoder)
}

fn configuration(path: &Path) -> Result<EncryptionConfiguration, Stop> {
    let usage = |error: String| Stop::Usage(format!("{}: {error}", path.display()));
    let text = fs::read(path).map_err(|error| usage(error.to_string()))?;
    EncryptionConfiguration::parse(&text).map_err(|error| usage(error.to_string()))
}

pub struct Run<'r> {
    pub args: &'r Args,
    pub decoder: &'r Decoder,
    /// `None` if only keys are wanted.
    pub printer: Option<Printer>,
    pub outcome: Outcome,
    pub source: Arc<Source>,
    pub report: Report,
    /// What is left of the searches for moved values.
    tries: MoveTries,
}

impl Run<'_> {
    fn input(&mut self, out: &mut dyn Write, data: &Data, name: &Path) -> Result<(), Stop> {
        let args = self.args;
        if Snapshot::recognize(data) || args.carve {
            return self.database(out, data, name);
        }
        if args.history || args.deleted || args.revision.is_some() {
            let name = escaped(name.as_os_str().as_encoded_bytes());
            return Err(Stop::Usage(format!(
                "{name}: not recognised as a database, and a single value has no history; \
                 a database without its meta pages is searched with --carve"
            )));
        }
        let item = Item {
            key: args.etcd_key.as_deref().map(str::as_bytes),
            value: data,
            ..Item::default()
        };
        self.item(out, &item, None)?;
        Ok(())
    }

    /// Decodes and prints one entry, if the filters want it; tells whether they do.
    pub fn item(
        &mut self,
        out: &mut dyn Write,
        item: &Item<'_>,
        state: Option<&State<'_>>,
    ) -> io::Result<bool> {
        if !self.wants(item.key) {
            return Ok(false);
        }
        if self.printer.is_none() {
            key(out, item)?;
            return Ok(true);
        }
        let form = Form::of(self.args.output);
        let Some(decoded) = Decoded::new(item, self.decoder, self.args, form) else {
            return Ok(false);
        };
        self.decoded(out, item, decoded, state)?;
        Ok(true)
    }

    /// Prints what came of an entry.
    pub fn decoded(
        &mut self,
        out: &mut dyn Write,
        item: &Item<'_>,
        mut decoded: Decoded,
        state: Option<&State<'_>>,
    ) -> io::Result<()> {
        if let (true, Some(key), Some(state)) = (decoded.may_have_moved, item.key, state) {
            let others = state.iter().map(|(key, _)| key);
            let moved = self
                .decoder
                .find_moved(key, item.value, others, &self.tries);
            decoded.notes.push(moved.to_string());
        }
        if !decoded.is_decoded() {
            self.outcome = Outcome::Partial;
        }
        match &mut self.printer {
            Some(printer) => printer.print(out, &self.source, item, decoded),
            None => key(out, item),
        }
    }

    /// A key whose entry in the database cannot be read.
    pub fn broken(&mut self, out: &mut dyn Write, item: &Item<'_>, error: Error) -> io::Result<()> {
        self.outcome = Outcome::Partial;
        self.without_object(out, item, Body::Error(error))
    }

    /// A key of which there is no value.
    pub fn without_object(
        &mut self,
        out: &mut dyn Write,
        item: &Item<'_>,
        body: Body,
    ) -> io::Result<()> {
        if !self.wants(item.key) {
            return Ok(());
        }
        match &mut self.printer {
            Some(printer) => printer.print(out, &self.source, item, Decoded::without_object(body)),
            None => key(out, item),
        }
    }

    fn wants(&self, key: Option<&[u8]>) -> bool {
        let prefix = self.args.key.as_deref().unwrap_or_default();
        key.unwrap_or_default().starts_with(prefix.as_bytes())
    }
}

fn key(out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
    match item.key {
        Some(key) => writeln!(out, "{}", escaped(key)),
        None => Ok(()),
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
