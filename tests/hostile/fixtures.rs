//! Stored values of every media type and provider, and all that a value can be
//! asked for.

use std::fs;
use std::path::Path;

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
use k8s_etcd::storage_value::{Content, StorageValue};
use k8s_etcd::{Decoder, Error};

/// Name and bytes of the values that the fuzz targets start from, no longer
/// than `longest`.
pub fn values(longest: usize) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/storage_value");
    let mut values: Vec<_> = fs::read_dir(folder)
        .expect("the seeds")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a seed"))
        })
        .filter(|(_, value)| value.len() <= longest)
        .collect();
    values.sort();
    assert!(values.len() >= 10, "{} values", values.len());
    values
}

/// Keys for all providers that need no KMS.
pub fn decoder() -> Decoder {
    let path = "testdata/snapshots/rotation/encryption-config.yaml";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read(path).expect("a configuration");
    let configuration = EncryptionConfiguration::parse(&text).expect("valid");
    Decoder::new().keyring(Keyring::new().with_configuration(&configuration))
}

/// Prints and decodes a value in every way there is; the first error, if any.
pub fn ask_all(value: &[u8]) -> Result<usize, Error> {
    let value = StorageValue::parse(value);
    let _ = (value.media(), value.content().is_ok());
    match value.into_content()? {
        Content::Object(object) => {
            let _ = (object.name(), object.namespace());
            let json = object.to_json()?.0;
            let yaml = object.to_yaml()?.0;
            let lossless = object.clone().lossless(true).to_json()?.0;
            let typed = object.decode::<serde::de::IgnoredAny>();
            typed?;
            Ok(json.len() + yaml.len() + lossless.len())
        }
        Content::Document(document) => {
            let json = document.to_json()?.0;
            let yaml = document.to_yaml()?.0;
            document.decode::<serde::de::IgnoredAny>()?;
            Ok(json.len() + yaml.len())
        }
        Content::Text(text) => Ok(text.len()),
        _ => Ok(0),
    }
}
