//! What a record says of keys: which configuration is the policy, where the key
//! stands, what is written with another key today, what a name may be.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::run::{Ran, Scratch, decode};

const CASES: &str = "testdata/cases/encryption";

/// A database of the cases, uncompressed.
pub fn database(scratch: &Scratch, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(CASES)
        .join(format!("{name}.gz"));
    let file = fs::File::open(path).expect("a case");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    scratch.write(name, &bytes)
}

/// Decodes a case's database with configurations of the cases.
fn with(name: &str, configurations: &[&str]) -> Ran {
    let scratch = Scratch::new(&format!("policy-{name}-{}", configurations.concat()));
    let mut args = vec![database(&scratch, name)];
    for configuration in configurations {
        let (option, file) = match configuration.strip_prefix("old:") {
            Some(file) => ("--old-encryption-config", file),
            None => ("--encryption-config", *configuration),
        };
        args.push(option.to_owned());
        args.push(format!("{CASES}/{file}"));
    }
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    decode(&args)
}

/// The last segment of each key, and a member of its `encryption`.
fn members(ran: &Ran, member: &str) -> Vec<(String, Value)> {
    let lines = ran.lines();
    let records = lines.iter().map(|record| {
        let key = record["key"].as_str().expect("a key");
        let name = key.rsplit('/').next().unwrap_or_default();
        (name.to_owned(), record["encryption"][member].clone())
    });
    records.collect()
}

/// The keys whose records have a member in `encryption`.
fn having(ran: &Ran, member: &str) -> Vec<String> {
    let members = members(ran, member).into_iter();
    let having = members.filter(|(_, value)| !value.is_null());
    having.map(|(name, _)| name).collect()
}

#[test]
fn openshift_s_three_configurations_are_all_policies() {
    let [kas, oas, oauth] = [
        "06-openshift-kas.json",
        "06-openshift-oas.json",
        "06-openshift-oauth.json",
    ];
    for order in [[kas, oas, oauth], [oauth, kas, oas], [oas, oauth, kas]] {
        let ran = with("06-openshift.db", &order);
        assert_eq!((ran.code, ran.lines().len()), (Some(0), 5));
        assert_eq!(having(&ran, "outOfPolicy"), [""; 0], "{order:?}");
        assert_eq!(having(&ran, "stale"), [""; 0], "{order:?}");
        assert_eq!(having(&ran, "policy"), ["plain"], "{order:?}");
    }
    // Given as an old one, a configuration is no policy.
    let ran = with(
        "06-openshift.db",
        &[kas, "old:06-openshift-oas.json", oauth],
    );
    assert_eq!(having(&ran, "outOfPolicy"), ["web"]);
    assert_eq!(having(&ran, "policy"), [""; 0]);
}

#[test]
fn an_older_version_of_the_same_configuration_only_lends_its_keys() {
    let ran = with(
        "14-mixed-keys.db",
        &["14-identity-first.yaml", "14-rotated.yaml"],
    );
    // key2 is the older version's alone.
    assert_eq!(having(&ran, "outOfPolicy"), ["s3", "s4"]);
    assert_eq!(having(&ran, "policy"), [""; 0]);
}

#[test]
fn a_plain_value_that_no_provider_reads_is_out_of_policy() {
    let ran = with("07-no-identity.db", &["07-no-identity.yaml"]);
    assert_eq!(having(&ran, "outOfPolicy"), ["default-token-8xk2p"]);
    assert_eq!(
        members(&ran, "apiServerMessage")[0].1,
        "no matching prefix found"
    );
    // With `identity` it is only to be written anew.
    let ran = with("07-no-identity.db", &["14-rotated.yaml"]);
    assert_eq!(having(&ran, "outOfPolicy"), [""; 0]);
    assert_eq!(having(&ran, "policy"), ["default-token-8xk2p"]);
}

#[test]
fn padding_that_does_not_fit_names_its_causes() {
    let ran = with("08-same-name.db", &["08-same-name-other-secret.yaml"]);
    assert_eq!(ran.code, Some(1));
    for record in ran.lines() {
        let message = record["error"]["message"].as_str().expect("an error");
        assert!(
            message.contains("(another secret, or changed bytes)"),
            "{message}"
        );
    }
}

#[test]
fn the_place_of_the_key_tells_two_secrets_of_one_name_apart() {
    let ran = with("08-same-name-twice.db", &["08-same-name-twice.yaml"]);
    let keys = |at: usize| json!(format!("resources[0].providers[0].aescbc.keys[{at}]"));
    let expected = [("s1", keys(1)), ("s2", keys(1)), ("s6", keys(0))];
    let expected = expected.map(|(name, path)| (name.to_owned(), path));
    assert_eq!(members(&ran, "keyPath"), expected);
    assert_eq!(having(&ran, "stale"), ["s1", "s2"]);
}

#[test]
fn what_is_written_otherwise_today_is_stale() {
    let ran = with("14-mixed-keys.db", &["14-rotated.yaml"]);
    assert_eq!(having(&ran, "stale"), ["s1", "s2"]);
    assert_eq!(having(&ran, "policy"), ["s5"]);
    // Values are written plain: those that open are encrypted still.
    let ran = with("14-mixed-keys.db", &["14-identity-first.yaml"]);
    assert_eq!(having(&ran, "stale"), ["s1", "s2"]);
    assert_eq!(having(&ran, "policy"), [""; 0]);
}

#[test]
fn a_name_with_colons_is_told_whole_and_as_a_guess() {
    let name = "aescbckey-2026-03-09T09:46:54+01:00";
    let value = format!("{CASES}/05-k3s-colon-name.bin");
    let with = |configuration: Option<&str>| {
        let path = configuration.map(|file| format!("{CASES}/{file}"));
        let mut args = vec!["--etcd-key", "/registry/secrets/default/x", &value];
        args.extend(path.iter().flat_map(|path| ["--encryption-config", path]));
        decode(&args).lines().remove(0)
    };
    for configuration in [None, Some("05-k3s-old.json")] {
        let record = with(configuration);
        assert_eq!(record["encryption"]["keyNameGuess"], name);
        assert_eq!(record["encryption"]["keyName"], Value::Null);
        let message = record["error"]["message"].as_str().expect("an error");
        assert!(
            message.contains(name) && message.contains("go on"),
            "{message}"
        );
    }
    let record = with(Some("05-k3s-encryption-config.json"));
    assert_eq!(record["encryption"]["keyName"], name);
    assert_eq!(record["encryption"]["keyNameGuess"], Value::Null);
}

#[test]
fn the_name_of_a_kms_v2_provider_is_told_without_a_configuration() {
    let value = format!("{CASES}/03-kmsv2-azure.bin");
    let ran = decode(&["--etcd-key", "/registry/secrets/payments/db-login", &value]);
    let encryption = &ran.lines()[0]["encryption"];
    assert_eq!(encryption["keyName"], "azurekmsprovider");
    assert_eq!(encryption["keyNameGuess"], Value::Null);
}

/// The etcd prefix was renamed: the values were written for another one.
#[test]
fn values_under_a_renamed_prefix_are_told_with_the_key_they_were_written_for() {
    let ran = with("10-prefix-renamed.db", &["aesgcm.yaml"]);
    assert_eq!(ran.code, Some(1));
    let records = ran.lines();
    assert_eq!(records.len(), 3);
    for (record, name) in records.iter().zip(["a", "b", "c"]) {
        let message = record["error"]["message"].as_str().expect("a message");
        let written = format!("written for etcd key \"/tenant-00/secrets/default/{name}\"");
        assert!(message.contains(&written), "{message}");
    }
}
