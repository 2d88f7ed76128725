//! An input that is no database: one stored value as people have it, with what a pipe
//! or a terminal added to it; or a few of them, one after another.

use std::borrow::Cow;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_etcd::storage_value::{Content, StorageValue};
use serde_json::value::RawValue;

use crate::args::Output;
use crate::decoded::{Body, Decoded, Form, Item};
use crate::input::Input;
use crate::looks_like::looks_like;
use crate::output::{UNRECOGNIZED, escaped, rendering};
use crate::run::{Outcome, Run, Stop};

/// What was undone before the value could be decoded.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Undone {
    /// A line end behind the value, which etcdctl adds.
    pub trimmed: Option<&'static str>,
    /// Line feeds that a terminal turned into CR LF.
    pub crlf: bool,
    /// A JSON string of base64, as backups of Rancher have encrypted values.
    pub json_string: bool,
}

impl Run<'_> {
    /// Prints what a file or standard input holds that is no database.
    pub fn single(&mut self, out: &mut dyn Write, data: &[u8], input: &Input) -> Result<(), Stop> {
        let args = self.args;
        if data.is_empty() && input.is_stdin() {
            return Err(Stop::Usage("no input: standard input is empty".to_owned()));
        }
        let key = args.etcd_key.as_deref().map(str::as_bytes);
        let item = Item {
            key,
            value: data,
            ..Item::default()
        };
        let chooses = args.key.is_some() || args.key_exact.is_some();
        let asks_for_key = args.output == Output::Keys || chooses;
        if asks_for_key && key.is_none() && !is_key_and_value(data) {
            return self.without_key(data, input);
        }
        let form = Form::of(args.output);
        // `None`: the filters leave it out.
        let decoded = Decoded::new(&item, self.decoder, args, form);
        match decoded {
            Some(decoded) if is_object(&item, &decoded) => {
                return self.printed(out, &item, decoded);
            }
            None if self.holds_object(&item) => return Ok(()),
            _ => {}
        }
        if let Some(()) = self.undone(out, &item)? {
            return Ok(());
        }
        if let Some(()) = self.several(out, &item)? {
            return Ok(());
        }
        let what = match is_text_by_its_key(&item) {
            true => None,
            false => looks_like(data),
        };
        if asks_for_key && key.is_none() {
            return self.without_key(data, input);
        }
        let name = escaped(input.name.as_os_str().as_encoded_bytes());
        // What prints these says on stderr itself what it leaves out.
        let objects_alone = matches!(args.output, Output::Json | Output::Yaml);
        let Some(what) = what else {
            let Some(decoded) = decoded else {
                return Ok(());
            };
            if matches!(decoded.body, Body::Unrecognized) && !objects_alone {
                eprintln!("decode: {name}: {UNRECOGNIZED}");
            }
            return self.printed(out, &item, decoded);
        };
        if !objects_alone {
            eprintln!("decode: {name}: {}", rendering(&what));
        }
        let decoded = Decoded::without_object(Body::Rendering(what));
        self.printed(out, &item, decoded)
    }

    /// Whether it is an object, which the filters may leave out.
    fn holds_object(&self, item: &Item<'_>) -> bool {
        let opened = self.decoder.open(item.key, item.value);
        let content = opened.storage_value().and_then(StorageValue::into_content);
        match content {
            Ok(Content::Object(_)) => true,
            Ok(Content::Document(document)) => document.kind().is_some(),
            _ => false,
        }
    }

    fn printed(
        &mut self,
        out: &mut dyn Write,
        item: &Item<'_>,
        decoded: Decoded,
    ) -> Result<(), Stop> {
        if self.wants(item.key) {
            self.decoded(out, item, decoded, None)?;
        }
        Ok(())
    }

    /// A key is asked for, and nothing tells it.
    fn without_key(&mut self, data: &[u8], input: &Input) -> Result<(), Stop> {
        let what = match looks_like(data) {
            Some(what) => format!("it looks like {what}"),
            None => "it is not a database, and a single value has no key but by --etcd-key".into(),
        };
        if !input.is_from_folder {
            return Err(Stop::Usage(what));
        }
        let name = escaped(input.name.as_os_str().as_encoded_bytes());
        eprintln!("decode: {name}: passed over: {what}");
        self.outcome = Outcome::Partial;
        Ok(())
    }

    /// Tries the value without what a pipe or a terminal added.
    fn undone(&mut self, out: &mut dyn Write, item: &Item<'_>) -> Result<Option<()>, Stop> {
        let form = Form::of(self.args.output);
        for (value, undone) in candidates(item.value) {
            for (key, value) in [(item.key, &*value)]
                .into_iter()
                .chain(key_and_value(&value))
            {
                // The key that is given is the right one.
                let item = Item {
                    key: item.key.or(key),
                    value,
                    undone,
                    ..Item::default()
                };
                // The exact bytes were tried before.
                let is_new = undone != Undone::default() || item.key.is_some();
                if !is_new {
                    continue;
                }
                match Decoded::new(&item, self.decoder, self.args, form) {
                    Some(decoded) if is_object(&item, &decoded) => {
                        self.printed(out, &item, decoded)?;
                        return Ok(Some(()));
                    }
                    None if self.holds_object(&item) => return Ok(Some(())),
                    _ => {}
                }
            }
        }
        Ok(None)
    }

    /// Several JSON values or YAML documents, each of which is an object.
    fn several(&mut self, out: &mut dyn Write, item: &Item<'_>) -> Result<Option<()>, Stop> {
        let form = Form::of(self.args.output);
        let bytes = item.value;
        let without_keys = || json_values(bytes).or_else(|| yaml_documents(bytes));
        let without_keys = || {
            Some(
                without_keys()?
                    .into_iter()
                    .map(|value| (None, value))
                    .collect(),
            )
        };
        let Some(values) = keyed_json_values(bytes).or_else(without_keys) else {
            return Ok(None);
        };
        let mut all = Vec::new();
        for (key, value) in values {
            let key = item.key.or(key);
            let item = Item {
                key,
                value,
                ..*item
            };
            let opened = self.decoder.open(None, value);
            let content = opened.storage_value().and_then(StorageValue::into_content);
            if !matches!(content, Ok(Content::Document(_))) {
                return Ok(None);
            }
            all.push((item, Decoded::new(&item, self.decoder, self.args, form)));
        }
        for (item, decoded) in all {
            if let Some(decoded) = decoded {
                self.printed(out, &item, decoded)?;
            }
        }
        Ok(Some(()))
    }
}

/// Whether the value was decoded to an object, not to text of whatever kind. JSON
/// without a kind may be the output of etcdctl.
pub fn is_object(item: &Item<'_>, decoded: &Decoded) -> bool {
    matches!(decoded.body, Body::Object(_))
        && (decoded.kind.is_some() || looks_like(item.value).is_none())
}

/// Text that etcd's clients keep as it is: the key says so.
fn is_text_by_its_key(item: &Item<'_>) -> bool {
    item.key == Some(b"compact_rev_key")
}

/// The value as it is, without a line end behind it, and as it was before a terminal
/// changed its line feeds.
fn candidates(value: &[u8]) -> Vec<(Cow<'_, [u8]>, Undone)> {
    let mut all = vec![(Cow::Borrowed(value), Undone::default())];
    let trim = |all: &mut Vec<_>, value: Cow<'_, [u8]>, undone: Undone| {
        for end in ["\r\n", "\n"] {
            if let Some(trimmed) = value.strip_suffix(end.as_bytes()) {
                let undone = Undone {
                    trimmed: Some(end),
                    ..undone
                };
                all.push((Cow::Owned(trimmed.to_vec()), undone));
            }
        }
    };
    let mut more = Vec::new();
    trim(&mut more, Cow::Borrowed(value), Undone::default());
    if let Some(restored) = without_carriage_returns(value) {
        let undone = Undone {
            crlf: true,
            ..Undone::default()
        };
        more.push((Cow::Owned(restored.clone()), undone));
        trim(&mut more, Cow::Owned(restored), undone);
    }
    all.append(&mut more);
    if value.trim_ascii_start().starts_with(b"\"")
        && let Ok(text) = serde_json::from_slice::<String>(value)
        && let Ok(inner) = STANDARD.decode(text)
    {
        let undone = Undone {
            json_string: true,
            ..Undone::default()
        };
        all.push((Cow::Owned(inner), undone));
    }
    all
}

/// The bytes before a terminal made CR LF of each line feed; `None` where one is left,
/// which a terminal would have changed.
pub fn without_carriage_returns(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut restored = Vec::with_capacity(bytes.len());
    let mut any = false;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' {
            if index == 0 || bytes[index - 1] != b'\r' {
                return None;
            }
            restored.pop();
            any = true;
        }
        restored.push(byte);
    }
    any.then_some(restored)
}

/// A value, and its key where that is known.
type KeyAndValue<'a> = (Option<&'a [u8]>, &'a [u8]);

/// What `etcdctl get` prints: a line with the key, then the value.
fn key_and_value(bytes: &[u8]) -> Option<KeyAndValue<'_>> {
    let end = bytes.iter().take(4096).position(|byte| *byte == b'\n')?;
    let (key, value) = (&bytes[..end], &bytes[end + 1..]);
    let is_key = key == b"compact_rev_key"
        || (key.starts_with(b"/") && key.iter().all(|byte| byte.is_ascii_graphic()));
    is_key.then_some((Some(key), value))
}

fn is_key_and_value(bytes: &[u8]) -> bool {
    key_and_value(bytes).is_some()
}

/// Two or more JSON objects, one after another.
fn json_values(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
    let values: Result<Vec<_>, _> = values.map(|value| value.map(RawValue::get)).collect();
    let values = values.ok()?;
    let all = values.iter().all(|value| value.starts_with('{'));
    (all && values.len() > 1).then(|| values.into_iter().map(str::as_bytes).collect())
}

/// Two or more JSON objects, each behind a line with its key.
fn keyed_json_values(bytes: &[u8]) -> Option<Vec<KeyAndValue<'_>>> {
    let mut all = Vec::new();
    let mut rest = bytes;
    while !rest.trim_ascii().is_empty() {
        let (key, behind) = key_and_value(rest)?;
        let mut values = serde_json::Deserializer::from_slice(behind).into_iter::<&RawValue>();
        let value = values.next()?.ok()?.get();
        if !value.starts_with('{') {
            return None;
        }
        rest = behind[values.byte_offset()..].strip_prefix(b"\n")?;
        all.push((key, value.as_bytes()));
    }
    (all.len() > 1).then_some(all)
}

/// YAML documents that lines of `---` separate, without those that are empty.
fn yaml_documents(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if is_separator(line) {
            documents.push(&text[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    documents.push(&text[start..]);
    let any_separator = documents.len() > 1;
    let is_content = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    documents.retain(|document| document.lines().any(is_content));
    (any_separator && !documents.is_empty())
        .then(|| documents.into_iter().map(str::as_bytes).collect())
}

/// A line between two YAML documents.
pub fn is_separator(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}
