//! The run: inputs one after the other, their values in key order.

use std::io::{self, Write};
use std::sync::Arc;

use k8s_etcd::encryption::MoveTries;
use k8s_etcd::etcd::{Snapshot, State};
use k8s_etcd::{Decoder, Error, SkipFields};
use sha2::{Digest, Sha256};

use crate::args::{Args, Output};
use crate::decoded::{Body, Decoded, Form, Item};
use crate::input::{self, Data, Input};
use crate::k3s;
use crate::looks_like::looks_like;
use crate::output::{EvidenceFile, Printer, Source, escaped};
use crate::report::Report;
use crate::single::is_object;
use crate::spare;

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
    /// stderr goes into a file that is read: nothing may be said.
    Unsaid,
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let inputs = input::expand(&args.input);
    let decoder = decoder(args, &inputs)?;
    let mut run = Run {
        args,
        decoder: &decoder,
        printer: Printer::new(args.output),
        outcome: Outcome::Whole,
        report: Report::default(),
        source: Arc::default(),
        tries: MoveTries::default(),
        any_database: false,
    };
    let several = inputs.len() > 1;
    if args.etcd_key.is_some() && (several || inputs.iter().any(|input| input.is_from_folder)) {
        return Err(Stop::Usage(
            "--etcd-key: it is the key of one value; give one file".to_owned(),
        ));
    }
    spare::inputs(&inputs, args.keys.files())?;
    // A long run should not end with a report that cannot be written.
    let report = match &args.report {
        Some(path) => Some((path, spare::create("--report", path, &inputs)?)),
        None => None,
    };
    // What is printed of the others stays right, and the status tells.
    let (mut any_read, mut is_unread) = (false, false);
    for input in &inputs {
        let name = escaped(input.name.as_os_str().as_encoded_bytes());
        if let Some(reason) = input.passed_over() {
            eprintln!("decode: {name}: {reason}");
            continue;
        }
        let data = match input.read() {
            Ok(data) => data,
            Err(error) => {
                eprintln!("decode: {}: {error}", shortened(&name));
                is_unread = true;
                continue;
            }
        };
        let file = input.name.to_string_lossy().into_owned();
        run.source = Arc::new(Source {
            file: args.provenance.then(|| EvidenceFile {
                name: file.clone(),
                sha256: sha256(&data),
            }),
            input: several.then_some(file),
        });
        match run.input(out, &data, input) {
            Ok(()) => any_read = true,
            // What was asked for cannot be had of this one.
            Err(Stop::Usage(message)) => {
                let of = if several {
                    format!("{name}: ")
                } else {
                    String::new()
                };
                eprintln!("decode: {of}{message}");
                is_unread = true;
            }
            Err(stop) => return Err(stop),
        }
        if data.is_changed() {
            eprintln!("decode: {name}: it was changed while it was read: decode a copy of it");
            run.outcome = Outcome::Partial;
        }
    }
    if args.asks_for_the_past() && !run.any_database && !is_unread {
        eprintln!("decode: none of the files is a database");
        is_unread = true;
    }
    // Where nothing could be read, an empty list would be a wrong answer.
    if let Some(printer) = run.printer
        && any_read
    {
        printer.finish(out)?;
    }
    if let Some((path, mut file)) = report {
        let name = escaped(path.as_os_str().as_encoded_bytes());
        let written = run.report.write(&mut file);
        written.map_err(|error| Stop::Usage(format!("--report: {name}: {error}")))?;
    }
    Ok(match is_unread {
        true => Outcome::Unread,
        false => run.outcome,
    })
}

fn decoder(args: &Args, inputs: &[Input]) -> Result<Decoder, Stop> {
    let found = k3s::configurations(&args.keys.k3s_token, inputs);
    let keyring = args.keys.keyring(&found)?;
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
    any_database: bool,
}

impl Run<'_> {
    fn input(&mut self, out: &mut dyn Write, data: &Data, input: &Input) -> Result<(), Stop> {
        let args = self.args;
        if self.restored(out, data, &input.name)? {
            self.any_database = true;
            return Ok(());
        }
        if Snapshot::recognize(data) || args.carve {
            self.any_database = true;
            return self.database(out, data, &input.name);
        }
        if args.asks_for_the_past() {
            let item = Item {
                key: args.etcd_key.as_deref().map(str::as_bytes),
                value: data,
                ..Item::default()
            };
            return self.without_history(&item, input);
        }
        self.single(out, data, input)
    }

    /// No database, and the past is asked for. In a folder it is passed over: what
    /// can be decoded as a value is no fault, all else may be a damaged database.
    fn without_history(&mut self, item: &Item<'_>, input: &Input) -> Result<(), Stop> {
        let hint = "a database without its meta pages is searched with --carve";
        if !input.is_from_folder {
            return Err(Stop::Usage(format!(
                "not recognised as a database, and a single value has no history; {hint}"
            )));
        }
        let decoded = Decoded::new(item, self.decoder, self.args, Form::Json);
        let is_object = |decoded: &Decoded| is_object(item, decoded);
        let name = escaped(input.name.as_os_str().as_encoded_bytes());
        if decoded.as_ref().is_none_or(is_object) {
            eprintln!("decode: {name}: passed over: a single value, which has no history");
            return Ok(());
        }
        let what = match looks_like(item.value) {
            Some(what) => format!("it looks like {what}"),
            None if decoded.is_some_and(|decoded| decoded.is_decoded()) => {
                eprintln!("decode: {name}: passed over: text, which has no history");
                return Ok(());
            }
            None => format!("neither a database nor a value; {hint}"),
        };
        eprintln!("decode: {name}: passed over: {what}");
        self.outcome = Outcome::Partial;
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
        if let (true, Some(key)) = (decoded.may_have_moved, item.key) {
            let known = state.into_iter().flat_map(|state| state.iter());
            let others = known.map(|(key, _)| key);
            let moved = self
                .decoder
                .find_moved(key, item.value, others, &self.tries);
            decoded.notes.push(moved.to_string());
        }
        let objects_alone = matches!(self.args.output, Output::Json | Output::Yaml);
        let is_left_out = match &decoded.body {
            Body::Object(_) if objects_alone => {
                !decoded.is_of_kubernetes() || decoded.hidden().is_some()
            }
            _ => !decoded.is_decoded(),
        };
        if is_left_out {
            self.outcome = self.outcome.max(Outcome::Partial);
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

    pub fn wants(&self, key: Option<&[u8]>) -> bool {
        let key = key.unwrap_or_default();
        match (&self.args.key_exact, &self.args.key) {
            (Some(exact), _) => key == exact.as_bytes(),
            (None, Some(prefix)) => key.starts_with(prefix.as_bytes()),
            (None, None) => true,
        }
    }
}

/// A name for a line of stderr: one that is too long for the system is still told.
fn shortened(name: &str) -> String {
    const ENDS: usize = 200;
    let count = name.chars().count();
    if count <= 2 * ENDS {
        return name.to_owned();
    }
    let begin: String = name.chars().take(ENDS).collect();
    let end: String = name.chars().skip(count - ENDS).collect();
    format!("{begin}…{end}")
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
