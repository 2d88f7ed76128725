//! What the seeds are taken from.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use k8s_etcd::etcd::Snapshot;

pub fn path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

pub fn read(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A recorded case a line, as JSON.
pub fn lines(name: &str) -> Vec<serde_json::Value> {
    let text = String::from_utf8(read(name)).expect("UTF-8");
    let parse = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(parse).collect()
}

/// Longer ones only make the fuzzer slow, whose inputs are as long as the
/// longest seed.
const BYTES_MAX: usize = 3 << 10;

/// A stored value and its etcd key.
#[derive(Clone)]
pub struct Stored {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// The shortest value of each resource in a cluster, if it is short, by what stands second in
/// its key: `pods`.
pub fn shortest(scenario: &str, is_wanted: impl Fn(&[u8]) -> bool) -> BTreeMap<String, Stored> {
    let mut file = Vec::new();
    let name = format!("snapshots/{scenario}/snapshot.db.gz");
    let read = GzDecoder::new(&read(&name)[..]).read_to_end(&mut file);
    read.expect("gzip");
    let snapshot = Snapshot::parse(&file).expect("a snapshot");
    let mut found: BTreeMap<String, Stored> = BTreeMap::new();
    for (key, entry) in &snapshot.current().expect("a state") {
        let value = entry.expect("an entry").value;
        let text = std::str::from_utf8(key).expect("UTF-8");
        let mut parts = text.split('/').filter(|part| !part.is_empty());
        let resource = parts.nth(1).unwrap_or("text").to_owned();
        if value.len() > BYTES_MAX || !is_wanted(value) {
            continue;
        }
        let longer = |other: &Stored| other.value.len() > value.len();
        if found.get(&resource).is_none_or(longer) {
            let (key, value) = (key.to_vec(), value.to_vec());
            found.insert(resource, Stored { key, value });
        }
    }
    assert!(!found.is_empty(), "{scenario} has no such value");
    found
}
