//! Keys, their configurations, and what is said of a value that stays closed.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::run::{CONFIG, Scratch, decode};

/// A scenario's snapshot, uncompressed.
pub fn snapshot(scratch: &Scratch, scenario: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/snapshots")
        .join(scenario);
    let file = fs::File::open(folder.join("snapshot.db.gz")).expect("a snapshot");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    scratch.write("snapshot.db", &bytes)
}

fn kms(scenario: &str) -> serde_json::Value {
    let path = format!("testdata/snapshots/{scenario}/kms.json");
    serde_json::from_slice(&fs::read(path).expect("kms.json")).expect("JSON")
}

#[test]
fn kms_values_open_with_a_map_or_with_local_keys() {
    for scenario in ["kmsv1", "kmsv2"] {
        let scratch = Scratch::new(&format!("kms-{scenario}"));
        let file = snapshot(&scratch, scenario);
        let config = format!("testdata/snapshots/{scenario}/encryption-config.yaml");
        let kms = kms(scenario);
        let map = scratch.write("map.json", kms["map"].to_string().as_bytes());
        let with_map = decode(&["--encryption-config", &config, "--kms-map", &map, &file]);
        assert_eq!((with_map.code, with_map.stderr.as_str()), (Some(0), ""));
        assert!(with_map.stdout.contains(r#""provider":"kms","version":"v"#));

        let mut args = vec!["--encryption-config".to_owned(), config.clone()];
        for (id, key) in kms["plugin"]["keys"].as_object().expect("keys") {
            args.push("--kms-local-key".into());
            args.push(format!("{id}={}", key.as_str().expect("hex")));
        }
        args.push(file.clone());
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        assert!(decode(&args).stdout == with_map.stdout);

        // Without any key the header is told all the same.
        let closed = decode(&["--encryption-config", &config, &file]);
        assert_eq!(closed.code, Some(1));
        let record = closed
            .lines()
            .into_iter()
            .find(|r| r.get("error").is_some())
            .expect("one");
        assert_eq!(record["encryption"]["provider"], "kms");
        assert_eq!(record["error"]["category"], "encrypted");
    }
}

#[test]
fn a_moved_value_is_told_with_the_key_it_was_written_for() {
    // The bytes of a Secret's key are changed in the database: the value no
    // longer authenticates under the key it has now.
    let scratch = Scratch::new("moved");
    let mut bytes = fs::read(crate::run::CLUSTER).expect("the cluster");
    let key = b"/registry/secrets/monitoring/ssh";
    let at = bytes
        .windows(key.len())
        .rposition(|window| window == key)
        .expect("the key");
    let other = b"/registry/secrets/payments/basic";
    let other_at = bytes
        .windows(other.len())
        .rposition(|window| window == other)
        .expect("the key");
    bytes[at..at + key.len()].copy_from_slice(other);
    bytes[other_at..other_at + key.len()].copy_from_slice(key);
    let file = scratch.write("snapshot.db", &bytes);
    let ran = decode(&[
        "--encryption-config",
        CONFIG,
        "--key",
        "/registry/secrets/payments/basic",
        &file,
    ]);
    let message = ran.lines()[0]["error"]["message"]
        .as_str()
        .expect("an error")
        .to_owned();
    assert!(
        message.contains("API server: cipher: message authentication failed"),
        "{message}"
    );
    assert!(
        message
            .ends_with("moved: it was written for etcd key \"/registry/secrets/monitoring/ssh\""),
        "{message}"
    );
}

#[test]
fn check_config_says_all_that_is_wrong() {
    let ran = decode(&["check-config", CONFIG]);
    assert_eq!(
        (ran.code, ran.stdout),
        (Some(0), format!("{CONFIG}: valid, 1 rule\n"))
    );
    let scratch = Scratch::new("check-config");
    let text = fs::read_to_string(CONFIG).expect("the configuration");
    let secret = "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=";
    let file = scratch.write("short.yaml", text.replace(secret, "AAAA").as_bytes());
    let ran = decode(&["check-config", &file]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout
            .contains("resources[0].providers[0].aesgcm.keys[0].secret"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("3 bytes, need 16, 24 or 32"),
        "{}",
        ran.stdout
    );
    assert_eq!(decode(&["check-config", "/no/such/file"]).code, Some(2));
    assert_eq!(decode(&["check-config"]).code, Some(2));
}

#[test]
fn a_plain_value_that_should_be_encrypted_is_told() {
    let scratch = Scratch::new("plain-policy");
    let value = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x05\x0a\x03\x0a\x01a";
    let file = scratch.write("value", value);
    let ran = decode(&[
        "--encryption-config",
        CONFIG,
        "--etcd-key",
        "/registry/secrets/default/a",
        &file,
    ]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.lines()[0]["encryption"]["policy"],
        "plain-but-should-be-encrypted"
    );
}
