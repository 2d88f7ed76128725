//! Database files that claim more than they hold: walking, carving and the state
//! of both cost in proportion to the file.

use k8s_etcd::Limits;
use k8s_etcd::etcd::{KnownState, Snapshot, carve};

use crate::bbolt_writer::{BRANCH, File, Freelist, Order, Writer, key_value, revision, varint};
use crate::growth::{linear, linear_time};

const PAGE: usize = 1024;

fn put_header(file: &mut File, page: usize, flags: u16, count: usize, overflow: usize) {
    file.put(page * PAGE, &(page as u64).to_le_bytes());
    file.put(page * PAGE + 8, &flags.to_le_bytes());
    file.put(page * PAGE + 10, &(count as u16).to_le_bytes());
    file.put(page * PAGE + 12, &(overflow as u32).to_le_bytes());
}

fn put_element(file: &mut File, at: usize, key_at: usize, key: usize, page: usize) {
    file.put(at, &((key_at - at) as u32).to_le_bytes());
    file.put(at + 4, &(key as u32).to_le_bytes());
    file.put(at + 8, &(page as u64).to_le_bytes());
}

/// A branch page over the whole file, whose `count` children are branch pages
/// over the rest of the file. All elements name the same key: the last half.
fn branches_with_one_key(count: usize) -> Vec<u8> {
    let first = 2 + (16 + 16 * count).div_ceil(PAGE);
    let key_at = (first + count) * PAGE;
    let pages = 2 * (first + count);
    let mut file = File::from_bytes(vec![b'a'; pages * PAGE], PAGE, Order::Little);
    let key = pages * PAGE - key_at - 16;
    put_header(&mut file, 2, BRANCH, count, pages - 3);
    for n in 0..count {
        let child = first + n;
        put_element(&mut file, 2 * PAGE + 16 + 16 * n, key_at, key, child);
        put_header(&mut file, child, BRANCH, 1, pages - child - 1);
        // Page 1 is no page of a tree: an error, and the next child.
        put_element(&mut file, child * PAGE + 16, key_at, key, 1);
    }
    for (meta, txid) in [(0, 1), (1, 2)] {
        file.meta(meta, 2, txid);
        file.set_freelist(meta, u64::MAX);
    }
    file.bytes
}

#[test]
fn branch_keys_that_are_one_and_the_same() {
    linear_time(8_000, branches_with_one_key, |bytes| {
        let snapshot = Snapshot::parse(bytes).expect("a meta page");
        let walked = snapshot.database().root().entries().count();
        let survey = snapshot.survey();
        assert!(walked > 0 && survey.damage().len() > 0);
    });
}

/// `count` records of distinct revisions, each with a value up to the end.
fn nested(count: usize) -> Vec<u8> {
    const RECORD: usize = 17 + 3 + 2 + 4 + 2 + 5;
    let size = 2 * RECORD * count;
    let mut bytes = Vec::new();
    for n in 1..=count as i64 {
        // Three bytes for each revision.
        let main = (1 << 14) + n;
        bytes.extend(revision(main, 0, false));
        bytes.extend(key_value(b"k", [1, main, 1, 0], b""));
        bytes.push(0x2A);
        bytes.extend(varint((size - bytes.len() - 4) as u64));
    }
    bytes.resize(size, b'.');
    bytes
}

#[test]
fn records_within_records() {
    linear(20_000, nested, |bytes| {
        let carving = carve(bytes, &Limits::DEFAULT);
        assert!(carving.len() > bytes.len() / 100 && !carving.cuts().is_empty());
        // Bytes that a program would print.
        let read = carving.iter().filter_map(|carved| carved.key_value.ok());
        let read: usize = read.map(|one| one.key.len() + one.value.len()).sum();
        assert!(read <= Limits::DEFAULT.carved_depth * bytes.len());
        0
    });
    linear_time(20_000, nested, |bytes| {
        let carving = carve(bytes, &Limits::DEFAULT);
        assert!(!carving.is_empty());
    });
}

/// Records that each have a key of their own, in a tree and on free pages.
fn keys(count: usize) -> Vec<u8> {
    let entries = |from: usize| {
        let entry = |n: usize| {
            let main = (1 << 21) + n as i64;
            let key = format!("/registry/{n:010}");
            let message = key_value(key.as_bytes(), [main, main, 1, 0], b"v");
            (revision(main, 0, false), message)
        };
        (from..from + count).map(entry).collect::<Vec<_>>()
    };
    let mut writer = Writer::new(4096, Order::Little)
        .freelist(Freelist::NotSynced)
        .bucket("key", entries(0));
    for page in entries(count).chunks(40) {
        writer = writer.free_page(page.to_vec());
    }
    writer.write().bytes
}

#[test]
fn a_state_of_the_tree_and_of_what_was_carved() {
    linear(4_000, keys, |bytes| {
        let snapshot = Snapshot::parse(bytes).expect("a meta page");
        let carving = snapshot.carve();
        let known = KnownState::new(Some(&snapshot), &carving).expect("a state");
        assert!(known.is_incomplete());
        assert_eq!(known.iter().count(), 2 * carving.len());
        known.len() as u64
    });
}
