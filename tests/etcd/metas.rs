//! Broken meta pages: the other one serves, and the reason is told.

use k8s_etcd::Category;
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::etcd::bbolt::Database;

use crate::bbolt_writer::{File, Order, Writer};
use crate::hazards::is_page;
use crate::{pods, revisions, small};

fn file() -> File {
    small().bucket("key", pods(16)).write()
}

#[test]
fn first_meta_broken() {
    for (page_size, order) in [
        (1 << 10, Order::Little),
        (4 << 10, Order::Big),
        (64 << 10, Order::Little),
    ] {
        let mut file = Writer::new(page_size, order)
            .txid(8)
            .bucket("key", pods(16))
            .write();
        assert_eq!(Database::parse(&file.bytes).unwrap().meta().page, 0);
        file.zero_page(0);
        assert!(Snapshot::recognize(&file.bytes));
        let database = Database::parse(&file.bytes).unwrap();
        assert_eq!((database.meta().page, database.meta().txid), (1, 7));
        let error = database.other_meta().unwrap_err();
        assert!(is_page(error, 0) && error.offset() == Some(0), "{error}");
        assert_eq!(revisions(&file.bytes).0.len(), 16);
    }
}

#[test]
fn second_meta_broken() {
    let mut file = file();
    assert_eq!(Database::parse(&file.bytes).unwrap().meta().page, 1);
    file.bytes[1024 + 16 + 50] ^= 4;
    let database = Database::parse(&file.bytes).unwrap();
    assert_eq!((database.meta().page, database.meta().txid), (0, 6));
    let error = database.other_meta().unwrap_err();
    assert!(
        error.detail().contains("checksum") && error.offset() == Some(1024),
        "{error}"
    );
    assert_eq!(revisions(&file.bytes).0.len(), 16);
}

#[test]
fn both_metas_broken() {
    let mut file = file();
    file.bytes[16 + 50] ^= 4;
    file.bytes[1024 + 16 + 50] ^= 4;
    // It is a database still, only not one that can be opened.
    assert!(Snapshot::recognize(&file.bytes));
    let error = Snapshot::parse(&file.bytes).unwrap_err();
    assert_eq!(error.category(), Category::Malformed);
    assert!(
        is_page(&error, 0) && error.detail().contains("checksum"),
        "{error}"
    );
}

#[test]
fn metas_that_do_not_agree() {
    let mut file = file();
    // The newer page claims another page size.
    file.put(1024 + 16 + 8, &2048u32.to_le_bytes());
    file.seal_meta(1);
    let database = Database::parse(&file.bytes).unwrap();
    assert_eq!((database.meta().page, database.meta().page_size), (0, 1024));
    assert!(
        database
            .other_meta()
            .unwrap_err()
            .detail()
            .contains("differs")
    );
}

#[test]
fn page_sizes_that_cannot_be() {
    for size in [0u32, 1, 512, 1000, 4095, 32 << 20, u32::MAX] {
        let mut file = file();
        file.put(16 + 8, &size.to_le_bytes());
        file.seal_meta(0);
        file.zero_page(1);
        let error = Database::parse(&file.bytes).unwrap_err();
        assert!(error.detail().contains("page size"), "{error}");
    }
}

#[test]
fn version_of_another_format() {
    let mut file = file();
    file.put(16 + 4, &3u32.to_le_bytes());
    file.seal_meta(0);
    let database = Database::parse(&file.bytes).unwrap();
    assert!(
        database
            .other_meta()
            .unwrap_err()
            .detail()
            .contains("version is 3")
    );
}

#[test]
fn high_water_mark_beyond_the_file() {
    for pages in [10, 1 << 40, u64::MAX] {
        let mut file = file();
        let mark = file.u64(pages);
        file.put(1024 + 16 + 40, &mark);
        file.seal_meta(1);
        let (read, errors) = revisions(&file.bytes);
        assert_eq!((read.len(), errors.len()), (16, 0));
    }
}

#[test]
fn what_is_no_database() {
    for bytes in [
        &b""[..],
        b"k8s\0",
        &[0; 100],
        &[0xff; 5000],
        b"{\"kind\":\"Pod\"}",
    ] {
        assert!(!Snapshot::recognize(bytes));
        let error = Snapshot::parse(bytes).unwrap_err();
        let short = bytes.len() < 80;
        assert_eq!(error.category() == Category::Truncated, short, "{error}");
    }
}

#[test]
fn second_meta_at_a_place_its_page_size_does_not_give() {
    let mut file = file();
    file.zero_page(0);
    file.put(1024 + 16 + 8, &2048u32.to_le_bytes());
    file.seal_meta(1);
    let error = Snapshot::parse(&file.bytes).unwrap_err();
    assert!(is_page(&error, 0), "{error}");
}
