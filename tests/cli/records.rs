//! What a record says of a value: whether the API server could read it, how large it is,
//! its bytes where it does not decode; and the choice of one key.

use std::io::Read;

use k8s_etcd::storage_value::{Content, Media, StorageValue};

use crate::run::{CLUSTER, CONFIG, Scratch, decode, decode_stdin};

fn case(name: &str) -> String {
    format!("testdata/cases/values/{name}")
}

fn odd_values(scratch: &Scratch) -> String {
    let packed = std::fs::read(case("20-odd-values.db.gz")).expect("the case");
    let mut database = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut database)
        .expect("gzip");
    scratch.write("odd-values.db", &database)
}

/// What begins with `{` is JSON or an error, never YAML or text.
#[test]
fn damaged_json_is_no_yaml() {
    for file in [
        "05a-broken-json-node.json",
        "05c-broken-json-trailing-comma.json",
    ] {
        for output in ["ndjson", "yaml", "json"] {
            let ran = decode(&["-o", output, &case(file)]);
            assert_eq!(ran.code, Some(1), "{file}");
            assert!(!ran.stdout.contains("\"object\"") && !ran.stdout.contains("kind: "));
        }
        assert_eq!(decode(&[&case(file)]).lines()[0]["media"], "json");
    }
    let json = std::fs::read(case("05a-broken-json-node.json")).expect("the case");
    let sound = String::from_utf8(json)
        .expect("text")
        .replace("broken", "\"why\"");
    let (mut broken, mut whole) = (0, 0);
    for bit in 8..sound.len() * 8 {
        let mut value = sound.clone().into_bytes();
        value[bit / 8] ^= 1 << (bit % 8);
        // As Go reads it: bytes in strings that are not UTF-8 are no error.
        let text = String::from_utf8_lossy(&value);
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let read = StorageValue::parse(&value);
        assert_eq!(read.media(), Media::Json, "bit {bit}");
        assert_eq!(read.into_content().is_ok(), is_json, "bit {bit}: {text}");
        assert!(
            is_json || !StorageValue::is_recognizable(&value),
            "bit {bit}"
        );
        broken += usize::from(!is_json);
        whole += usize::from(is_json);
    }
    assert!(broken > 100 && whole > 100, "{broken} {whole}");
    // White space of Unicode is passed over, as by the API server's recognizer.
    for space in [" \t\r\n", "\u{b}\u{c}", "\u{85}", "\u{a0}", "\u{3000}"] {
        let value = format!("{space}{{\"kind\": x}}");
        let read = StorageValue::parse(value.as_bytes());
        assert_eq!(read.media(), Media::Json, "{space:?}");
        assert!(read.into_content().is_err());
    }
}

#[test]
fn what_the_api_server_cannot_read_is_an_error_in_spite_of_filters() {
    let scratch = Scratch::new("odd-values");
    let file = odd_values(&scratch);
    let expected = [
        ("/registry/minions/node-9", "malformed"),
        ("/registry/pods/default/empty", "not-an-object"),
        ("/registry/pods/default/nokind", "not-an-object"),
        ("/registry/pods/kube-system", "not-an-object"),
    ];
    for filters in [&[][..], &["--kind", "Pod"], &["--namespace", "default"]] {
        let ran = decode(&[filters, &[file.as_str()]].concat());
        assert_eq!(ran.code, Some(1));
        let records = ran.lines();
        let errors: Vec<_> = records
            .iter()
            .filter(|record| record.get("error").is_some())
            .map(|record| {
                let error = &record["error"]["category"];
                (record["key"].as_str().unwrap(), error.as_str().unwrap())
            })
            .collect();
        assert_eq!(errors, expected, "{filters:?}");
    }
    let records = decode(&[&file]).lines();
    let of = |key: &str| records.iter().find(|record| record["key"] == key).unwrap();
    let base64 = of("/registry/pods/default/b64");
    assert_eq!(base64["base64"], true);
    assert_eq!(base64["object"]["kind"], "Pod");
    let other = of("/registry/pods/default/agelt");
    assert_eq!(other["keyMismatch"], true);
    let ran = decode(&["-o", "table", &file]);
    assert!(
        ran.stdout
            .contains("the key says another namespace or name")
    );
}

#[test]
fn an_object_needs_a_kind_and_a_version_under_a_resources_key() {
    let key = "/registry/pods/default/a";
    for (json, missing) in [
        (r#"{"apiVersion":"v1","metadata":{"name":"a"}}"#, "no kind"),
        (r#"{"apiVersion":"v1","kind":""}"#, "no kind"),
        (r#"{"kind":"Pod","metadata":{"name":"a"}}"#, "no apiVersion"),
        (r#"{"apiVersion":"","kind":"Pod"}"#, "no apiVersion"),
        ("[]", "text"),
        ("\u{1}", "is none"),
    ] {
        let ran = decode_stdin(&["--etcd-key", key, "-"], json.as_bytes());
        assert_eq!(ran.code, Some(1), "{json}");
        let error = &ran.lines()[0]["error"];
        assert_eq!(error["category"], "not-an-object", "{json}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(missing), "{json}: {message}");
    }
}

/// As API servers wrote protobuf to etcd 2, and as they read it to this day.
#[test]
fn an_object_in_base64_is_decoded_encrypted_or_not() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let value = std::fs::read(case("01-print-value-only.bin")).expect("the case");
    let object = &value[..value.len() - 1];
    for text in [
        STANDARD.encode(object),
        format!("{}\n", STANDARD.encode(object)),
        STANDARD
            .encode(r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-prod"}}"#),
    ] {
        let key = "/registry/namespaces/kube-prod";
        let ran = decode_stdin(&["--etcd-key", key, "-"], text.as_bytes());
        assert_eq!(ran.code, Some(0), "{}", ran.stdout);
        let record = &ran.lines()[0];
        assert_eq!(record["base64"], true);
        assert_eq!(record["object"]["metadata"]["name"], "kube-prod");
        assert!(StorageValue::is_recognizable(text.as_bytes()));
    }
    // Text that only looks so.
    for text in [
        "enabled",
        "eyJub3QgYW4gb2JqZWN0Ijp0cnVlfQ==",
        "azhzAGp1bms=",
    ] {
        assert!(!StorageValue::is_recognizable(text.as_bytes()), "{text}");
        let record = &decode_stdin(&["--etcd-key", "note", "-"], text.as_bytes()).lines()[0];
        assert!(record.get("object").is_none(), "{text}");
    }
}

/// Text is text where no resource is said to be.
#[test]
fn a_marker_is_text_without_a_resources_key() {
    let marker = case("15-directory-marker.txt");
    let key = "/registry/pods/kube-system";
    assert_eq!(decode(&[&marker]).code, Some(0));
    assert_eq!(decode(&["--etcd-key", key, &marker]).code, Some(1));
    assert_eq!(
        decode_stdin(&["--etcd-key", "compact_rev_key", "-"], b"266").code,
        Some(0)
    );
}

#[test]
fn output_is_utf8_and_bad_bytes_have_a_path() {
    let file = case("06-json-not-utf8.json");
    for output in ["ndjson", "json", "yaml"] {
        let ran = std::process::Command::new(crate::run::program())
            .args(["-o", output, &file])
            .output()
            .expect("the program runs");
        let text = String::from_utf8(ran.stdout).expect("UTF-8");
        assert!(text.contains("caf\u{fffd}"), "{output}: {text}");
    }
    let record = &decode(&[&file]).lines()[0];
    assert_eq!(record["invalidUtf8"], serde_json::json!(["spec.motd"]));
    let ran = decode(&["--strict", &file]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("spec.motd"), "{}", ran.stdout);
    // In a key, in a list, and deeper.
    let json = b"{\"kind\":\"A\",\"apiVersion\":\"v1\",\"l\":[0,{\"x\":\"\xff\"},[\"\xfe\"]],\"m\":{\"k\xff\":1}}";
    let record = &decode_stdin(&["-"], json).lines()[0];
    let paths = serde_json::json!(["l[1].x", "l[2][0]", "m[k\u{fffd}]"]);
    assert_eq!(record["invalidUtf8"], paths);
    assert_eq!(record["object"]["m"]["k\u{fffd}"], 1);
}

#[test]
fn a_record_has_the_size_of_its_value_and_its_bytes_where_it_does_not_decode() {
    let file = case("14-wire-type-flipped.bin");
    let record = &decode(&[&file]).lines()[0];
    assert_eq!(record["storedBytes"], 153);
    let bytes = std::fs::read(&file).expect("the case");
    use base64::{Engine, engine::general_purpose::STANDARD};
    assert_eq!(record["valueBase64"], STANDARD.encode(&bytes));
    let key = "/registry/secrets/default/password";
    let closed = &decode(&["--key-exact", key, CLUSTER]).lines()[0];
    assert!(
        closed["valueBase64"]
            .as_str()
            .is_some_and(|text| text.starts_with("azhzOmVuYzphZXNnY206"))
    );
    let open = &decode(&["--key-exact", key, "--encryption-config", CONFIG, CLUSTER]).lines()[0];
    assert!(open.get("valueBase64").is_none());
}

#[test]
fn one_key_is_chosen_exactly_and_printed_raw() {
    let key = "/registry/namespaces/kube";
    assert_eq!(decode(&["--key", key, CLUSTER]).lines().len(), 3);
    assert_eq!(decode(&["--key-exact", key, CLUSTER]).stdout, "");
    let key = "/registry/namespaces/kube-system";
    let record = &decode(&["--key-exact", key, CLUSTER]).lines()[0];
    let raw = std::process::Command::new(crate::run::program())
        .args(["-o", "raw", "--key-exact", key, CLUSTER])
        .output()
        .expect("the program runs");
    assert_eq!(raw.status.code(), Some(0));
    assert_eq!(record["storedBytes"], raw.stdout.len());
    assert!(raw.stdout.starts_with(b"k8s\0"));
    let several = decode(&["-o", "raw", CLUSTER]);
    assert_eq!((several.code, &*several.stdout), (Some(2), ""));
    let none = decode(&["-o", "raw", "--key-exact", "/no/such/key", CLUSTER]);
    assert_eq!((none.code, &*none.stdout), (Some(2), ""));
}

#[test]
fn wide_columns_of_a_table_are_cut() {
    let name = "a".repeat(65_536);
    let json =
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#);
    let ran = decode_stdin(&["-o", "table", "-"], json.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("aaa…"));
    assert!(ran.stdout.lines().all(|line| line.chars().count() < 400));
}

#[test]
fn a_table_of_several_inputs_says_which() {
    let value = case("14-wire-type-flipped.bin");
    let ran = decode(&["-o", "table", &value, CLUSTER]);
    assert!(ran.stdout.starts_with("INPUT  "), "{}", ran.stdout);
    assert!(
        ran.stdout
            .lines()
            .any(|line| line.starts_with("testdata/cluster/snapshot.db "))
    );
    assert!(decode(&["-o", "table", CLUSTER]).stdout.starts_with("KEY "));
}

#[test]
fn marks_that_hide_text_are_escaped() {
    for mark in [
        "\u{61c}",
        "\u{ad}",
        "\u{180e}",
        "\u{2066}",
        "\u{fffa}",
        "\u{e0041}",
        "\u{1b}",
    ] {
        let key = format!("/registry/{mark}/x");
        let ran = decode_stdin(&["-o", "table", "--etcd-key", &key, "-"], b"text");
        assert!(!ran.stdout.contains(mark), "{mark:?}");
        let ran = decode(&[&format!("no{mark}such-file")]);
        assert!(!ran.stderr.contains(mark), "{mark:?}");
        let config = format!("no{mark}such-file");
        let ran = decode(&["--encryption-config", &config, CLUSTER]);
        assert!(!ran.stderr.contains(mark), "{mark:?}");
        let ran = decode(&["--kms-map", &config, CLUSTER]);
        assert!(!ran.stderr.contains(mark), "{mark:?}");
    }
}

#[test]
fn nothing_of_a_value_is_in_debug_output() {
    for value in [
        &br#"{"kind":"Secret","apiVersion":"v1","data":{"a":"czNjcjN0"}}"#[..],
        b"czNjcjN0 is text",
        b"apiVersion: v1\nkind: Secret\ndata:\n  a: czNjcjN0\n",
    ] {
        let read = StorageValue::parse(value);
        let shown = format!("{read:?} {read:#?}");
        assert!(!shown.contains("czNjcjN0"), "{shown}");
        let content = read.into_content().expect("sound");
        assert!(!format!("{content:?}").contains("czNjcjN0"));
        if let Content::Document(document) = content {
            assert!(!format!("{document:?}").contains("czNjcjN0"));
        }
    }
}
