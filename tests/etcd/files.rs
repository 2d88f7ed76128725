//! Files for and from other programs: what the writer writes, Go's bbolt reads;
//! what that writes, the library reads. `tools/bbolt/check.sh` runs these.

use std::fs;
use std::path::{Path, PathBuf};

use k8s_etcd::etcd::bbolt::{Bucket, Database};
use sha2::{Digest, Sha256};

use crate::bbolt_writer::{Entries, Freelist, Order, Writer, key_value, revision};
use crate::{byte_orders, pods};

fn folder(variable: &str) -> PathBuf {
    let folder = std::env::var_os(variable);
    folder
        .unwrap_or_else(|| panic!("{variable} names no folder"))
        .into()
}

/// A line for each entry: bucket path, key and SHA-256 of the value.
fn dump(file: &[u8]) -> String {
    let database = Database::parse(file).unwrap();
    let survey = database.survey();
    let damage = survey.damage().next();
    assert!(damage.is_none(), "{damage:?}");
    let mut lines = String::new();
    for bucket in database.root().buckets() {
        let bucket = bucket.unwrap();
        dump_bucket(&mut lines, &hex::encode(bucket.name()), &bucket);
    }
    lines
}

fn dump_bucket(lines: &mut String, path: &str, bucket: &Bucket<'_>) {
    let mut nested = bucket.buckets().map(|bucket| bucket.unwrap());
    for entry in bucket.entries() {
        let entry = entry.unwrap();
        let key = hex::encode(entry.key);
        if entry.is_bucket {
            let nested = nested.next().unwrap();
            assert_eq!(nested.name(), entry.key);
            dump_bucket(lines, &format!("{path}/{key}"), &nested);
            continue;
        }
        let sum = hex::encode(Sha256::digest(entry.value));
        lines.push_str(&format!("{path}\t{key}\t{sum}\n"));
    }
}

/// What the writer is used for: deep trees, overflow in leaves and branches, many
/// buckets, free pages, slack, each form of the freelist.
fn shapes(page_size: usize, order: Order) -> Vec<(&'static str, Writer)> {
    let writer = || Writer::new(page_size, order);
    let large: Entries = (2..8)
        .map(|main| {
            let value = vec![main as u8; 40_000 * main as usize];
            let message = key_value(b"/large", [2, main, main - 1, 0], &value);
            (revision(main, 0, false), message)
        })
        .collect();
    let long_keys: Entries = (0..40)
        .map(|n| (vec![b'a' + n; page_size / 2], vec![n; 9]))
        .collect();
    let mut many = writer().bucket("key", pods(2));
    for number in 0..300 {
        many = many.inline_bucket(&format!("bucket-{number:03}"), pods(1));
    }
    vec![
        ("empty", writer().bucket("key", vec![])),
        (
            "small",
            writer()
                .bucket("key", pods(5))
                .inline_bucket("meta", vec![]),
        ),
        ("deep", writer().fan_out(2).bucket("key", pods(700))),
        ("overflow", writer().bucket("key", large)),
        ("long-keys", writer().bucket("key", long_keys)),
        ("many-buckets", many),
        ("txid-even", writer().txid(8).bucket("key", pods(100))),
    ]
}

#[test]
#[ignore = "writes files for tools/bbolt/check.sh"]
fn write_files() {
    let folder = folder("K8S_ETCD_WRITE_FILES");
    let mut files = 0;
    for page_size in [1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10] {
        for (order, name) in [(Order::Little, "little"), (Order::Big, "big")] {
            let folder = folder.join(name);
            fs::create_dir_all(&folder).unwrap();
            let mut put = |shape: &str, bytes: &[u8]| {
                let path = folder.join(format!("{shape}-{page_size}.db"));
                fs::write(&path, bytes).unwrap();
                fs::write(path.with_extension("dump"), dump(bytes)).unwrap();
                files += 1;
            };
            for (shape, writer) in shapes(page_size, order) {
                put(shape, &writer.write().bytes);
            }
            for (shape, freelist) in [
                ("history", Freelist::Synced),
                ("history-count-follows", Freelist::CountFollows),
                ("history-not-synced", Freelist::NotSynced),
            ] {
                put(shape, &byte_orders::file(page_size, order, freelist).bytes);
            }
        }
    }
    println!("{files} files written to {}", folder.display());
}

#[test]
#[ignore = "reads files of tools/bbolt/check.sh"]
fn read_files() {
    let mut files = 0;
    let mut entries = 0;
    for file in fs::read_dir(folder("K8S_ETCD_READ_FILES")).unwrap() {
        let path = file.unwrap().path();
        if path.extension() != Some("db".as_ref()) {
            continue;
        }
        let expected = fs::read_to_string(path.with_extension("dump")).unwrap();
        assert!(!expected.is_empty());
        compare(&path, &expected);
        entries += expected.lines().count();
        files += 1;
    }
    assert!(files > 0, "no files");
    println!("{files} files read, {entries} entries");
}

fn compare(path: &Path, expected: &str) {
    let found = dump(&fs::read(path).unwrap());
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "{}", path.display());
    }
    assert_eq!(found.len(), expected.len(), "{}", path.display());
}

/// What the two write for each other is not empty.
#[test]
fn a_dump_has_all_entries() {
    for (shape, writer) in shapes(4096, Order::Big) {
        let lines = dump(&writer.write().bytes).lines().count();
        let expected = match shape {
            "empty" => 0,
            "small" => 5,
            "deep" => 700,
            "overflow" => 6,
            "long-keys" => 40,
            "many-buckets" => 302,
            _ => 100,
        };
        assert_eq!(lines, expected, "{shape}");
    }
}
