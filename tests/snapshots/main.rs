//! Real clusters under every encryption provider: what is alive comes out as
//! the API server's own types say (`testdata/README.md`).

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use k8s_etcd::Decoder;
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable};
use k8s_etcd::etcd::{Snapshot, Trailer};
use k8s_etcd::storage_value::{Content, Media};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One line of `truth.jsonl.gz`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Truth {
    key: String,
    #[serde(rename = "create_revision")]
    create_revision: i64,
    #[serde(rename = "mod_revision")]
    mod_revision: i64,
    version: i64,
    lease: i64,
    tombstone: bool,
    latest: bool,
    media: Option<String>,
    prefix: Option<String>,
    api_version: Option<String>,
    kind: Option<String>,
    text: Option<String>,
    object: Option<Box<RawValue>>,
}

fn gunzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/snapshots");
    let mut folders: Vec<_> = fs::read_dir(folder)
        .expect("testdata/snapshots")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 10, "scenarios are missing: {folders:?}");
    folders
}

fn keyring(folder: &Path) -> Keyring {
    let mut keyring = Keyring::new();
    if let Ok(text) = fs::read(folder.join("encryption-config.yaml")) {
        let configuration = EncryptionConfiguration::parse(&text).expect("a configuration");
        keyring = keyring.with_configuration(&configuration);
    }
    if let Ok(text) = fs::read(folder.join("kms.json")) {
        let json: Value = serde_json::from_slice(&text).expect("kms.json");
        let table = KmsTable::from_json(json["map"].to_string().as_bytes()).expect("a map");
        keyring = keyring.with_kms_plugin(table);
    }
    keyring
}

#[test]
fn every_live_value_is_what_the_api_server_stored() {
    for folder in scenarios() {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let file = gunzip(&folder.join("snapshot.db.gz"));
        let snapshot = Snapshot::parse(&file).expect(&name);
        assert_eq!(snapshot.verify_trailer(), Trailer::Valid, "{name}");
        let state = snapshot.current().expect(&name);
        assert_eq!(state.damage().count(), 0, "{name}");

        let text = String::from_utf8(gunzip(&folder.join("truth.jsonl.gz"))).expect(&name);
        let mut truth: Vec<Truth> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of truth"))
            .filter(|line: &Truth| line.latest && !line.tombstone)
            .collect();
        truth.sort_by(|a, b| a.key.as_bytes().cmp(b.key.as_bytes()));
        assert_eq!(state.len(), truth.len(), "{name}");
        assert!(!truth.is_empty(), "{name}");

        let decoder = Decoder::new().keyring(keyring(&folder));
        let mut encrypted = 0;
        for ((_, entry), truth) in state.iter().zip(&truth) {
            let at = format!("{name} {}", truth.key);
            let entry = entry.expect(&at);
            assert_eq!(entry.key, truth.key.as_bytes(), "{at}");
            assert_eq!(
                (
                    entry.create_revision,
                    entry.mod_revision,
                    entry.version,
                    entry.lease
                ),
                (
                    truth.create_revision,
                    truth.mod_revision,
                    truth.version,
                    truth.lease
                ),
                "{at}"
            );
            let opened = decoder.open(Some(entry.key), entry.value);
            let is_encrypted = opened
                .encryption()
                .is_some_and(|info| info.provider.is_some());
            assert_eq!(is_encrypted, truth.prefix.is_some(), "{at}");
            encrypted += usize::from(is_encrypted);
            let value = opened
                .storage_value()
                .unwrap_or_else(|e| panic!("{at}: {e}"));
            let media = truth.media.as_deref().map(|media| match media {
                "other" => "text",
                media => media,
            });
            assert_eq!(Some(value.media().as_str()), media, "{at}");
            match value.into_content().expect(&at) {
                Content::Object(object) => {
                    assert_eq!(
                        object.api_version(),
                        truth.api_version.as_deref().expect(&at)
                    );
                    assert_eq!(object.kind(), truth.kind.as_deref().expect(&at));
                    let (json, report) = object.to_json().expect(&at);
                    let expected = truth.object.as_ref().expect(&at).get();
                    assert_eq!(String::from_utf8_lossy(&json), expected, "{at}");
                    assert!(report.is_empty(), "{at}: {report:?}");
                }
                Content::Document(document) => {
                    assert_eq!(document.api_version(), truth.api_version.as_deref(), "{at}");
                    assert_eq!(document.kind(), truth.kind.as_deref(), "{at}");
                    let (json, report) = document.to_json().expect(&at);
                    let ours: Value = serde_json::from_slice(&json).expect(&at);
                    let expected: Value =
                        serde_json::from_str(truth.object.as_ref().expect(&at).get()).expect(&at);
                    assert_eq!(ours, expected, "{at}");
                    assert!(report.is_empty(), "{at}: {report:?}");
                    let typed: Value = document.decode().expect(&at);
                    assert_eq!(typed, expected, "{at}");
                }
                Content::Text(text) => assert_eq!(Some(text), truth.text.as_deref(), "{at}"),
                _ => panic!("{at}: not recognized"),
            }
        }
        println!(
            "{name}: {} live values, {encrypted} of them encrypted",
            truth.len()
        );
        assert_eq!(
            encrypted > 0,
            folder.join("encryption-config.yaml").exists(),
            "{name}"
        );
    }
}

#[test]
fn every_media_type_is_met() {
    let mut met = Vec::new();
    for folder in scenarios() {
        let file = gunzip(&folder.join("snapshot.db.gz"));
        let snapshot = Snapshot::parse(&file).expect("a snapshot");
        let decoder = Decoder::new().keyring(keyring(&folder));
        for (_, entry) in &snapshot.current().expect("a state") {
            let entry = entry.expect("an entry");
            let opened = decoder.open(Some(entry.key), entry.value);
            if let Ok(value) = opened.storage_value()
                && !met.contains(&value.media())
            {
                met.push(value.media());
            }
        }
    }
    for media in [
        Media::Protobuf,
        Media::Json,
        Media::Yaml,
        Media::Cbor,
        Media::Text,
    ] {
        assert!(met.contains(&media), "{media:?}");
    }
}
