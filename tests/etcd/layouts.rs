//! Page sizes, byte orders, depths and sizes of values.

use k8s_etcd::etcd::Snapshot;
use k8s_etcd::etcd::bbolt::{ByteOrder, Database};

use crate::bbolt_writer::{BRANCH, Order, Writer, key_value, revision};
use crate::{pods, revisions, split};

const BOTH: [(Order, ByteOrder); 2] = [
    (Order::Little, ByteOrder::Little),
    (Order::Big, ByteOrder::Big),
];

#[test]
fn all_page_sizes_in_both_byte_orders() {
    for page_size in [1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10] {
        for (order, byte_order) in BOTH {
            let entries = pods(3000);
            let writer = Writer::new(page_size, order).bucket("key", entries.clone());
            let file = writer.inline_bucket("meta", vec![]).write().with_trailer();
            let snapshot = Snapshot::parse(&file).unwrap();
            let meta = snapshot.database().meta();
            assert_eq!(
                (meta.page_size as usize, meta.byte_order),
                (page_size, byte_order)
            );
            assert_eq!((meta.txid, meta.freelist), (7, Some(2)));

            let bucket = snapshot.database().bucket(b"key").unwrap().unwrap();
            let read: Vec<_> = bucket
                .entries()
                .map(|entry| entry.map(|e| (e.key.to_vec(), e.value.to_vec())).unwrap())
                .collect();
            assert!(read == entries, "{page_size} {order:?}");
            assert_eq!(snapshot.current().unwrap().len(), 3000);
        }
    }
}

#[test]
fn a_tree_many_pages_deep() {
    for (order, _) in BOTH {
        let writer = Writer::new(1024, order)
            .fan_out(2)
            .bucket("key", pods(1000));
        let file = writer.write();
        assert!(file.pages_of(BRANCH).len() > 400);
        let (read, errors) = revisions(&file.bytes);
        assert_eq!((read.len(), errors.len()), (1000, 0));
        assert!(read.is_sorted_by_key(|kv| kv.revision));
    }
}

#[test]
fn values_on_overflow_pages() {
    for (order, _) in BOTH {
        let sizes = [0, 1, 900, 1024, 5000, 1_500_000, 3];
        let entries = sizes.iter().zip(2..).map(|(&size, main)| {
            let value = vec![main as u8; size];
            let key = format!("/k/{main}");
            (
                revision(main, 0, false),
                key_value(key.as_bytes(), [main, main, 1, 0], &value),
            )
        });
        let file = Writer::new(1024, order)
            .bucket("key", entries.collect())
            .write();
        let (read, errors) = revisions(&file.bytes);
        assert_eq!(errors.len(), 0);
        let lengths: Vec<_> = read.iter().map(|kv| kv.value.len()).collect();
        assert_eq!(lengths, sizes);
        for kv in read {
            assert!(kv.value.iter().all(|&byte| byte == kv.revision.main as u8));
            let at = kv.value_offset() as usize;
            assert_eq!(&file.bytes[at..at + kv.value.len()], kv.value);
        }
    }
}

#[test]
fn an_inline_bucket_holds_revisions_too() {
    for (order, _) in BOTH {
        let writer = Writer::new(4096, order).inline_bucket("key", pods(5));
        let file = writer.write();
        let (read, errors) = revisions(&file.bytes);
        assert_eq!((read.len(), errors.len()), (5, 0));
        let page = file.root();
        for kv in &read {
            assert_eq!(kv.provenance.page, page);
            let at = kv.value_offset() as usize;
            assert_eq!(&file.bytes[at..at + kv.value.len()], kv.value);
        }
        let snapshot = Snapshot::parse(&file.bytes).unwrap();
        let state = snapshot.current().unwrap();
        assert_eq!(state.iter().filter(|(_, kv)| kv.is_ok()).count(), 5);
    }
}

#[test]
fn buckets_come_in_order_of_their_names() {
    let file = Writer::new(4096, Order::Little)
        .inline_bucket("meta", vec![])
        .bucket("key", pods(400))
        .bucket("auth", vec![])
        .write();
    let database = Database::parse(&file.bytes).unwrap();
    let (buckets, errors) = split(database.root().buckets());
    assert_eq!(errors.len(), 0);
    let names: Vec<_> = buckets.iter().map(|bucket| bucket.name()).collect();
    assert_eq!(names, [&b"auth"[..], b"key", b"meta"]);
    assert!(database.bucket(b"lease").unwrap().is_none());
    assert_eq!(buckets[0].entries().count(), 0);
    let entry = buckets[1].get(&revision(5, 0, false)).unwrap().unwrap();
    assert_eq!(entry.value, pods(400)[3].1);
    assert!(buckets[1].get(b"nothing").unwrap().is_none());
}

#[test]
fn many_buckets_make_a_root_of_many_pages() {
    let mut writer = Writer::new(1024, Order::Big);
    for number in 0..200 {
        writer = writer.inline_bucket(&format!("bucket-{number:03}"), vec![]);
    }
    let file = writer.bucket("key", pods(2)).write();
    let database = Database::parse(&file.bytes).unwrap();
    assert_eq!(database.root().buckets().filter(|b| b.is_ok()).count(), 201);
    assert_eq!(revisions(&file.bytes).0.len(), 2);
}
