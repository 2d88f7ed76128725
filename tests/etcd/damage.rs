//! All truncations and all bit flips of a small file: never a panic, always an
//! end, and what lies on untouched pages comes out.

use std::collections::BTreeSet;

use k8s_etcd::etcd::Snapshot;
use k8s_etcd::etcd::bbolt::Database;

use crate::bbolt_writer::{File, LEAF, Order, Writer, key_value, revision};
use crate::pods;

/// Two levels, an inline bucket, an overflow page, a tombstone.
fn file(order: Order) -> File {
    let mut entries = pods(5);
    let key = b"/registry/pods/default/pod-00003";
    entries.push((revision(40, 0, true), key_value(key, [0; 4], b"")));
    entries.push((
        revision(50, 0, false),
        key_value(b"/large", [50, 50, 1, 0], &[7; 1100]),
    ));
    Writer::new(1024, order)
        .fan_out(3)
        .bucket("key", entries)
        .inline_bucket(
            "meta",
            vec![(b"term".to_vec(), vec![0, 0, 0, 0, 0, 0, 0, 2])],
        )
        .write()
}

const ENTRIES: usize = 7;

/// Calls all there is; returns the revisions that were read.
fn read_all(bytes: &[u8]) -> Option<BTreeSet<(i64, u64, usize)>> {
    Snapshot::recognize(bytes);
    let snapshot = Snapshot::parse(bytes).ok()?;
    snapshot.verify_trailer();
    let database: &Database<'_> = snapshot.database();
    let _ = database.other_meta();
    for bucket in database.root().buckets().flatten() {
        assert!(bucket.entries().count() <= 2 * bytes.len());
    }
    let _ = snapshot.store_meta();
    if let Ok(state) = snapshot.current() {
        assert_eq!(state.iter().count(), state.len());
        let before = state.iter().map(|(key, _)| key).is_sorted();
        assert!(before);
        assert!(state.damage().count() <= 2 * bytes.len());
    }
    let revisions = snapshot.revisions().ok()?;
    let sound = revisions.take(2 * bytes.len()).flatten();
    Some(
        sound
            .map(|kv| (kv.revision.main, kv.provenance.page, kv.value.len()))
            .collect(),
    )
}

#[test]
fn every_truncation() {
    for order in [Order::Little, Order::Big] {
        let file = file(order).with_trailer();
        let mut whole = 0;
        for length in 0..file.len() {
            let read = read_all(&file[..length]).unwrap_or_default();
            whole += usize::from(read.len() == ENTRIES);
        }
        // Without the trailer or a part of it, nothing else is missing.
        assert_eq!(whole, 32);
        assert_eq!(read_all(&file).unwrap().len(), ENTRIES);
    }
}

#[test]
fn every_bit_flip_of_a_little_endian_file() {
    every_bit_flip(Order::Little);
}

#[test]
fn every_bit_flip_of_a_big_endian_file() {
    every_bit_flip(Order::Big);
}

fn every_bit_flip(order: Order) {
    let file = file(order);
    let sound = read_all(&file.bytes).unwrap();
    assert_eq!(sound.len(), ENTRIES);
    let leaves: BTreeSet<u64> = sound.iter().map(|&(_, page, _)| page).collect();
    assert!(leaves.is_subset(&file.pages_of(LEAF).into_iter().collect()));

    let mut bytes = file.bytes.clone();
    let mut in_leaves = 0;
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let read = read_all(&bytes).unwrap_or_default();
        let page = (bit / 8 / 1024) as u64;
        // One page of one leaf is touched, or its second page.
        if let Some(&touched) = leaves.range(..=page).next_back()
            && page - touched <= overflow(&file, touched)
        {
            in_leaves += 1;
            let untouched = sound.iter().filter(|&&(_, page, _)| page != touched);
            for entry in untouched {
                assert!(
                    read.contains(entry),
                    "{order:?} bit {bit}: {entry:?} is lost"
                );
            }
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(in_leaves == 4 * 1024 * 8, "{in_leaves} flips in leaves");
}

fn overflow(file: &File, page: u64) -> u64 {
    let at = file.at(page) + 12;
    let bytes = file.bytes[at..at + 4].try_into().unwrap();
    u64::from(match file.order {
        Order::Little => u32::from_le_bytes(bytes),
        Order::Big => u32::from_be_bytes(bytes),
    })
}
