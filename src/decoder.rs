//! The one place where the stages are joined: key and stored value in,
//! plaintext and object out.

mod moved;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::de::Options;
use crate::encryption::{self, Failure, Info, Keyring, Plaintext};
use crate::error::{Buffer, Category, Error, Result};
use crate::limits::Limits;
use crate::registry_key::RegistryKey;
use crate::skip_fields::SkipFields;
use crate::storage_value::{Content, Settings, StorageValue, from_base64};

/// Opens stored values: decrypts them where needed and tells what they hold.
///
/// ```
/// use k8s_etcd::storage_value::Content;
/// use k8s_etcd::Decoder;
///
/// let decoder = Decoder::new();
/// let value = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0d\x0a\x0b\x0a\x09kube-prod";
/// let opened = decoder.open(Some(b"/registry/namespaces/kube-prod"), value);
///
/// let Ok(Content::Object(object)) = opened.storage_value()?.into_content() else { panic!() };
/// assert_eq!(object.kind(), "Namespace");
/// let value: serde_json::Value = opened.decode()?;
/// assert_eq!(value["metadata"]["name"], "kube-prod");
/// # Ok::<_, k8s_etcd::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    options: Options,
    etcd_prefixes: Vec<String>,
    keyring: Keyring,
}

impl Decoder {
    /// A decoder with no keys, default bounds and the usual etcd prefixes.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Sets the bounds.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Decoder {
        self.limits = limits;
        self.keyring = self.keyring.with_limits(&limits);
        self
    }

    /// As [`Object::lossless`](crate::Object::lossless), for all objects.
    #[must_use]
    pub fn lossless(mut self, lossless: bool) -> Decoder {
        self.options.lossless = lossless;
        self
    }

    /// As [`Object::strict`](crate::Object::strict), for all objects.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Decoder {
        self.options.strict = strict;
        self
    }

    /// As [`Object::skip_fields`](crate::Object::skip_fields), for all objects.
    #[must_use]
    pub fn skip_fields(mut self, fields: &SkipFields) -> Decoder {
        self.options.skip = fields.clone();
        self
    }

    /// Adds an API server's `--etcd-prefix`, where it is neither `/registry` nor
    /// one of OpenShift's. Several API servers may share an etcd, each under a
    /// prefix of its own. Keys choose the encryption keys by their resource.
    #[must_use]
    pub fn etcd_prefix(mut self, prefix: impl Into<String>) -> Decoder {
        self.etcd_prefixes.push(prefix.into());
        self
    }

    /// The keys to open encrypted values with.
    #[must_use]
    pub fn keyring(mut self, keyring: Keyring) -> Decoder {
        self.keyring = keyring.with_limits(&self.limits);
        self
    }

    /// Parses an etcd key by this decoder's prefixes.
    pub fn parse_key<'k>(&self, key: &'k [u8]) -> RegistryKey<'k> {
        RegistryKey::parse(key, self.etcd_prefixes.iter().map(String::as_str))
    }

    /// Decrypts a stored value if it is encrypted, and holds it against the
    /// policy.
    ///
    /// `key` is the etcd key, which tells the resource and is authenticated by
    /// aesgcm and kms; without it such values do not open. Never fails as a
    /// whole: why a value stays closed is asked of the outcome.
    pub fn open<'a>(&self, key: Option<&[u8]>, value: &'a [u8]) -> Opened<'a> {
        let key_parts = key.map(|key| self.parse_key(key));
        let is_of_a_resource = key_parts.is_some_and(|key| {
            key.group().is_some() && key.resource().is_some() && key.name().is_some()
        });
        let resource = key_parts
            // What is never encrypted, no policy speaks of.
            .filter(|key| !key.bypasses_encryption())
            .and_then(|key| key.group_resource());
        let recognize = |plaintext: &[u8]| StorageValue::is_recognizable(plaintext);
        let outcome = self
            .keyring
            .decrypt(value, resource.as_deref(), key, &recognize);
        let in_base64 = match &outcome {
            Ok(opened) if opened.plaintext.len() <= self.limits.value_bytes => {
                from_base64(&opened.plaintext).map(Zeroizing::new)
            }
            Ok(_) | Err(_) => None,
        };
        Opened {
            outcome,
            in_base64,
            is_of_a_resource,
            settings: Settings {
                limits: self.limits,
                options: self.options.clone(),
            },
        }
    }
}

/// A stored value after the attempt to decrypt it.
#[derive(Debug)]
pub struct Opened<'a> {
    outcome: Result<encryption::Opened<'a>, Box<Failure>>,
    /// What the plaintext holds in base64.
    in_base64: Option<Zeroizing<Vec<u8>>>,
    /// Whether the etcd key is that of an object.
    is_of_a_resource: bool,
    settings: Settings,
}

impl Opened<'_> {
    /// How the value is encrypted, or that it should be; `None` if there is
    /// nothing to tell.
    pub fn encryption(&self) -> Option<&Info> {
        let info = match &self.outcome {
            Ok(opened) => &opened.info,
            Err(failure) => &failure.info,
        };
        Some(info).filter(|info| !info.is_empty())
    }

    /// Why the value did not open, and what the API server would log.
    pub fn failure(&self) -> Option<&Failure> {
        self.outcome.as_ref().err().map(|failure| &**failure)
    }

    /// The value in the clear.
    ///
    /// # Errors
    ///
    /// Encrypted if no key was given for it, decryption if none opened it.
    pub fn plaintext(&self) -> Result<&[u8], &Error> {
        match &self.outcome {
            Ok(opened) => Ok(opened.plaintext.as_ref()),
            Err(failure) => Err(&failure.error),
        }
    }

    /// Whether the plaintext holds the object in base64, as API servers wrote it to
    /// etcd 2, and as they still read it.
    pub fn is_base64(&self) -> bool {
        self.in_base64.is_some()
    }

    /// What the value is and holds. Under the etcd key of a resource, content that the
    /// API server could not read is an error of category `not-an-object`.
    ///
    /// # Errors
    ///
    /// As [`Opened::plaintext`].
    pub fn storage_value(&self) -> Result<StorageValue<'_>> {
        let buffer = match &self.outcome {
            Ok(encryption::Opened {
                plaintext: Plaintext::Decrypted(_),
                ..
            }) => Buffer::Plaintext,
            _ => Buffer::Value,
        };
        let plaintext = self.plaintext().map_err(Clone::clone)?;
        let (plaintext, buffer) = match &self.in_base64 {
            Some(object) => (object.as_slice(), Buffer::Plaintext),
            None => (plaintext, buffer),
        };
        let value = StorageValue::parse_with(plaintext, buffer, &self.settings);
        Ok(match self.is_of_a_resource {
            true => value.under_a_resource(),
            false => value,
        })
    }

    /// Decodes the object that the value holds into any type that serde can
    /// deserialize, k8s-openapi's among them.
    ///
    /// # Errors
    ///
    /// Why the value stays closed or is not whole; type mismatch if it holds no
    /// object, or one that `T` refuses.
    pub fn decode<'o, T: Deserialize<'o>>(&'o self) -> Result<T> {
        match self.storage_value()?.into_content()? {
            Content::Object(object) => object.decode(),
            Content::Document(document) => document.decode(),
            Content::Text(_) | Content::Unrecognized => Err(Error::new(
                Category::TypeMismatch,
                "value",
                "it holds no object",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields of the envelope that nobody knows are reported, whichever way the object
    /// itself is read.
    #[test]
    fn what_the_envelope_holds_besides_is_reported_with_a_typed_object() {
        let sound: &[u8] = b"\x12\x0d\x0a\x0b\x0a\x09kube-prod";
        let odd: &[u8] = b"\x12\x11\x0a\x0b\x0a\x09kube-prod\xba\x7d\x01x";
        for (raw, unknown) in [(sound, 1), (odd, 2)] {
            let head = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace";
            let value = [&head[..], raw, b"\x2a\x01x"].concat();
            let opened = Decoder::new().open(None, &value);
            let Ok(Content::Object(object)) = opened.storage_value().unwrap().into_content() else {
                panic!("no object");
            };
            let decoded = object.decode_with_report::<serde_json::Value>();
            let (decoded, report) = decoded.unwrap();
            assert_eq!(decoded["metadata"]["name"], "kube-prod");
            assert_eq!(report.unknown_fields.len(), unknown);
            let (_, printed) = object.to_json().unwrap();
            assert_eq!(report, printed);
        }
    }
}
