//! `--deleted`: what each deletion took.

use std::collections::HashMap;

use k8s_etcd::etcd::{LastState, Snapshot};

use crate::record::records;
use crate::run::{Scratch, decode};
use crate::truth::{Line, Scenario, scenario, scenarios};

/// Each deletion with the line before it of the same key.
fn deletions(scenario: &Scenario) -> Vec<(&Line, Option<&Line>)> {
    let mut last: HashMap<&str, &Line> = HashMap::new();
    let mut found = Vec::new();
    for line in &scenario.truth {
        let before = last.insert(&line.key, line);
        if line.tombstone {
            found.push((line, before.filter(|line| !line.tombstone)));
        }
    }
    found
}

#[test]
fn every_deletion_has_the_last_state_of_what_it_deleted() {
    let mut total = 0;
    for scenario in scenarios() {
        let scratch = Scratch::new(&format!("deleted-{}", scenario.name));
        let records = records(&["--deleted"], &scenario.args(&scratch));
        let expected = deletions(scenario);
        assert_eq!(records.len(), expected.len(), "{}", scenario.name);
        assert!(!expected.is_empty(), "{}", scenario.name);
        for (record, (deletion, before)) in records.iter().zip(&expected) {
            let at = format!("{} {}", scenario.name, deletion.key);
            assert_eq!(record.deleted_revision, Some(deletion.rev), "{at}");
            assert_eq!(record.revision, None, "{at}");
            record.assert_is(before.expect(&at), &scenario.name);
        }
        total += expected.len();

        let snapshot = Snapshot::parse(&scenario.file).expect("a snapshot");
        let found = snapshot.deletions().expect("a bucket");
        let found: Vec<_> = found.map(|found| found.expect("a deletion")).collect();
        assert_eq!(found.len(), expected.len(), "{}", scenario.name);
        for (found, (deletion, before)) in found.iter().zip(&expected) {
            assert_eq!(found.key, deletion.key.as_bytes());
            assert_eq!(
                (found.revision.main, found.revision.sub),
                (deletion.rev, deletion.sub)
            );
            let LastState::Found(last) = &found.last else {
                panic!("{} {}: {:?}", scenario.name, deletion.key, found.last);
            };
            assert_eq!(Some(last.revision.main), before.map(|line| line.rev));
        }
    }
    println!("{total} deletions");
    assert_eq!(total, 156);
}

/// Three keys of `kmsv1` were deleted twice.
#[test]
fn a_key_that_was_deleted_twice_is_there_twice() {
    let scenario = scenario("kmsv1");
    let scratch = Scratch::new("deleted-twice");
    let mut lives: HashMap<String, Vec<(i64, Option<i64>)>> = HashMap::new();
    for record in records(&["--deleted"], &scenario.args(&scratch)) {
        let life = (record.create_revision, record.deleted_revision);
        lives.entry(record.key).or_default().push(life);
    }
    let twice: Vec<_> = lives.values().filter(|lives| lives.len() == 2).collect();
    assert_eq!(twice.len(), 3);
    for lives in twice {
        let [first, second] = lives[..] else {
            panic!("{lives:?}")
        };
        assert!(first.1 < Some(second.0), "{lives:?}");
    }
}

#[test]
fn other_outputs_show_deletions_too() {
    let scenario = scenario("plain");
    let scratch = Scratch::new("deleted-outputs");
    let file = scratch.write("snapshot.db", &scenario.file);
    let keys: Vec<&str> = deletions(scenario)
        .iter()
        .map(|(line, _)| line.key.as_str())
        .collect();
    let ran = decode(&["--deleted", "-o", "keys", &file]);
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), keys);

    let ran = decode(&["--deleted", "-o", "json", &file]);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(keys.len()));

    let ran = decode(&["--deleted", "-o", "table", &file]);
    let mut lines = ran.stdout.lines();
    assert!(lines.next().is_some_and(|head| head.ends_with("  NOTE")));
    for (line, (deletion, _)) in lines.zip(deletions(scenario)) {
        assert!(line.starts_with(&deletion.key), "{line}");
        let note = format!("  deleted in {}", deletion.rev);
        assert!(line.ends_with(&note), "{line}");
    }
    let ran = decode(&["-o", "table", &file]);
    assert!(!ran.stdout.contains("NOTE"));
}
