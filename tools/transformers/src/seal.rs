//! Random values under random keys, sealed by the library.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use base64::Engine;
use k8s_etcd::encryption::{DekSource, LocalKms, Provider, Sealer, aescbc, aesgcm, secretbox};
use serde_json::json;

use crate::{KINDS, Record};

/// Names of keys that are hard to tell apart.
const NAMES: [&str; 7] = ["key1", "a", "a:b", "k:", ":", "é", "with space"];

const KMS_NAME: &str = "lab";

pub fn run(n: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut out = std::io::stdout().lock();
    // AES-CBC under a KMS is only read.
    for kind in KINDS.iter().filter(|kind| **kind != "kmsv1-cbc") {
        for _ in 0..n {
            let record = sealed(&mut random, kind)?;
            writeln!(out, "{}", serde_json::to_string(&record)?)?;
        }
    }
    Ok(())
}

fn sealed(random: &mut Random, kind: &str) -> Result<Record, Box<dyn Error>> {
    let number = random.next();
    let etcd_key = format!(
        "/registry/secrets/ns-{}/name-{}",
        number % 10,
        number % 1000
    );
    let length = random.below(2000);
    let plaintext = [b"k8s\0", &random.bytes(length)[..]].concat();
    let name = NAMES[random.below(NAMES.len())];
    let seal = |sealer: Sealer<'_>| sealer.seal(&plaintext, etcd_key.as_bytes());
    let (kek, key_id) = (random.bytes(32), format!("kek-{}", number % 5));
    let kms = LocalKms::new(&key_id, &kek)?;
    let nonce = &random.array();

    let (provider, size) = kind.split_once('-').ok_or("a kind without a size")?;
    let secret = random.bytes(size.parse().unwrap_or(32));
    let value = match kind {
        "kmsv1-gcm" => seal(Sealer::KmsV1 {
            name: KMS_NAME,
            wrapped: &kms.wrap(Provider::KmsV1, &random.array(), &secret)?,
            dek: &aesgcm::Key::new(&secret)?,
            nonce,
        })?,
        "kmsv2-key" | "kmsv2-seed" => {
            let dek = aesgcm::Key::new(&secret)?;
            let info = random.array();
            let (seed, info) = (&secret[..], &info);
            let annotations = BTreeMap::from([("a.b".to_owned(), b"note".to_vec())]);
            seal(Sealer::KmsV2 {
                name: KMS_NAME,
                key_id: &key_id,
                wrapped: &kms.wrap(Provider::KmsV2, &random.array(), &secret)?,
                annotations: &annotations,
                source: if kind == "kmsv2-key" {
                    DekSource::Key(&dek)
                } else {
                    DekSource::Seed { seed, info }
                },
                nonce,
            })?
        }
        _ if provider == "aesgcm" => {
            let key = &aesgcm::Key::new(&secret)?;
            seal(Sealer::AesGcm { name, key, nonce })?
        }
        _ if provider == "aescbc" => {
            let (key, iv) = (&aescbc::Key::new(&secret)?, &random.array());
            seal(Sealer::AesCbc { name, key, iv })?
        }
        _ => {
            let (key, nonce) = (&secretbox::Key::new(&secret)?, &random.array());
            seal(Sealer::Secretbox { name, key, nonce })?
        }
    };

    let is_kms = provider.starts_with("kms");
    let provider = if is_kms {
        let version = &provider[3..];
        json!({"kms": {"apiVersion": version, "name": KMS_NAME, "endpoint": "unix:///run/kms.sock"}})
    } else {
        let secret = base64::engine::general_purpose::STANDARD.encode(&secret);
        json!({provider: {"keys": [{"name": name, "secret": secret}]}})
    };
    let config = json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": [provider]}],
    });
    Ok(Record {
        provider: kind.to_owned(),
        config: config.to_string(),
        key_id: if is_kms { key_id } else { String::new() },
        kek: if is_kms {
            hex::encode(kek)
        } else {
            String::new()
        },
        etcd_key,
        value: hex::encode(value),
        plaintext: hex::encode(plaintext),
        error: String::new(),
    })
}

/// xorshift64*: the same values each time, and nothing secret.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}
