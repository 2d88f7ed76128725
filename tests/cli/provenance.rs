//! `--provenance`: where an entry stands, there it stands.

use std::fs;

use sha2::{Digest, Sha256};

use crate::run::{CLUSTER, CONFIG, Scratch, decode};

/// Checks each record's place; gives the number of records.
fn assert_places(options: &[&str]) -> usize {
    let file = fs::read(CLUSTER).expect("the cluster");
    let sum = hex::encode(Sha256::digest(&file));
    let args = [
        &["--provenance", "--encryption-config", CONFIG],
        options,
        &[CLUSTER],
    ];
    let ran = decode(&args.concat());
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), ""),
        "{options:?}"
    );
    let records = ran.lines();
    for record in &records {
        let place = &record["provenance"];
        assert_eq!(place["file"], CLUSTER);
        assert_eq!(place["sha256"], sum);
        assert_eq!(
            place.as_object().map(|place| place.len()),
            Some(4),
            "{place}"
        );
        let number = |member: &str| place[member].as_u64().expect(member) as usize;
        let (page, offset) = (number("page"), number("offset"));

        // The revision, then the message, which begins with the key.
        let revision = record.get("revision").unwrap_or(&record["modRevision"]);
        let revision = revision.as_i64().expect("a revision");
        let mut entry = revision.to_be_bytes().to_vec();
        entry.push(b'_');
        entry.extend(0_i64.to_be_bytes());
        if record["deleted"] == true {
            entry.push(b't');
        }
        let key = record["key"].as_str().expect("a key");
        entry.extend([0x0A, key.len() as u8]);
        entry.extend(key.as_bytes());
        assert_eq!(&file[offset..offset + entry.len()], entry, "{record}");

        // A leaf that bears its number and reaches so far.
        let header = &file[page * 4096..][..16];
        assert_eq!(header[..8], (page as u64).to_le_bytes());
        assert_eq!(header[8..10], [2, 0]);
        let overflow = u32::from_le_bytes(header[12..].try_into().expect("4 bytes")) as usize;
        assert!((page * 4096..(page + overflow + 1) * 4096).contains(&offset));
    }
    records.len()
}

#[test]
fn every_record_points_at_its_entry() {
    assert_eq!(assert_places(&[]), 321);
    assert_eq!(assert_places(&["--history"]), 421);
    // That of the last state.
    assert_eq!(assert_places(&["--deleted"]), 14);
    assert_eq!(assert_places(&["--revision", "300"]), 284);
}

#[test]
fn provenance_stands_before_what_is_in_the_value() {
    let key = "/registry/namespaces/default";
    let ran = decode(&["--provenance", "--key", key, CLUSTER]);
    let begin = concat!(
        r#"{"key":"/registry/namespaces/default","createRevision":24,"modRevision":24,"version":1,"#,
        r#""provenance":{"file":"testdata/cluster/snapshot.db","sha256":"#,
        r#""0976e5906914ccf699b305af011f0eea3c289518e049c3d40db5e6a049816927","page":"#
    );
    assert!(ran.stdout.starts_with(begin), "{}", ran.stdout);
    assert!(ran.stdout.contains(r#"},"storedBytes":"#));
}

#[test]
fn a_single_value_begins_where_its_file_does() {
    let scratch = Scratch::new("provenance-value");
    let file = scratch.write("value", b"266");
    let ran = decode(&["--provenance", &file]);
    let expected = serde_json::json!({
        "file": file,
        "sha256": hex::encode(Sha256::digest(b"266")),
        "offset": 0,
    });
    assert_eq!(ran.lines()[0]["provenance"], expected);
}

/// The file may be evidence, and may be open elsewhere.
#[test]
fn the_input_needs_no_writing_and_no_lock() {
    let scratch = Scratch::new("read-only");
    let path = scratch.write("snapshot.db", &fs::read(CLUSTER).expect("the cluster"));
    let held = fs::File::open(&path).expect("a file");
    held.lock().expect("a lock");
    let mut permissions = held.metadata().expect("metadata").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("permissions");
    let before = fs::metadata(&path)
        .expect("metadata")
        .modified()
        .expect("a time");

    let ran = decode(&["-o", "keys", "--history", "--carve", &path]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 421));

    let after = fs::metadata(&path)
        .expect("metadata")
        .modified()
        .expect("a time");
    assert_eq!(before, after);
    assert!(fs::read(&path).expect("a file") == fs::read(CLUSTER).expect("the cluster"));
}
