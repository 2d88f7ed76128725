//! From revisions to the state of the store.

use k8s_etcd::Category;
use k8s_etcd::etcd::{Revision, Snapshot};

use crate::bbolt_writer::{Entries, Order, Writer, key_value, revision};
use crate::{revisions, small, split};

fn put(main: i64, sub: i64, key: &str, numbers: [i64; 3], value: &str) -> (Vec<u8>, Vec<u8>) {
    let [create, version, lease] = numbers;
    let numbers = [create, main, version, lease];
    let value = key_value(key.as_bytes(), numbers, value.as_bytes());
    (revision(main, sub, false), value)
}

fn delete(main: i64, sub: i64, key: &str) -> (Vec<u8>, Vec<u8>) {
    (
        revision(main, sub, true),
        key_value(key.as_bytes(), [0; 4], b""),
    )
}

fn write(entries: Entries) -> Vec<u8> {
    small().bucket("key", entries).write().bytes
}

fn live(file: &[u8]) -> Vec<(String, Revision, i64, String)> {
    let snapshot = Snapshot::parse(file).unwrap();
    let state = snapshot.current().unwrap();
    assert_eq!(state.damage().count(), 0);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    state
        .iter()
        .map(|(key, kv)| {
            let kv = kv.unwrap();
            (text(key), kv.revision, kv.version, text(kv.value))
        })
        .collect()
}

fn at(main: i64, sub: i64) -> Revision {
    let mut revision = Revision::default();
    (revision.main, revision.sub) = (main, sub);
    revision
}

#[test]
fn changed_deleted_and_created_again() {
    let file = write(vec![
        put(2, 0, "b", [2, 1, 0], "b1"),
        put(3, 0, "a", [3, 1, 0], "a1"),
        put(4, 0, "b", [2, 2, 0], "b2"),
        put(5, 0, "gone", [5, 1, 0], "x"),
        delete(6, 0, "gone"),
        put(7, 0, "again", [7, 1, 0], "old life"),
        delete(8, 0, "again"),
        put(9, 0, "again", [9, 1, 77], "new life"),
    ]);
    let expected = [
        ("a", at(3, 0), 1, "a1"),
        ("again", at(9, 0), 1, "new life"),
        ("b", at(4, 0), 2, "b2"),
    ];
    let expected = expected.map(|(k, r, v, t)| (k.to_owned(), r, v, t.to_owned()));
    assert_eq!(live(&file), expected);

    let snapshot = Snapshot::parse(&file).unwrap();
    let state = snapshot.current().unwrap();
    assert!(state.get(b"gone").is_none());
    assert!(state.get(b"never").is_none());
    let again = state.get(b"again").unwrap().unwrap();
    assert_eq!((again.create_revision, again.lease), (9, 77));

    let all: Vec<_> = revisions(&file).0;
    let tombstones: Vec<_> = all.iter().filter(|kv| kv.is_tombstone()).collect();
    assert_eq!(all.len(), 8);
    assert_eq!(tombstones.len(), 2);
    assert_eq!(tombstones[0].key, b"gone");
    assert_eq!(
        (tombstones[0].mod_revision, tombstones[0].revision),
        (0, at(6, 0))
    );
}

#[test]
fn several_changes_in_one_transaction() {
    let file = write(vec![
        put(2, 0, "a", [2, 1, 0], "first"),
        put(2, 1, "b", [2, 1, 0], "b"),
        delete(2, 2, "a"),
        put(2, 3, "a", [2, 1, 0], "last"),
        put(3, 0, "c", [3, 1, 0], "c"),
        delete(3, 1, "c"),
    ]);
    let keys: Vec<_> = live(&file)
        .into_iter()
        .map(|(k, r, _, v)| (k, r.sub, v))
        .collect();
    let expected = [
        ("a".to_owned(), 3, "last".to_owned()),
        ("b".to_owned(), 1, "b".to_owned()),
    ];
    assert_eq!(keys, expected);
}

#[test]
fn numbers_above_256_sort_as_numbers() {
    let file = write(vec![
        put(255, 0, "k", [255, 1, 0], "1"),
        put(256, 0, "k", [255, 2, 0], "2"),
        put(70_000, 0, "k", [255, 3, 0], "3"),
        put(1 << 40, 300, "k", [255, 4, 0], "4"),
    ]);
    assert_eq!(live(&file)[0].1, at(1 << 40, 300));
}

#[test]
fn keys_by_prefix_by_number_and_from_both_ends() {
    let keys = ["/a", "/a/1", "/a/2", "/a0", "/b", "\u{ff}\u{ff}"];
    let entries = keys
        .iter()
        .rev()
        .zip(2..)
        .map(|(key, main)| put(main, 0, key, [main, 1, 0], "v"));
    let file = write(entries.collect());
    let snapshot = Snapshot::parse(&file).unwrap();
    let state = snapshot.current().unwrap();
    let with = |prefix: &str| -> Vec<_> {
        state
            .prefix(prefix.as_bytes())
            .map(|(key, _)| String::from_utf8_lossy(key))
            .collect()
    };
    assert_eq!(with("/a"), ["/a", "/a/1", "/a/2", "/a0"]);
    assert_eq!(with("/a/"), ["/a/1", "/a/2"]);
    assert_eq!(with("").len(), 6);
    assert!(with("/c").is_empty());
    assert!(with("zzzz").is_empty());

    assert_eq!(state.iter().len(), 6);
    let backwards: Vec<_> = state.iter().rev().map(|(key, _)| key).collect();
    let mut forwards: Vec<_> = state.into_iter().map(|(key, _)| key).collect();
    forwards.reverse();
    assert_eq!(backwards, forwards);
    let halves: Vec<_> = state
        .range(0..3)
        .chain(state.range(3..100))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(halves.len(), 6);
    assert_eq!(state.range(7..9).len(), 0);
    assert_eq!(state.iter().nth(4).unwrap().0, b"/b");
}

#[test]
fn the_empty_entry_of_a_bumped_revision_is_no_key() {
    let mut entries = vec![put(2, 0, "a", [2, 1, 0], "v")];
    entries.push((revision(1_000_000_002, 0, false), vec![]));
    entries.push((revision(2_000_000_002, 0, true), vec![]));
    let file = write(entries);
    assert_eq!(live(&file).len(), 1);
    let (all, errors) = revisions(&file);
    assert_eq!((all.len(), errors.len()), (3, 0));
    assert_eq!(all[1].key, b"");
}

#[test]
fn broken_messages_stand_beside_the_sound_ones() {
    let sound = key_value(b"k", [9, 9, 1, 0], b"value");
    let cases: [(&str, Vec<u8>, Category); 6] = [
        (
            "cut in the value",
            sound[..sound.len() - 1].to_vec(),
            Category::Truncated,
        ),
        (
            "key as a number",
            [&[1 << 3, 5][..], &sound].concat(),
            Category::Malformed,
        ),
        (
            "version as bytes",
            [&sound[..], &[4 << 3 | 2, 0]].concat(),
            Category::Malformed,
        ),
        (
            "field number 0",
            [&sound[..], &[0, 0]].concat(),
            Category::Malformed,
        ),
        ("no key", sound[3..].to_vec(), Category::Malformed),
        (
            "a varint without an end",
            [&sound[..], &[0x10, 0xff]].concat(),
            Category::Truncated,
        ),
    ];
    for (name, broken, category) in cases {
        let file = write(vec![
            put(2, 0, "a", [2, 1, 0], "a"),
            (revision(3, 0, false), broken),
            put(4, 0, "z", [4, 1, 0], "z"),
        ]);
        let (all, errors) = revisions(&file);
        assert_eq!((all.len(), errors.len()), (2, 1), "{name}");
        assert_eq!(errors[0].category(), category, "{name}: {}", errors[0]);
        assert_eq!(errors[0].path(), "key[3_0]", "{name}");
        let offset = errors[0].offset().unwrap() as usize;
        let from = revision_at(&file, 3);
        assert!(
            (from..=from + 17 + sound.len() + 3).contains(&offset),
            "{name}: {offset}"
        );
    }
}

fn revision_at(file: &[u8], main: i64) -> usize {
    let key = revision(main, 0, false);
    file.windows(17).position(|window| window == key).unwrap()
}

#[test]
fn a_key_whose_latest_revision_is_broken_is_an_error_not_its_past() {
    let mut broken = put(3, 0, "k", [2, 2, 0], "second");
    broken.1.pop();
    let file = write(vec![put(2, 0, "k", [2, 1, 0], "first"), broken.clone()]);
    let snapshot = Snapshot::parse(&file).unwrap();
    let state = snapshot.current().unwrap();
    let all: Vec<_> = state.iter().collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, b"k");
    assert_eq!(all[0].1.as_ref().unwrap_err().path(), "key[3_0]");
    // It has come out already.
    assert_eq!(state.damage().count(), 0);

    let later = put(4, 0, "k", [2, 3, 0], "third");
    let file = write(vec![put(2, 0, "k", [2, 1, 0], "first"), broken, later]);
    let snapshot = Snapshot::parse(&file).unwrap();
    let state = snapshot.current().unwrap();
    assert_eq!(state.get(b"k").unwrap().unwrap().value, b"third");
    let damage: Vec<_> = state
        .damage()
        .map(|error| error.path().to_owned())
        .collect();
    assert_eq!(damage, ["key[3_0]"]);
}

#[test]
fn fields_unknown_repeated_and_out_of_order() {
    let message = [
        &[6 << 3, 9][..],
        &[15 << 3 | 2, 2, 1, 2],
        &[5 << 3 | 2, 1, b'x'],
        &[1 << 3 | 2, 1, b'a'],
        &[1 << 3 | 2, 1, b'k'],
        &[5 << 3 | 2, 0],
    ]
    .concat();
    let file = write(vec![(revision(2, 0, false), message)]);
    let (all, errors) = revisions(&file);
    assert_eq!(errors.len(), 0);
    assert_eq!(
        (all[0].key, all[0].value, all[0].lease),
        (&b"k"[..], &b""[..], 9)
    );
}

#[test]
fn entries_that_are_no_revisions() {
    for key in [&b"x"[..], &[0; 17], &[b'_'; 19], b""] {
        let file = write(vec![
            (key.to_vec(), b"?".to_vec()),
            put(2, 0, "a", [2, 1, 0], "a"),
        ]);
        let (all, errors) = revisions(&file);
        assert_eq!((all.len(), errors.len()), (1, 1));
        assert_eq!(errors[0].what(), "revision");
        assert!(errors[0].offset().is_some());
    }
}

#[test]
fn a_database_of_something_else() {
    let file = small().bucket("containers", vec![]).write();
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    assert_eq!(snapshot.revisions().unwrap_err().what(), "bucket key");
    assert!(snapshot.current().is_err());
    let meta = snapshot.store_meta().unwrap();
    assert!(meta.consistent_index.is_none() && meta.damage.is_none());
}

#[test]
fn the_bucket_meta_field_by_field() {
    let entries = vec![
        (
            b"consistent_index".to_vec(),
            0x0102_0304u64.to_be_bytes().to_vec(),
        ),
        (b"term".to_vec(), 5u64.to_be_bytes().to_vec()),
        (b"scheduledCompactRev".to_vec(), revision(90, 0, false)),
        (b"finishedCompactRev".to_vec(), revision(80, 0, false)),
        (b"storageVersion".to_vec(), b"3.6.0".to_vec()),
        (b"confState".to_vec(), b"{}".to_vec()),
        (b"from the future".to_vec(), b"?".to_vec()),
    ];
    let read = |entries: &Entries| -> (Vec<bool>, Option<String>) {
        let writer = Writer::new(4096, Order::Big).inline_bucket("meta", entries.clone());
        let file = writer.write();
        let snapshot = Snapshot::parse(&file.bytes).unwrap();
        let meta = snapshot.store_meta().unwrap();
        let there = vec![
            meta.consistent_index == Some(0x0102_0304),
            meta.term == Some(5),
            meta.scheduled_compact_revision == Some(at(90, 0)),
            meta.finished_compact_revision == Some(at(80, 0)),
            meta.storage_version == Some("3.6.0"),
            meta.conf_state == Some(b"{}"),
        ];
        (there, meta.damage.map(|error| error.path().to_owned()))
    };
    assert_eq!(read(&entries), (vec![true; 6], None));
    for broken in 0..5 {
        let mut entries = entries.clone();
        entries[broken].1 = b"\xff?".to_vec();
        let (there, damage) = read(&entries);
        let name = String::from_utf8_lossy(&entries[broken].0).into_owned();
        assert_eq!(damage, Some(format!("meta[{name}]")));
        let expected: Vec<_> = (0..6).map(|field| field != broken).collect();
        assert_eq!(there, expected, "{name}");
    }
}

#[test]
fn nothing_secret_in_debug() {
    let file = write(vec![put(2, 0, "a", [2, 1, 0], "hunter2")]);
    let snapshot = Snapshot::parse(&file).unwrap();
    let (all, _) = split(snapshot.revisions().unwrap());
    let bucket = snapshot.database().bucket(b"key").unwrap().unwrap();
    let entry = bucket.entries().next().unwrap().unwrap();
    let state = snapshot.current().unwrap();
    let shown = format!("{all:?} {bucket:?} {entry:?} {state:?} {:?}", state.iter());
    assert!(
        !shown.contains("hunter2") && !shown.contains("104, 117"),
        "{shown}"
    );
}
