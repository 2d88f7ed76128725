//! Keys in the bootstrap data of k3s, and values in backups of Rancher.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::policy::database;
use crate::run::{Scratch, decode, decode_stdin};

const BOOTSTRAP: &str = "/bootstrap/a81e611a041b";

#[test]
fn bootstrap_data_is_recognised_and_opened_with_the_token() {
    let scratch = Scratch::new("k3s");
    let file = database(&scratch, "11-k3s-bootstrap.db");
    let records = decode(&[&file]).lines();
    let note = records[0]["note"].as_str().expect("a note");
    assert_eq!(records[0]["key"], BOOTSTRAP);
    assert!(note.contains("--k3s-token"), "{note}");
    assert!(records[1].get("error").is_some());
    for token in [
        "s3cret-token",
        "K10ab::server:s3cret-token",
        "K10ab::s3cret-token",
    ] {
        let ran = decode(&["--k3s-token", token, &file]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let expected = format!("{BOOTSTRAP}: bootstrap data of k3s");
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
        let record = &ran.lines()[1];
        let name = "aescbckey-2026-03-09T09:46:54+01:00";
        assert_eq!(record["encryption"]["keyName"], name);
        assert!(record.get("object").is_some());
    }
    let ran = decode(&["--k3s-token", "another", &file]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("opens no bootstrap data"),
        "{}",
        ran.stderr
    );
    assert!(
        decode(&["-o", "table", &file])
            .stdout
            .contains("--k3s-token")
    );
}

#[test]
fn a_json_string_of_base64_is_a_value() {
    let cases = "testdata/cases/encryption";
    let value = std::fs::read(format!("{cases}/01-print-value-only.aesgcm.bin")).expect("a case");
    let value = value.strip_suffix(b"\n").expect("etcdctl's line feed");
    let text = format!("\"{}\"\n", STANDARD.encode(value));
    let key = "/registry/secrets/payments/db-login";
    let config = format!("{cases}/aesgcm.yaml");
    let args = ["--etcd-key", key, "--encryption-config", &config, "-"];
    let ran = decode_stdin(&args, text.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let record = &ran.lines()[0];
    assert_eq!(record["jsonString"], true);
    assert_eq!(record["object"]["metadata"]["name"], "db-login");
}
