//! Files whose pages are not all of one time, or of which some are lost.

use crate::bbolt_writer::{Entries, Freelist, Order, Writer, key_value, revision};
use crate::run::{Scratch, decode};

const CASES: &str = "testdata/cases/etcd";

/// `count` pods, created in revisions from 2.
fn pods(count: i64) -> Entries {
    let pod = |main: i64| {
        let key = format!("/registry/pods/default/pod-{main:05}");
        let value = key_value(key.as_bytes(), [main, main, 1, 0], b"a value");
        (revision(main, 0, false), value)
    };
    (2..2 + count).map(pod).collect()
}

fn writer() -> Writer {
    let meta = vec![(b"term".to_vec(), 1_u64.to_be_bytes().to_vec())];
    Writer::new(1024, Order::Little)
        .freelist(Freelist::NotSynced)
        .inline_bucket("meta", meta)
}

#[test]
fn a_torn_copy_tells_what_is_missing_and_what_is_newer() {
    let file = format!("{CASES}/01-torn-key-root-is-a-leaf.db");
    for output in ["keys", "ndjson", "table"] {
        let ran = decode(&["-o", output, &file]);
        assert_eq!(ran.code, Some(1), "{output}");
        for told in [
            "88 are missing above the last compaction (2-89)",
            "revisions up to 113, above the tree's last one, 93",
            "--carve searches",
        ] {
            assert!(ran.stderr.contains(told), "{output}: {}", ran.stderr);
        }
    }
    for option in ["--history", "--deleted"] {
        let ran = decode(&[option, &file]);
        assert_eq!(ran.code, Some(1), "{option}");
        assert!(ran.stderr.contains("88 are missing"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_missing_is_in_the_report() {
    let scratch = Scratch::new("torn-report");
    let report = format!("{}/report.json", scratch.path());
    let file = format!("{CASES}/01-torn-key-root-is-a-leaf.db");
    assert_eq!(decode(&["--report", &report, &file]).code, Some(1));
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let damage = report["inputs"][0]["damage"].as_array().unwrap();
    let reasons: Vec<_> = damage.iter().map(|d| d["reason"].to_string()).collect();
    assert!(reasons.iter().any(|r| r.contains("88 are missing")));
    assert!(reasons.iter().any(|r| r.contains("up to 113")));
}

#[test]
fn a_snapshot_may_hold_newer_revisions_on_free_pages() {
    let scratch = Scratch::new("torn-newer");
    let newer = |file: &[u8]| {
        let ran = decode(&["-o", "keys", &scratch.write("newer.db", file)]);
        (ran.code, ran.stderr)
    };
    let mut file = writer()
        .bucket("key", pods(10))
        .free_page(pods(20).split_off(15))
        .write();
    // Two meta pages that differ by the transaction alone: etcd's own snapshot.
    assert_eq!(newer(&file.bytes), (Some(0), String::new()));
    // A page more: the file of a running etcd.
    file.bytes.extend([0; 1024]);
    let (code, told) = newer(&file.bytes);
    assert_eq!(code, Some(1));
    assert!(told.contains("1 pages that no tree reaches hold revisions up to 21"));
}

#[test]
fn a_sound_base_has_no_complaint() {
    let ran = decode(&["-o", "keys", &format!("{CASES}/00-base.db")]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(ran.stdout.lines().count(), 89);
}
