//! `--history`: a record for each line of truth.

use std::collections::HashMap;

use crate::record::records;
use crate::run::{Scratch, decode};
use crate::truth::{Line, scenario, scenarios};

#[test]
fn history_has_a_record_for_each_line_of_truth_in_its_order() {
    let [mut lines, mut tombstones, mut encrypted, mut plain] = [0; 4];
    for scenario in scenarios() {
        let scratch = Scratch::new(&format!("history-{}", scenario.name));
        let records = records(&["--history"], &scenario.args(&scratch));
        assert_eq!(records.len(), scenario.truth.len(), "{}", scenario.name);
        for (record, line) in records.iter().zip(&scenario.truth) {
            assert_eq!(
                (record.revision, record.sub, record.deleted_revision),
                (Some(line.rev), line.sub, None),
                "{} {}",
                scenario.name,
                line.key
            );
            record.assert_is(line, &scenario.name);
            lines += 1;
            tombstones += usize::from(record.deleted);
            if let Some(info) = &record.encryption {
                match info["policy"].as_str() {
                    None => encrypted += 1,
                    Some(policy) => {
                        assert_eq!(policy, "plain-but-should-be-encrypted");
                        plain += 1;
                    }
                }
            }
        }
    }
    println!("{lines} records, {tombstones} deletions, {encrypted} encrypted");
    assert_eq!((lines, tombstones), (4199, 156));
    // Of `rotation`, what was written before there was a policy.
    assert_eq!((encrypted, plain), (768, 42));
}

#[test]
fn lives_of_one_key_are_told_apart_by_their_create_revision() {
    let scratch = Scratch::new("history-lives");
    let key = "/registry/configmaps/shop/phoenix";
    let args = scenario("aesgcm").args(&scratch);
    let lives: Vec<_> = records(&["--history", "--key", key], &args)
        .iter()
        .map(|record| (record.revision, record.create_revision, record.deleted))
        .collect();
    assert_eq!(
        lives,
        [
            (Some(411), 411, false),
            (Some(412), 0, true),
            (Some(413), 413, false),
            (Some(414), 413, false),
        ]
    );
}

/// A deletion has neither kind nor namespace of its own: it goes with what it
/// deleted.
#[test]
fn filters_keep_the_deletions_of_what_they_keep() {
    let scenario = scenario("plain");
    let scratch = Scratch::new("history-filters");
    let args = scenario.args(&scratch);
    for (kind, namespace) in [("Secret", None), ("ConfigMap", Some("shop")), ("Pod", None)] {
        let mut kept: HashMap<&str, bool> = HashMap::new();
        let wanted: Vec<&Line> = scenario
            .truth
            .iter()
            .filter(|line| {
                if line.tombstone {
                    return kept[line.key.as_str()];
                }
                let object = line.object.as_ref().map_or("{}", |object| object.get());
                let object: serde_json::Value = serde_json::from_str(object).expect("JSON");
                let in_namespace =
                    namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace);
                let keep = line.kind.as_deref() == Some(kind) && in_namespace;
                kept.insert(&line.key, keep);
                keep
            })
            .collect();
        assert!(wanted.iter().any(|line| line.tombstone), "{kind}");
        assert!(wanted.len() < scenario.truth.len());
        let mut options = vec!["--history", "--kind", kind];
        options.extend(namespace.iter().flat_map(|name| ["--namespace", name]));
        let records = records(&options, &args);
        assert_eq!(records.len(), wanted.len(), "{kind}");
        for (record, line) in records.iter().zip(wanted) {
            record.assert_is(line, kind);
        }
    }
}

#[test]
fn the_database_file_of_a_stopped_etcd_has_the_snapshot_s_objects() {
    let scenario = scenario("plain");
    let scratch = Scratch::new("member");
    let member = scratch.write("db", &scenario.unpack("member-snap-db.gz"));
    let snapshot = scratch.write("snapshot.db", &scenario.file);
    for options in [
        &[][..],
        &["--history"],
        &["--deleted"],
        &["--revision", "300"],
    ] {
        let run = |file: &str| {
            let args: Vec<&str> = options.iter().copied().chain([file]).collect();
            let ran = decode(&args);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{args:?}");
            ran.stdout
        };
        let records = run(&member);
        assert!(!records.is_empty(), "{options:?}");
        assert!(records == run(&snapshot), "{options:?}");
    }
}
