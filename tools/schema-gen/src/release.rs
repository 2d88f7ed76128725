//! Releases in and out of a schema, by its merge rule:
//!
//! 1. A field is known by its message and number, whose wire type never changes.
//! 2. The newest release that has something decides on its form. Older forms
//!    of a field whose type, JSON name or `inline` differ are kept beside it.
//! 3. Fields stand in the newest release's order; one that is gone stays right
//!    after the field that it stood after.
//! 4. What is gone keeps the form of its last release, with that release as its
//!    `until`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::input::{Field, FieldForm, Kind, KindForm, Message, Schema};

/// What one release says. `add` reads it from a file of this form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// `kubernetes` or `openshift`.
    pub project: String,
    /// Major and minor: `1.38`.
    pub release: String,
    /// By full protobuf name.
    pub messages: BTreeMap<String, ReleaseMessage>,
    pub kinds: Vec<KindForm>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapper: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_meta: Option<u32>,
    /// In the order of the Go struct.
    pub fields: Vec<FieldForm>,
    pub source: String,
}

/// What the newest release of a schema says. Of older ones the schema does not
/// keep all forms, so that they cannot be had.
pub fn extract(schema: &Schema, project: &str, release: &str) -> Result<Release, String> {
    must_be_newest(schema, release)?;
    let message = |message: &Message| ReleaseMessage {
        special: message.special.clone(),
        wrapper: message.wrapper.clone(),
        type_meta: message.type_meta,
        fields: message
            .fields
            .iter()
            .filter(|field| field.until.is_none())
            .map(|field| field.form.clone())
            .collect(),
        source: message.source.clone(),
    };
    let messages = schema.messages.iter().filter(|(_, m)| m.until.is_none());
    let kinds = schema.kinds.iter().filter(|k| k.until.is_none());
    Ok(Release {
        project: project.to_owned(),
        release: release.to_owned(),
        messages: messages
            .map(|(name, m)| (name.clone(), message(m)))
            .collect(),
        kinds: kinds.map(|kind| kind.form.clone()).collect(),
    })
}

fn must_be_newest(schema: &Schema, release: &str) -> Result<(), String> {
    if schema.newest == release {
        return Ok(());
    }
    Err(format!(
        "{release}: only the newest release, {}, can be taken out",
        schema.newest
    ))
}

/// Takes the newest release out: what only it has goes, what ended with the
/// release before it is in use again. Flags and order of the rest stay as the
/// newest release had them, since the schema does not keep older ones.
pub fn remove(schema: &mut Schema, release: &str) -> Result<(), String> {
    must_be_newest(schema, release)?;
    let [.., before, _] = schema.releases.as_slice() else {
        return Err(format!("{release}: the only release"));
    };
    let before = before.clone();
    let reopen = |until: &mut Option<String>| {
        if until.as_ref() == Some(&before) {
            *until = None;
        }
    };
    let came = |since: &String, until: &Option<String>| since == release && until.is_none();

    schema.messages.retain(|_, m| !came(&m.since, &m.until));
    for message in schema.messages.values_mut() {
        message.fields.retain(|f| !came(&f.since, &f.until));
        for field in &mut message.fields {
            // A form that came with the release gives way to the one before.
            let last = field.alternates.last();
            if field.until.is_none() && last.is_some_and(|a| a.until.as_ref() == Some(&before)) {
                field.form = field
                    .alternates
                    .pop()
                    .map_or(field.form.clone(), |a| a.form);
            }
            reopen(&mut field.until);
        }
        reopen(&mut message.until);
        number(message);
    }
    schema.kinds.retain(|k| !came(&k.since, &k.until));
    for kind in &mut schema.kinds {
        reopen(&mut kind.until);
    }
    schema.releases.pop();
    schema.newest = before;
    Ok(())
}

/// Merges a newer release in. Returns what it changed, a line each.
pub fn add(schema: &mut Schema, release: &Release) -> Result<Vec<String>, String> {
    let new = &release.release;
    let before = schema.newest.clone();
    if minor(new)? <= minor(&before)? {
        return Err(format!("{new}: not newer than {before}"));
    }
    let mut changes = Vec::new();
    for (name, message) in &mut schema.messages {
        if message.until.is_none() && !release.messages.contains_key(name) {
            changes.push(format!("- {name}"));
            close(message, &before);
        }
    }
    for (name, message) in &release.messages {
        match schema.messages.get_mut(name) {
            Some(old) => merge(
                name,
                old,
                message,
                schema.releases.as_slice(),
                new,
                &mut changes,
            )?,
            None => {
                changes.push(format!("+ {name}"));
                schema
                    .messages
                    .insert(name.clone(), new_message(message, new));
            }
        }
    }
    add_kinds(schema, release, &before, &mut changes)?;
    schema.releases.push(new.clone());
    schema.newest = new.clone();
    Ok(changes)
}

fn minor(release: &str) -> Result<(u32, u32), String> {
    release
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .ok_or_else(|| format!("{release}: a release is named as 1.38"))
}

/// The message is gone: it and its fields end with the release `before`.
fn close(message: &mut Message, before: &str) {
    for field in &mut message.fields {
        field.until.get_or_insert_with(|| before.to_owned());
    }
    message.until = Some(before.to_owned());
}

fn new_message(message: &ReleaseMessage, release: &str) -> Message {
    let mut new = Message {
        special: message.special.clone(),
        wrapper: message.wrapper.clone(),
        type_meta: message.type_meta,
        fields: message
            .fields
            .iter()
            .map(|f| new_field(f, release))
            .collect(),
        source: message.source.clone(),
        since: release.to_owned(),
        until: None,
    };
    number(&mut new);
    new
}

fn new_field(form: &FieldForm, release: &str) -> Field {
    Field {
        form: form.clone(),
        order: 0,
        since: release.to_owned(),
        until: None,
        alternates: Vec::new(),
    }
}

/// Counts the fields through, older forms with theirs; a TypeMeta takes the
/// first place.
fn number(message: &mut Message) {
    let first = u32::from(message.type_meta.is_some());
    for (field, order) in message.fields.iter_mut().zip(first..) {
        field.order = order;
        for older in &mut field.alternates {
            older.order = order;
        }
    }
}

fn merge(
    name: &str,
    old: &mut Message,
    new: &ReleaseMessage,
    releases: &[String],
    release: &str,
    changes: &mut Vec<String>,
) -> Result<(), String> {
    let Some(before) = releases.last() else {
        return Err("a schema without releases".to_owned());
    };
    let numbers = new.fields.iter().map(|f| f.number).collect::<BTreeSet<_>>();
    if numbers.len() != new.fields.len() {
        return Err(format!("{name}: a number stands twice"));
    }
    let olds = std::mem::take(&mut old.fields);
    let mut fields = Vec::new();
    for form in &new.fields {
        let at = format!("{name} #{} {}", form.number, form.json);
        let field = match olds.iter().find(|f| f.form.number == form.number) {
            Some(field) => renew(field, form, releases).map_err(|e| format!("{at}: {e}"))?,
            None => new_field(form, release),
        };
        match olds.iter().find(|f| f.form.number == form.number) {
            None => changes.push(format!("+ {at}")),
            Some(field) if field.form != *form => changes.push(format!("~ {at}")),
            Some(_) => {}
        }
        fields.push(field);
    }
    for (i, field) in olds.iter().enumerate() {
        if numbers.contains(&field.form.number) {
            continue;
        }
        let mut field = field.clone();
        if field.until.is_none() {
            changes.push(format!(
                "- {name} #{} {}",
                field.form.number, field.form.json
            ));
            field.until = Some(before.clone());
        }
        let after = i.checked_sub(1).and_then(|i| olds.get(i));
        let place = after
            .and_then(|a| {
                fields
                    .iter()
                    .position(|f: &Field| f.form.number == a.form.number)
            })
            .map_or(0, |place| place + 1);
        fields.insert(place, field);
    }
    old.special.clone_from(&new.special);
    old.wrapper.clone_from(&new.wrapper);
    // One that is gone stays: kinds of older releases print it.
    old.type_meta = new.type_meta.or(old.type_meta);
    old.source.clone_from(&new.source);
    old.until = None;
    old.fields = fields;
    number(old);
    Ok(())
}

/// The field with the form of a new release.
fn renew(old: &Field, form: &FieldForm, releases: &[String]) -> Result<Field, String> {
    if wire_type(&old.form)? != wire_type(form)? {
        return Err("a number that changes its wire type".to_owned());
    }
    let mut field = old.clone();
    if told_apart(&old.form) != told_apart(form) {
        let since = match old.alternates.last() {
            None => old.since.clone(),
            Some(last) => releases
                .iter()
                .skip_while(|r| Some(*r) != last.until.as_ref())
                .nth(1)
                .ok_or("an older form that did not end")?
                .clone(),
        };
        field.alternates.push(Field {
            since,
            until: old.until.as_ref().or(releases.last()).cloned(),
            alternates: Vec::new(),
            ..old.clone()
        });
    }
    field.form = form.clone();
    field.until = None;
    Ok(field)
}

/// What makes an older form worth keeping.
fn told_apart(form: &FieldForm) -> impl PartialEq {
    let types = (form.kind.clone(), form.label.clone(), form.key.clone());
    (types, form.message.clone(), form.json.clone(), form.inline)
}

fn wire_type(form: &FieldForm) -> Result<u32, String> {
    match (form.label.as_str(), form.kind.as_str()) {
        ("map", _) | (_, "bytes" | "string" | "message") => Ok(2),
        (_, "bool" | "int32" | "int64" | "uint32") => Ok(0),
        (_, "double") => Ok(1),
        (_, other) => Err(format!("unknown type {other:?}")),
    }
}

fn add_kinds(
    schema: &mut Schema,
    release: &Release,
    before: &str,
    changes: &mut Vec<String>,
) -> Result<(), String> {
    let mut new = BTreeMap::new();
    for kind in &release.kinds {
        let key = (kind.group.clone(), kind.version.clone(), kind.kind.clone());
        if new.insert(key, kind).is_some() {
            return Err(format!(
                "{}/{} {}: stands twice",
                kind.group, kind.version, kind.kind
            ));
        }
    }
    for kind in &mut schema.kinds {
        let form = &kind.form;
        let key = (form.group.clone(), form.version.clone(), form.kind.clone());
        match new.remove(&key) {
            Some(newer) => {
                kind.form = newer.clone();
                kind.until = None;
            }
            None if kind.until.is_none() => {
                changes.push(format!("- kind {}/{} {}", key.0, key.1, key.2));
                kind.until = Some(before.to_owned());
            }
            None => {}
        }
    }
    for ((group, version, name), kind) in new {
        changes.push(format!("+ kind {group}/{version} {name}"));
        schema.kinds.push(Kind {
            form: kind.clone(),
            since: release.release.clone(),
            until: None,
        });
    }
    schema.kinds.sort_by(|a, b| a.form.key().cmp(&b.form.key()));
    Ok(())
}
