//! `--revision N`: the state as of N.

use k8s_etcd::Category;
use k8s_etcd::etcd::Snapshot;

use crate::record::records;
use crate::run::{Scratch, decode};
use crate::truth::{Scenario, scenario, scenarios};

/// From where on history is whole.
fn compacted(snapshot: &Snapshot<'_>) -> i64 {
    snapshot.store_meta().expect("a store").compact_revision()
}

fn assert_state(scenario: &Scenario, snapshot: &Snapshot<'_>, revision: i64) {
    let at = format!("{} at {revision}", scenario.name);
    let state = snapshot.at(revision).expect(&at);
    assert_eq!(state.damage().count(), 0, "{at}");
    let live = scenario.live_at(revision);
    assert_eq!(state.len(), live.len(), "{at}");
    for ((key, found), line) in state.iter().zip(live) {
        let found = found.expect(&at);
        assert_eq!(key, line.key.as_bytes(), "{at}");
        assert_eq!(
            (found.revision.main, found.revision.sub, found.version),
            (line.rev, line.sub, line.version),
            "{at} {}",
            line.key
        );
    }
}

#[test]
fn the_state_as_of_every_revision_of_plain() {
    let plain = scenario("plain");
    let snapshot = Snapshot::parse(&plain.file).expect("a snapshot");
    let (first, last) = (compacted(&snapshot).max(1), plain.last_revision());
    for revision in first..=last {
        assert_state(plain, &snapshot, revision);
    }
    println!("{} states, from {first} to {last}", last - first + 1);
    assert_eq!((first, last), (1, 437));
}

#[test]
fn the_first_the_middle_and_the_last_state_of_every_scenario() {
    for scenario in scenarios() {
        let snapshot = Snapshot::parse(&scenario.file).expect("a snapshot");
        let (first, last) = (compacted(&snapshot).max(1), scenario.last_revision());
        assert_eq!(first > 1, scenario.name == "secretbox", "{}", scenario.name);
        for revision in [first, first.midpoint(last), last] {
            assert_state(scenario, &snapshot, revision);
        }
        let live = scenario.live_at(last);
        assert!(live.iter().all(|line| line.latest), "{}", scenario.name);
        let current = snapshot.current().expect("a state");
        let last = snapshot.at(last).expect("a state");
        assert!(
            current
                .iter()
                .map(|(key, _)| key)
                .eq(last.iter().map(|(key, _)| key))
        );
    }
}

#[test]
fn revisions_that_the_file_cannot_tell_are_refused() {
    for scenario in scenarios() {
        let snapshot = Snapshot::parse(&scenario.file).expect("a snapshot");
        let (compacted, last) = (compacted(&snapshot), scenario.last_revision());
        for (revision, reason) in [
            (
                compacted - 1,
                if compacted > 1 {
                    "compacted"
                } else {
                    "begin at 1"
                },
            ),
            (0, "begin at 1"),
            (-1, "begin at 1"),
            (i64::MIN, "begin at 1"),
            (last + 1, "above the last one"),
            (i64::MAX, "above the last one"),
        ] {
            let error = snapshot.at(revision).expect_err(&scenario.name);
            assert_eq!(error.category(), Category::Configuration, "{error}");
            assert!(error.detail().contains(reason), "{revision}: {error}");
        }
    }
}

#[test]
fn the_program_prints_the_state_as_of_a_revision() {
    for (name, revisions) in [
        ("plain", &["1", "2", "100", "366", "437"][..]),
        ("aesgcm", &["411", "412", "413"]),
        ("secretbox", &["495"]),
        ("rotation", &["250"]),
    ] {
        let scenario = scenario(name);
        let scratch = Scratch::new(&format!("revision-{name}"));
        let args = scenario.args(&scratch);
        for revision in revisions {
            let records = records(&["--revision", revision], &args);
            let live = scenario.live_at(revision.parse().expect("a number"));
            assert_eq!(records.len(), live.len(), "{name} at {revision}");
            for (record, line) in records.iter().zip(live) {
                assert_eq!((record.revision, record.deleted_revision), (None, None));
                record.assert_is(line, &format!("{name} at {revision}"));
            }
        }
    }
}

#[test]
fn the_program_refuses_a_revision_that_the_file_cannot_tell() {
    let secretbox = scenario("secretbox");
    let scratch = Scratch::new("revision-refused");
    let file = scratch.write("secretbox.db", &secretbox.file);
    let snapshot = Snapshot::parse(&secretbox.file).expect("a snapshot");
    let compacted = compacted(&snapshot);
    let last = secretbox.last_revision();
    for (revision, message) in [
        (
            compacted - 1,
            format!(
                "decode: --revision: {} is compacted: history is whole from {compacted} on\n",
                compacted - 1
            ),
        ),
        (
            last + 1,
            format!(
                "decode: --revision: {} is above the last one, {last}\n",
                last + 1
            ),
        ),
        (
            0,
            "decode: --revision: 0: revisions begin at 1\n".to_owned(),
        ),
    ] {
        let ran = decode(&["--revision", &revision.to_string(), &file]);
        assert_eq!(ran.code, Some(2), "{revision}");
        assert_eq!((ran.stdout.as_str(), ran.stderr), ("", message));
    }
    assert_eq!(decode(&["--revision", "now", &file]).code, Some(2));
}
