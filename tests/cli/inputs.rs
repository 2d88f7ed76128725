//! Snapshots, single values, folders, standard input, and wrong usage.

use crate::run::{CLUSTER, CONFIG, Scratch, decode, decode_stdin, program};

const NAMESPACE: &[u8] =
    b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0d\x0a\x0b\x0a\x09kube-prod";

#[test]
fn a_single_value_has_no_key_unless_given() {
    let scratch = Scratch::new("single");
    let file = scratch.write("value", NAMESPACE);
    let object = r#""object":{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-prod"},"spec":{},"status":{}}}"#;
    let head = r#""storedBytes":36,"media":"protobuf","apiVersion":"v1","kind":"Namespace","#;
    assert_eq!(decode(&[&file]).stdout, format!("{{{head}{object}\n"));
    let with_key = decode(&["--etcd-key", "/registry/namespaces/kube-prod", &file]);
    assert_eq!(
        with_key.stdout,
        format!("{{\"key\":\"/registry/namespaces/kube-prod\",{head}{object}\n")
    );
}

#[test]
fn standard_input_is_told_by_its_content_too() {
    let ran = decode_stdin(&["-o", "yaml", "-"], NAMESPACE);
    assert_eq!(
        ran.stdout,
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: kube-prod\nspec: {}\nstatus: {}\n"
    );
    let snapshot = std::fs::read(CLUSTER).expect("the cluster");
    let ran = decode_stdin(&["-o", "keys", "-"], &snapshot);
    assert_eq!(ran.stdout.lines().count(), 321);
}

#[test]
fn a_folder_is_read_in_the_order_of_its_paths() {
    let scratch = Scratch::new("folder");
    scratch.write("b/value", NAMESPACE);
    scratch.write("a.json", br#"{ "apiVersion": "v1", "kind": "A" }"#);
    scratch.write("b.txt", b"266");
    let ran = decode(&[scratch.path()]);
    assert_eq!(ran.code, Some(0));
    let records = ran.lines();
    let inputs: Vec<_> = records
        .iter()
        .map(|record| record["input"].as_str().unwrap())
        .collect();
    assert_eq!(inputs, ["a.json", "b.txt", "b/value"]);
    assert_eq!(
        records[0]["object"],
        serde_json::json!({"apiVersion": "v1", "kind": "A"})
    );
    assert!(
        ran.stdout
            .contains(r#""object":{"apiVersion":"v1","kind":"A"}"#)
    );
    assert_eq!(
        records[1],
        serde_json::json!({"input": "b.txt", "storedBytes": 3, "media": "text", "text": "266"})
    );
}

#[cfg(unix)]
#[test]
fn links_in_folders_are_not_followed() {
    let scratch = Scratch::new("links");
    scratch.write("real", b"266");
    std::os::unix::fs::symlink("real", format!("{}/link", scratch.path())).expect("a link");
    assert_eq!(decode(&[scratch.path()]).lines().len(), 1);
}

#[test]
fn a_key_that_is_not_text_stands_in_base64() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new("binary-key");
    let file = scratch.write("value", b"text");
    let mut command = std::process::Command::new(program());
    // The flag takes text only.
    command
        .arg("--etcd-key")
        .arg(std::ffi::OsStr::from_bytes(b"/\xff"))
        .arg(&file);
    assert_eq!(command.output().expect("runs").status.code(), Some(2));
}

#[test]
fn a_value_of_an_unknown_kind_keeps_its_metadata() {
    let scratch = Scratch::new("unknown-kind");
    let mut value = b"k8s\0\x0a\x10\x0a\x07acme/v1\x12\x05Gizmo\x12\x11".to_vec();
    value.extend_from_slice(b"\x0a\x05\x0a\x03one\x12\x08\x0a\x06secret");
    let file = scratch.write("value", &value);
    let ran = decode(&[&file]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(
        ran.stdout,
        concat!(
            r#"{"storedBytes":41,"media":"protobuf","apiVersion":"acme/v1","kind":"Gizmo","unknownKind":true,"#,
            r#""object":{"kind":"Gizmo","apiVersion":"acme/v1","metadata":{"name":"one"}},"#,
            r#""unknownFields":[{"path":"","message":"","number":2,"wireType":2,"offset":7,"in":"raw","bytes":"EggKBnNlY3JldA=="}]}"#,
            "\n"
        )
    );
}

#[test]
fn a_damaged_value_says_where_and_the_rest_goes_on() {
    let scratch = Scratch::new("damaged");
    scratch.write("1", &NAMESPACE[..NAMESPACE.len() - 2]);
    scratch.write("2", NAMESPACE);
    scratch.write("3", b"\x00\x01\x02");
    let ran = decode(&[scratch.path()]);
    assert_eq!(ran.code, Some(1));
    let records = ran.lines();
    assert_eq!(records[0]["error"]["category"], "truncated");
    assert_eq!(records[0]["error"]["in"], "value");
    assert!(records[0]["error"]["offset"].is_u64());
    assert_eq!(records[1]["kind"], "Namespace");
    assert_eq!(records[2]["media"], "unrecognized");
    assert!(records[2]["error"]["message"].is_string());
}

#[test]
fn invalid_utf8_is_replaced_and_listed_or_an_error_if_strict() {
    let scratch = Scratch::new("utf8");
    let mut value = NAMESPACE.to_vec();
    *value.last_mut().unwrap() = 0xff;
    let file = scratch.write("value", &value);
    let record = &decode(&[&file]).lines()[0];
    assert_eq!(record["object"]["metadata"]["name"], "kube-pro\u{fffd}");
    assert_eq!(record["invalidUtf8"], serde_json::json!(["metadata.name"]));
    let ran = decode(&["--strict", &file]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.lines()[0]["error"]["category"], "malformed");
    assert!(
        ran.lines()[0]["error"]["message"]
            .as_str()
            .unwrap()
            .ends_with("at metadata.name")
    );
}

#[test]
fn unknown_fields_stand_in_the_object_if_lossless() {
    let scratch = Scratch::new("lossless");
    let mut value = NAMESPACE.to_vec();
    // Field 99 of the namespace itself, a varint.
    value[22] += 3;
    value.extend_from_slice(b"\x98\x06\x07");
    let file = scratch.write("value", &value);
    let record = &decode(&[&file]).lines()[0];
    assert_eq!(record["unknownFields"][0]["number"], 99, "{record}");
    assert!(record["object"].get("$unknownFields").is_none());
    let record = &decode(&["--lossless", &file]).lines()[0];
    assert_eq!(
        record["object"]["$unknownFields"],
        serde_json::json!([{"bytes": "mAYH", "message": "k8s.io.api.core.v1.Namespace", "number": 99, "wireType": 0}])
    );
}

#[test]
fn a_trailer_that_does_not_match_is_told() {
    let scratch = Scratch::new("trailer");
    let mut snapshot = std::fs::read(CLUSTER).expect("the cluster");
    *snapshot.last_mut().unwrap() ^= 1;
    let file = scratch.write("snapshot.db", &snapshot);
    let ran = decode(&["-o", "keys", &file]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 321));
    assert!(ran.stderr.contains("trailer"), "{}", ran.stderr);
}

#[test]
fn wrong_usage_and_unreadable_input_end_with_2() {
    for args in [
        &["/no/such/file"][..],
        &[],
        &["--no-such-flag", CLUSTER],
        &["--encryption-config", CLUSTER, CLUSTER],
        &["--encryption-config", "/no/such/file", CLUSTER],
        &["-o", "xml", CLUSTER],
        &["audit", CLUSTER],
        &["stats"],
    ] {
        let ran = decode(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_configuration_s_secret_is_never_shown() {
    let scratch = Scratch::new("secret");
    let text = std::fs::read_to_string(CONFIG).expect("the configuration");
    let secret = "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=";
    let file = scratch.write(
        "config.yaml",
        text.replace(secret, "not+base64!secret").as_bytes(),
    );
    let ran = decode(&["--encryption-config", &file, CLUSTER]);
    // The key is lost, and what it would open stays closed.
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("resources[0].providers[0].aesgcm.keys[0].secret"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("not+base64"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    let script = format!("'{}' '{CLUSTER}' | head -n 1", program().display());
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("sh runs");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
