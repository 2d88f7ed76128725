//! The ground truth.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use k8s_etcd::Decoder;
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::run::Scratch;

/// One line of `truth.jsonl.gz`: an entry of the bucket `key`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub key: String,
    pub rev: i64,
    pub sub: i64,
    pub create_revision: i64,
    pub mod_revision: i64,
    pub version: i64,
    pub lease: i64,
    pub tombstone: bool,
    pub latest: bool,
    pub value_len: usize,
    pub value_sha256: Option<String>,
    pub prefix: Option<String>,
    pub encryption_resource: Option<String>,
    pub plain_len: Option<usize>,
    pub plain_sha256: Option<String>,
    pub media: Option<String>,
    #[serde(rename = "apiVersion")]
    pub api_version: Option<String>,
    pub kind: Option<String>,
    pub text: Option<String>,
    pub object: Option<Box<RawValue>>,
    /// Of what is no object.
    pub error: Option<String>,
}

pub struct Scenario {
    pub name: String,
    folder: PathBuf,
    pub file: Vec<u8>,
    pub truth: Vec<Line>,
}

/// All of them, unpacked once.
pub fn scenarios() -> &'static [Scenario] {
    static SCENARIOS: OnceLock<Vec<Scenario>> = OnceLock::new();
    SCENARIOS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/snapshots");
        let entries = fs::read_dir(folder).expect("testdata/snapshots");
        let mut folders: Vec<_> = entries.map(|entry| entry.expect("entry").path()).collect();
        folders.sort();
        assert!(folders.len() >= 10, "scenarios are missing: {folders:?}");
        folders.into_iter().map(Scenario::load).collect()
    })
}

pub fn scenario(name: &str) -> &'static Scenario {
    let found = scenarios().iter().find(|scenario| scenario.name == name);
    found.unwrap_or_else(|| panic!("no scenario {name}"))
}

impl Scenario {
    fn load(folder: PathBuf) -> Scenario {
        let name = folder.file_name().expect("a name").to_string_lossy();
        let truth = String::from_utf8(gunzip(&folder.join("truth.jsonl.gz"))).expect(&name);
        let truth: Vec<Line> = truth
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}")))
            .collect();
        assert!(!truth.is_empty(), "{name}");
        Scenario {
            name: name.into_owned(),
            file: gunzip(&folder.join("snapshot.db.gz")),
            truth,
            folder,
        }
    }

    /// Another file of the scenario, unpacked.
    pub fn unpack(&self, name: &str) -> Vec<u8> {
        gunzip(&self.folder.join(name))
    }

    /// The live entries as of a revision, in key order.
    pub fn live_at(&self, revision: i64) -> Vec<&Line> {
        let mut latest = std::collections::BTreeMap::new();
        for line in self.truth.iter().filter(|line| line.rev <= revision) {
            latest.insert(line.key.as_bytes(), line);
        }
        latest.retain(|_, line| !line.tombstone);
        latest.into_values().collect()
    }

    pub fn last_revision(&self) -> i64 {
        self.truth.last().expect("a line").rev
    }

    pub fn decoder(&self) -> Decoder {
        let mut keyring = Keyring::new();
        if let Ok(text) = fs::read(self.config()) {
            let configuration = EncryptionConfiguration::parse(&text).expect("a configuration");
            keyring = keyring.with_configuration(&configuration);
        }
        if let Some(map) = self.kms_map() {
            keyring = keyring.with_kms_plugin(KmsTable::from_json(&map).expect("a map"));
        }
        Decoder::new().keyring(keyring)
    }

    pub fn has_config(&self) -> bool {
        self.config().exists()
    }

    fn config(&self) -> PathBuf {
        self.folder.join("encryption-config.yaml")
    }

    fn kms_map(&self) -> Option<Vec<u8>> {
        let text = fs::read(self.folder.join("kms.json")).ok()?;
        let kms: Value = serde_json::from_slice(&text).expect("kms.json");
        Some(kms["map"].to_string().into_bytes())
    }

    /// The program's arguments: the file and its keys.
    pub fn args(&self, scratch: &Scratch) -> Vec<String> {
        let mut args = Vec::new();
        if self.has_config() {
            args.push("--encryption-config".to_owned());
            args.push(self.config().to_string_lossy().into_owned());
        }
        if let Some(map) = self.kms_map() {
            args.push("--kms-map".to_owned());
            args.push(scratch.write("map.json", &map));
        }
        args.push(scratch.write("snapshot.db", &self.file));
        args
    }
}

pub fn gunzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}
