//! `decode kms-requests FILE...`: the wrapped keys that are needed, for the KMS to
//! unwrap. The list comes back, filled in, with `--kms-map`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Parser;
use k8s_etcd::Decoder;
use k8s_etcd::encryption::{Info, Provider, Reason};
use k8s_etcd::etcd::Snapshot;
use serde::Serialize;

use crate::input;
use crate::keys::KeyArgs;
use crate::output::escaped;
use crate::run::{Outcome, Stop};
use crate::spare;

#[derive(Debug, Parser)]
#[command(
    name = "decode kms-requests",
    bin_name = "decode kms-requests",
    about = "Lists the wrapped keys of all values, in every revision, that stay closed for want of a KMS",
    after_help = AFTER
)]
struct Request {
    /// As for decode: databases, files with one stored value, folders, or -
    #[arg(required = true)]
    input: Vec<PathBuf>,

    #[command(flatten)]
    keys: KeyArgs,
}

const AFTER: &str = "\
Prints a JSON list. Have each \"wrapped\" (\"wrappedHex\", \"wrappedText\") decrypted by the KMS, put what
it gives into \"plaintext\" in base64 or hex, and decode with --kms-map LIST. Not all need be filled in;
kms-requests --kms-map LIST lists what is left.";

/// One wrapped key.
#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Wrapped {
    /// Of the KMS provider in the EncryptionConfiguration.
    provider: Option<String>,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dek_source: Option<&'static str>,
    wrapped: String,
    wrapped_hex: String,
    /// As it is, where it is text: Vault's form.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrapped_text: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    wrapped: &'a Wrapped,
    values: u64,
    plaintext: Option<()>,
}

/// The wrapped keys in the order in which they are found.
#[derive(Default)]
struct List {
    lines: Vec<(Wrapped, u64)>,
    by_bytes: HashMap<String, Vec<usize>>,
}

impl List {
    fn add(&mut self, wrapped: Wrapped) {
        let same_bytes = self.by_bytes.entry(wrapped.wrapped.clone()).or_default();
        let lines = &mut self.lines;
        if let Some(&index) = same_bytes.iter().find(|&&index| lines[index].0 == wrapped) {
            lines[index].1 += 1;
            return;
        }
        same_bytes.push(lines.len());
        lines.push((wrapped, 1));
    }
}

pub fn run(args: impl Iterator<Item = OsString>, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let name = OsString::from("decode kms-requests");
    let request = Request::parse_from([name].into_iter().chain(args));
    let inputs = input::expand(&request.input);
    spare::inputs(&inputs, request.keys.files())?;
    let decoder = Decoder::new().keyring(request.keys.keyring(&[])?);
    let mut list = List::default();
    let mut outcome = Outcome::Whole;
    for input in inputs {
        let name = escaped(input.name.as_os_str().as_encoded_bytes());
        let complain = |what: &dyn std::fmt::Display| eprintln!("decode: {name}: {what}");
        if let Some(reason) = input.passed_over() {
            complain(&reason);
            continue;
        }
        let data = match input.read() {
            Ok(data) => data,
            Err(error) => {
                complain(&error);
                outcome = Outcome::Unread;
                continue;
            }
        };
        if !Snapshot::recognize(&data) {
            if !list.take(&decoder, None, &data) {
                complain(&"no database, and no value that is sealed with a KMS");
                outcome = outcome.max(Outcome::Partial);
            }
            continue;
        }
        let revisions = Snapshot::parse(&data);
        let mut errors = 0_u64;
        match revisions.as_ref().map(|snapshot| snapshot.revisions()) {
            Ok(Ok(revisions)) => {
                for revision in revisions {
                    match revision {
                        Ok(entry) => drop(list.take(&decoder, Some(entry.key), entry.value)),
                        Err(_) => errors += 1,
                    }
                }
            }
            Ok(Err(error)) => {
                complain(&error);
                outcome = outcome.max(Outcome::Partial);
            }
            Err(error) => {
                complain(error);
                outcome = outcome.max(Outcome::Partial);
            }
        }
        if errors > 0 {
            complain(&format_args!(
                "{errors} entries or pages cannot be read, and what they hold is not listed"
            ));
            outcome = outcome.max(Outcome::Partial);
        }
    }
    if list.lines.is_empty() {
        eprintln!("decode: no value waits for a KMS");
    }
    let lines = list.lines.iter().map(|(wrapped, values)| Line {
        wrapped,
        values: *values,
        plaintext: None,
    });
    serde_json::to_writer_pretty(&mut *out, &lines.collect::<Vec<_>>())
        .map_err(|error| Stop::Output(error.into()))?;
    writeln!(out)?;
    Ok(outcome)
}

impl List {
    /// Adds the wrapped key of a value that waits for one; tells whether the value
    /// is sealed with a KMS.
    fn take(&mut self, decoder: &Decoder, key: Option<&[u8]>, value: &[u8]) -> bool {
        let opened = decoder.open(key, value);
        let is_kms = |info: &Info| info.provider == Some(Provider::KmsV1.name());
        let Some(failure) = opened.failure() else {
            return opened.encryption().is_some_and(is_kms);
        };
        let info = &failure.info;
        // Elsewhere the right key was there, and something else is wrong.
        let waits = matches!(
            failure.reason,
            Reason::NoKeys
                | Reason::KeyNotConfigured
                | Reason::KmsKeyUnknown
                | Reason::KmsUnwrapFailed
                | Reason::UnusableKey
        );
        if let (true, Some(kms), Some(version)) = (waits, &info.kms, info.version) {
            let encode =
                |(name, value): (&String, &Vec<u8>)| (name.clone(), STANDARD.encode(value));
            self.add(Wrapped {
                provider: info.key_name.clone().or(info.key_name_guess.clone()),
                version,
                key_id: kms.key_id.clone(),
                annotations: kms.annotations.iter().map(encode).collect(),
                dek_source: kms.dek_source,
                wrapped: STANDARD.encode(&kms.wrapped),
                wrapped_hex: hex::encode(&kms.wrapped),
                wrapped_text: text(&kms.wrapped),
            });
        }
        is_kms(info)
    }
}

fn text(wrapped: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(wrapped).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then(|| text.to_owned())
}
