//! Damaged and forged trees, one case each: the walk ends, says what is wrong
//! and where, and hands out what is whole. A walk that follows a cycle by
//! recursion ends in an abort that no caller can catch.

use k8s_etcd::etcd::Snapshot;
use k8s_etcd::etcd::bbolt::Database;
use k8s_etcd::{Buffer, Category, Error, Limits};

use crate::bbolt_writer::{BRANCH, FREELIST, File, LEAF, META, Order, Writer};
use crate::{pods, revisions, small, split};

/// 16 entries on 4 leaves below one branch; the root bucket on the last page.
/// Pages: 0, 1 meta, 2 freelist, 3 to 6 leaves, 7 branch, 8 root.
fn file() -> File {
    let file = small().bucket("key", pods(16)).write();
    assert_eq!(file.pages_of(LEAF), [3, 4, 5, 6, 8]);
    assert_eq!(file.pages_of(BRANCH), [KEY_BRANCH]);
    file
}

const KEY_BRANCH: u64 = 7;

/// Revisions that are read, and the only error.
fn one_error(file: &File) -> (Vec<i64>, Error) {
    let (read, mut errors) = revisions(&file.bytes);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let error = errors.remove(0);
    assert_eq!(error.buffer(), Some(Buffer::Snapshot), "{error}");
    (read.iter().map(|kv| kv.revision.main).collect(), error)
}

/// All but the four of the leaf with this number from 0.
fn without_leaf(leaf: i64) -> Vec<i64> {
    (2..18).filter(|main| (main - 2) / 4 != leaf).collect()
}

pub fn is_page(error: &Error, page: u64) -> bool {
    error.detail().starts_with(&format!("page {page}:"))
}

#[test]
fn page_that_points_to_itself() {
    let mut file = file();
    file.set_child(KEY_BRANCH, 1, KEY_BRANCH);
    let (read, error) = one_error(&file);
    assert_eq!(read, without_leaf(1));
    assert_eq!(error.category(), Category::Malformed);
    assert!(
        is_page(&error, KEY_BRANCH) && error.detail().contains("second time"),
        "{error}"
    );
    assert_eq!(error.offset(), Some(file.child_at(KEY_BRANCH, 1) as u64));
}

#[test]
fn cycle_over_two_pages() {
    let mut file = small().fan_out(2).bucket("key", pods(8)).write();
    let branches = file.pages_of(BRANCH);
    let [lower, other, top] = branches[..] else {
        panic!("{branches:?}");
    };
    file.set_child(lower, 1, top);
    let (read, error) = one_error(&file);
    assert_eq!(read, [2, 3, 6, 7, 8, 9], "{other}");
    assert!(is_page(&error, top), "{error}");
}

#[test]
fn page_shared_by_two_branches() {
    let mut file = file();
    let shared = file.child(KEY_BRANCH, 0);
    file.set_child(KEY_BRANCH, 2, shared);
    let (read, error) = one_error(&file);
    assert_eq!(read, without_leaf(2));
    assert!(is_page(&error, shared), "{error}");
}

#[test]
fn page_id_out_of_range() {
    let pages = file().pages();
    for page in [0, 1, pages, pages + 1, 1 << 32, u64::MAX / 1024, u64::MAX] {
        let mut file = file();
        file.set_child(KEY_BRANCH, 3, page);
        let (read, error) = one_error(&file);
        assert_eq!(read, without_leaf(3), "{page}");
        assert_eq!(
            error.offset(),
            Some(file.child_at(KEY_BRANCH, 3) as u64),
            "{error}"
        );
        assert_eq!(error.what(), "page id", "{error}");
    }
}

#[test]
fn page_of_another_kind() {
    for (flags, name) in [
        (META, "meta"),
        (FREELIST, "freelist"),
        (0, "flags"),
        (3, "flags"),
    ] {
        let mut file = file();
        file.set_flags(4, flags);
        let (read, error) = one_error(&file);
        assert_eq!(read, without_leaf(1));
        assert!(
            is_page(&error, 4) && error.detail().contains(name),
            "{error}"
        );
    }
    // The freelist in place of a leaf.
    let mut file = file();
    file.set_child(KEY_BRANCH, 0, 2);
    let (read, error) = one_error(&file);
    assert_eq!(read, without_leaf(0));
    assert!(is_page(&error, 2), "{error}");
}

#[test]
fn leaf_that_calls_itself_a_branch() {
    let mut file = file();
    file.set_flags(5, BRANCH);
    let (read, errors) = revisions(&file.bytes);
    let read: Vec<_> = read.iter().map(|kv| kv.revision.main).collect();
    assert_eq!(read, without_leaf(2));
    assert!(!errors.is_empty());
}

#[test]
fn page_with_the_id_of_another() {
    let mut file = file();
    let id = file.u64(99);
    file.put(file.at(3), &id);
    let (read, error) = one_error(&file);
    assert_eq!(read, without_leaf(0));
    assert!(
        is_page(&error, 3) && error.detail().contains("page 99"),
        "{error}"
    );
    assert_eq!(error.offset(), Some(3 * 1024));
}

#[test]
fn zeroed_page() {
    for leaf in 0..4 {
        let mut file = file();
        file.zero_page(3 + leaf);
        let (read, error) = one_error(&file);
        assert_eq!(read, without_leaf(leaf as i64));
        assert!(is_page(&error, 3 + leaf), "{error}");
    }
    let mut file = file();
    file.zero_page(KEY_BRANCH);
    let (read, error) = one_error(&file);
    assert!(read.is_empty() && is_page(&error, KEY_BRANCH), "{error}");
}

#[test]
fn zeroed_root_page() {
    let mut file = file();
    file.zero_page(file.root());
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    for error in [
        snapshot.revisions().unwrap_err(),
        snapshot.current().unwrap_err(),
        snapshot.store_meta().unwrap_err(),
    ] {
        assert!(is_page(&error, file.root()), "{error}");
    }
}

#[test]
fn count_too_large() {
    for count in [64, 1000, u16::MAX] {
        let mut file = file();
        file.set_count(6, count);
        let (read, error) = one_error(&file);
        assert_eq!(read, without_leaf(3));
        assert!(
            is_page(&error, 6) && error.detail().contains(&count.to_string()),
            "{error}"
        );
    }
}

#[test]
fn count_too_small() {
    let mut file = file();
    file.set_count(4, 1);
    let (read, errors) = revisions(&file.bytes);
    assert_eq!((read.len(), errors.len()), (13, 0));
}

#[test]
fn element_that_points_past_the_end() {
    for (field, value) in [
        (1, 1024),
        (1, u32::MAX),
        (2, 1024),
        (2, u32::MAX),
        (3, 1024),
        (3, u32::MAX),
        // Into the heads of the elements.
        (1, 0),
        (1, 16),
    ] {
        let mut file = file();
        file.set_leaf_field(4, 2, field, value);
        let (read, error) = one_error(&file);
        let expected: Vec<_> = (2..18).filter(|&main| main != 8).collect();
        assert_eq!(read, expected, "field {field} = {value}");
        assert_eq!(error.what(), "leaf element");
        assert_eq!(error.offset(), Some(4 * 1024 + 16 + 2 * 16), "{error}");
        assert!(is_page(&error, 4), "{error}");
    }
}

#[test]
fn branch_key_that_points_past_the_end() {
    for (field, value) in [(0, u32::MAX), (0, 0), (1, 4096)] {
        let mut file = file();
        file.set_branch_field(KEY_BRANCH, 1, field, value);
        // The child is found without its key.
        let (read, error) = one_error(&file);
        assert_eq!(read.len(), 16);
        assert_eq!(error.what(), "branch element");
    }
}

#[test]
fn elements_that_share_one_value() {
    let mut file = file();
    // All of them claim the page's data from the first key on.
    for index in 0..4 {
        let pos = (4 - index) * 16;
        file.set_leaf_field(4, index, 1, pos as u32);
        file.set_leaf_field(4, index, 3, 800);
    }
    let bucket = Database::parse(&file.bytes)
        .unwrap()
        .bucket(b"key")
        .unwrap()
        .unwrap();
    let (entries, errors) = split(bucket.entries());
    let from_page: usize = entries
        .iter()
        .filter(|entry| entry.provenance.page == 4)
        .map(|entry| entry.key.len() + entry.value.len())
        .sum();
    assert!(from_page <= 1024, "{from_page} bytes from a page of 1024");
    assert_eq!(
        entries
            .iter()
            .filter(|entry| entry.provenance.page != 4)
            .count(),
        12
    );
    assert!(
        errors
            .iter()
            .any(|error| error.detail().contains("more bytes")),
        "{errors:?}"
    );
}

#[test]
fn children_that_share_one_key() {
    let mut file = file();
    // All of them claim the page's data from the first key on.
    for index in 0..4 {
        file.set_branch_field(KEY_BRANCH, index, 0, ((4 - index) * 16) as u32);
        file.set_branch_field(KEY_BRANCH, index, 1, 800);
    }
    let (read, errors) = revisions(&file.bytes);
    assert_eq!(read.len(), 16);
    // The first has the page's bytes, the children are entered without the others.
    let claims = |error: &&Error| error.detail().contains("claim more bytes than it has");
    assert_eq!(errors.iter().filter(claims).count(), 3, "{errors:?}");
}

#[test]
fn overflow_past_the_end() {
    for overflow in [6, 1000, u32::MAX] {
        let mut file = file();
        file.set_overflow(3, overflow);
        let (read, error) = one_error(&file);
        assert_eq!(read, without_leaf(0));
        assert_eq!(error.category(), Category::Truncated);
        assert!(is_page(&error, 3), "{error}");
    }
}

#[test]
fn pages_that_all_claim_the_rest_of_the_file() {
    let mut file = small().bucket("key", pods(4000)).write();
    let pages = file.pages();
    for page in file.pages_of(LEAF) {
        let rest = (pages - page) * 1024;
        file.set_overflow(page, (pages - page - 1) as u32);
        file.set_leaf_field(page, 0, 3, rest as u32 - 17 - 16 - 4 * 16);
    }
    let bytes = &file.bytes;
    // Without the root bucket, whose leaf is forged too.
    for visits in [1, 3] {
        let mut limits = Limits::default();
        limits.page_visits = visits;
        let database = Database::parse_with(bytes, &limits).unwrap();
        let (entries, errors) = split(database.root().entries());
        let bytes_out: usize = entries.iter().map(|e| e.key.len() + e.value.len()).sum();
        assert!(bytes_out <= visits * bytes.len());
        assert!(errors.len() <= 2);
    }
    let mut forged = file.clone();
    forged.set_overflow(file.root(), 0);
    forged.set_leaf_field(file.root(), 0, 3, 16);
    for visits in [1, 3] {
        let mut limits = Limits::default();
        limits.page_visits = visits;
        let database = Database::parse_with(&forged.bytes, &limits).unwrap();
        let bucket = database.bucket(b"key").unwrap().unwrap();
        let (entries, errors) = split(bucket.entries());
        let bytes_out: usize = entries.iter().map(|e| e.key.len() + e.value.len()).sum();
        assert!(bytes_out <= visits * forged.bytes.len(), "{bytes_out}");
        assert!(!entries.is_empty());
        assert_eq!(errors.last().unwrap().category(), Category::Limit);
    }
}

#[test]
fn tree_deeper_than_any_sound_one() {
    // A chain of branches with one child each.
    let mut file = small().bucket("key", pods(16)).write();
    let leaf = 3;
    let first = file.pages();
    for page in first..first + 80 {
        let at = file.bytes.len();
        file.bytes
            .extend_from_within(file.at(KEY_BRANCH)..file.at(KEY_BRANCH + 1));
        let id = file.u64(page);
        file.put(at, &id);
        file.set_count(page, 1);
        file.set_child(page, 0, if page == first + 79 { leaf } else { page + 1 });
    }
    file.set_child(KEY_BRANCH, 0, first);
    file.meta(1, 8, 9);
    let (read, error) = one_error(&file);
    assert_eq!(read, without_leaf(0));
    assert_eq!(error.category(), Category::Limit);
}

#[test]
fn keys_out_of_order_come_out_with_a_complaint() {
    let mut file = file();
    let (a, b) = (file.child(KEY_BRANCH, 1), file.child(KEY_BRANCH, 2));
    file.set_child(KEY_BRANCH, 1, b);
    file.set_child(KEY_BRANCH, 2, a);
    let (read, errors) = revisions(&file.bytes);
    assert_eq!(read.len(), 16);
    // A leaf that begins before its branch says, and the break in the order.
    assert_eq!(errors.len(), 2, "{errors:?}");
    // The state does not depend on the order.
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    let state = snapshot.current().unwrap();
    assert_eq!((state.len(), state.damage().count()), (16, 2));
}

#[test]
fn stale_order_does_not_make_an_old_revision_current() {
    let entries = (0..16)
        .map(|n| {
            let message = crate::key_value(b"k", [2, n + 2, n + 1, 0], b"v");
            (crate::revision(n + 2, 0, false), message)
        })
        .collect();
    let mut file = small().bucket("key", entries).write();
    let (first, last) = (file.child(KEY_BRANCH, 0), file.child(KEY_BRANCH, 3));
    file.set_child(KEY_BRANCH, 0, last);
    file.set_child(KEY_BRANCH, 3, first);
    let snapshot = Snapshot::parse(&file.bytes).unwrap();
    let state = snapshot.current().unwrap();
    assert_eq!(state.get(b"k").unwrap().unwrap().revision.main, 17);
}

#[test]
fn bucket_header_too_short() {
    for size in [0, 7, 15] {
        let mut file = file();
        file.set_leaf_field(file.root(), 0, 3, size);
        let snapshot = Snapshot::parse(&file.bytes).unwrap();
        let error = snapshot.revisions().unwrap_err();
        assert_eq!(
            (error.what(), error.category()),
            ("bucket header", Category::Truncated)
        );
    }
}

#[test]
fn inline_bucket_that_is_broken() {
    // Offsets in the inline page's header: flags, count.
    for (at, value, detail) in [(8, 1u16, "leaf"), (10, 999, "do not fit")] {
        let writer = Writer::new(4096, Order::Little).inline_bucket("key", pods(2));
        let mut file = writer.write();
        let inline = file.at(file.root()) + 16 + 16 + 3 + 16;
        file.put(inline + at, &value.to_le_bytes());
        let snapshot = Snapshot::parse(&file.bytes).unwrap();
        let error = snapshot.revisions().unwrap_err();
        assert_eq!(error.what(), "inline bucket");
        assert!(error.detail().contains(detail), "{error}");
        assert_eq!(error.offset(), Some(inline as u64));
    }
}

#[test]
fn bucket_among_the_revisions() {
    let mut file = file();
    file.set_leaf_field(3, 0, 0, 1);
    let (read, error) = one_error(&file);
    assert_eq!(read.len(), 15);
    assert!(error.detail().contains("bucket"), "{error}");
}

#[test]
fn root_page_out_of_range() {
    for root in [0, 1, 9, u64::MAX] {
        let mut file = file();
        file.meta(1, root, 7);
        let snapshot = Snapshot::parse(&file.bytes).unwrap();
        assert_eq!(
            snapshot.revisions().unwrap_err().what(),
            "page id",
            "{root}"
        );
        assert_eq!(snapshot.database().root().buckets().count(), 1);
    }
}

#[test]
fn cut_file() {
    // The root bucket first, so that it survives the cut.
    let mut file = small().bucket("key", pods(16)).write();
    let root = file.root();
    let at = file.at(root);
    let page: Vec<u8> = file.bytes[at..].to_vec();
    file.put(2 * 1024, &page);
    let id = file.u64(2);
    file.put(2 * 1024, &id);
    file.meta(1, 2, 7);
    let cut = File {
        bytes: file.bytes[..at].to_vec(),
        ..file.clone()
    };
    assert_eq!(revisions(&cut.bytes).0.len(), 16);
    let database = Database::parse(&cut.bytes).unwrap();
    assert_eq!(
        (database.pages_in_file(), database.meta().page_count),
        (8, 9)
    );

    // Through the branch of the bucket key: its leaves cannot be found.
    let cut = &file.bytes[..file.at(KEY_BRANCH) + 500];
    let (read, errors) = revisions(cut);
    assert_eq!((read.len(), errors.len()), (0, 1));
    assert_eq!(errors[0].category(), Category::Truncated);
    assert!(is_page(&errors[0], KEY_BRANCH), "{}", errors[0]);
}
