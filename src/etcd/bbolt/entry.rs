use std::fmt;

use super::node::LeafElement;
use super::page::Page;
use crate::convert::to_u64;

/// One entry of a bucket: a key and its value, borrowed from the file.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The key, unique in its bucket.
    pub key: &'a [u8],
    /// The value; for a bucket, its header and, if it is small, its only page.
    pub value: &'a [u8],
    /// Whether the value is a bucket.
    pub is_bucket: bool,
    /// Where key and value stand in the file.
    pub provenance: Provenance,
    /// Which element of its page this is.
    pub(crate) index: u16,
}

/// Where an entry stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Provenance {
    /// The page, or the first page where it overflows.
    pub page: u64,
    /// Byte offset of the entry's key in the file.
    pub key_offset: u64,
    /// Byte offset of the entry's value in the file.
    pub value_offset: u64,
}

impl<'a> Entry<'a> {
    #[inline]
    pub(super) fn new(page: &Page<'a>, index: u16, element: LeafElement<'a>) -> Entry<'a> {
        let key_length = to_u64(element.key.len());
        Entry {
            key: element.key,
            value: element.value,
            is_bucket: element.is_bucket,
            provenance: Provenance {
                page: page.id,
                key_offset: element.key_offset,
                value_offset: element.key_offset.saturating_add(key_length),
            },
            index,
        }
    }
}

impl<'a> Entry<'a> {
    /// An entry that was found without its page's elements.
    pub(crate) fn carved(key: &'a [u8], value: &'a [u8], page_size: u64, offset: u64) -> Entry<'a> {
        Entry {
            key,
            value,
            is_bucket: false,
            provenance: Provenance {
                page: offset.checked_div(page_size).unwrap_or_default(),
                key_offset: offset,
                value_offset: offset.saturating_add(to_u64(key.len())),
            },
            index: 0,
        }
    }
}

/// Sizes and places only: values may be secret.
impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key_bytes", &self.key.len())
            .field("value_bytes", &self.value.len())
            .field("is_bucket", &self.is_bucket)
            .field("provenance", &self.provenance)
            .finish()
    }
}
