//! `v2.EncryptedObject`: reading as the API server does, and writing.
//!
//! ```text
//! 1 encryptedData  bytes
//! 2 keyID          string, 1 to 1,024 bytes
//! 3 encryptedDEKSource  bytes, 1 to 1,024
//! 4 annotations    map<string, bytes>, keys domain names, 32 KiB in all
//! 5 encryptedDEKSourceType  enum: 0 AES-GCM key, 1 seed for HKDF-SHA256
//! ```
//!
//! Source: `k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2/v2/api.proto`,
//! and `ValidateEncryptedObject` in `../envelope.go`.

use std::collections::BTreeMap;

use prost::Message;

use crate::encryption::fault::Fault;
use crate::encryption::kms::protobuf::is_message;
use crate::error::{Buffer, Category, Error};
use crate::wire::{Field, Fields, Payload, Reader};

/// What the wrapped bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::encryption) enum DekSourceType {
    AesGcmKey,
    HkdfSha256Seed,
}

impl DekSourceType {
    pub(in crate::encryption) const fn as_str(self) -> &'static str {
        match self {
            DekSourceType::AesGcmKey => "aes-gcm-key",
            DekSourceType::HkdfSha256Seed => "hkdf-sha256-seed",
        }
    }

    const fn number(self) -> i32 {
        match self {
            DekSourceType::AesGcmKey => 0,
            DekSourceType::HkdfSha256Seed => 1,
        }
    }
}

/// The object, its large fields borrowed.
#[derive(Debug, PartialEq)]
pub(in crate::encryption) struct EncryptedObject<'v> {
    pub(in crate::encryption) encrypted_data: &'v [u8],
    pub(in crate::encryption) key_id: &'v str,
    pub(in crate::encryption) encrypted_dek_source: &'v [u8],
    pub(in crate::encryption) annotations: BTreeMap<String, Vec<u8>>,
    pub(in crate::encryption) source_type: DekSourceType,
}

const KEY_ID_MAX: usize = 1024;
const DEK_SOURCE_MAX: usize = 1024;
const ANNOTATIONS_MAX: usize = 32 * 1024;

/// Of more wrong annotations than these no more is said.
const ANNOTATION_MESSAGES_MAX: usize = 10;

impl<'v> EncryptedObject<'v> {
    /// Parses and checks as the API server does. As in Go's protobuf, a field
    /// of a wrong wire type is an unknown one and the last of several counts.
    pub(in crate::encryption) fn parse(bytes: &'v [u8]) -> Result<EncryptedObject<'v>, Fault> {
        let mut encrypted_data: &[u8] = &[];
        let mut key_id = "";
        let mut encrypted_dek_source: &[u8] = &[];
        let mut annotations = BTreeMap::new();
        let mut source_type = 0i32;
        let mut fields = StrictFields::new(bytes);
        while let Some(field) = fields.next_field()? {
            match (field.number, field.payload) {
                (1, Payload::LengthDelimited(bytes)) => encrypted_data = bytes,
                (2, Payload::LengthDelimited(bytes)) => {
                    key_id = text(bytes)?;
                }
                (3, Payload::LengthDelimited(bytes)) => encrypted_dek_source = bytes,
                (4, Payload::LengthDelimited(bytes)) => {
                    let (key, value) = annotation(bytes)?;
                    // More names than bytes allowed are refused, however many more.
                    if annotations.len() <= ANNOTATIONS_MAX + 1 {
                        annotations.insert(key.to_owned(), value.to_vec());
                    }
                }
                // An enum is an int32: the low 32 bits count.
                (5, Payload::Varint(number)) => {
                    let [b0, b1, b2, b3, ..] = number.to_le_bytes();
                    source_type = i32::from_le_bytes([b0, b1, b2, b3]);
                }
                _ => {}
            }
        }
        let source_type = match source_type {
            0 => DekSourceType::AesGcmKey,
            1 => DekSourceType::HkdfSha256Seed,
            other => return refused(format!("unknown encryptedDEKSourceType: {other}")),
        };
        let object = EncryptedObject {
            encrypted_data,
            key_id,
            encrypted_dek_source,
            annotations,
            source_type,
        };
        match object.check() {
            None => Ok(object),
            Some(message) => refused(message),
        }
    }

    /// What the API server refuses, in its words.
    fn check(&self) -> Option<String> {
        let size = |what: &str, have: usize, max: usize| {
            format!("{what} is {have} bytes, which exceeds the max size of {max}")
        };
        if self.encrypted_data.is_empty() {
            return Some("encrypted data is empty".into());
        }
        let message = match self.encrypted_dek_source.len() {
            0 => Some("encrypted DEK source is empty".into()),
            n if n > DEK_SOURCE_MAX => Some(size("encrypted DEK source", n, DEK_SOURCE_MAX)),
            _ => None,
        };
        if let Some(message) = message {
            return Some(format!(
                "failed to validate encrypted DEK source: {message}"
            ));
        }
        let message = match self.key_id.len() {
            0 => Some("keyID is empty".into()),
            n if n > KEY_ID_MAX => Some(size("keyID", n, KEY_ID_MAX)),
            _ => None,
        };
        if let Some(message) = message {
            return Some(format!("failed to validate key id: {message}"));
        }
        let mut messages: Vec<_> = self
            .annotations
            .keys()
            .filter_map(|key| check_domain_name(key))
            .take(ANNOTATION_MESSAGES_MAX)
            .map(|message| format!("annotations: {message}").into())
            .collect();
        let total: usize = self
            .annotations
            .iter()
            .map(|(k, v)| k.len().saturating_add(v.len()))
            .sum();
        if total > ANNOTATIONS_MAX {
            messages.push(
                format!(
                    "total size of annotations is {total}, \
                     which exceeds the max size of {ANNOTATIONS_MAX}"
                )
                .into(),
            );
        }
        crate::encryption::fault::aggregate(&messages)
            .map(|message| format!("failed to validate annotations: {message}"))
    }

    /// The bytes of the object.
    ///
    /// # Errors
    /// Category `configuration` for what the API server would refuse.
    pub(in crate::encryption) fn encode(&self) -> crate::error::Result<Vec<u8>> {
        if let Some(message) = self.check() {
            return Err(Error::new(
                Category::Configuration,
                "EncryptedObject",
                message,
            ));
        }
        let message = EncryptedObjectMessage {
            encrypted_data: self.encrypted_data.to_vec(),
            key_id: self.key_id.to_owned(),
            encrypted_dek_source: self.encrypted_dek_source.to_vec(),
            annotations: self.annotations.clone(),
            source_type: self.source_type.number(),
        };
        Ok(message.encode_to_vec())
    }
}

/// The message for writing.
#[derive(Clone, PartialEq, Message)]
struct EncryptedObjectMessage {
    #[prost(bytes = "vec", tag = "1")]
    encrypted_data: Vec<u8>,
    #[prost(string, tag = "2")]
    key_id: String,
    #[prost(bytes = "vec", tag = "3")]
    encrypted_dek_source: Vec<u8>,
    #[prost(btree_map = "string, bytes", tag = "4")]
    annotations: BTreeMap<String, Vec<u8>>,
    #[prost(int32, tag = "5")]
    source_type: i32,
}

fn annotation(bytes: &[u8]) -> Result<(&str, &[u8]), Fault> {
    let (mut key, mut value): (&str, &[u8]) = ("", &[]);
    let mut fields = StrictFields::new(bytes);
    while let Some(field) = fields.next_field()? {
        match (field.number, field.payload) {
            (1, Payload::LengthDelimited(bytes)) => {
                key = text(bytes)?;
            }
            (2, Payload::LengthDelimited(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((key, value))
}

/// The fields in order, each held against the stricter of Go's two libraries.
struct StrictFields<'v>(Fields<'v>);

impl<'v> StrictFields<'v> {
    fn new(bytes: &'v [u8]) -> StrictFields<'v> {
        StrictFields(Fields::new(Reader::new(bytes, Buffer::Value)))
    }

    fn next_field(&mut self) -> Result<Option<Field<'v>>, Fault> {
        let field = self.0.next_field().map_err(not_protobuf)?;
        if field.is_some_and(|field| !is_message(field.bytes)) {
            let detail = "not as Go's newer library reads it";
            return Err(not_protobuf(Error::malformed("protobuf field", detail)));
        }
        Ok(field)
    }
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).or_else(|_| refused("string field contains invalid UTF-8".into()))
}

fn refused<T>(message: String) -> Result<T, Fault> {
    Err(Fault::EncryptedObject {
        detail: message.clone(),
        cut: false,
        upstream: message,
    })
}

fn not_protobuf(error: Error) -> Fault {
    Fault::EncryptedObject {
        detail: error.message(),
        cut: error.category() == Category::Truncated,
        // Go's library now and then prints a no-break space here, on purpose.
        upstream: "proto: cannot parse invalid wire-format data".to_owned(),
    }
}

/// As `validation.IsFullyQualifiedDomainName`: what is wrong, in its words.
fn check_domain_name(name: &str) -> Option<String> {
    const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case \
        alphanumeric characters, '-' or '.', and must start and end with an alphanumeric \
        character (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    if name.is_empty() {
        return Some("Required value".into());
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let invalid = |value: &str, detail: &str| {
        let value = go_quoted(value);
        Some(format!("Invalid value: {value}: {detail}"))
    };
    let is_label = |label: &str| {
        let alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        label.bytes().all(|c| alphanumeric(c) || c == b'-')
            && label.bytes().next().is_some_and(alphanumeric)
            && label.bytes().last().is_some_and(alphanumeric)
    };
    let mut details = Vec::new();
    if name.len() > 253 {
        details.push("must be no more than 253 characters");
    }
    if !name.split('.').all(is_label) {
        details.push(SUBDOMAIN);
    }
    if !details.is_empty() {
        return invalid(name, &details.join(","));
    }
    if !name.contains('.') {
        return invalid(
            name,
            "should be a domain with at least two segments separated by dots",
        );
    }
    let long = name.split('.').find(|label| label.len() > 63)?;
    invalid(long, "must be no more than 63 characters")
}

/// As Go's `%q`, other than for what is not printable beyond ASCII. Long text is cut.
fn go_quoted(text: &str) -> String {
    const SHOWN: usize = 512;
    let mut quoted = String::from("\"");
    for character in text.chars().take(SHOWN) {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0b' => quoted.push_str("\\v"),
            '\x0c' => quoted.push_str("\\f"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_in_go() {
        assert_eq!(go_quoted("a\"b\\\n\x01\x7fé"), r#""a\"b\\\n\x01\x7fé""#);
        assert!(go_quoted(&"a".repeat(1_000_000)).len() < 600);
    }

    /// A hostile value: no message, and no memory, out of proportion.
    #[test]
    fn many_annotations_cost_little() {
        let mut bytes = b"\x0a\x01d\x12\x01k\x1a\x01w".to_vec();
        for n in 0..100_000u32 {
            bytes.extend([0x22, 6, 0x0a, 4]);
            bytes.extend(n.to_be_bytes().map(|b| b & 0x7f));
        }
        let Err(Fault::EncryptedObject { upstream, .. }) = EncryptedObject::parse(&bytes) else {
            panic!("refused");
        };
        assert!(upstream.contains("exceeds the max size"));
        assert!(upstream.len() < 5_000, "{}", upstream.len());
    }

    fn object() -> EncryptedObject<'static> {
        EncryptedObject {
            encrypted_data: b"data",
            key_id: "kek-1",
            encrypted_dek_source: b"wrapped",
            annotations: BTreeMap::from([("a.b".to_owned(), vec![1])]),
            source_type: DekSourceType::HkdfSha256Seed,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = object().encode().unwrap();
        assert_eq!(EncryptedObject::parse(&bytes), Ok(object()));
        for end in 0..bytes.len() {
            if let Ok(cut) = EncryptedObject::parse(&bytes[..end]) {
                // Whole fields were lost from the end.
                assert_ne!(cut, object());
                assert_eq!(cut.encrypted_data, b"data");
            }
        }
    }

    /// Messages as `ValidateEncryptedObject` gave them.
    #[test]
    fn the_api_servers_checks() {
        let refusal = |change: &dyn Fn(&mut EncryptedObject<'static>)| {
            let mut object = object();
            change(&mut object);
            object.check().unwrap_or_default()
        };
        assert_eq!(refusal(&|_| {}), "");
        assert_eq!(
            refusal(&|o| o.encrypted_data = b""),
            "encrypted data is empty"
        );
        assert_eq!(
            refusal(&|o| o.key_id = ""),
            "failed to validate key id: keyID is empty"
        );
        assert_eq!(
            refusal(&|o| o.encrypted_dek_source = &[0; 1025]),
            "failed to validate encrypted DEK source: encrypted DEK source is 1025 bytes, \
             which exceeds the max size of 1024"
        );
        let annotation = |key: &'static str, length: usize| {
            refusal(&|o| o.annotations = BTreeMap::from([(key.to_owned(), vec![0; length])]))
        };
        assert_eq!(annotation("a.b.", 1), "");
        assert_eq!(
            annotation("note", 1),
            "failed to validate annotations: annotations: Invalid value: \"note\": \
             should be a domain with at least two segments separated by dots"
        );
        assert_eq!(
            annotation("", 1),
            "failed to validate annotations: annotations: Required value"
        );
        assert_eq!(
            annotation("a.b", 32 * 1024),
            "failed to validate annotations: total size of annotations is 32771, \
             which exceeds the max size of 32768"
        );
        assert!(annotation("A.b", 1).contains("a lowercase RFC 1123 subdomain"));
    }
}
