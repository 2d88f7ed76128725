//! All objects of a type from a snapshot: what needs k8s-openapi's traits.

use k8s_openapi::Resource;
use serde::de::DeserializeOwned;

use crate::decoder::Decoder;
use crate::error::Result;
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
    /// says nothing. Errors of the iterator itself are damaged entries of the
    /// database.
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
        {
            return None;
        }
        let opened = self.open(Some(key_value.key), key_value.value);
        let value = match opened.storage_value() {
            Ok(value) => value,
            Err(error) => return Some(Err(error)),
        };
        match value.into_content() {
            Ok(Content::Object(object)) => (object.kind() == T::KIND
                && object.api_version() == T::API_VERSION)
                .then(|| object.decode()),
            Ok(Content::Document(document)) => (document.kind() == Some(T::KIND)
                && document.api_version() == Some(T::API_VERSION))
            .then(|| document.decode()),
            Ok(Content::Text(_) | Content::Unrecognized) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
