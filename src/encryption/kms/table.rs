use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::encryption::secret_text::{decode_base64, decode_hex};
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
///
/// let table = KmsTable::from_json(br#"[
///     {"wrapped": "CgsM", "plaintext": "AAECAwQFBgcICQoLDA0ODw=="},
///     {"wrapped": "DQ4P", "plaintext": null}]"#)?;
/// assert_eq!((table.len(), table.missing()), (1, 1));
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
#[derive(Default)]
pub struct KmsTable {
    keys: HashMap<Vec<u8>, Zeroizing<Vec<u8>>>,
    missing: usize,
}

impl KmsTable {
    /// An empty table.
    pub fn new() -> KmsTable {
        KmsTable::default()
    }

    /// Parses a JSON object, each name the wrapped bytes in hexadecimal, its value
    /// the plaintext; or a list of objects, each with the wrapped bytes as `wrapped`
    /// in base64 or as `wrappedHex`, and with `plaintext`, which is null as long as
    /// it is not known. What else such an object has is passed over.
    ///
    /// A plaintext is hexadecimal or base64. Text that is both is hexadecimal: a
    /// random key in base64 never looks so.
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
                    "no JSON object of hexadecimal strings and no list of wrapped keys with \
                     their plaintext at line {}, column {}",
                    error.line(),
                    error.column()
                ),
            )
        })
    }

    /// Adds wrapped bytes and their plaintext.
    pub fn insert(&mut self, wrapped: impl Into<Vec<u8>>, plaintext: impl Into<Vec<u8>>) {
        self.keys
            .insert(wrapped.into(), Zeroizing::new(plaintext.into()));
    }

    /// How many wrapped keys it knows.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Of how many wrapped keys the list that it was read from had no plaintext.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl KmsPlugin for KmsTable {
    fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
        self.keys.get(key.wrapped).cloned().map(Ok)
    }
}

impl<'de> Deserialize<'de> for KmsTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KmsTable, D::Error> {
        deserializer.deserialize_any(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = KmsTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of hexadecimal strings, or a list of wrapped keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<KmsTable, A::Error> {
        let mut table = KmsTable::new();
        while let Some((wrapped, plaintext)) = access.next_entry::<Hex, Secret>()? {
            table.keys.insert(wrapped.0, plaintext.0);
        }
        Ok(table)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<KmsTable, A::Error> {
        let mut table = KmsTable::new();
        while let Some(request) = access.next_element::<Request>()? {
            let wrapped = match (request.wrapped, request.wrapped_hex) {
                (Some(Base64(wrapped)), None) | (None, Some(Hex(wrapped))) => wrapped,
                (Some(Base64(wrapped)), Some(Hex(hex))) if wrapped == hex => wrapped,
                _ => return Err(A::Error::custom("no wrapped key, or two that differ")),
            };
            match request.plaintext {
                Some(Secret(plaintext)) if !plaintext.is_empty() => {
                    table.keys.insert(wrapped, plaintext);
                }
                _ => table.missing = table.missing.saturating_add(1),
            }
        }
        if table.is_empty() && table.missing == 0 {
            return Err(A::Error::custom("an empty list"));
        }
        Ok(table)
    }
}

/// A wrapped key, and its plaintext as soon as it is known.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    wrapped: Option<Base64>,
    wrapped_hex: Option<Hex>,
    plaintext: Option<Secret>,
}

struct Hex(Vec<u8>);
struct Base64(Vec<u8>);
/// In either form.
struct Secret(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        let bytes = deserializer.deserialize_str(TextVisitor(decode_hex))?;
        Ok(Hex(bytes.to_vec()))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Base64, D::Error> {
        let bytes = deserializer.deserialize_str(TextVisitor(decode_base64))?;
        Ok(Base64(bytes.to_vec()))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let decode = |text: &str| decode_hex(text).or_else(|| decode_base64(text));
        deserializer
            .deserialize_str(TextVisitor(decode))
            .map(Secret)
    }
}

/// Decodes text where it stands.
struct TextVisitor<F>(F);

impl<F: FnOnce(&str) -> Option<Zeroizing<Vec<u8>>>> Visitor<'_> for TextVisitor<F> {
    type Value = Zeroizing<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hexadecimal or base64")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Zeroizing<Vec<u8>>, E> {
        (self.0)(text).ok_or_else(|| E::custom("neither hexadecimal nor base64"))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Zeroizing<Vec<u8>>, E> {
        self.visit_str(&Zeroizing::new(text))
    }
}

impl fmt::Debug for KmsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmsTable({} keys, redacted)", self.keys.len())
    }
}
