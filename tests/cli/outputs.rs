//! What each kind of output looks like.

use crate::run::{CLUSTER, CONFIG, decode, decode_stdin};

#[test]
fn the_readme_s_command_shows_kube_system_and_a_secret_s_data() {
    let ran = decode(&["--encryption-config", CONFIG, CLUSTER]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let records = ran.lines();
    assert_eq!(records.len(), 321);
    let kube_system = &records
        .iter()
        .find(|r| r["key"] == "/registry/namespaces/kube-system")
        .unwrap();
    assert_eq!(kube_system["kind"], "Namespace");
    assert_eq!(kube_system["object"]["status"]["phase"], "Active");
    let secret = &records
        .iter()
        .find(|r| r["key"] == "/registry/secrets/default/password")
        .unwrap();
    assert_eq!(
        secret["encryption"],
        serde_json::json!({
            "provider": "aesgcm",
            "keyName": "key1",
            "keyPath": "resources[0].providers[0].aesgcm.keys[0]",
        })
    );
    assert_eq!(secret["object"]["data"]["password"], "cEBzc3cwcmQ=");
}

#[test]
fn ndjson_members_stand_in_their_order() {
    let key = "/registry/secrets/default/password";
    let ran = decode(&["--encryption-config", CONFIG, "--key", key, CLUSTER]);
    let begin = r#"{"key":"/registry/secrets/default/password","createRevision":218,"modRevision":218,"version":1,"storedBytes":610,"encryption":{"provider":"aesgcm","keyName":"key1","keyPath":"resources[0].providers[0].aesgcm.keys[0]"},"media":"protobuf","apiVersion":"v1","kind":"Secret","object":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"password","#;
    assert!(ran.stdout.starts_with(begin), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn records_come_in_key_order_and_twice_the_same() {
    let args = ["--encryption-config", CONFIG, CLUSTER];
    let ran = decode(&args);
    let records = ran.lines();
    let keys: Vec<_> = records
        .iter()
        .map(|record| record["key"].as_str().unwrap())
        .collect();
    assert!(keys.is_sorted());
    assert!(ran.stdout == decode(&args).stdout);
}

/// Threads take turns with the keys; encrypted values that do not open, which
/// need a look at all keys, are among them.
#[test]
fn any_number_of_threads_prints_the_same() {
    for output in ["ndjson", "json", "yaml", "table", "keys"] {
        for config in [&["--encryption-config", CONFIG][..], &[]] {
            let with = |jobs| {
                let ran = decode(&[&["-o", output, "--jobs", jobs, CLUSTER], config].concat());
                (ran.code, ran.stdout, ran.stderr)
            };
            let one = with("1");
            assert!(!one.1.is_empty());
            for jobs in ["2", "3", "100"] {
                assert!(with(jobs) == one, "{output}, {jobs} threads");
            }
        }
    }
    assert_eq!(decode(&["--jobs", "0", CLUSTER]).code, Some(2));
}

#[test]
fn without_the_configuration_values_are_reported_as_encrypted() {
    let ran = decode(&["--key", "/registry/secrets/default/", CLUSTER]);
    assert_eq!(ran.code, Some(1));
    let record = &ran.lines()[0];
    assert_eq!(
        record["encryption"],
        serde_json::json!({
            "provider": "aesgcm",
            "keyNameGuess": "key1",
            "header": "k8s:enc:aesgcm:v1:",
        })
    );
    assert_eq!(record["error"]["category"], "encrypted");
    assert_eq!(record["error"]["in"], "value");
    assert!(record.get("media").is_none() && record.get("object").is_none());
}

#[test]
fn filters_choose_by_kind_and_namespace() {
    let ran = decode(&[
        "--encryption-config",
        CONFIG,
        "--kind",
        "ConfigMap",
        "--namespace",
        "kube-system",
        CLUSTER,
    ]);
    let records = ran.lines();
    assert!(!records.is_empty());
    for record in records {
        assert_eq!(record["kind"], "ConfigMap");
        assert_eq!(record["object"]["metadata"]["namespace"], "kube-system");
    }
    // What does not open is of the kind that its key tells.
    let ran = decode(&["--kind", "ServiceAccount", CLUSTER]);
    assert_eq!(ran.code, Some(0));
    let records = ran.lines();
    assert!(!records.is_empty());
    assert!(records.iter().all(|r| r["kind"] == "ServiceAccount"));
    let ran = decode(&["--kind", "Secret", "--namespace", "payments", CLUSTER]);
    assert_eq!(ran.code, Some(1));
    let records = ran.lines();
    assert!(!records.is_empty());
    for record in records {
        assert_eq!(record["error"]["category"], "encrypted");
        let key = record["key"].as_str().expect("a key");
        assert!(key.starts_with("/registry/secrets/payments/"), "{key}");
    }
}

#[test]
fn json_of_one_object_is_the_object_and_of_several_a_list() {
    let ran = decode(&[
        "-o",
        "json",
        "--key",
        "/registry/namespaces/kube-system",
        CLUSTER,
    ]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout
            .starts_with("{\n  \"kind\": \"Namespace\",\n  \"apiVersion\": \"v1\",\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("\n}\n"));

    let ran = decode(&["-o", "json", "--key", "/registry/namespaces/", CLUSTER]);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        (&list["kind"], &list["apiVersion"]),
        (&"List".into(), &"v1".into())
    );
    assert!(list["items"].as_array().unwrap().len() > 1);
    assert_eq!(list["items"][0]["kind"], "Namespace");

    let ran = decode(&["-o", "json", "--key", "/nothing", CLUSTER]);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(list["items"], serde_json::json!([]));
}

#[test]
fn objects_only_tells_the_rest_on_stderr() {
    let ran = decode(&[
        "-o",
        "json",
        "--key",
        "/registry/secrets/default/password",
        CLUSTER,
    ]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("/registry/secrets/default/password: encrypted: "),
        "{}",
        ran.stderr
    );
    let ran = decode_stdin(
        &["-o", "yaml", "--etcd-key", "compact_rev_key", "-"],
        b"266",
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    assert!(ran.stderr.contains("is text"), "{}", ran.stderr);
}

#[test]
fn yaml_documents_are_set_apart() {
    let ran = decode(&["-o", "yaml", "--key", "/registry/namespaces/", CLUSTER]);
    assert!(
        ran.stdout
            .starts_with("apiVersion: v1\nkind: Namespace\nmetadata:\n"),
        "{}",
        ran.stdout
    );
    let documents = ran.stdout.split("---\n").count();
    assert_eq!(
        documents,
        decode(&["-o", "keys", "--key", "/registry/namespaces/", CLUSTER])
            .stdout
            .lines()
            .count()
    );
    assert!(documents > 1 && !ran.stdout.ends_with("---\n"));
}

#[test]
fn table_has_its_columns() {
    let ran = decode(&[
        "-o",
        "table",
        "--encryption-config",
        CONFIG,
        "--kind",
        "Secret",
        "--namespace",
        "default",
        CLUSTER,
    ]);
    let lines: Vec<Vec<_>> = ran
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "KEY",
            "MODREVISION",
            "KIND",
            "NAMESPACE",
            "NAME",
            "MEDIA",
            "ENCRYPTION"
        ]
    );
    assert_eq!(
        lines[1],
        [
            "/registry/secrets/default/password",
            "218",
            "Secret",
            "default",
            "password",
            "protobuf",
            "aesgcm/key1"
        ]
    );
}

#[test]
fn keys_need_no_value() {
    // Nothing is decrypted, so that nothing can fail.
    let ran = decode(&["-o", "keys", CLUSTER]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 321));
    assert!(
        ran.stdout
            .lines()
            .any(|line| line == "/registry/namespaces/kube-system")
    );
}
