//! Test data, and the values of a snapshot found by their bytes alone.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::PathBuf;

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable, LocalKms};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub fn testdata(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

pub fn read(path: &str) -> Vec<u8> {
    let path = testdata(path);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn read_gz(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&*read(path))
        .read_to_end(&mut bytes)
        .unwrap_or_else(|e| panic!("{path}: {e}"));
    bytes
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub fn configuration(path: &str) -> EncryptionConfiguration {
    EncryptionConfiguration::parse(&read(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub fn keyring(paths: &[&str]) -> Keyring {
    paths.iter().fold(Keyring::new(), |keyring, path| {
        keyring.with_configuration(&configuration(path))
    })
}

/// What a scenario's KMS had unwrapped.
pub fn kms_table(scenario: &str) -> KmsTable {
    let kms = kms_json(scenario);
    KmsTable::from_json(kms["map"].to_string().as_bytes()).unwrap()
}

/// The keys of a scenario's KMS itself.
pub fn local_kms(scenario: &str) -> Vec<LocalKms> {
    let kms = kms_json(scenario);
    let keys = kms["plugin"]["keys"].as_object().unwrap();
    let parse = |(id, key): (&String, &Value)| {
        LocalKms::parse(&format!("{id}={}", key.as_str().unwrap())).unwrap()
    };
    keys.iter().map(parse).collect()
}

fn kms_json(scenario: &str) -> Value {
    serde_json::from_slice(&read(&format!("snapshots/{scenario}/kms.json"))).unwrap()
}

/// What the tests take for a stored value: Kubernetes' protobuf, JSON or CBOR.
pub fn recognize(plaintext: &[u8]) -> bool {
    plaintext.starts_with(b"k8s\0")
        || plaintext.starts_with(b"\xd9\xd9\xf7")
        || serde_json::from_slice::<serde_json::Map<String, Value>>(plaintext)
            .is_ok_and(|object| object.contains_key("kind"))
}

/// A line of a snapshot's truth that is no tombstone, with its value.
pub struct Line {
    pub key: String,
    /// None for what the API server never encrypts.
    pub resource: Option<String>,
    pub is_encrypted: bool,
    pub plain_sha256: String,
    pub value: Vec<u8>,
}

/// All encrypted values of a scenario, old revisions too.
pub fn encrypted(scenario: &str) -> Vec<Line> {
    let mut lines = lines(scenario);
    lines.retain(|line| line.is_encrypted);
    lines
}

/// All values of a scenario, old revisions too, in the order of its truth.
pub fn lines(scenario: &str) -> Vec<Line> {
    let database = read_gz(&format!("snapshots/{scenario}/snapshot.db.gz"));
    let truth = read_gz(&format!("snapshots/{scenario}/truth.jsonl.gz"));
    let truth: Vec<Value> = std::str::from_utf8(&truth)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["tombstone"] != true)
        .collect();
    let keys = truth.iter().map(|line| line["key"].as_str().unwrap());
    let values = values_in(&database, &keys.collect());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    truth
        .iter()
        .map(|line| Line {
            key: text(&line["key"]),
            resource: line["encryption_resource"].as_str().map(str::to_owned),
            is_encrypted: line.get("prefix").is_some(),
            plain_sha256: text(line.get("plain_sha256").unwrap_or(&line["value_sha256"])),
            value: values[&text(&line["value_sha256"])].to_vec(),
        })
        .collect()
}

/// Values by their SHA-256. In a database each entry stands in one piece, as
/// `mvccpb.KeyValue`: field 1 the key, field 5 the value, numbers in between.
fn values_in<'d>(database: &'d [u8], keys: &HashSet<&str>) -> HashMap<String, &'d [u8]> {
    let keys: HashSet<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
    let starts = database
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == 0x0a);
    starts
        .filter_map(|(at, _)| {
            let mut rest = &database[at..];
            let (0x0a, length) = (varint(&mut rest)?, varint(&mut rest)?) else {
                return None;
            };
            let key = rest.get(..length)?;
            if !keys.contains(key) {
                return None;
            }
            rest = &rest[length..];
            loop {
                match (varint(&mut rest)?, varint(&mut rest)?) {
                    (0x10 | 0x18 | 0x20, _) => {}
                    (0x2a, length) => return rest.get(..length),
                    _ => return None,
                }
            }
        })
        .map(|value| (sha256(value), value))
        .collect()
}

fn varint(rest: &mut &[u8]) -> Option<usize> {
    let digits = rest.iter().take(9).position(|byte| byte & 0x80 == 0)? + 1;
    let digits = rest.split_off(..digits)?.iter().rev();
    Some(digits.fold(0, |n, byte| (n << 7) | usize::from(byte & 0x7f)))
}
