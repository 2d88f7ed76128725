//! What a store says of itself, in the report.

use serde_json::{Value, json};

use crate::bbolt_writer::{Entries, Order, Writer, key_value, revision, varint};
use crate::run::{CLUSTER, Scratch, decode};

fn store(scratch: &Scratch, file: &str) -> Value {
    let report = format!("{}/report.json", scratch.path());
    decode(&["-o", "keys", "--report", &report, file]);
    let report = std::fs::read_to_string(&report).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    report["inputs"][0]["store"].clone()
}

fn message(fields: &[(u64, u64)]) -> Vec<u8> {
    let field = |&(number, value): &(u64, u64)| [varint(number << 3), varint(value)].concat();
    fields.iter().flat_map(field).collect()
}

#[test]
fn of_a_snapshot_of_a_cluster() {
    let store = store(&Scratch::new("store-cluster"), CLUSTER);
    assert_eq!(store["storageVersion"], "3.6.0");
    assert_eq!(store["clusterVersion"], "3.6.0");
    assert_eq!(store["members"][0]["noted"]["name"], "default");
    assert_eq!(store["alarms"], json!([]));
    let leases = store["leases"].as_array().unwrap();
    assert_eq!(store["leaseCount"], leases.len());
    assert!(leases.iter().any(|lease| lease["ttl"] == 3660));
    // The revision that the history ends with.
    let history = decode(&["--history", "-o", "ndjson", CLUSTER]).lines();
    let last = &history.last().unwrap()["revision"];
    assert_eq!(&store["lastRevision"], last);
    assert!(store.get("incomplete").is_none());
}

#[test]
fn alarms_leases_members_and_authentication() {
    let put = |main: i64, lease: i64| {
        let key = format!("/registry/masterleases/{main}");
        let value = key_value(key.as_bytes(), [main, main, 1, lease], b"{}");
        (revision(main, 0, false), value)
    };
    let named = |names: &[&str]| -> Entries {
        let entry = |name: &&str| (name.as_bytes().to_vec(), b"$2a$10$hash".to_vec());
        names.iter().map(entry).collect()
    };
    let lease = |id: i64, ttl: u64| {
        let value = message(&[(1, id.cast_unsigned()), (2, ttl), (3, 7)]);
        (id.to_be_bytes().to_vec(), value)
    };
    let compact = |name: &str, main: i64| (name.into(), revision(main, 0, false));
    let file = Writer::new(4096, Order::Little)
        .bucket("key", vec![put(12, 0x77), put(13, 0x77), put(14, 0)])
        .inline_bucket(
            "meta",
            vec![
                compact("scheduledCompactRev", 11),
                compact("finishedCompactRev", 9),
                (b"consistent_index".into(), 500_u64.to_be_bytes().into()),
            ],
        )
        .inline_bucket("lease", vec![lease(0x77, 60), lease(0x78, 15)])
        .inline_bucket("alarm", vec![(message(&[(1, 0xabc), (2, 1)]), vec![])])
        .inline_bucket("members", vec![(b"abc".into(), br#"{"name":"m1"}"#.into())])
        .inline_bucket("members_removed", vec![(b"def".into(), b"removed".into())])
        .inline_bucket("auth", vec![(b"authEnabled".into(), vec![1])])
        .inline_bucket("authUsers", named(&["root", "reader"]))
        .inline_bucket("authRoles", named(&["root"]))
        .write();
    let scratch = Scratch::new("store-made");
    let store = store(&scratch, &scratch.write("made.db", &file.bytes));
    assert_eq!(
        store,
        json!({
            "lastRevision": 14,
            "scheduledCompactRevision": 11,
            "finishedCompactRevision": 9,
            "consistentIndex": 500,
            "members": [{"id": "abc", "noted": {"name": "m1"}}],
            "removedMembers": ["def"],
            "alarms": [{"member": "abc", "alarm": "NOSPACE"}],
            "leaseCount": 2,
            "leases": [
                {"id": "77", "ttl": 60, "remainingTtl": 7, "keys": 2},
                {"id": "78", "ttl": 15, "remainingTtl": 7, "keys": 0},
            ],
            "auth": {"enabled": true, "users": 2, "roles": 1},
            "buckets": {
                "alarm": 1, "auth": 1, "authRoles": 1, "authUsers": 2, "key": 3,
                "lease": 2, "members": 1, "members_removed": 1, "meta": 3,
            },
        })
    );
}
