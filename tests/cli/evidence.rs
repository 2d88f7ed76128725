//! `--report` and `--carve`, on sound and on damaged files.

use std::collections::BTreeMap;
use std::fs;

use k8s_etcd::etcd::Snapshot;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::encryption::snapshot;
use crate::run::{CLUSTER, CONFIG, Ran, Scratch, decode};

const PAGE: usize = 4096;
/// A leaf of the bucket `key` in [`CLUSTER`].
const LEAF: usize = 32;

fn cluster() -> Vec<u8> {
    fs::read(CLUSTER).expect("the cluster")
}

/// Runs with `--report`; the report's only input.
fn report(scratch: &Scratch, args: &[&str]) -> (Ran, Value) {
    let path = format!("{}/report.json", scratch.path());
    // No file is replaced.
    let _ = fs::remove_file(&path);
    let ran = decode(&[&["--report", &path], args].concat());
    let text = fs::read_to_string(&path).expect("a report");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    let Some([input]) = report["inputs"].as_array_mut().map(Vec::as_mut_slice) else {
        panic!("{text}")
    };
    (ran, input.take())
}

/// Every record of the sound cluster's history, by its revision.
fn history() -> BTreeMap<u64, Value> {
    let ran = decode(&[
        "--history",
        "--provenance",
        "--encryption-config",
        CONFIG,
        CLUSTER,
    ]);
    let records: BTreeMap<u64, Value> = ran
        .lines()
        .into_iter()
        .map(|record| (record["revision"].as_u64().expect("a revision"), record))
        .collect();
    assert_eq!(records.len(), 421);
    records
}

fn without(mut record: Value, members: &[&str]) -> Value {
    for member in members {
        record.as_object_mut().expect("a record").remove(*member);
    }
    record
}

#[test]
fn a_report_says_what_each_page_is() {
    let scratch = Scratch::new("report");
    let (ran, mut report) = report(&scratch, &["-o", "keys", CLUSTER]);
    // Its own test is in `store`.
    let store = report.as_object_mut().unwrap().remove("store");
    assert_eq!(store.unwrap()["lastRevision"], 422);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 321));
    assert_eq!(
        ran.stderr,
        "decode: testdata/cluster/snapshot.db: pages: 2 meta (8192 bytes), \
         341 read (1396736 bytes), 7 free (28672 bytes)\n"
    );
    let none = json!({"pages": 0, "bytes": 0});
    assert_eq!(
        report,
        json!({
            "input": CLUSTER,
            "bytes": 1433632,
            "sha256": hex::encode(Sha256::digest(cluster())),
            "pageSize": 4096,
            "byteOrder": "little-endian",
            "metaPage": 0,
            "transaction": 30,
            "trailer": "valid",
            "pages": {
                "meta": {"pages": 2, "bytes": 8192},
                "read": {"pages": 341, "bytes": 1396736},
                "free": {"pages": 7, "bytes": 28672},
                "freelist": none,
                "damaged": none,
                "unreachable": none,
                "missing": none,
                "unallocated": none,
            },
            "pageIdsThatAgree": 136,
            "freelist": {"state": "absent"},
            "damage": [],
        })
    );
}

#[test]
fn a_damaged_page_is_told_and_all_others_are_read() {
    let scratch = Scratch::new("damaged-page");
    let mut bytes = cluster();
    bytes[LEAF * PAGE..][..PAGE].fill(0);
    let file = scratch.write("damaged.db", &bytes);
    let args = [
        "--history",
        "--provenance",
        "--encryption-config",
        CONFIG,
        &file,
    ];
    let (ran, report) = report(&scratch, &args);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stderr.replace(&file, "FILE"),
        "decode: FILE: the SHA-256 trailer does not match the database\n\
         decode: FILE: malformed: revisions: 3 are missing above the last compaction (101-103): \
         the file was copied while etcd wrote to it, or lost pages\n\
         decode: FILE: --carve searches the pages that no tree reaches\n\
         decode: FILE: damaged page 32: malformed: page header: page 32: it says that it is page 0, \
         offset 131072 in snapshot\n\
         decode: FILE: pages: 2 meta (8192 bytes), 340 read (1392640 bytes), 1 damaged (4096 bytes), \
         7 unreachable (28672 bytes)\n"
    );
    assert_eq!(report["trailer"], "mismatch");
    assert_eq!(
        report["damage"],
        json!([{
            "page": 32,
            "offset": 131072,
            "category": "malformed",
            "reason": "page header: page 32: it says that it is page 0",
            "more": 0,
        }, {
            "category": "malformed",
            "reason": "revisions: 3 are missing above the last compaction (101-103): \
                       the file was copied while etcd wrote to it, or lost pages",
            "more": 0,
        }])
    );
    assert_eq!(
        report["pages"]["damaged"],
        json!({"pages": 1, "bytes": 4096})
    );
    // The zeroed page may have led to others, for all that is known.
    assert_eq!(report["pages"]["unreachable"]["pages"], 7);
    assert_eq!(report["pageIdsThatAgree"], 135);

    let expected: Vec<Value> = history()
        .into_values()
        .filter(|record| record["provenance"]["page"] != LEAF)
        .map(|record| without(record, &["provenance"]))
        .collect();
    let found: Vec<Value> = ran
        .lines()
        .into_iter()
        .map(|record| without(record, &["provenance"]))
        .collect();
    assert_eq!(found.len(), 418);
    assert!(found == expected);
}

#[test]
fn without_meta_pages_all_is_carved() {
    let scratch = Scratch::new("no-meta");
    let mut bytes = cluster();
    bytes[..2 * PAGE].fill(0);
    let file = scratch.write("lost.db", &bytes);
    let args = [
        "--carve",
        "--provenance",
        "--encryption-config",
        CONFIG,
        &file,
    ];
    let (ran, report) = report(&scratch, &args);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stderr.replace(&file, "FILE"),
        "decode: FILE: 143 pages of a database, whose meta pages are lost\n\
         decode: FILE: malformed: meta page: page 0: no magic number, offset 0 in snapshot\n\
         decode: FILE: carved: 421 entries that the tree does not reach, 0 copies of others, \
         in 1433600 bytes\n"
    );
    assert!(report.get("pageSize").is_none() && report.get("pages").is_none());
    assert_eq!(report["damage"][0]["page"], 0);
    assert_eq!(
        report["carved"],
        json!({"entries": 421, "copies": 0, "searchedBytes": 1433600})
    );

    let history = history();
    let [mut last, mut copies] = [0; 2];
    for record in ran.lines() {
        let offset = record["offset"].as_u64().expect("an offset");
        assert_eq!(record["carved"], true);
        copies += record["copies"].as_u64().expect("a number");
        assert_eq!(record["page"], offset / PAGE as u64);
        assert_eq!(record["provenance"]["offset"], offset);
        assert_eq!(record["provenance"]["page"], record["page"]);
        let revision = record["revision"].as_u64().expect("a revision");
        assert!(revision > last);
        last = revision;
        // As if the tree had led there.
        let sound = &history[&revision];
        if record["copies"] == 0 {
            assert_eq!(offset, sound["provenance"]["offset"]);
        }
        let sound = without(sound.clone(), &["provenance"]);
        let carved = ["carved", "page", "offset", "copies", "provenance"];
        assert!(without(record.clone(), &carved) == sound, "{record}");
    }
    assert_eq!(ran.lines().len(), history.len());
    // Those that are copies of live entries, where a tree tells which are.
    assert_eq!(copies, 3);
}

#[test]
fn one_meta_page_is_as_good_as_two() {
    let scratch = Scratch::new("one-meta");
    for (page, records) in [(0, 321), (1, 321)] {
        let mut bytes = cluster();
        bytes[page * PAGE + 16] ^= 1;
        let file = scratch.write("damaged.db", &bytes);
        let (ran, report) = report(&scratch, &["-o", "keys", &file]);
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), records));
        let other = 1 - page;
        let told = format!(
            "malformed: meta page: page {page}: no magic number, offset {} in snapshot; \
             meta page {other} of transaction",
            page * PAGE
        );
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
        assert_eq!(report["metaPage"], other);
        assert_eq!(report["damage"][0]["page"], page);
    }
    // Both: the magic number still tells what it is.
    let mut bytes = cluster();
    bytes[30] ^= 1;
    bytes[PAGE + 30] ^= 1;
    let file = scratch.write("damaged.db", &bytes);
    let ran = decode(&[&file]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(
        ran.stderr
            .ends_with("; --carve searches the file all the same\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn of_a_cut_file_all_is_carved_that_is_there() {
    let scratch = Scratch::new("cut");
    let bytes = cluster();
    let snapshot = Snapshot::parse(&bytes).expect("a snapshot");
    for length in [900_000, 700_001, 200 * PAGE] {
        let file = scratch.write("cut.db", &bytes[..length]);
        let args = ["--carve", "--encryption-config", CONFIG, &file];
        let (ran, report) = report(&scratch, &args);
        assert_eq!(ran.code, Some(1));
        // The root of the tree lies behind.
        assert_eq!(report["pages"]["missing"]["pages"], 350 - length / PAGE);
        assert_eq!(report["damage"][0]["category"], "truncated");
        let wanted: Vec<_> = snapshot
            .revisions()
            .expect("a bucket")
            .map(|found| found.expect("an entry"))
            // 8 bytes for the lease that may follow.
            .filter(|found| found.value_offset() as usize + found.value.len() + 8 < length)
            .collect();
        assert!(wanted.len() > 100, "{}", wanted.len());
        let records = ran.lines();
        assert_eq!(report["carved"]["entries"], records.len());
        let whole: Vec<_> = records
            .iter()
            .filter(|record| record.get("error").is_none())
            .map(|record| (&record["revision"], &record["offset"]))
            .collect();
        for found in &wanted {
            let place = (
                json!(found.revision.main),
                json!(found.provenance.key_offset),
            );
            assert!(whole.contains(&(&place.0, &place.1)), "{length}: {found:?}");
        }
        // At most the one that is cut comes on top.
        println!("{length}: {} of {} entries", records.len(), wanted.len());
        assert!(records.len() - wanted.len() <= 1);
    }
}

#[test]
fn carving_a_sound_file_finds_copies_only() {
    for (scenario, copies) in [
        ("secretbox", 2),
        ("rotation", 4),
        ("kmsv1", 7),
        ("plain", 0),
    ] {
        let scratch = Scratch::new(&format!("carve-{scenario}"));
        let file = snapshot(&scratch, scenario);
        let (ran, report) = report(&scratch, &["-o", "keys", "--carve", &file]);
        assert_eq!(ran.code, Some(0), "{scenario}");
        let carved = &report["carved"];
        assert_eq!(
            (&carved["entries"], &carved["copies"]),
            (&json!(0), &json!(copies))
        );
        assert!(ran.stdout == decode(&["-o", "keys", &file]).stdout);
        let told = format!("carved: 0 entries that the tree does not reach, {copies} copies");
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    }
}

#[test]
fn every_byte_of_a_file_belongs_to_some_state() {
    let scratch = Scratch::new("extents");
    let mut damaged = cluster();
    damaged[LEAF * PAGE..][..PAGE].fill(0xFF);
    damaged[PAGE..2 * PAGE].fill(0);
    for (bytes, trailer) in [
        (cluster(), 32),
        (damaged, 32),
        (cluster()[..1_000_000].to_vec(), 0),
        ([cluster(), vec![0; 3 * PAGE]].concat(), 32),
    ] {
        let file = scratch.write("some.db", &bytes);
        let (_, report) = report(&scratch, &["-o", "keys", &file]);
        let pages = report["pages"].as_object().expect("pages");
        let sum: u64 = pages
            .values()
            .filter_map(|extent| extent["bytes"].as_u64())
            .sum();
        assert_eq!(sum, bytes.len() as u64 - trailer, "{report}");
    }
}

#[test]
fn a_report_names_every_database_and_never_replaces_one() {
    let scratch = Scratch::new("reports");
    scratch.write("in/a.db", &cluster());
    scratch.write("in/b.db", &cluster()[..100 * PAGE]);
    let folder = format!("{}/in", scratch.path());
    let path = format!("{}/report.json", scratch.path());
    let ran = decode(&["-o", "keys", "--report", &path, &folder]);
    assert_eq!(ran.code, Some(1));
    let report: Value = serde_json::from_slice(&fs::read(&path).expect("a report")).expect("JSON");
    let inputs = report["inputs"].as_array().expect("inputs");
    let names: Vec<_> = inputs.iter().map(|input| &input["input"]).collect();
    assert_eq!(names, ["a.db", "b.db"]);

    let input = format!("{folder}/a.db");
    let ran = decode(&["--report", &input, &folder]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("it is an input"), "{}", ran.stderr);
    assert!(fs::read(&input).expect("a file") == cluster());
}
