//! `--carve --state`: one state of what the tree reaches and of what was carved.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bbolt_writer::{Entries, Freelist, Order, Writer, key_value, revision};
use crate::run::{Ran, Scratch, decode};

const CASES: &str = "testdata/cases/etcd";

/// Records by key, without what tells where they are from; and their origins.
fn by_key(ran: &Ran) -> BTreeMap<String, (Value, Value)> {
    let mut all = BTreeMap::new();
    for mut record in ran.lines() {
        let members = record.as_object_mut().expect("a record");
        let origin = members.remove("origin").unwrap_or_default();
        for member in ["carved", "page", "offset", "copies", "revision", "sub"] {
            members.remove(member);
        }
        let key = record["key"].as_str().expect("a key").to_owned();
        assert!(all.insert(key, (record, origin)).is_none());
    }
    all
}

fn state(file: &str) -> Ran {
    decode(&["--carve", "--state", file])
}

#[test]
fn of_a_sound_file_it_is_the_live_state() {
    let file = format!("{CASES}/00-base.db");
    let (ran, live) = (state(&file), decode(&[&file]));
    assert_eq!((ran.code, live.code), (Some(0), Some(0)));
    assert_eq!(ran.lines().len(), 89);
    for ((key, (record, origin)), (live_key, (live, _))) in by_key(&ran).iter().zip(by_key(&live)) {
        assert_eq!((key, record), (&live_key, &live));
        assert_eq!(origin, "live");
    }
}

#[test]
fn of_a_damaged_file_it_is_what_the_sound_one_held() {
    let truth = by_key(&decode(&[&format!("{CASES}/00-base.db")]));
    for (case, live) in [
        ("01-torn-key-root-is-a-leaf.db", 2),
        ("02-torn-root-bucket-is-a-key-leaf.db", 0),
        ("04-newest-transaction-lost.db", 0),
    ] {
        let ran = state(&format!("{CASES}/{case}"));
        assert_eq!(ran.code, Some(1), "{case}");
        let found = by_key(&ran);
        let origins = found.values().filter(|(_, origin)| origin == "live");
        assert_eq!(origins.count(), live, "{case}");
        assert_eq!(found.len(), truth.len(), "{case}");
        for ((key, (record, _)), (true_key, (true_record, _))) in found.iter().zip(&truth) {
            assert_eq!((key, record), (true_key, true_record), "{case}");
        }
        let told = format!(
            "state: {live} keys of the tree, {} keys that were",
            89 - live
        );
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    }
}

#[test]
fn without_meta_pages_it_is_the_newest_of_what_was_carved() {
    let truth = by_key(&decode(&[&format!("{CASES}/00-base.db")]));
    let file = format!("{CASES}/06b-first-pages-zero.db");
    let ran = state(&file);
    let found = by_key(&ran);
    assert_eq!((ran.code, found.len()), (Some(1), 63), "{}", ran.stderr);
    for (key, (record, origin)) in &found {
        assert_eq!(origin, "carved");
        assert_eq!(record, &truth[key].0, "{key}");
    }
    // Every kind of output, and filters.
    let with = |options: &[&str]| {
        let ran = decode(&[&["--carve", "--state"], options, &[&file]].concat());
        assert_eq!(ran.code, Some(1));
        ran.stdout
    };
    assert_eq!(with(&["-o", "keys"]).lines().count(), 63);
    assert_eq!(with(&["-o", "table"]).matches("carved, page").count(), 63);
    let list: Value = serde_json::from_str(&with(&["-o", "json"])).expect("a list");
    let items = list["items"].as_array().expect("items").len();
    assert!(items > 50, "{items}");
    assert_eq!(with(&["-o", "yaml"]).matches("\n---\n").count(), items - 1);
    let of_kind = with(&["--kind", "ClusterRoleBinding"]);
    assert_eq!(of_kind.lines().count(), 19);
    let of_prefix = with(&["-o", "keys", "--key", "/registry/priorityclasses/"]);
    assert_eq!(of_prefix.lines().count(), 2);
}

fn put(main: i64, key: &str, version: i64, value: &str) -> (Vec<u8>, Vec<u8>) {
    let create = main - version + 1;
    let message = key_value(key.as_bytes(), [create, main, version, 0], value.as_bytes());
    (revision(main, 0, false), message)
}

fn delete(main: i64, key: &str) -> (Vec<u8>, Vec<u8>) {
    (
        revision(main, 0, true),
        key_value(key.as_bytes(), [0; 4], b""),
    )
}

fn database(live: Entries, free: Entries, compacted: i64) -> Vec<u8> {
    let meta = vec![
        (
            b"finishedCompactRev".to_vec(),
            revision(compacted, 0, false),
        ),
        (
            b"scheduledCompactRev".to_vec(),
            revision(compacted, 0, false),
        ),
    ];
    let writer = Writer::new(4096, Order::Little)
        .freelist(Freelist::NotSynced)
        .bucket("key", live)
        .bucket("meta", meta);
    let writer = match free.is_empty() {
        true => writer,
        false => writer.free_page(free),
    };
    writer.write().bytes
}

/// Key, value and origin of each record.
fn told(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines = ran.lines().into_iter();
    lines
        .map(|record| {
            (
                text(&record["key"]),
                text(&record["text"]),
                text(&record["origin"]),
            )
        })
        .collect()
}

fn tuple(key: &str, value: &str, origin: &str) -> (String, String, String) {
    (key.into(), value.into(), origin.into())
}

#[test]
fn what_a_sound_tree_has_forgotten_stays_deleted() {
    let scratch = Scratch::new("known-sound");
    // Deleted and compacted: only a free page still has it.
    let free = vec![put(3, "gone", 1, "old"), put(4, "kept", 1, "old")];
    let live = vec![put(9, "kept", 2, "new"), put(11, "other", 1, "new")];
    let file = scratch.write("db", &database(live, free, 10));
    let ran = state(&file);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        told(&ran),
        [tuple("kept", "new", "live"), tuple("other", "new", "live")]
    );
}

#[test]
fn the_newest_entry_decides_and_a_deletion_ends_a_key() {
    let scratch = Scratch::new("known-newest");
    let live = vec![
        put(2, "a", 1, "tree"),
        put(3, "b", 1, "tree"),
        put(4, "c", 1, "tree"),
        delete(5, "d"),
        put(6, "e", 1, "tree"),
    ];
    let free = vec![
        put(7, "a", 2, "carved"),
        delete(8, "b"),
        put(9, "d", 1, "again"),
        put(10, "f", 1, "carved"),
        delete(11, "f"),
        delete(12, "e"),
        put(13, "e", 1, "again"),
    ];
    let file = scratch.write("db", &database(live, free, 0));
    let ran = state(&file);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(
        told(&ran),
        [
            tuple("a", "carved", "carved"),
            tuple("c", "tree", "live"),
            tuple("d", "again", "carved"),
            tuple("e", "again", "carved"),
        ]
    );
    // A deletion that only carving found may be forged: the key is named.
    assert_eq!(
        ran.stderr.matches(": left out, since").count(),
        1,
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("b: left out, since its deletion in 8 was carved")
    );
}

#[test]
fn what_is_newer_than_the_tree_makes_it_no_less_whole() {
    let scratch = Scratch::new("known-newer");
    // A snapshot copies free pages too, to which etcd goes on writing.
    let free = vec![put(3, "gone", 1, "old"), put(12, "new", 1, "newer")];
    let live = vec![put(11, "other", 1, "new")];
    let file = scratch.write("db", &database(live, free, 10));
    let ran = state(&file);
    assert_eq!(
        told(&ran),
        [
            tuple("new", "newer", "carved"),
            tuple("other", "new", "live")
        ]
    );
    // Not the state of any revision that the tree tells.
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
}

#[test]
fn a_broken_entry_is_replaced_by_a_whole_one_of_its_revision() {
    let scratch = Scratch::new("known-broken");
    let mut broken = put(12, "a", 1, "whole");
    let value = broken.1.len() - b"whole".len();
    // The value claims more than there is.
    broken.1[value - 1] = 50;
    let live = vec![broken.clone(), put(13, "b", 1, "tree")];
    let file = scratch.write(
        "db",
        &database(live.clone(), vec![put(12, "a", 1, "whole")], 10),
    );
    let ran = state(&file);
    assert_eq!(
        told(&ran),
        [tuple("a", "whole", "carved"), tuple("b", "tree", "live")]
    );
    assert_eq!(ran.code, Some(1));
    // Without one, better an error than an older state.
    let older = vec![put(11, "a", 1, "older")];
    let file = scratch.write("db", &database(live, older, 10));
    let ran = state(&file);
    let record = &ran.lines()[0];
    assert_eq!(
        (&record["key"], &record["origin"]),
        (&"a".into(), &"live".into())
    );
    assert_eq!(record["error"]["category"], "truncated");
}

#[test]
fn a_state_of_both_needs_carving_and_no_other_state() {
    let file = format!("{CASES}/00-base.db");
    for options in [
        &["--state"][..],
        &["--state", "--carve", "--history"],
        &["--state", "--carve", "--deleted"],
        &["--state", "--carve", "--revision", "100"],
    ] {
        let ran = decode(&[options, &[&file]].concat());
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{options:?}"
        );
    }
}
