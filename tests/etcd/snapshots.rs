//! Every line of truth of every real snapshot.

use std::fs;
use std::io::Read;
use std::path::Path;

use k8s_etcd::etcd::bbolt::ByteOrder;
use k8s_etcd::etcd::{KeyValue, Snapshot, Trailer};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub fn unpack(path: &Path) -> Vec<u8> {
    let packed = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
    decoder.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Name, snapshot and truth of each scenario.
pub fn scenarios() -> Vec<(String, Vec<u8>, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/snapshots");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.join("truth.jsonl.gz").exists() {
            continue;
        }
        let truth = String::from_utf8(unpack(&path.join("truth.jsonl.gz"))).unwrap();
        let truth = truth
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        found.push((name, unpack(&path.join("snapshot.db.gz")), truth.collect()));
    }
    assert!(found.len() >= 10, "{} scenarios", found.len());
    found
}

fn assert_same(kv: &KeyValue<'_>, truth: &Value, file: &[u8], place: &str) {
    let number = |name: &str| {
        truth[name]
            .as_i64()
            .unwrap_or_else(|| panic!("{place}: {name}"))
    };
    assert_eq!(kv.key, truth["key"].as_str().unwrap().as_bytes(), "{place}");
    assert_eq!(kv.revision.main, number("rev"), "{place}");
    assert_eq!(kv.revision.sub, number("sub"), "{place}");
    assert_eq!(kv.create_revision, number("create_revision"), "{place}");
    assert_eq!(kv.mod_revision, number("mod_revision"), "{place}");
    assert_eq!(kv.version, number("version"), "{place}");
    assert_eq!(kv.lease, number("lease"), "{place}");
    assert_eq!(kv.is_tombstone(), truth["tombstone"] == true, "{place}");
    assert_eq!(kv.value.len() as i64, number("value_len"), "{place}");
    let sum = hex::encode(Sha256::digest(kv.value));
    if !kv.is_tombstone() {
        assert_eq!(sum, truth["value_sha256"].as_str().unwrap(), "{place}");
    }
    // Where it says it stands, there it stands.
    let at = kv.value_offset() as usize;
    assert_eq!(&file[at..at + kv.value.len()], kv.value, "{place}");
    let at = kv.provenance.key_offset as usize;
    assert_eq!(file[at..at + 8], kv.revision.main.to_be_bytes(), "{place}");
    assert!(
        kv.provenance.page * 4096 < kv.provenance.key_offset,
        "{place}"
    );
    assert!(kv.provenance.value_offset <= kv.value_offset(), "{place}");
}

#[test]
fn every_revision_is_as_the_truth_says_and_in_its_order() {
    let mut lines = 0;
    for (name, file, truth) in scenarios() {
        let snapshot = Snapshot::parse(&file).unwrap();
        let revisions: Vec<_> = snapshot
            .revisions()
            .unwrap()
            .map(|kv| kv.unwrap())
            .collect();
        assert_eq!(revisions.len(), truth.len(), "{name}");
        for (at, (kv, truth)) in revisions.iter().zip(&truth).enumerate() {
            assert_same(kv, truth, &file, &format!("{name}, line {at}"));
        }
        lines += truth.len();
    }
    println!("{lines} lines of truth");
    assert!(lines >= 4199, "{lines} lines of truth");
}

#[test]
fn the_live_state_is_the_latest_of_each_key() {
    for (name, file, truth) in scenarios() {
        let mut live: Vec<_> = truth
            .iter()
            .filter(|line| line["latest"] == true && line["tombstone"] == false)
            .collect();
        live.sort_by_key(|line| line["key"].as_str().unwrap().as_bytes());
        assert!(!live.is_empty(), "{name}");

        let snapshot = Snapshot::parse(&file).unwrap();
        let state = snapshot.current().unwrap();
        assert_eq!(state.damage().count(), 0, "{name}");
        assert_eq!(state.len(), live.len(), "{name}");
        for ((key, kv), truth) in state.iter().zip(&live) {
            let kv = kv.unwrap();
            assert_eq!(kv.key, key);
            assert_same(&kv, truth, &file, &format!("{name}, {}", truth["key"]));
            assert_eq!(state.get(key).unwrap().unwrap(), kv);
        }
        let deleted = truth
            .iter()
            .filter(|line| line["latest"] == true && line["tombstone"] == true);
        for line in deleted {
            let key = line["key"].as_str().unwrap();
            assert!(state.get(key.as_bytes()).is_none(), "{name}, {key}");
        }
    }
}

#[test]
fn what_surrounds_the_revisions() {
    for (name, file, truth) in scenarios() {
        assert!(Snapshot::recognize(&file), "{name}");
        let snapshot = Snapshot::parse(&file).unwrap();
        assert_eq!(snapshot.verify_trailer(), Trailer::Valid, "{name}");

        let database = snapshot.database();
        let meta = database.meta();
        assert_eq!(meta.page_size, 4096, "{name}");
        assert_eq!(meta.byte_order, ByteOrder::Little, "{name}");
        assert_eq!(meta.page_count, database.pages_in_file(), "{name}");
        assert_eq!(meta.page_count * 4096 + 32, file.len() as u64, "{name}");
        // `snapshot save` writes the second page with the transaction before.
        assert_eq!(database.other_meta().unwrap().txid, meta.txid - 1, "{name}");

        let buckets: Vec<_> = database.root().buckets().map(|b| b.unwrap()).collect();
        assert!(buckets.is_sorted_by_key(|bucket| bucket.name()), "{name}");
        for wanted in ["alarm", "auth", "key", "lease", "members", "meta"] {
            let there = buckets
                .iter()
                .any(|bucket| bucket.name() == wanted.as_bytes());
            assert!(there, "{name}: no bucket {wanted}");
        }
        for bucket in buckets {
            assert!(
                bucket.entries().all(|entry| entry.is_ok()),
                "{name}: {bucket:?}"
            );
        }

        let store = snapshot.store_meta().unwrap();
        assert!(store.damage.is_none(), "{name}");
        assert!(
            store.consistent_index.is_some_and(|index| index > 0),
            "{name}"
        );
        let old = name == "etcd34";
        assert_eq!(store.term.is_none(), old, "{name}");
        assert_eq!(store.conf_state.is_none(), old, "{name}");
        assert_eq!(store.storage_version, (!old).then_some("3.6.0"), "{name}");
        assert_eq!(
            store.scheduled_compact_revision, store.finished_compact_revision,
            "{name}"
        );
        let superseded_below = |compacted| {
            truth
                .iter()
                .any(|line| line["rev"].as_i64().unwrap() <= compacted && line["tombstone"] == true)
        };
        if let Some(compacted) = store.finished_compact_revision {
            assert!(!superseded_below(compacted.main), "{name}");
        }
    }
}

/// `member/snap/db` of the stopped etcd: the same store before it was saved, with
/// pages in other places and no trailer.
#[test]
fn the_file_of_a_data_directory_holds_what_its_snapshot_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/snapshots/plain");
    let member = unpack(&folder.join("member-snap-db.gz"));
    let saved = unpack(&folder.join("snapshot.db.gz"));
    let [member, saved] = [&member, &saved].map(|file| Snapshot::parse(file).unwrap());
    assert_eq!(member.verify_trailer(), Trailer::Absent);
    assert_eq!(member.survey().damage().count(), 0);

    let same = |a: &KeyValue<'_>, b: &KeyValue<'_>| {
        let numbers = |kv: &KeyValue<'_>| {
            let KeyValue {
                create_revision,
                mod_revision,
                version,
                lease,
                revision,
                ..
            } = *kv;
            (create_revision, mod_revision, version, lease, revision)
        };
        assert_eq!(a.key, b.key);
        assert_eq!(numbers(a), numbers(b), "{a:?}");
        assert!(a.value == b.value, "{a:?}");
        assert_eq!(a.is_tombstone(), b.is_tombstone(), "{a:?}");
    };
    let [found, expected] = [&member, &saved].map(|file| file.current().unwrap());
    assert_eq!(found.len(), expected.len());
    assert!(found.len() > 300, "{} keys", found.len());
    for ((_, found), (_, expected)) in found.iter().zip(&expected) {
        same(&found.unwrap(), &expected.unwrap());
    }
    let [found, expected] = [&member, &saved].map(|file| file.revisions().unwrap());
    let found: Vec<_> = found.map(|kv| kv.unwrap()).collect();
    let expected: Vec<_> = expected.map(|kv| kv.unwrap()).collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        same(found, expected);
    }
}
