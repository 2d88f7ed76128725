use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use zeroize::Zeroizing;

use crate::encryption::{KmsError, KmsPlugin, WrappedKey};
use crate::error::{Category, Error, Result};

/// What a KMS unwrapped elsewhere: wrapped bytes and their plaintext.
///
/// Wrapped bytes that it does not have are not its own. Plaintexts are wiped on
/// drop.
///
/// ```
/// use k8s_etcd::encryption::KmsTable;
///
/// let table = KmsTable::from_json(br#"{"0a0b0c": "000102030405060708090a0b0c0d0e0f"}"#)?;
/// assert_eq!(table.len(), 1);
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
#[derive(Default)]
pub struct KmsTable(HashMap<Vec<u8>, Zeroizing<Vec<u8>>>);

impl KmsTable {
    /// An empty table.
    pub fn new() -> KmsTable {
        KmsTable::default()
    }

    /// Parses a JSON object: each name the wrapped bytes in hexadecimal, its
    /// value the plaintext in hexadecimal.
    ///
    /// # Errors
    /// Category `configuration` for anything else, by line and column.
    pub fn from_json(json: &[u8]) -> Result<KmsTable> {
        // The text of an error could show a key; its place is enough.
        serde_json::from_slice(json).map_err(|error| {
            Error::new(
                Category::Configuration,
                "KMS map",
                format!(
                    "no JSON object of hexadecimal strings at line {}, column {}",
                    error.line(),
                    error.column()
                ),
            )
        })
    }

    /// Adds wrapped bytes and their plaintext.
    pub fn insert(&mut self, wrapped: impl Into<Vec<u8>>, plaintext: impl Into<Vec<u8>>) {
        self.0
            .insert(wrapped.into(), Zeroizing::new(plaintext.into()));
    }

    /// How many wrapped keys it knows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl KmsPlugin for KmsTable {
    fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
        self.0.get(key.wrapped).cloned().map(Ok)
    }
}

impl<'de> Deserialize<'de> for KmsTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KmsTable, D::Error> {
        deserializer.deserialize_map(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = KmsTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of hexadecimal strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<KmsTable, A::Error> {
        let mut table = KmsTable::new();
        while let Some((wrapped, plaintext)) = access.next_entry::<Hex, Hex>()? {
            table.0.insert(wrapped.0.to_vec(), plaintext.0);
        }
        Ok(table)
    }
}

struct Hex(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = hex::decode(text.as_str());
        let bytes = bytes.map_err(|_| serde::de::Error::custom("not hexadecimal"))?;
        Ok(Hex(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for KmsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmsTable({} keys, redacted)", self.0.len())
    }
}
