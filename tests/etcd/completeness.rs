//! What must be in a sound file and is not.

use crate::bbolt_writer::{Entries, key_value, revision};
use crate::{pods, small};
use k8s_etcd::etcd::{Completeness, Snapshot};

/// Of a store that was compacted at `compacted`, if it is above 0.
fn check(entries: Entries, compacted: i64) -> Completeness {
    let mut meta = vec![(b"term".to_vec(), vec![0; 8])];
    if compacted > 0 {
        for name in ["scheduledCompactRev", "finishedCompactRev"] {
            meta.push((name.into(), revision(compacted, 0, false)));
        }
    }
    let file = small()
        .inline_bucket("meta", meta)
        .bucket("key", entries)
        .write();
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    let completeness = snapshot.current().unwrap().completeness().clone();
    let told: Vec<_> = completeness.errors().map(|e| e.to_string()).collect();
    let survey = snapshot.survey();
    let surveyed: Vec<_> = survey.whole_file().iter().map(|e| e.to_string()).collect();
    assert_eq!(told, surveyed);
    assert_eq!(completeness.is_whole(), told.is_empty());
    completeness
}

fn put(main: i64, sub: i64, key: &[u8], create: i64, version: i64) -> (Vec<u8>, Vec<u8>) {
    let value = key_value(key, [create, main, version, 0], b"v");
    (revision(main, sub, false), value)
}

fn delete(main: i64, key: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (revision(main, 0, true), key_value(key, [0; 4], b""))
}

#[test]
fn revisions_are_missing_above_the_compaction_alone() {
    let mut entries = pods(40);
    assert!(check(entries.clone(), 0).is_whole());
    entries.drain(3..7);
    entries.remove(20);
    let missing = check(entries.clone(), 0);
    assert_eq!(missing.missing(), [5..=8, 26..=26]);
    assert_eq!(missing.missing_revisions(), 5);
    assert_eq!(missing.last_revision(), 41);
    assert_eq!(check(entries.clone(), 8).missing(), [26..=26]);
    assert!(check(entries, 26).is_whole());
}

#[test]
fn the_first_revisions_are_missing() {
    assert_eq!(check(pods(10).split_off(4), 0).missing(), [2..=5]);
    assert_eq!(check(pods(10).split_off(4), 3).missing(), [4..=5]);
}

#[test]
fn ranges_are_listed_up_to_a_bound_and_counted_beyond() {
    let gaps = pods(400).into_iter().step_by(2).collect();
    let missing = check(gaps, 0);
    assert_eq!(missing.missing().len(), 64);
    assert_eq!(missing.missing_revisions(), 199);
    assert!(missing.errors().all(|error| error.to_string().len() < 300));
}

#[test]
fn changes_within_a_transaction_are_missing() {
    let whole = vec![
        put(2, 0, b"a", 2, 1),
        put(2, 1, b"b", 2, 1),
        put(2, 2, b"c", 2, 1),
        put(3, 0, b"d", 3, 1),
    ];
    assert!(check(whole.clone(), 0).is_whole());
    for lost in [0, 1] {
        let mut entries = whole.clone();
        entries.remove(lost);
        assert_eq!(check(entries, 0).missing(), [2..=2], "{lost}");
    }
}

#[test]
fn versions_and_deletions_follow_what_the_key_was() {
    let whole = vec![
        put(5, 0, b"a", 3, 2),
        put(9, 0, b"b", 9, 1),
        put(10, 0, b"a", 3, 3),
        delete(11, b"a"),
        put(12, 0, b"a", 12, 1),
        put(13, 0, b"a", 12, 2),
    ];
    assert!(check(whole.clone(), 8).is_whole());
    // What compaction left of "a" is gone.
    let told: Vec<_> = check(whole[1..].to_vec(), 8).errors().collect();
    assert_eq!(told.len(), 1);
    assert!(
        told[0]
            .to_string()
            .contains("10_0: what the key was before")
    );
    for (at, entry) in [
        (2, put(10, 0, b"a", 3, 4)),
        (4, put(12, 0, b"a", 3, 4)),
        (5, put(13, 0, b"a", 11, 2)),
        (5, delete(13, b"other")),
    ] {
        let mut entries = whole.clone();
        entries[at] = entry;
        assert!(!check(entries, 8).is_whole(), "{at}");
    }
}

#[test]
fn an_entry_that_a_completed_compaction_would_have_removed() {
    let entries = vec![put(5, 0, b"a", 5, 1), put(6, 0, b"a", 5, 2)];
    assert!(check(entries.clone(), 5).is_whole());
    let told: Vec<_> = check(entries, 6).errors().collect();
    assert!(
        told[0]
            .to_string()
            .contains("5_0: compaction was completed")
    );
}

#[test]
fn bump_revision_is_no_gap() {
    let mut entries = pods(3);
    entries.push((revision(1000, 0, false), Vec::new()));
    entries.push(put(1001, 0, b"x", 1001, 1));
    assert!(check(entries, 0).is_whole());
}
