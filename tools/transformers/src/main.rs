//! The Rust side of the two-way check of encryption at rest against Go's
//! k8s.io/apiserver. The Go side is main.go; check.sh runs both.
//!
//! ```text
//! transformers seal N     seals N random values with each provider and key size
//! transformers open       opens the values on standard input
//! transformers damage     compares what comes of damaged values
//! transformers configure  compares which configurations are accepted
//! transformers names      compares what is read of odd names
//! transformers files      compares what is read of odd configurations
//! ```

mod compare;
mod seal;
mod verdicts;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::BufRead;

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, LocalKms};
use serde::{Deserialize, Serialize};

/// One value, or one configuration: the Go side's `record`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    provider: String,
    config: String,
    key_id: String,
    kek: String,
    etcd_key: String,
    value: String,
    plaintext: String,
    error: String,
}

const KINDS: [&str; 11] = [
    "aesgcm-16",
    "aesgcm-24",
    "aesgcm-32",
    "aescbc-16",
    "aescbc-24",
    "aescbc-32",
    "secretbox-32",
    "kmsv1-gcm",
    "kmsv1-cbc",
    "kmsv2-key",
    "kmsv2-seed",
];

impl Record {
    fn keyring(&self) -> Result<Keyring, Box<dyn Error>> {
        let configuration = EncryptionConfiguration::parse(self.config.as_bytes())?;
        let keyring = Keyring::new().with_configuration(&configuration);
        if self.kek.is_empty() {
            return Ok(keyring);
        }
        let kms = LocalKms::parse(&format!("{}={}", self.key_id, self.kek))?;
        Ok(keyring.with_kms_plugin(kms))
    }
}

fn recognize(plaintext: &[u8]) -> bool {
    plaintext.starts_with(b"k8s\0")
}

fn records() -> impl Iterator<Item = Result<Record, Box<dyn Error>>> {
    std::io::stdin()
        .lock()
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["seal", n] => seal::run(n.parse()?),
        ["open"] => open(),
        ["damage"] => compare::damaged_values(),
        ["configure"] => compare::configurations(),
        ["names"] => verdicts::run(true),
        ["files"] => verdicts::run(false),
        _ => Err("usage: transformers seal N | open | damage | configure | names | files".into()),
    }
}

fn open() -> Result<(), Box<dyn Error>> {
    let mut counts = BTreeMap::new();
    for record in records() {
        let record = record?;
        let value = hex::decode(&record.value)?;
        let keyring = record.keyring()?;
        let etcd_key = Some(record.etcd_key.as_bytes());
        let opened = keyring.decrypt(&value, Some("secrets"), etcd_key, &recognize)?;
        if hex::encode(&*opened.plaintext) != record.plaintext || opened.info.out_of_policy {
            return Err(format!("{}: another plaintext", record.provider).into());
        }
        *counts.entry(record.provider).or_insert(0) += 1;
    }
    for kind in KINDS {
        let count = counts.get(kind).copied().unwrap_or(0);
        println!("  sealed by apiserver, opened by us: {kind:<22} {count}");
    }
    Ok(())
}
