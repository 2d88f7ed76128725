//! Upstream's stored values of releases before 1.36: nothing in them is
//! unknown, and all they hold comes out.

use std::collections::BTreeSet;

use conformance::{Vector, vectors};
use k8s_etcd::envelope::Envelope;
use k8s_etcd::{Object, schema};
use serde_json::Value;

const RELEASES: [&str; 10] = [
    "v1.16", "v1.18", "v1.20", "v1.22", "v1.24", "v1.26", "v1.28", "v1.30", "v1.32", "v1.34",
];

/// Known differences: release and vector, path, reason. One that no longer
/// applies fails the test.
const EXCEPTIONS: [(&str, &str, &str); 1] = [(
    "v1.22/core.v1.EphemeralContainers",
    "",
    "upstream's file is no JSON: the end of a longer one is left in it",
)];

#[test]
fn older_releases_come_out_whole() {
    let mut stale: BTreeSet<_> = EXCEPTIONS
        .iter()
        .map(|(vector, path, _)| (*vector, *path))
        .collect();
    let (mut compared, mut failures) = (0, Vec::new());
    for release in RELEASES {
        for vector in vectors(release) {
            let name = format!("{release}/{}", vector.name);
            let (ours, unknown) = lossless(&vector);
            if !unknown.is_empty() {
                failures.push(format!("{name}: unknown fields {unknown:?}"));
            }
            let mut differences = Vec::new();
            match serde_json::from_slice::<Value>(&vector.json()) {
                Ok(theirs) => {
                    differ(
                        &strip(ours),
                        &strip(theirs),
                        &mut String::new(),
                        &mut differences,
                    );
                }
                Err(error) => differences.push((String::new(), format!("not JSON: {error}"))),
            }
            for (path, what) in differences {
                let excepted = EXCEPTIONS.iter().find(|(v, p, _)| *v == name && *p == path);
                match excepted {
                    Some((v, p, _)) => drop(stale.remove(&(*v, *p))),
                    None => failures.push(format!("{name}: {path}: {what}")),
                }
            }
            compared += 1;
        }
    }
    println!(
        "older vectors: {compared} compared, {} exceptions",
        EXCEPTIONS.len()
    );
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(
        stale.is_empty(),
        "exceptions that no longer apply: {stale:?}"
    );
    assert!(EXCEPTIONS.len() <= 20);
}

fn lossless(vector: &Vector) -> (Value, Vec<String>) {
    let envelope = Envelope::parse(&vector.stored).expect("an envelope");
    let object = match vector.kind.as_str() {
        "WatchEvent" => {
            let message = schema::message("k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent");
            Object::of_message(message.expect("WatchEvent"), envelope.raw())
        }
        _ => Object::of_envelope(&envelope).expect("an object"),
    };
    assert!(
        object.is_known_kind(),
        "{} is not in the schema",
        vector.name
    );
    let (json, report) = object.lossless(true).to_json().expect(&vector.name);
    let value = serde_json::from_slice(&json).expect("JSON");
    let unknown = report
        .unknown_fields
        .iter()
        .map(|u| format!("{}#{}", u.path, u.number))
        .collect();
    (value, unknown)
}

/// Drops null, empty and zero members: which of them are printed changed with
/// the releases.
fn strip(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, strip(value)))
                .filter(|(_, value)| !is_nothing(value))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(strip).collect()),
        value => value,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn differ(ours: &Value, theirs: &Value, path: &mut String, found: &mut Vec<(String, String)>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
            for name in names {
                let length = path.len();
                path.push('.');
                path.push_str(name);
                let null = Value::Null;
                differ(
                    ours.get(name).unwrap_or(&null),
                    theirs.get(name).unwrap_or(&null),
                    path,
                    found,
                );
                path.truncate(length);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                let length = path.len();
                path.push_str(&format!("[{index}]"));
                differ(ours, theirs, path, found);
                path.truncate(length);
            }
        }
        (ours, theirs) if ours == theirs => {}
        (ours, theirs) => found.push((path.clone(), format!("ours {ours}, theirs {theirs}"))),
    }
}
