//! Single values as people have them: behind a pipe, through a terminal, in the output
//! of etcdctl and others, compressed, damaged, several at once.

use crate::run::{Ran, Scratch, decode, decode_stdin};

const NAMESPACE: &str = r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-prod"},"spec":{},"status":{}}"#;
const DB_LOGIN: &str = "/registry/secrets/payments/db-login";

fn case(name: &str) -> String {
    format!("testdata/cases/values/{name}")
}

fn encrypted(name: &str) -> String {
    format!("testdata/cases/encryption/{name}")
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(file).expect("the case is there")
}

/// `members` stand before and behind the size of the value.
fn assert_namespace(ran: &Ran, members: [&str; 2]) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let head = r#""media":"protobuf","apiVersion":"v1","kind":"Namespace""#;
    let [key, undone] = members;
    let bytes = r#""storedBytes":40,"#;
    let expected = format!("{{{key}{bytes}{undone}{head},\"object\":{NAMESPACE}}}\n");
    assert_eq!(ran.stdout, expected);
}

/// `etcdctl get --print-value-only KEY | decode -`.
#[test]
fn the_documented_pipe_works_with_what_etcdctl_prints() {
    let value = bytes(&case("01-print-value-only.bin"));
    assert_eq!(value.last(), Some(&b'\n'));
    assert_namespace(&decode_stdin(&["-"], &value), ["", r#""trimmed":"\n","#]);
    let ran = decode_stdin(&["-o", "json", "-"], &value);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("\"name\": \"kube-prod\""));
    // Through a pipe of Windows.
    let value = [&value[..value.len() - 1], b"\r\n"].concat();
    assert_namespace(&decode_stdin(&["-"], &value), ["", r#""trimmed":"\r\n","#]);
    // The exact bytes decode: nothing is trimmed.
    assert_namespace(&decode_stdin(&["-"], &value[..value.len() - 2]), ["", ""]);
}

#[test]
fn encrypted_values_of_each_provider_open_with_etcdctls_line_feed() {
    let plain = bytes(&encrypted("01-print-value-only.plain.bin"));
    let expected = decode_stdin(&["-o", "json", "-"], &plain);
    assert!(expected.stdout.contains("db-login"));
    for provider in ["aescbc", "aesgcm", "secretbox"] {
        let value = bytes(&encrypted(&format!("01-print-value-only.{provider}.bin")));
        let config = encrypted(&format!("{provider}.yaml"));
        let args = [
            "-o",
            "json",
            "--etcd-key",
            DB_LOGIN,
            "--encryption-config",
            &config,
            "-",
        ];
        let ran = decode_stdin(&args, &value);
        assert_eq!(
            (ran.code, &ran.stdout),
            (Some(0), &expected.stdout),
            "{provider}"
        );
    }
    let args = [
        "--etcd-key",
        DB_LOGIN,
        "--encryption-config",
        &encrypted("01-kmsv2.yaml"),
        "--kms-map",
        &encrypted("01-kmsv2.map.json"),
        &encrypted("01-print-value-only.kmsv2.bin"),
    ];
    let ran = decode(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(ran.lines()[0]["trimmed"], "\n");
}

#[test]
fn an_encrypted_value_is_trimmed_only_where_the_exact_bytes_stay_closed() {
    let config = case("02-encryption.yaml");
    let key = "/registry/secrets/default/s1";
    for (file, trimmed) in [
        ("02-aesgcm-print-value-only.bin", serde_json::json!("\n")),
        ("02-aesgcm.exact.bin", serde_json::Value::Null),
    ] {
        let file = case(file);
        let ran = decode(&["--etcd-key", key, "--encryption-config", &config, &file]);
        let record = &ran.lines()[0];
        assert_eq!(ran.code, Some(0), "{file}");
        assert_eq!(record["object"]["metadata"]["name"], "kube-prod");
        assert_eq!(
            record.get("trimmed").unwrap_or(&serde_json::Value::Null),
            &trimmed
        );
    }
}

/// `kubectl exec -t` makes CR LF of each line feed.
#[test]
fn what_a_terminal_did_to_line_feeds_is_undone() {
    let ran = decode(&[&case("03-through-a-terminal.bin")]);
    assert_namespace(&ran, ["", r#""trimmed":"\n","crlfUndone":true,"#]);
    // One line feed that a terminal would have changed: it was no terminal.
    let mut value = bytes(&case("03-through-a-terminal.bin"));
    let at = value
        .windows(2)
        .rposition(|pair| pair == b"\r\n")
        .expect("one");
    value.splice(at..at + 2, *b"\n");
    let before = value
        .windows(2)
        .rposition(|pair| pair == b"\r\n")
        .expect("another");
    value.splice(before..before + 2, *b"\n");
    assert_eq!(decode_stdin(&["-"], &value).code, Some(1));
    // An encrypted value, whose bytes are anything.
    let exact = bytes(&case("02-aesgcm.exact.bin"));
    let changed: Vec<u8> = [&exact[..], b"\n"]
        .concat()
        .iter()
        .flat_map(|byte| match byte {
            b'\n' => b"\r\n".to_vec(),
            byte => vec![*byte],
        })
        .collect();
    let config = case("02-encryption.yaml");
    let key = "/registry/secrets/default/s1";
    let ran = decode_stdin(
        &["--etcd-key", key, "--encryption-config", &config, "-"],
        &changed,
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(ran.lines()[0]["object"]["metadata"]["name"], "kube-prod");
}

/// `etcdctl get KEY`, and one key of several.
#[test]
fn a_key_line_before_the_value_is_its_key() {
    let value = bytes(&case("04-key-and-value.bin"));
    let ran = decode_stdin(&["-"], &value);
    let key = r#""key":"/registry/namespaces/kube-prod","#;
    assert_namespace(&ran, [key, r#""trimmed":"\n","#]);
    let ran = decode_stdin(&["-o", "keys", "-"], &value);
    assert_eq!(ran.stdout, "/registry/namespaces/kube-prod\n");
    let several = [&value[..], &value].concat();
    let ran = decode_stdin(&["-"], &several);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("begins at offset 31"), "{}", ran.stdout);
}

/// Each is named, and none has status 0 or a finding of the policy.
#[test]
fn a_rendering_of_a_value_is_no_value() {
    let cases = [
        (case("10-clientv3-octal.txt"), "quoted text"),
        (case("10-etcdctl-get-fields.out"), "etcdctl -w fields"),
        (case("10-etcdctl-get-hex.out"), "etcdctl --hex"),
        (case("10-etcdctl-get-json.out"), "etcdctl -w json"),
        (case("10-etcdctl-get-protobuf.out"), "etcdctl -w protobuf"),
        (case("10-hexdump.txt"), "hexdump -C"),
        (case("10-xxd-p.txt"), "hex"),
        (case("09-snapshot.db.gz"), "gzip"),
        (case("09-snapshot.zip"), "zip"),
        (encrypted("02-base64.txt"), "base64"),
        (encrypted("02-etcdctl-hex.txt"), "etcdctl --hex"),
        (encrypted("02-etcdctl-w-fields.txt"), "etcdctl -w fields"),
        (encrypted("02-etcdctl-w-json.json"), "etcdctl -w json"),
        (encrypted("02-hex.txt"), "hex"),
        (encrypted("02-hexdump-C.txt"), "hexdump -C"),
    ];
    let config = encrypted("aescbc.yaml");
    for (file, named) in &cases {
        let ran = decode(&["--etcd-key", DB_LOGIN, "--encryption-config", &config, file]);
        assert_eq!(ran.code, Some(1), "{file}");
        let record = &ran.lines()[0];
        let message = record["error"]["message"].as_str().expect("a message");
        assert!(message.contains(named), "{file}: {message}");
        assert!(record.get("encryption").is_none(), "{file}");
        for output in ["yaml", "json"] {
            let ran = decode(&["-o", output, file]);
            assert_eq!(ran.code, Some(1), "{file}");
            assert!(ran.stderr.contains(named), "{file}: {}", ran.stderr);
        }
        for option in [&["-o", "keys"][..], &["--key", "/registry/"]] {
            let ran = decode(&[option, &[file.as_str()]].concat());
            assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{file}");
            assert!(ran.stderr.contains(named), "{file}: {}", ran.stderr);
        }
    }
    let ran = decode(&[
        &encrypted("02-etcdctl-get.bin"),
        "--encryption-config",
        &config,
    ]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.lines()[0]["key"], DB_LOGIN);
}

#[test]
fn other_files_are_named_too() {
    let named = |bytes: &[u8], expected: &str| {
        let ran = decode_stdin(&["-"], bytes);
        assert_eq!(ran.code, Some(1), "{expected}");
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    };
    named(b"\x28\xb5\x2f\xfd\x04", "zstd");
    named(b"\xfd7zXZ\0\0", "xz");
    named(b"BZh91AY&SY", "bzip2");
    named(b"\x04\x22\x4d\x18\x64", "lz4");
    named(b"SQLite format 3\0\x10\0", "SQLite");
    named(&[0; 600], "all 600 bytes are zero");
    named(b"\xff\xfe{\0\"\0", "UTF-16");
    named(b"\0{\0\"", "UTF-16");
    named(
        b"\x04\0\0\0\0\0\0\x84\x08\x04\x10\0\0\0\0\0",
        "write-ahead log",
    );
    named(b"\x08\x81\x01\x12\x02ab", "v2 store");
    named(
        b"/registry/pods/a/b\n\n/registry/pods/a/c\n",
        "a list of keys",
    );
    named(b"0000000 6b 38 73 00\n0000004\n", "od or hexdump");
    named(b"00000000: 6b38 7300 0a0f  k8s...\n", "xxd");
    named(b"junk k8s\0\x0a", "offset 5");
}

#[test]
fn text_that_is_a_value_stays_text() {
    for text in ["266", "266\n", "a note", "deadbeef"] {
        let ran = decode_stdin(&["-"], text.as_bytes());
        assert_eq!(ran.code, Some(0), "{text}");
        assert_eq!(ran.lines()[0]["text"], text);
    }
}

#[test]
fn empty_standard_input_is_no_input() {
    let ran = decode(&["-"]);
    assert_eq!((ran.code, &*ran.stdout), (Some(2), ""));
    assert!(ran.stderr.contains("no input"));
}

#[test]
fn one_key_is_not_given_to_several_values() {
    for args in [
        vec![case("08-folder")],
        vec![case("01-print-value-only.bin"), case("12-unknown-kind.bin")],
    ] {
        let mut all = vec!["--etcd-key", "/registry/secrets/default/s1"];
        all.extend(args.iter().map(String::as_str));
        let ran = decode(&all);
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""));
        assert!(ran.stderr.contains("--etcd-key"), "{}", ran.stderr);
    }
    assert_eq!(decode(&[&case("08-folder")]).lines().len(), 2);
}

#[test]
fn a_damaged_prefix_is_named_with_what_follows_it() {
    let ran = decode(&[&case("13-prefix-flipped.bin")]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("a Pod follows it"), "{}", ran.stdout);
    let mut value = bytes(&case("13-prefix-flipped.bin"));
    for bit in 0..32 {
        value[..4].copy_from_slice(b"k8s\0");
        value[bit / 8] ^= 1 << (bit % 8);
        let ran = decode_stdin(&["-"], &value);
        assert_eq!(ran.code, Some(1), "bit {bit}");
        assert!(
            ran.stdout.contains("a Pod follows it"),
            "bit {bit}: {}",
            ran.stdout
        );
    }
}

#[test]
fn fields_of_an_unknown_kind_are_not_dropped_without_a_word() {
    let file = case("12-unknown-kind.bin");
    for output in ["yaml", "json"] {
        let ran = decode(&["-o", output, &file]);
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr.contains("2 fields are not shown"),
            "{}",
            ran.stderr
        );
        assert!(ran.stdout.contains("Shoot"));
        let ran = decode(&["-o", output, "--lossless", &file]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
        assert!(ran.stdout.contains("$unknownFields"));
    }
    let ran = decode(&[&file]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.lines()[0]["unknownFields"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn foreign_json_does_not_enter_a_list_of_objects() {
    let file = case("15-no-kind.json");
    for output in ["yaml", "json"] {
        let ran = decode(&["-o", output, &file, &case("01-print-value-only.bin")]);
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr.contains("no apiVersion and kind"),
            "{}",
            ran.stderr
        );
        assert!(!ran.stdout.contains("nokind") && ran.stdout.contains("kube-prod"));
    }
}

#[test]
fn several_values_in_one_input_are_all_decoded() {
    let ran = decode(&[&case("16-two-json-values.json")]);
    let names = |ran: &Ran| -> Vec<_> {
        let lines = ran.lines();
        lines
            .iter()
            .map(|record| record["object"]["metadata"]["name"].to_string())
            .collect()
    };
    assert_eq!(ran.code, Some(0));
    assert_eq!(names(&ran), [r#""x""#, r#""y""#]);
    let ran = decode(&[&case("16-two-yaml-documents.yaml")]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(names(&ran), [r#""a""#, r#""b""#]);
    // One that is broken: none of them is given for all of them.
    let broken = [
        &bytes(&case("16-two-json-values.json"))[..],
        b"{\"apiVersion\":",
    ]
    .concat();
    let ran = decode_stdin(&["-"], &broken);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_folder_of_values_names_what_is_none() {
    let scratch = Scratch::new("renderings");
    scratch.write("a", &bytes(&case("01-print-value-only.bin")));
    scratch.write("b", &bytes(&case("10-hexdump.txt")));
    let ran = decode(&[scratch.path()]);
    assert_eq!(ran.code, Some(1));
    let records = ran.lines();
    assert_eq!(records[0]["object"]["kind"], "Namespace");
    assert!(
        records[1]["error"]["message"]
            .to_string()
            .contains("hexdump -C")
    );
    let ran = decode(&["-o", "keys", scratch.path()]);
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""));
    assert_eq!(ran.stderr.lines().count(), 2);
}

/// A filter leaves out objects. What is no value at all is told all the same.
#[test]
fn a_filter_does_not_hide_what_is_no_value() {
    for name in ["10-xxd-p.txt", "10-etcdctl-get-json.out", "10-hexdump.txt"] {
        let ran = decode(&["--kind", "Pod", &case(name)]);
        assert_eq!(ran.code, Some(1), "{name}");
        assert!(ran.stderr.contains("looks like"), "{name}: {}", ran.stderr);
    }
    for name in [
        "01-print-value-only.bin",
        "03-through-a-terminal.bin",
        "04-key-and-value.bin",
    ] {
        let ran = decode(&["--kind", "Pod", &case(name)]);
        assert_eq!((ran.code, &*ran.stdout), (Some(0), ""), "{name}");
    }
}

#[test]
fn a_table_and_keys_say_on_stderr_what_the_input_looks_like() {
    for (name, what) in [("09-snapshot.db.gz", "gzip"), ("10-xxd-p.txt", "hex")] {
        let ran = decode(&["-o", "table", &case(name)]);
        assert_eq!(ran.code, Some(1), "{name}");
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
    // These begin as a key line and a value do.
    for input in ["/registry/a\n\n/registry/b\n\n", "/registry/a\ntext"] {
        let ran = decode_stdin(&["-o", "keys", "-"], input.as_bytes());
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{input}");
        assert!(!ran.stderr.is_empty(), "{input}");
    }
}

#[test]
fn broken_yaml_documents_are_not_text() {
    let good = "apiVersion: v1\nkind: Pod\n";
    for broken in ["a: [\n", "text\n"] {
        let input = format!("{good}---\n{broken}");
        let ran = decode_stdin(&["-"], input.as_bytes());
        assert_eq!(ran.code, Some(1), "{input}");
        assert!(
            ran.stderr.contains("several YAML documents"),
            "{}",
            ran.stderr
        );
    }
    let input = format!("# one\n--- # two\n{good}---\n");
    let ran = decode_stdin(&["-"], input.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.lines()[0]["kind"], "Pod");
}

/// `etcdctl get --prefix` of custom resources.
#[test]
fn json_values_behind_key_lines_keep_their_keys() {
    let value = r#"{"apiVersion":"a/v1","kind":"A"}"#;
    let input = format!("/registry/a/A/x\n{value}\n/registry/a/A/y\n{value}\n");
    let ran = decode_stdin(&["-"], input.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let keys: Vec<_> = ran.lines().iter().map(|line| line["key"].clone()).collect();
    assert_eq!(keys, ["/registry/a/A/x", "/registry/a/A/y"]);
    let ran = decode_stdin(&["-o", "keys", "-"], input.as_bytes());
    assert_eq!(ran.stdout, "/registry/a/A/x\n/registry/a/A/y\n");
}

#[test]
fn more_renderings_are_named() {
    let value = bytes(&case("01-print-value-only.bin"));
    let value = &value[..value.len() - 1];
    let list = |between: &str, digits: fn(&u8) -> String| {
        value.iter().map(digits).collect::<Vec<_>>().join(between)
    };
    let utf16: Vec<u8> = "kind: Pod".bytes().flat_map(|byte| [byte, 0]).collect();
    let mut flipped = b"k8s:enc:aescbc:v1:key1:0123456789".to_vec();
    flipped[4] ^= 1;
    for (input, what) in [
        (
            list(":", |byte| format!("{byte:02x}")).into_bytes(),
            "in hex",
        ),
        (
            list(", ", |byte| format!("0x{byte:02x}")).into_bytes(),
            "in hex",
        ),
        (list(",", u8::to_string).into_bytes(), "list of numbers"),
        (
            format!("\\x{}", list("", |byte| format!("{byte:02x}"))).into_bytes(),
            "PostgreSQL",
        ),
        (
            br#"{"key":"L3I=","create_revision":1,"mod_revision":2,"value":"azhz"}"#.to_vec(),
            "etcdctl -w json",
        ),
        (value[4..].to_vec(), "begin is missing"),
        (value[1..].to_vec(), "begin is missing"),
        (utf16, "UTF-16LE"),
        (b"k\x008\0s\0\0\0\n\0".to_vec(), "PowerShell"),
        (b"\xff\xfek\x008\0s\0:\0".to_vec(), "PowerShell"),
        (b"\x81\x82\x83\x84".to_vec(), "neither protobuf"),
        (flipped, "encrypted value whose prefix is damaged"),
    ] {
        let ran = decode_stdin(&["-"], &input);
        assert_eq!(ran.code, Some(1), "{what}: {}", ran.stdout);
        assert!(ran.stderr.contains(what), "{what}: {}", ran.stderr);
    }
}
