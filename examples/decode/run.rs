//! The run: inputs one after the other, their values in key order.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable, LocalKms, MoveTries};
use k8s_etcd::etcd::{Snapshot, State, Trailer};
use k8s_etcd::{Decoder, Error};

use crate::args::Args;
use crate::decoded::{Body, Decoded, Item};
use crate::input::{self, Data};
use crate::output::{Printer, escaped};
use crate::progress;

/// How a run that came to its end went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Whole,
    /// Some values were not decoded, or a check failed.
    Partial,
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
    let mut run = Run {
        args,
        decoder: decoder(args)?,
        printer: Printer::new(args.output),
        outcome: Outcome::Whole,
        input: None,
        tries: MoveTries::default(),
    };
    let inputs = input::expand(&args.input).map_err(|error| Stop::Usage(format!("{error}")))?;
    let several = inputs.len() > 1;
    for input in &inputs {
        // A file that cannot be read ends the run before anything of it is printed.
        let data = input
            .read()
            .map_err(|error| unreadable(&input.name, error))?;
        run.input = several.then(|| input.name.to_string_lossy().into_owned());
        run.input(out, &data, &input.name)?;
    }
    if let Some(printer) = run.printer {
        printer.finish(out)?;
    }
    Ok(run.outcome)
}

fn decoder(args: &Args) -> Result<Decoder, Stop> {
    let mut keyring = Keyring::new();
    for path in &args.encryption_config {
        let usage = |error: String| Stop::Usage(format!("{}: {error}", path.display()));
        let text = fs::read(path).map_err(|error| usage(error.to_string()))?;
        let configuration =
            EncryptionConfiguration::parse(&text).map_err(|error| usage(error.to_string()))?;
        keyring = keyring.with_configuration(&configuration);
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
    let decoder = Decoder::new()
        .keyring(keyring)
        .lossless(args.lossless)
        .strict(args.strict);
    Ok(match &args.etcd_prefix {
        Some(prefix) => decoder.etcd_prefix(prefix),
        None => decoder,
    })
}

struct Run<'r> {
    args: &'r Args,
    decoder: Decoder,
    /// `None` if only keys are wanted.
    printer: Option<Printer>,
    outcome: Outcome,
    /// The input's name, where there are several.
    input: Option<String>,
    /// What is left of the searches for moved values.
    tries: MoveTries,
}

impl Run<'_> {
    fn input(&mut self, out: &mut dyn Write, data: &Data, name: &Path) -> Result<(), Stop> {
        if !Snapshot::recognize(data) {
            let item = Item {
                key: self.args.etcd_key.as_deref().map(str::as_bytes),
                revisions: None,
                value: data,
            };
            return Ok(self.item(out, &item, None)?);
        }
        let complain = |what: &dyn std::fmt::Display| {
            let name = escaped(name.as_os_str().as_encoded_bytes());
            eprintln!("decode: {name}: {}", escaped(what.to_string().as_bytes()));
        };
        let state = match Snapshot::parse(data).and_then(|snapshot| {
            if snapshot.verify_trailer() == Trailer::Mismatch {
                complain(&"the SHA-256 trailer does not match the database");
                self.outcome = Outcome::Partial;
            }
            snapshot.current()
        }) {
            Ok(state) => state,
            Err(error) => {
                complain(&error);
                self.outcome = Outcome::Partial;
                return Ok(());
            }
        };
        for error in state.damage() {
            complain(&error);
            self.outcome = Outcome::Partial;
        }
        let entries = match &self.args.key {
            Some(prefix) => state.prefix(prefix.as_bytes()),
            None => state.iter(),
        };
        let bar = progress::bar(state.len());
        for (key, entry) in entries {
            match entry {
                Ok(key_value) => self.item(out, &Item::from(&key_value), Some(&state))?,
                Err(error) => self.broken(out, key, error)?,
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn item(
        &mut self,
        out: &mut dyn Write,
        item: &Item<'_>,
        state: Option<&State<'_>>,
    ) -> io::Result<()> {
        let prefix = self.args.key.as_deref().unwrap_or_default().as_bytes();
        if !item.key.unwrap_or_default().starts_with(prefix) {
            return Ok(());
        }
        let Some(printer) = &mut self.printer else {
            return match item.key {
                Some(key) => writeln!(out, "{}", escaped(key)),
                None => Ok(()),
            };
        };
        let Some(mut decoded) = Decoded::new(item, &self.decoder, self.args, printer.form()) else {
            return Ok(());
        };
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
        printer.print(out, self.input.as_deref(), item, decoded)
    }

    /// A key whose entry in the database cannot be read.
    fn broken(&mut self, out: &mut dyn Write, key: &[u8], error: Error) -> io::Result<()> {
        self.outcome = Outcome::Partial;
        let item = Item {
            key: Some(key),
            revisions: None,
            value: b"",
        };
        let decoded = Decoded {
            body: Body::Error(error),
            ..Decoded::default()
        };
        match &mut self.printer {
            Some(printer) => printer.print(out, self.input.as_deref(), &item, decoded),
            None => writeln!(out, "{}", escaped(key)),
        }
    }
}
