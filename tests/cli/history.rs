//! What is left of deleted and broken entries, in files made for it; real ones
//! are in `tests/history`.

use std::fs;

use crate::bbolt_writer::{Entries, Order, Writer, key_value, revision};
use crate::run::{CLUSTER, Scratch, decode};

fn put(main: i64, key: &str, create: i64, version: i64) -> (Vec<u8>, Vec<u8>) {
    let value = key_value(key.as_bytes(), [create, main, version, 0], b"text");
    (revision(main, 0, false), value)
}

fn delete(main: i64, key: &str) -> (Vec<u8>, Vec<u8>) {
    (
        revision(main, 0, true),
        key_value(key.as_bytes(), [0; 4], b""),
    )
}

/// A store that was compacted in revision 6.
fn compacted(entries: Entries) -> Vec<u8> {
    let meta = vec![
        (b"finishedCompactRev".to_vec(), revision(6, 0, false)),
        (b"scheduledCompactRev".to_vec(), revision(6, 0, false)),
    ];
    let writer = Writer::new(4096, Order::Little);
    writer
        .bucket("key", entries)
        .bucket("meta", meta)
        .write()
        .bytes
}

#[test]
fn of_a_deletion_that_compaction_reached_only_the_key_is_left() {
    let scratch = Scratch::new("compacted");
    let file = compacted(vec![
        put(5, "live", 5, 1),
        delete(6, "gone"),
        put(7, "again", 7, 1),
        delete(8, "again"),
    ]);
    let file = scratch.write("db", &file);
    let ran = decode(&["--deleted", &file]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        ran.stdout,
        concat!(
            r#"{"key":"gone","deletedRevision":6,"object":null,"compacted":true}"#,
            "\n",
            r#"{"key":"again","deletedRevision":8,"createRevision":7,"modRevision":7,"version":1,"storedBytes":4,"media":"text","text":"text"}"#,
            "\n"
        )
    );
    // It may be of the kind.
    let ran = decode(&["--deleted", "--kind", "Secret", &file]);
    assert_eq!(ran.stdout.lines().count(), 1);

    let ran = decode(&["--deleted", "-o", "json", &file]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr
            .contains("gone: is deleted, and its last state compacted"),
        "{}",
        ran.stderr
    );
    let table = decode(&["--deleted", "-o", "table", &file]).stdout;
    let row: Vec<&str> = table
        .lines()
        .nth(1)
        .expect("a row")
        .split_whitespace()
        .collect();
    assert_eq!(row[..3], ["gone", "-", "<compacted>"]);
    assert!(table.contains("deleted in 6"), "{table}");

    assert_eq!(
        decode(&["--history", "--key", "g", &file]).stdout,
        concat!(
            r#"{"key":"gone","revision":6,"createRevision":0,"modRevision":0,"version":0,"deleted":true}"#,
            "\n"
        )
    );
    let keys = |revision| decode(&["-o", "keys", "--revision", revision, &file]).stdout;
    assert_eq!(
        (keys("6"), keys("7")),
        ("live\n".into(), "again\nlive\n".into())
    );
    let refused = decode(&["--revision", "5", &file]);
    assert_eq!(refused.code, Some(2));
    assert_eq!(
        refused.stderr,
        "decode: --revision: 5 is compacted: history is whole from 6 on\n"
    );
}

#[test]
fn a_last_state_that_should_be_there_is_an_error() {
    let scratch = Scratch::new("lost");
    let file = scratch.write(
        "db",
        &compacted(vec![delete(9, "lost"), put(10, "a", 10, 1)]),
    );
    let ran = decode(&["--deleted", &file]);
    assert_eq!(ran.code, Some(1));
    let record = &ran.lines()[0];
    assert_eq!(
        (&record["key"], &record["deletedRevision"]),
        (&"lost".into(), &9.into())
    );
    assert_eq!(record["error"]["category"], "malformed");
    assert!(record.get("object").is_none() && record.get("compacted").is_none());
}

#[test]
fn a_broken_entry_is_a_record_with_its_place() {
    let scratch = Scratch::new("broken-entry");
    let mut broken = put(8, "k", 7, 2);
    broken.1.pop();
    let entries = vec![put(7, "k", 7, 1), broken, put(9, "z", 9, 1)];
    let file = scratch.write("db", &compacted(entries));
    for options in [&[][..], &["--history"]] {
        let ran = decode(&[options, &["--provenance", &file]].concat());
        assert_eq!(ran.code, Some(1), "{options:?}");
        let records = ran.lines();
        let errors: Vec<_> = records
            .iter()
            .filter(|record| record.get("error").is_some())
            .collect();
        let [record] = errors[..] else {
            panic!("{}", ran.stdout)
        };
        let error = &record["error"];
        assert_eq!(
            (&error["category"], &error["in"]),
            (&"truncated".into(), &"snapshot".into())
        );
        assert!(
            error["message"]
                .as_str()
                .expect("text")
                .ends_with(", at key[8_0]")
        );
        assert_eq!(record["provenance"]["offset"], error["offset"]);
        assert!(record["provenance"]["page"].is_u64());
        assert_eq!(records.len(), 2 + usize::from(!options.is_empty()));
        assert!(ran.stderr.contains("damaged page"), "{}", ran.stderr);
    }
}

#[test]
fn options_that_contradict_each_other_or_the_input_end_with_2() {
    let scratch = Scratch::new("contradictions");
    let value = scratch.write("value", b"266");
    for args in [
        &["--history", "--deleted", CLUSTER][..],
        &["--history", "--revision", "5", CLUSTER],
        &["--deleted", "--revision", "5", CLUSTER],
        &["--revision", "x", CLUSTER],
        &["--revision", CLUSTER],
        &["--history", &value],
        &["--deleted", &value],
        &["--revision", "5", &value],
        &["--report", "/no/such/folder/report.json", CLUSTER],
        &["--report", CLUSTER, CLUSTER],
    ] {
        let before = fs::metadata(CLUSTER).expect("the cluster").len();
        let ran = decode(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{args:?}");
        assert_eq!(fs::metadata(CLUSTER).expect("the cluster").len(), before);
    }
}
