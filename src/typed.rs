//! All objects of a type from a snapshot: what needs k8s-openapi's traits.

use k8s_openapi::Resource;
use memchr::memmem;
use serde::de::DeserializeOwned;

use crate::decoder::Decoder;
use crate::error::{Category, Error, Result};
use crate::etcd::{KeyValue, Snapshot};
use crate::storage_value::Content;

/// An object and where it came from.
#[derive(Debug)]
pub struct Found<'a, T> {
    /// The key, its revisions, and the stored value.
    pub key_value: KeyValue<'a>,
    /// The object, or why it could not be decoded.
    pub object: Result<T>,
}

impl Decoder {
    /// All live objects of type `T`, in key order.
    ///
    /// A value that cannot be opened counts as one of `T` if its key says so or
    /// says nothing. None is left out for its version: an object that is stored in
    /// another one than `T`'s is an error that says in which. Errors of the iterator
    /// itself are damaged entries of the database.
    ///
    /// ```
    /// # fn pods(file: &[u8]) -> k8s_etcd::Result<()> {
    /// use k8s_openapi::api::core::v1::Pod;
    /// use k8s_etcd::{Decoder, etcd::Snapshot};
    ///
    /// let snapshot = Snapshot::parse(file)?;
    /// for found in Decoder::new().objects::<Pod>(&snapshot)? {
    ///     let pod: Pod = found?.object?;
    ///     println!("{}", pod.metadata.name.unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the database has no readable bucket `key`.
    pub fn objects<'d, 'a, T>(
        &'d self,
        snapshot: &Snapshot<'a>,
    ) -> Result<impl Iterator<Item = Result<Found<'a, T>>> + use<'d, 'a, T>>
    where
        T: Resource + DeserializeOwned,
    {
        let state = snapshot.current()?;
        let entries = (0..state.len())
            .filter_map(move |number| state.range(number..number.saturating_add(1)).next());
        Ok(entries.filter_map(move |(_, entry)| match entry {
            Ok(key_value) => self
                .object::<T>(&key_value)
                .map(|object| Ok(Found { key_value, object })),
            Err(error) => Some(Err(error)),
        }))
    }

    /// `None` if the value holds something else.
    fn object<T: Resource + DeserializeOwned>(
        &self,
        key_value: &KeyValue<'_>,
    ) -> Option<Result<T>> {
        let key = self.parse_key(key_value.key);
        if key
            .resource()
            .is_some_and(|resource| resource != T::URL_PATH_SEGMENT)
            // Ranges are filed under the resource that they are for.
            || key.bypasses_encryption()
        {
            return None;
        }
        // A custom resource has its group in its key; one of the same name in another
        // group is another resource.
        let is_custom = |group: &str| {
            let group = format!("/{group}/");
            memmem::find(key_value.key, group.as_bytes()).is_some()
        };
        if key
            .group()
            .is_some_and(|group| group != T::GROUP && !group.is_empty() && is_custom(group))
        {
            return None;
        }
        let is_known = key.resource().is_some();
        let opened = self.open(Some(key_value.key), key_value.value);
        let content = match opened.storage_value() {
            Ok(value) => value.into_content(),
            Err(error) => return Some(Err(error)),
        };
        match content {
            Ok(Content::Object(object)) => {
                of_type::<T>(&object.api_version(), &object.kind(), is_known, || {
                    object.decode()
                })
            }
            Ok(Content::Document(document)) => {
                let api_version = document.api_version().unwrap_or_default();
                let kind = document.kind().unwrap_or_default();
                of_type::<T>(api_version, kind, is_known, || document.decode())
            }
            Ok(Content::Text(_) | Content::Unrecognized) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The object, if it is one of `T`. What is stored in another version, or under the key
/// of a `T` without being one, is an error that says so.
fn of_type<T: Resource>(
    api_version: &str,
    kind: &str,
    is_known: bool,
    decode: impl FnOnce() -> Result<T>,
) -> Option<Result<T>> {
    if kind != T::KIND && !is_known {
        return None;
    }
    if kind == T::KIND && api_version == T::API_VERSION {
        return Some(decode());
    }
    let detail = match kind == T::KIND {
        true => format!(
            "it is stored as {}, not {}",
            shown(api_version),
            T::API_VERSION
        ),
        false => format!("it is no {}, though its key says so", T::KIND),
    };
    Some(Err(Error::new(Category::TypeMismatch, "object", detail)))
}

/// A group version as it may stand in an error: none that could be anything else.
fn shown(api_version: &str) -> &str {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/');
    match api_version.len() <= 253 && api_version.bytes().all(is_name) {
        true => api_version,
        false => "another version",
    }
}
