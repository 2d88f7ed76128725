//! Random full objects of every kind of Kubernetes 1.37, and empty ones, with
//! hostile strings: byte for byte what Go printed.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use conformance::shared;
use k8s_etcd::Object;
use k8s_etcd::envelope::Envelope;

#[derive(serde::Deserialize)]
struct Golden {
    group: String,
    version: String,
    kind: String,
    value: String,
    json: String,
}

#[test]
fn json_is_go_s_byte_for_byte() {
    let text = fs::read_to_string(shared().join("schema/golden.jsonl")).expect("golden.jsonl");
    let mut compared = 0;
    for line in text.lines() {
        let golden: Golden = serde_json::from_str(line).expect("a golden line");
        let name = format!("{}/{} {}", golden.group, golden.version, golden.kind);
        let stored = STANDARD.decode(&golden.value).expect("base64");
        let expected = STANDARD.decode(&golden.json).expect("base64");
        let expected = expected.strip_suffix(b"\n").expect("Go's closing newline");

        let envelope = Envelope::parse(&stored).expect(&name);
        let object = Object::of_envelope(&envelope).expect(&name);
        assert!(object.is_known_kind(), "{name} is not in the schema");
        let (json, report) = object.to_json().expect(&name);
        assert_eq!(
            String::from_utf8_lossy(&json),
            String::from_utf8_lossy(expected),
            "{name}"
        );
        assert_eq!(json, expected, "{name}");
        assert!(report.unknown_fields.is_empty(), "{name}: {report:?}");
        assert!(report.retired_fields.is_empty(), "{name}: {report:?}");

        // The same through serde, and printed in pieces to a writer.
        let value: serde_json::Value = object.decode().expect(&name);
        let reread: serde_json::Value = serde_json::from_slice(&json).expect(&name);
        assert_eq!(value, reread, "{name}");
        let mut written = Vec::new();
        object.write_json(&mut written).expect(&name);
        assert_eq!(written, json, "{name}");
        compared += 1;
    }
    println!("golden: {compared} values equal, byte for byte");
    assert_eq!(compared, 373);
}
