//! Bytes that someone plants in a file to hide the rest from carving: records
//! within records, and more of them than a carve holds.

use std::collections::BTreeMap;
use std::fs;

use k8s_etcd::etcd::{Carving, Cut, Snapshot, carve};
use k8s_etcd::{Category, Limits};

use crate::bbolt_writer::{File, Freelist, LEAF, Order, Writer, key_value, revision, varint};
use crate::pods;

/// A record found by fuzzing, 94 times, whose value reaches over the next four.
fn found_by_fuzzing() -> Vec<u8> {
    fs::read("testdata/cases/hostile/snapshot-crash.bin").expect("the case")
}

/// `count` records whose values all reach `rest` bytes beyond the last of them.
fn nested(count: usize, rest: usize) -> Vec<u8> {
    let head = |main: i64| {
        [
            revision(main, 0, false),
            key_value(b"k", [1, main, 1, 0], b""),
        ]
        .concat()
    };
    // Each length takes three bytes.
    let sizes: Vec<_> = (0..count).map(|n| head(n as i64 + 1).len() + 4).collect();
    let mut left: usize = sizes.iter().sum();
    let mut bytes = Vec::new();
    for (n, size) in sizes.iter().enumerate() {
        left -= size;
        let length = left + rest;
        assert!((1 << 14..1 << 21).contains(&length));
        bytes.extend(head(n as i64 + 1));
        bytes.push(0x2A);
        bytes.extend(varint(length as u64));
    }
    bytes
}

/// All that was read, with whether its value was.
fn by_key<'a>(carving: &Carving<'a>) -> BTreeMap<(&'a [u8], i64), bool> {
    let carved = carving.iter();
    carved
        .map(|carved| ((carved.key, carved.main), carved.key_value.is_ok()))
        .collect()
}

/// A file of 400 pods, without its meta pages.
fn evidence() -> File {
    let mut file = Writer::new(4096, Order::Little)
        .freelist(Freelist::NotSynced)
        .bucket("key", pods(400))
        .write();
    file.bytes[..2 * 4096].fill(0);
    file
}

/// Every pod is found and read.
fn assert_all(carving: &Carving<'_>) {
    let found = by_key(carving);
    for (n, main) in (0..400).zip(2..) {
        let key = format!("/registry/pods/default/pod-{n:05}");
        assert_eq!(found.get(&(key.as_bytes(), main)), Some(&true), "{key}");
    }
}

#[test]
fn records_within_records_hide_no_other() {
    let file = evidence();
    let crash = found_by_fuzzing();
    let planted: [Vec<u8>; 4] = [
        crash.clone(),
        crash.repeat(20),
        nested(100, 1 << 17),
        nested(4000, 1 << 17),
    ];
    for planted in planted {
        let mut page = planted.clone();
        page.resize(planted.len().next_multiple_of(4096), 0);
        let leaves = file.pages_of(LEAF);
        for at in [2, leaves[3], file.pages()] {
            let at = file.at(at);
            let mut bytes = [&file.bytes[..at], &page, &file.bytes[at..]].concat();
            bytes.resize(bytes.len() + (1 << 18), b'.');
            let carving = carve(&bytes, &Limits::default());
            assert_all(&carving);
            for cut in carving.cuts() {
                let planted = at as u64..(at + planted.len()) as u64;
                assert!(planted.contains(cut.bytes.start()), "{cut:?}");
                assert!(planted.contains(cut.bytes.end()), "{cut:?}");
                assert_eq!(cut.error.category(), Category::Limit);
                assert_eq!(cut.error.offset(), Some(*cut.bytes.start()));
            }
        }
    }
}

#[test]
fn each_planted_record_is_listed_and_eight_are_read() {
    let planted = nested(1000, 1 << 17);
    let mut bytes = planted.clone();
    bytes.resize(1 << 18, b'.');
    let carving = carve(&bytes, &Limits::default());
    let found = by_key(&carving);
    assert_eq!(found.len(), 1000);
    assert_eq!(found.values().filter(|is_read| **is_read).count(), 8);
    let [cut] = carving.cuts() else {
        panic!("{:?}", carving.cuts());
    };
    assert_eq!((cut.unread, cut.left_out), (992, 0));
    let unread = carving.iter().filter_map(|carved| carved.key_value.err());
    for error in unread {
        assert_eq!(error.category(), Category::Limit);
        assert!(error.offset().is_some() && error.page().is_some());
    }

    let mut limits = Limits::default();
    limits.carved_depth = 2000;
    let carving = carve(&bytes, &limits);
    assert!(carving.cuts().is_empty());
    assert_eq!(
        by_key(&carving)
            .values()
            .filter(|is_read| **is_read)
            .count(),
        1000
    );
}

#[test]
fn what_a_value_holds_hides_neither_it_nor_its_neighbour() {
    // Nine records in a value, whose own values reach into the entry behind it.
    let mut value = b"begin ".to_vec();
    for n in 0..9 {
        value.extend(revision(500 + n, 0, false));
        value.extend(key_value(b"planted", [500 + n, 500 + n, 1, 0], b""));
        value.extend([0x2A, 0xFF, 0x01]);
    }
    let mut entries = pods(10);
    entries[4].1 = key_value(b"/registry/configmaps/a/b", [6, 6, 1, 0], &value);
    let file = Writer::new(4096, Order::Little)
        .freelist(Freelist::NotSynced)
        .free_page(entries)
        .bucket("key", vec![])
        .write();
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    let found = by_key(&snapshot.carve());
    let real = (0..10).map(|n| match n {
        4 => "/registry/configmaps/a/b".to_owned(),
        n => format!("/registry/pods/default/pod-{n:05}"),
    });
    for (key, main) in real.zip(2..) {
        assert!(found.contains_key(&(key.as_bytes(), main)), "{key}");
    }
    assert!(found[&(&b"/registry/configmaps/a/b"[..], 6)]);
}

#[test]
fn records_without_a_revision_are_found_behind_a_forged_length() {
    // A record that claims all that follows; sound ones; one whose revision was
    // overwritten.
    let mut bytes = revision(9, 0, false);
    bytes.extend(key_value(b"planted", [9, 9, 1, 0], b""));
    bytes.push(0x2A);
    bytes.extend(varint(4096));
    for (key, value) in pods(2) {
        bytes.extend(key);
        bytes.extend(value);
    }
    bytes.extend([b'.'; 17]);
    bytes.extend(key_value(b"/registry/old", [3, 3, 1, 0], b"value"));
    bytes.resize(8192, b'.');
    let carving = carve(&bytes, &Limits::default());
    let found = by_key(&carving);
    assert_eq!(found.get(&(&b"/registry/old"[..], 3)), Some(&true));
    assert_eq!(found.len(), 4);
}

#[test]
fn more_records_than_a_carve_holds_leave_room_for_later_ones() {
    let mut limits = Limits::default();
    limits.carved_entries = 2000;
    // Ten thousand deletions of other keys, then the evidence.
    let mut bytes = Vec::new();
    for n in 0..10_000 {
        bytes.extend(revision(10_000 + n, 0, true));
        bytes.extend(key_value(b"k", [0; 4], b""));
    }
    let planted = bytes.len();
    bytes.extend(&evidence().bytes);
    bytes.resize(bytes.len() + (1 << 20), 0);
    let carving = carve(&bytes, &limits);
    let later = carving
        .iter()
        .filter(|carved| carved.provenance.key_offset >= planted as u64);
    let later = later.count();
    // Each place has its share: a half of the 2,000 for all of the bytes. The
    // last pod ends before its file does.
    let share = 1000 * evidence().bytes.len() / bytes.len() * 3 / 4;
    assert!(later >= share, "{later} of {share}");
    let cuts = carving.cuts();
    assert_eq!(carving.len(), 2000);
    assert_eq!(cuts.iter().map(|cut| cut.left_out).sum::<u64>(), 8400);
    assert!(cuts.len() < 20, "{cuts:?}");
    let told = |cut: &Cut| cut.error.detail().contains("more than 2000 entries");
    assert!(cuts.iter().all(told));
}
