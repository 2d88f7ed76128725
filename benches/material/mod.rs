//! What is measured on: the snapshots of `testdata/`, and one value of 4 KiB that is
//! encrypted with each provider.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use k8s_etcd::encryption::{
    DekSource, EncryptionConfiguration, Keyring, LocalKms, Provider, Sealer, aescbc, aesgcm,
    secretbox,
};
use k8s_etcd::envelope::Envelope;
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::{Decoder, Object, Result};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The snapshot of a cluster without encryption.
pub fn plain() -> Vec<u8> {
    let path = testdata().join("snapshots/plain/snapshot.db.gz");
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).expect("testdata"))
        .read_to_end(&mut bytes)
        .expect("gzip");
    bytes
}

/// The snapshot of a cluster that encrypts Secrets and Pods, and a decoder with its keys.
pub fn encrypted() -> (Vec<u8>, Decoder) {
    let folder = testdata().join("cluster");
    let configuration = fs::read(folder.join("encryption-config.yaml")).expect("testdata");
    let decoder = decoder_of(&configuration).expect("configuration");
    (
        fs::read(folder.join("snapshot.db")).expect("testdata"),
        decoder,
    )
}

fn decoder_of(configuration: &[u8]) -> Result<Decoder> {
    let configuration = EncryptionConfiguration::parse(configuration)?;
    let kms = LocalKms::new("kek-1", &KEY)?;
    let keyring = Keyring::new()
        .with_configuration(&configuration)
        .with_kms_plugin(kms);
    Ok(Decoder::new().keyring(keyring))
}

/// What is alive in a snapshot: keys and values.
pub fn entries(snapshot: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let snapshot = Snapshot::parse(snapshot).expect("snapshot");
    let state = snapshot.current().expect("entries");
    let entry = |(key, entry): (&[u8], Result<k8s_etcd::etcd::KeyValue<'_>>)| {
        (key.to_vec(), entry.expect("entry").value.to_vec())
    };
    state.iter().map(entry).collect()
}

/// Those values that are protobuf, of the kind if one is given.
pub fn protobuf(snapshot: &[u8], kind: Option<&str>) -> Vec<Vec<u8>> {
    let mut values: Vec<_> = entries(snapshot).into_iter().map(|entry| entry.1).collect();
    values.retain(|value| match Envelope::parse(value) {
        Ok(envelope) => kind.is_none_or(|kind| envelope.kind() == kind.as_bytes()),
        Err(_) => false,
    });
    assert!(!values.is_empty(), "no such values");
    values
}

/// The object in a protobuf value.
pub fn object(value: &[u8]) -> Object<'_> {
    let envelope = Envelope::parse(value).expect("envelope");
    Object::of_envelope(&envelope).expect("object")
}

pub const PROVIDERS: [&str; 4] = ["aesgcm", "aescbc", "secretbox", "kmsv2"];

/// The etcd key of [`Sealed`]'s value.
pub const ETCD_KEY: &[u8] = b"/registry/secrets/default/name";

/// One value of 4 KiB, encrypted with a provider, and what opens it.
pub struct Sealed {
    pub decoder: Decoder,
    pub value: Vec<u8>,
}

const KEY: [u8; 32] = [7; 32];

impl Sealed {
    pub fn new(provider: &str) -> Sealed {
        Sealed::try_new(provider).expect("sealing")
    }

    fn try_new(provider: &str) -> Result<Sealed> {
        let settings = match provider {
            "kmsv2" => {
                "kms: {apiVersion: v2, name: lab, endpoint: \"unix:///run/kms.sock\"}".into()
            }
            // KEY in base64.
            _ => format!(
                "{provider}: {{keys: [{{name: key1, secret: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=}}]}}"
            ),
        };
        let configuration = format!(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n\
             resources: [{{resources: [secrets], providers: [{{{settings}}}]}}]\n"
        );
        let plaintext = secret();
        let seal = |sealer: Sealer<'_>| sealer.seal(&plaintext, ETCD_KEY);
        let name = "key1";
        let value = match provider {
            "aesgcm" => seal(Sealer::AesGcm {
                name,
                key: &aesgcm::Key::new(&KEY)?,
                nonce: &[1; 12],
            }),
            "aescbc" => seal(Sealer::AesCbc {
                name,
                key: &aescbc::Key::new(&KEY)?,
                iv: &[1; 16],
            }),
            "secretbox" => seal(Sealer::Secretbox {
                name,
                key: &secretbox::Key::new(&KEY)?,
                nonce: &[1; 24],
            }),
            "kmsv2" => {
                let seed = [5; 32];
                let kms = LocalKms::new("kek-1", &KEY)?;
                seal(Sealer::KmsV2 {
                    name: "lab",
                    key_id: kms.key_id(),
                    wrapped: &kms.wrap(Provider::KmsV2, &[2; 12], &seed)?,
                    annotations: &BTreeMap::new(),
                    source: DekSource::Seed {
                        seed: &seed,
                        info: &[3; 32],
                    },
                    nonce: &[1; 12],
                })
            }
            other => panic!("no provider {other}"),
        }?;
        let decoder = decoder_of(configuration.as_bytes())?;
        let sealed = Sealed { decoder, value };
        // The KMS is asked once, and not when it is measured.
        assert_eq!(sealed.open(), 4096);
        Ok(sealed)
    }

    /// The length of the plaintext.
    pub fn open(&self) -> usize {
        let opened = self.decoder.open(Some(ETCD_KEY), &self.value);
        opened.plaintext().expect("it opens").len()
    }
}

/// A Secret of 4,096 bytes in all.
fn secret() -> Vec<u8> {
    let field = |number: u8, payload: &[u8]| {
        // All payloads but the shortest ones have lengths of two bytes.
        let length = payload.len();
        let mut field = vec![
            number << 3 | 2,
            length as u8 & 0x7f | 0x80,
            (length >> 7) as u8,
        ];
        field.extend_from_slice(payload);
        field
    };
    let envelope = |data: usize| {
        let data = [field(1, b"key"), field(2, &vec![b'x'; data])].concat();
        let metadata = field(1, &field(1, b"name"));
        let raw = [metadata, field(2, &data)].concat();
        let meta = [field(1, b"v1"), field(2, b"Secret")].concat();
        [b"k8s\0".to_vec(), field(1, &meta), field(2, &raw)].concat()
    };
    let overhead = envelope(0).len();
    envelope(4096 - overhead)
}
