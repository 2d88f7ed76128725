//! Carving: a database that Go's bbolt made, of whose past it is known what is
//! where; the real snapshots, whose past was compacted and written over; and
//! what a record must look like.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_etcd::etcd::{Carved, Snapshot, carve};
use k8s_etcd::{Category, Limits};
use serde_json::Value;

use crate::bbolt_writer::{File, Freelist, Order, Writer, key_value, revision, varint};
use crate::snapshots::{scenarios, unpack};
use crate::{pods, revisions};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/superseded")
}

/// The manifest's superseded entries, and its summary.
fn manifest() -> (Vec<Value>, Value) {
    let text = fs::read_to_string(folder().join("superseded.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut lines: Vec<Value> = lines.collect();
    let summary = lines.pop().unwrap();
    assert_eq!(summary["superseded"], lines.len());
    (lines, summary)
}

fn assert_is(found: &Carved<'_>, line: &Value, file: &[u8]) {
    let place = format!("{line}");
    let number = |name: &str| line[name].as_i64().unwrap();
    let key = line["key"].as_str().unwrap().as_bytes();
    assert_eq!(found.key, key, "{place}");
    assert_eq!(found.tombstone, line["tombstone"] == true, "{place}");
    let filed = found.revision.unwrap();
    assert_eq!(
        (filed.main, filed.sub),
        (number("main"), number("sub")),
        "{place}"
    );
    let key_value = found.key_value.as_ref().unwrap();
    let value = STANDARD.decode(line["value"].as_str().unwrap_or_default());
    assert_eq!(key_value.value, value.unwrap(), "{place}");

    // Where its bytes stand: the first place, and the others are copies.
    let offsets: Vec<u64> = line["offsets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|offset| offset.as_u64().unwrap())
        .collect();
    let provenance = found.provenance;
    assert_eq!(provenance.key_offset, offsets[0], "{place}");
    assert_eq!(provenance.page, offsets[0] / 4096, "{place}");
    let filed = revision(filed.main, filed.sub, found.tombstone);
    let value_at = provenance.key_offset as usize + filed.len();
    assert_eq!(provenance.value_offset as usize, value_at, "{place}");
    assert_eq!(&file[offsets[0] as usize..value_at], filed, "{place}");
    assert_eq!(found.copies, offsets.len() as u64 - 1, "{place}");
    let at = key_value.value_offset() as usize;
    assert_eq!(
        &file[at..at + key_value.value.len()],
        key_value.value,
        "{place}"
    );
}

#[test]
fn all_that_was_superseded_comes_out_and_nothing_else() {
    let file = unpack(&folder().join("superseded.db.gz"));
    let (lines, summary) = manifest();
    let slack = lines.iter().filter(|line| line["place"] == "slack").count();
    assert_eq!((lines.len(), slack), (114, 12));

    let snapshot = Snapshot::parse(&file).unwrap();
    let carving = snapshot.carve();
    assert!(carving.stopped().is_none());
    assert_eq!(carving.len(), lines.len());
    assert_eq!(carving.copies(), summary["liveCopies"].as_u64().unwrap());
    let by_revision: BTreeMap<i64, &Value> = lines
        .iter()
        .map(|line| (line["main"].as_i64().unwrap(), line))
        .collect();
    assert_eq!(by_revision.len(), lines.len());
    for (found, line) in carving.iter().zip(by_revision.values()) {
        assert_is(&found, line, &file);
    }
    let (live, errors) = revisions(&file);
    assert_eq!(live.len() as u64, summary["live"].as_u64().unwrap());
    assert_eq!(errors.len(), 0);
    assert_eq!(snapshot.survey().damage().count(), 0);
    println!("{} superseded, {slack} of them in slack", lines.len());
}

#[test]
fn without_a_meta_page_the_live_ones_come_out_too() {
    let mut file = unpack(&folder().join("superseded.db.gz"));
    file[..2 * 4096].fill(0);
    let (lines, summary) = manifest();
    let carving = carve(&file, &Limits::default());
    let live = summary["live"].as_u64().unwrap();
    assert_eq!(carving.len() as u64, lines.len() as u64 + live);
    let copies: u64 = carving.iter().map(|found| found.copies).sum();
    let of_superseded = lines
        .iter()
        .map(|line| line["offsets"].as_array().unwrap().len() as u64 - 1);
    let of_live = summary["liveCopies"].as_u64().unwrap();
    assert_eq!(copies, of_superseded.sum::<u64>() + of_live);
    // The page size is guessed by the pages' ids.
    for found in carving.iter() {
        assert_eq!(found.provenance.page, found.provenance.key_offset / 4096);
    }
}

/// Nothing in the real snapshots is superseded and still there. What their free
/// pages hold are leaves that a commit copied elsewhere to change them: entries
/// that are live still. Each of these was also found by a search of the file for
/// the bytes of every live entry.
#[test]
fn of_real_snapshots_nothing_new_and_known_copies() {
    let expected = BTreeMap::from([
        ("aescbc", 3),
        ("aesgcm", 3),
        ("cbor", 0),
        ("etcd34", 3),
        ("kmsv1", 7),
        ("kmsv2", 4),
        ("mediatypes", 0),
        ("plain", 0),
        ("rotation", 4),
        ("secretbox", 2),
    ]);
    for (name, file, _) in scenarios() {
        let snapshot = Snapshot::parse(&file).unwrap();
        let carving = snapshot.carve();
        let copies = expected[&name[..]];
        assert_eq!((carving.len(), carving.copies()), (0, copies), "{name}");
        assert!(carving.stopped().is_none(), "{name}");

        let live: HashMap<&[u8], &[u8]> = snapshot
            .revisions()
            .unwrap()
            .map(|kv| {
                let kv = kv.unwrap();
                let at = kv.provenance.key_offset as usize;
                let end = kv.value_offset() as usize + kv.value.len();
                (&file[at..at + 17], &file[at..end])
            })
            .collect();
        let revisions = memchr::memchr_iter(b'_', &file).filter_map(|at| {
            let at = at.checked_sub(8)?;
            Some((at, live.get(file.get(at..at + 17)?)?))
        });
        let found = revisions.filter(|(at, entry)| file[*at..].starts_with(entry));
        let elsewhere = (found.count() - live.len()) as u64;
        assert_eq!(elsewhere, copies, "{name}");
    }
}

/// The other way round: without meta pages, all that is live is carved, with the
/// same copies, and no value looks like a record.
#[test]
fn of_real_snapshots_without_meta_pages_exactly_the_live_entries() {
    for (name, mut file, truth) in scenarios() {
        let copies = Snapshot::parse(&file).unwrap().carve().copies();
        file[..2 * 4096].fill(0);
        let carving = carve(&file, &Limits::default());
        assert_eq!(carving.len(), truth.len(), "{name}");
        let found: u64 = carving.iter().map(|found| found.copies).sum();
        assert_eq!(found, copies, "{name}");
        for (found, line) in carving.iter().zip(&truth) {
            let filed = found.revision.unwrap();
            let at = (filed.main, filed.sub);
            let there = (line["rev"].as_i64().unwrap(), line["sub"].as_i64().unwrap());
            assert_eq!(at, there, "{name}");
            assert_eq!(
                found.key,
                line["key"].as_str().unwrap().as_bytes(),
                "{name}"
            );
        }
    }
}

/// Two live entries, and whatever stands on a free page.
fn with_free_page(order: Order, bytes: &[u8]) -> File {
    let mut file = Writer::new(4096, order)
        .free_page(vec![])
        .bucket("key", pods(2))
        .write();
    file.put(3 * 4096 + 100, bytes);
    file
}

fn record(main: i64, key: &[u8], value: &[u8]) -> Vec<u8> {
    let message = key_value(key, [main, main, 1, 0], value);
    [revision(main, 0, false), message].concat()
}

#[test]
fn a_record_whose_revision_was_overwritten() {
    let bytes = record(70, b"/k", b"value").split_off(17);
    let file = with_free_page(Order::Little, &bytes);
    let carving = Snapshot::parse(&file.bytes).unwrap().carve();
    let all: Vec<_> = carving.iter().collect();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].revision, all[0].main, all[0].key),
        (None, 70, &b"/k"[..])
    );
    assert_eq!(all[0].provenance.key_offset, 3 * 4096 + 100);
    assert_eq!(all[0].key_value.as_ref().unwrap().value, b"value");
}

#[test]
fn a_record_whose_value_was_cut() {
    let mut bytes = record(70, b"/k", &[b'v'; 9000]);
    bytes.truncate(3000);
    let file = with_free_page(Order::Big, &bytes);
    let carving = Snapshot::parse(&file.bytes).unwrap().carve();
    let all: Vec<_> = carving.iter().collect();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].main, all[0].key), (70, &b"/k"[..]));
    let error = all[0].key_value.as_ref().unwrap_err();
    assert_eq!(error.category(), Category::Truncated);
}

/// A length that a flipped bit made larger claims the records behind it.
#[test]
fn records_that_a_damaged_length_claims() {
    for tombstone in [false, true] {
        let mut bytes = if tombstone {
            let message = key_value(b"/deleted", [0; 4], b"");
            [revision(70, 0, true), message].concat()
        } else {
            record(70, b"/k", &[b'v'; 100])
        };
        if tombstone {
            bytes[18 + 1] |= 0x40;
        } else {
            // 100 bytes of value, its length before them.
            let at = bytes.len() - 101;
            assert_eq!(bytes[at], 100);
            bytes.splice(at..=at, varint(1000));
        }
        for main in 71..75 {
            bytes.extend(record(main, b"/next", format!("value {main}").as_bytes()));
        }
        let file = with_free_page(Order::Little, &bytes);
        let carving = Snapshot::parse(&file.bytes).unwrap().carve();
        let found = carving.iter().filter(|found| found.key == b"/next");
        let mains: Vec<_> = found.map(|found| found.main).collect();
        assert_eq!(mains, [71, 72, 73, 74], "tombstone: {tombstone}");
    }
}

/// A value that holds a message without a revision before it is only a value.
#[test]
fn a_message_within_a_value() {
    let inner = key_value(b"/inner", [5, 6, 1, 0], b"value");
    let file = with_free_page(Order::Little, &record(70, b"/outer", &inner));
    let carving = Snapshot::parse(&file.bytes).unwrap().carve();
    let keys: Vec<_> = carving.iter().map(|found| found.key).collect();
    assert_eq!(keys, [b"/outer"]);
}

/// 94,000 records, each of whose keys claims all that follow and has a proper end
/// there: 94 GB, if all of them were compared. What follows them comes out. Once
/// with values that are there, once with values that are cut off.
#[test]
fn a_file_of_records_within_records() {
    let end = 2_000_000;
    for value_tag in [&[0x2A, 1, b'v'][..], &[0x2A, 0xFF, 0xFF, 0x7F, b'v']] {
        let mut bytes = Vec::new();
        while bytes.len() < end - 17_000 {
            bytes.extend(revision(70, 0, false));
            bytes.push(0x0A);
            let length = varint((end - bytes.len() - 3) as u64);
            assert_eq!(length.len(), 3);
            bytes.extend(length);
        }
        bytes.resize(end, b'.');
        bytes.extend(&key_value(b"x", [70, 70, 1, 0], b"")[3..]);
        bytes.extend(value_tag);
        bytes.extend(record(71, b"/after", b"value"));
        let carving = carve(&bytes, &Limits::default());
        let error = carving.stopped().unwrap();
        assert_eq!(error.category(), Category::Limit);
        assert!(carving.len() < 10, "{carving:?}");
        assert_eq!(carving.iter().last().unwrap().key, b"/after");
    }
}

#[test]
fn no_more_than_the_limit() {
    let entries = pods(100);
    let file = Writer::new(4096, Order::Little)
        .freelist(Freelist::NotSynced)
        .free_page(entries)
        .bucket("key", vec![])
        .write();
    let mut limits = Limits::default();
    limits.carved_entries = 60;
    let snapshot = Snapshot::parse_with(&file.bytes, &limits).unwrap();
    let carving = snapshot.carve();
    assert_eq!(carving.len(), 60);
    let error = carving.stopped().unwrap();
    assert_eq!(error.category(), Category::Limit);
    assert!(error.offset().is_some());
    assert_eq!(Snapshot::parse(&file.bytes).unwrap().carve().len(), 100);
}
