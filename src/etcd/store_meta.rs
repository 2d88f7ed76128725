use super::Revision;
use super::bbolt::{Bucket, Entry};
use crate::error::{Buffer, Error, Result};

/// What etcd notes about its store in the bucket `meta`.
///
/// | key | value |
/// |---|---|
/// | `consistent_index` | u64, big-endian |
/// | `term` | u64, big-endian |
/// | `scheduledCompactRev` | revision, 17 bytes |
/// | `finishedCompactRev` | revision, 17 bytes |
/// | `storageVersion` | text |
/// | `confState` | JSON of raftpb.ConfState |
///
/// What is not in the file is `None`: old versions of etcd write fewer, and a
/// store that was never compacted has no compact revisions. Source:
/// `server/storage/schema/schema.go` and `server/storage/mvcc/store.go` of
/// go.etcd.io/etcd.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoreMeta<'a> {
    /// Index of the last raft entry that is applied to this file.
    pub consistent_index: Option<u64>,
    /// The raft term of that entry; since etcd 3.5.
    pub term: Option<u64>,
    /// Compaction up to here was begun: history below is not complete.
    pub scheduled_compact_revision: Option<Revision>,
    /// Compaction up to here was completed.
    pub finished_compact_revision: Option<Revision>,
    /// The storage version, for example `3.6.0`; since etcd 3.6.
    pub storage_version: Option<&'a str>,
    /// The members of the raft group, as JSON; since etcd 3.5.
    pub conf_state: Option<&'a [u8]>,
    /// The first thing that was broken. The fields concerned are `None`.
    pub damage: Option<Error>,
}

impl<'a> StoreMeta<'a> {
    /// The revision below which history has gaps: 0 without a compaction.
    pub fn compact_revision(&self) -> i64 {
        let main = |revision: Option<Revision>| revision.map_or(0, |revision| revision.main);
        main(self.scheduled_compact_revision).max(main(self.finished_compact_revision))
    }

    pub(super) fn parse(bucket: &Bucket<'a>) -> StoreMeta<'a> {
        let mut meta = StoreMeta::default();
        for entry in bucket.entries() {
            if let Err(error) = entry.and_then(|entry| meta.take(&entry)) {
                meta.damage.get_or_insert(error);
            }
        }
        meta
    }

    fn take(&mut self, entry: &Entry<'a>) -> Result<()> {
        let taken = match entry.key {
            b"consistent_index" => u64_be(entry.value).map(|v| self.consistent_index = Some(v)),
            b"term" => u64_be(entry.value).map(|v| self.term = Some(v)),
            b"scheduledCompactRev" => {
                Revision::parse(entry.value).map(|v| self.scheduled_compact_revision = Some(v))
            }
            b"finishedCompactRev" => {
                Revision::parse(entry.value).map(|v| self.finished_compact_revision = Some(v))
            }
            b"storageVersion" => match std::str::from_utf8(entry.value) {
                Ok(text) => {
                    self.storage_version = Some(text);
                    Ok(())
                }
                Err(_) => Err(Error::malformed("storage version", "it is not UTF-8")),
            },
            b"confState" => {
                self.conf_state = Some(entry.value);
                Ok(())
            }
            _ => Ok(()),
        };
        taken.map_err(|error| {
            error
                .at(Buffer::Snapshot, entry.provenance.value_offset)
                .in_page(entry.provenance.page)
                .in_path(|| format!("meta[{}]", String::from_utf8_lossy(entry.key)))
        })
    }
}

fn u64_be(bytes: &[u8]) -> Result<u64> {
    match bytes.try_into() {
        Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
        Err(_) => {
            let detail = format!("{} bytes, not 8", bytes.len());
            Err(Error::malformed("64-bit number", detail))
        }
    }
}
