//! The keys that encrypted values are opened with, and where they are given.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_etcd::Error;
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable, LocalKms};
use serde_json::json;
use zeroize::Zeroizing;

use crate::key_sources::{self, Part};
use crate::output::escaped;
use crate::run::Stop;

#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// EncryptionConfiguration to open encrypted values with (repeatable)
    ///
    /// Each is the policy for its resources; one that names a resource of an
    /// earlier one only lends its keys. Where a wildcard overlaps, the earlier
    /// is the policy. It is also found in a Secret, an rkestate, a machine
    /// configuration or secrets bundle of Talos, and the like.
    #[arg(long, value_name = "FILE")]
    pub encryption_config: Vec<PathBuf>,

    /// EncryptionConfiguration that is no longer in force: only its keys are used (repeatable)
    #[arg(long, value_name = "FILE")]
    pub old_encryption_config: Vec<PathBuf>,

    /// A key by itself, in base64 or hex: aescbc:key1=BASE64 (repeatable)
    #[arg(long, value_name = "PROVIDER:NAME=KEY")]
    pub key_literal: Vec<String>,

    /// What a KMS unwrapped: JSON, wrapped hex to plaintext, or the filled-in list of kms-requests
    #[arg(long, value_name = "FILE")]
    pub kms_map: Vec<PathBuf>,

    /// AES key of a local KMS plugin, in hex, under its key id (repeatable)
    #[arg(long, value_name = "ID=HEX")]
    pub kms_local_key: Vec<String>,

    /// Token of k3s or RKE2 servers: opens the bootstrap data in a database, which
    /// holds their EncryptionConfiguration (repeatable)
    #[arg(long, value_name = "TOKEN")]
    pub k3s_token: Vec<String>,

    /// Leave encrypted values closed that nothing authenticates: aescbc, and kms v1 as of before 1.25
    #[arg(long)]
    pub refuse_unauthenticated: bool,
}

impl KeyArgs {
    /// Files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let given = [
            &self.encryption_config,
            &self.old_encryption_config,
            &self.kms_map,
        ];
        given.into_iter().flatten().map(AsRef::as_ref)
    }

    /// All keys; `found` are configurations from the inputs themselves.
    pub fn keyring(&self, found: &[Part]) -> Result<Keyring, Stop> {
        let mut keyring = Keyring::new().refuse_unauthenticated(self.refuse_unauthenticated);
        for path in &self.encryption_config {
            for configuration in configurations(path)? {
                keyring = keyring.with_configuration(&configuration);
            }
        }
        for part in found {
            keyring = keyring.with_configuration(&parse(part)?);
        }
        for path in &self.old_encryption_config {
            for configuration in configurations(path)? {
                keyring = keyring.with_keys_of(&configuration);
            }
        }
        for literal in &self.key_literal {
            let configuration = parse_literal(literal)
                .map_err(|error| Stop::Usage(format!("--key-literal: {error}")))?;
            keyring = keyring.with_keys_of(&configuration);
        }
        for path in &self.kms_map {
            let name = escaped(path.as_os_str().as_encoded_bytes());
            let text = read(path)?;
            let table = KmsTable::from_json(&text);
            let table = table.map_err(|error| Stop::Usage(format!("{name}: {error}")))?;
            if table.missing() > 0 {
                let (missing, all) = (table.missing(), table.missing() + table.len());
                eprintln!("decode: {name}: {missing} of {all} wrapped keys have no plaintext yet");
            }
            keyring = keyring.with_kms_plugin(table);
        }
        for key in &self.kms_local_key {
            let usage = |error: Error| Stop::Usage(format!("--kms-local-key: {error}"));
            keyring = keyring.with_kms_plugin(LocalKms::parse(key).map_err(usage)?);
        }
        Ok(keyring)
    }
}

/// The configurations in a file; where they stand is said if that is not all of it.
fn configurations(path: &Path) -> Result<Vec<EncryptionConfiguration>, Stop> {
    let name = escaped(path.as_os_str().as_encoded_bytes());
    let text = read(path)?;
    let unpacked = key_sources::unpack(&name, &text).map_err(Stop::Usage)?;
    for line in &unpacked.found {
        eprintln!("decode: {line}");
    }
    unpacked.parts.iter().map(parse).collect()
}

/// Every key that can be used counts: what the API server would refuse is a warning,
/// unless nothing is left.
fn parse(part: &Part) -> Result<EncryptionConfiguration, Stop> {
    let (configuration, problems) = EncryptionConfiguration::parse_lenient(&part.text);
    match problems.into_iter().next() {
        Some(problem) if configuration.resources().is_empty() => {
            return Err(Stop::Usage(format!("{}: {problem}", part.name)));
        }
        Some(problem) => {
            let problem = escaped(problem.message().as_bytes());
            eprintln!(
                "decode: {}: the API server refuses it, its keys are used all the same: {problem}; \
                 check-config lists all",
                part.name
            );
        }
        None => {}
    }
    Ok(configuration)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let name = escaped(path.as_os_str().as_encoded_bytes());
    let text = fs::read(path).map_err(|error| Stop::Usage(format!("{name}: {error}")))?;
    Ok(Zeroizing::new(text))
}

const LITERAL: &str = "need PROVIDER:NAME=KEY, the provider aescbc, aesgcm or secretbox, \
    the key in base64 or hex";

/// A configuration with one key. Neither a name nor a key ends at a certain `=`:
/// the first counts behind which a key stands.
fn parse_literal(text: &str) -> Result<EncryptionConfiguration, String> {
    let (provider, rest) = text
        .split_once(':')
        .ok_or("no ':', ".to_owned() + LITERAL)?;
    let lengths: &[usize] = match provider {
        "aescbc" | "aesgcm" => &[16, 24, 32],
        "secretbox" => &[32],
        _ => return Err("the provider is another, ".to_owned() + LITERAL),
    };
    let named = rest.match_indices('=').find_map(|(at, _)| {
        let key = key_sources::decode_key(&rest[at + 1..])?;
        lengths.contains(&key.len()).then_some((&rest[..at], key))
    });
    let (name, key) = named.ok_or_else(|| {
        let lengths = lengths.iter().map(usize::to_string).collect::<Vec<_>>();
        format!(
            "no key of {} bytes after '=', {LITERAL}",
            lengths.join(", ")
        )
    })?;
    if name.is_empty() {
        return Err("no name before '=', ".to_owned() + LITERAL);
    }
    let secret = Zeroizing::new(STANDARD.encode(&*key));
    let configuration = json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{
            "resources": ["secrets"],
            "providers": [{provider: {"keys": [{"name": name, "secret": *secret}]}}],
        }],
    });
    EncryptionConfiguration::parse(configuration.to_string().as_bytes())
        .map_err(|error| error.to_string())
}
