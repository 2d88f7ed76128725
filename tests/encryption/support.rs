//! Test data, and the values of a snapshot found by their bytes alone.

use std::collections::HashMap;
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

/// A line of a snapshot's truth that is encrypted, with its value.
pub struct Encrypted {
    pub key: String,
    pub resource: String,
    pub plain_sha256: String,
    pub value: Vec<u8>,
}

/// All encrypted values of a scenario, old revisions too.
pub fn encrypted(scenario: &str) -> Vec<Encrypted> {
    let database = read_gz(&format!("snapshots/{scenario}/snapshot.db.gz"));
    let values = values_in(&database);
    let truth = read_gz(&format!("snapshots/{scenario}/truth.jsonl.gz"));
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    std::str::from_utf8(&truth)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line.get("prefix").is_some())
        .map(|line| Encrypted {
            key: text(&line, "key"),
            resource: text(&line, "encryption_resource"),
            plain_sha256: text(&line, "plain_sha256"),
            value: values[&text(&line, "value_sha256")].to_vec(),
        })
        .collect()
}

/// Encrypted values by their SHA-256. In a database each stands in one piece,
/// behind the tag and length of `mvccpb.KeyValue`'s field 5.
fn values_in(database: &[u8]) -> HashMap<String, &[u8]> {
    let starts = database
        .windows(8)
        .enumerate()
        .filter_map(|(at, window)| (window == b"k8s:enc:").then_some(at));
    starts
        .flat_map(|start| {
            (1..4).filter_map(move |digits| {
                let field = &database[start - digits - 1..start];
                let length = field[1..].iter().rev();
                let length = length.fold(0, |n, byte| n << 7 | usize::from(byte & 0x7f));
                let whole = field[..digits].iter().skip(1).all(|byte| byte & 0x80 != 0)
                    && field[digits] & 0x80 == 0;
                (field[0] == 0x2a && whole).then(|| &database[start..][..length])
            })
        })
        .map(|value| (sha256(value), value))
        .collect()
}
