//! Stored values with what Kubernetes makes of them, recorded from a run of Go
//! (testdata/differential/README.md): cases named after their hazard, and random
//! ones.

mod judgement;

use std::collections::BTreeSet;
use std::io::Read;

use judgement::{Outcome, Theirs, exceptions, judge};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    value: String,
    json: Option<String>,
    /// Stands for JSON that is not UTF-8.
    json_hex: Option<String>,
    error: Option<String>,
    #[serde(default)]
    unregistered: bool,
}

impl Case {
    fn judge(&self) -> Outcome {
        let value = hex::decode(&self.value).unwrap();
        let hexadecimal = self.json_hex.as_ref().map(|hex| hex::decode(hex).unwrap());
        let json = self.json.as_ref().map(|json| json.as_bytes());
        let theirs = match (json.or(hexadecimal.as_deref()), &self.error) {
            (Some(json), None) if !self.unregistered => Theirs::Accepted(json),
            (None, Some(error)) if !self.unregistered => Theirs::Refused(error),
            (None, None) if self.unregistered => Theirs::Unregistered,
            _ => panic!("{}: not one verdict", self.name),
        };
        judge(&value, theirs)
    }
}

fn data(file: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/differential");
    std::fs::read(format!("{folder}/{file}")).unwrap()
}

fn named() -> Vec<Case> {
    lines(&String::from_utf8(data("cases.jsonl")).unwrap())
}

fn random() -> Vec<Case> {
    let mut text = String::new();
    let packed = data("random.jsonl.gz");
    flate2::read::GzDecoder::new(&*packed)
        .read_to_string(&mut text)
        .unwrap();
    lines(&text)
}

fn lines(text: &str) -> Vec<Case> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Fails on every difference that is no listed exception.
fn replay(cases: &[Case]) {
    let exceptions = exceptions();
    let mut unlisted = Vec::new();
    for case in cases {
        if let Outcome::Differs(class) = case.judge()
            && (case.name == "well-formed"
                || !exceptions.iter().any(|(listed, _)| *listed == class))
        {
            unlisted.push(format!("{}: {class}: {}", case.name, case.value));
        }
    }
    assert!(unlisted.is_empty(), "{}", unlisted.join("\n"));
}

#[test]
fn hazards_are_met_as_kubernetes_meets_them() {
    let cases = named();
    assert!(cases.len() > 300, "{}", cases.len());
    replay(&cases);
    let names = cases.iter().map(|case| &case.name).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), cases.len(), "a name stands twice");
    // Each kind of hazard is there.
    for hazard in [
        "nesting",
        "length",
        "group",
        "wire type",
        "number",
        "twice",
        "order",
        "packed",
        "varint",
        "UTF-8",
        "map",
        "quantity",
        "time",
        "micro time",
        "IntOrString",
        "RawExtension",
        "FieldsV1",
        "double",
        "envelope",
        "Unknown",
    ] {
        let prefix = format!("{hazard}: ");
        assert!(
            names.iter().any(|name| name.starts_with(&prefix)),
            "{hazard}"
        );
    }
}

#[test]
fn random_values_are_read_as_kubernetes_reads_them() {
    let cases = random();
    replay(&cases);
    let count = |outcome| cases.iter().filter(|case| case.judge() == outcome).count();
    let (accepted, refused) = (count(Outcome::Accepted), count(Outcome::Refused));
    assert!(accepted > 400 && refused > 50, "{accepted}, {refused}");
}

#[test]
fn every_exception_still_occurs() {
    let occurring = named()
        .iter()
        .chain(&random())
        .filter_map(|case| match case.judge() {
            Outcome::Differs(class) => Some(class),
            _ => None,
        })
        .collect::<BTreeSet<_>>();
    let exceptions = exceptions();
    assert!(!exceptions.is_empty());
    for (class, reason) in exceptions {
        assert!(occurring.contains(class), "{class}: no longer occurs");
        assert!(reason.ends_with('.'), "{class}: no reason");
    }
}
