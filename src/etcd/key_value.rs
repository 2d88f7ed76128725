use std::fmt;

use super::Revision;
use super::bbolt::{Entry, Provenance};
use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};
use crate::wire::{Field, Fields, Payload, Reader, WireType};

/// One revision of one key, borrowed from the file.
///
/// ```text
/// mvccpb.KeyValue           wire
/// 1 key                     bytes
/// 2 create_revision         varint
/// 3 mod_revision            varint
/// 4 version                 varint
/// 5 value                   bytes
/// 6 lease                   varint
/// ```
///
/// Source: `api/mvccpb/kv.proto` of go.etcd.io/etcd. As Go does, the last of a
/// repeated field counts, a missing one is zero, and unknown ones are skipped.
///
/// A deletion (see [`KeyValue::is_tombstone`]) holds nothing but the key. When
/// a key is created again after one, its `version` begins at 1 again: what
/// tells the two lives apart is `create_revision`.
///
/// After `etcdutl snapshot restore --bump-revision` the newest revision is an
/// entry without any content: its key is empty, which no stored key is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyValue<'a> {
    /// The etcd key.
    pub key: &'a [u8],
    /// The value as etcd stores it.
    pub value: &'a [u8],
    /// Main revision in which the key was created; 0 for a deletion.
    pub create_revision: i64,
    /// Main revision of this change; 0 for a deletion.
    pub mod_revision: i64,
    /// Changes since the key was created, from 1; 0 for a deletion.
    pub version: i64,
    /// The lease the key hangs on, or 0.
    pub lease: i64,
    /// The revision under which the entry is filed.
    pub revision: Revision,
    /// Where the entry stands in the file.
    pub provenance: Provenance,
    tombstone: bool,
    value_offset: u64,
}

impl<'a> KeyValue<'a> {
    /// # Errors
    ///
    /// What is wrong with the entry's value, at its place in the file and with
    /// the revision as path.
    #[inline]
    pub(super) fn parse(
        entry: &Entry<'a>,
        revision: Revision,
        tombstone: bool,
    ) -> Result<KeyValue<'a>> {
        let mut key_value = KeyValue {
            key: b"",
            value: b"",
            create_revision: 0,
            mod_revision: 0,
            version: 0,
            lease: 0,
            revision,
            provenance: entry.provenance,
            tombstone,
            // Where a value would stand that is not there.
            value_offset: entry
                .provenance
                .value_offset
                .saturating_add(to_u64(entry.value.len())),
        };
        match key_value.read(entry) {
            Ok(()) => Ok(key_value),
            Err(error) => Err(error
                .in_page(entry.provenance.page)
                .in_path(|| path(revision))),
        }
    }

    #[inline]
    fn read(&mut self, entry: &Entry<'a>) -> Result<()> {
        let mut fields = fields(entry);
        while let Some(field) = fields.next_field()? {
            match field.number {
                1 => self.key = bytes(&field)?,
                2 => self.create_revision = int64(&field)?,
                3 => self.mod_revision = int64(&field)?,
                4 => self.version = int64(&field)?,
                5 => {
                    self.value = bytes(&field)?;
                    self.value_offset = field.payload_offset;
                }
                6 => self.lease = int64(&field)?,
                _ => {}
            }
        }
        if self.key.is_empty() && !entry.value.is_empty() {
            return Err(Error::malformed(WHAT, "it has no key")
                .at(Buffer::Snapshot, entry.provenance.value_offset));
        }
        Ok(())
    }

    /// The key of an entry whose value cannot be read to its end.
    #[cold]
    pub(super) fn key_of_broken(entry: &Entry<'a>) -> Option<&'a [u8]> {
        fields(entry)
            .map_while(Result::ok)
            .filter(|field| field.number == 1)
            .filter_map(|field| bytes(&field).ok())
            .last()
            .filter(|key| !key.is_empty())
    }

    /// Whether this revision deleted the key.
    pub fn is_tombstone(&self) -> bool {
        self.tombstone
    }

    /// Byte offset of [`value`](KeyValue::value) in the file.
    pub fn value_offset(&self) -> u64 {
        self.value_offset
    }
}

const WHAT: &str = "key-value";

/// The place of an entry in the database, as the path of an error.
pub(super) fn path(revision: Revision) -> String {
    format!("key[{revision}]")
}

#[inline]
fn fields<'a>(entry: &Entry<'a>) -> Fields<'a> {
    let base = entry.provenance.value_offset;
    Fields::new(Reader::with_base(entry.value, base, Buffer::Snapshot))
}

#[inline]
fn bytes<'a>(field: &Field<'a>) -> Result<&'a [u8]> {
    match field.payload {
        Payload::LengthDelimited(bytes) => Ok(bytes),
        _ => Err(wrong_type(field, WireType::LengthDelimited)),
    }
}

#[inline]
fn int64(field: &Field<'_>) -> Result<i64> {
    match field.payload {
        Payload::Varint(value) => Ok(value.cast_signed()),
        _ => Err(wrong_type(field, WireType::Varint)),
    }
}

#[cold]
fn wrong_type(field: &Field<'_>, need: WireType) -> Error {
    let detail = format!(
        "field {} has wire type {}, not {}",
        field.number,
        field.payload.wire_type().number(),
        need.number()
    );
    Error::malformed(WHAT, detail).at(Buffer::Snapshot, field.offset)
}

/// Without the value, which may be secret.
impl fmt::Debug for KeyValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValue")
            .field("key", &String::from_utf8_lossy(self.key))
            .field("value_bytes", &self.value.len())
            .field("create_revision", &self.create_revision)
            .field("mod_revision", &self.mod_revision)
            .field("version", &self.version)
            .field("lease", &self.lease)
            .field("revision", &self.revision)
            .field("tombstone", &self.tombstone)
            .field("provenance", &self.provenance)
            .finish()
    }
}
