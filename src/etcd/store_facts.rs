//! What a store says of itself besides its keys: members, alarms, leases,
//! authentication, buckets.

use std::collections::BTreeMap;

use super::Snapshot;
use super::bbolt::Entry;
use crate::convert::to_usize;
use crate::error::{Buffer, Error, Result};
use crate::wire::{Fields, Payload, Reader};

/// The store's own facts; see [`Snapshot::facts`].
///
/// | bucket | key | value |
/// |---|---|---|
/// | `members` | id, in hex | JSON: name and URLs |
/// | `members_removed` | id, in hex | `removed` |
/// | `cluster` | `clusterVersion` | text |
/// | `alarm` | etcdserverpb.AlarmMember: 1 member, 2 alarm | none |
/// | `lease` | i64, big-endian | leasepb.Lease: 1 id, 2 TTL, 3 remaining TTL |
/// | `auth` | `authEnabled` | one byte |
/// | `authUsers`, `authRoles` | name | protobuf, with password hashes |
///
/// The cluster's id is in the write-ahead log alone. Source:
/// `server/storage/schema` and `server/lease/leasepb` of go.etcd.io/etcd.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoreFacts<'a> {
    /// Each bucket in the root, and how many entries it has.
    pub buckets: Vec<(&'a [u8], u64)>,
    /// The version of etcd that the whole cluster has, for example `3.6.0`.
    pub cluster_version: Option<&'a [u8]>,
    /// The cluster's members: their ids in hex, and what else is noted, as JSON.
    pub members: Vec<(&'a [u8], &'a [u8])>,
    /// The ids of members that were removed, in hex.
    pub removed_members: Vec<&'a [u8]>,
    /// Alarms that are raised.
    pub alarms: Vec<Alarm>,
    /// Leases, in order of their ids.
    pub leases: Vec<Lease>,
    /// Whether etcd asks who its clients are; `None` where nothing is noted.
    pub auth_enabled: Option<bool>,
    /// Users of etcd.
    pub auth_users: u64,
    /// Roles of etcd.
    pub auth_roles: u64,
    /// The first thing that was broken.
    pub damage: Option<Error>,
}

/// An alarm of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alarm {
    /// The member's id.
    pub member: u64,
    /// 1: no space is left; 2: its data is corrupt.
    pub kind: u64,
}

impl Alarm {
    /// etcd's own word for it; `None` for one that is unknown here.
    pub fn name(&self) -> Option<&'static str> {
        match self.kind {
            0 => Some("NONE"),
            1 => Some("NOSPACE"),
            2 => Some("CORRUPT"),
            _ => None,
        }
    }
}

/// A lease: keys that hang on it go when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Lease {
    /// Its id, as in [`KeyValue::lease`](super::KeyValue::lease).
    pub id: i64,
    /// Seconds that it was granted for.
    pub ttl: i64,
    /// Seconds that were left at the last checkpoint; 0 without one.
    pub remaining_ttl: i64,
    /// Live keys that hang on it.
    pub keys: u64,
}

impl<'a> StoreFacts<'a> {
    pub(super) fn read(snapshot: &Snapshot<'a>) -> StoreFacts<'a> {
        let mut facts = StoreFacts::default();
        for bucket in snapshot.database().root().buckets() {
            let bucket = match bucket {
                Ok(bucket) => bucket,
                Err(error) => {
                    facts.damage.get_or_insert(error);
                    continue;
                }
            };
            let mut count = 0_u64;
            for entry in bucket.entries() {
                let taken = entry.and_then(|entry| {
                    count = count.saturating_add(1);
                    facts.take(bucket.name(), &entry)
                });
                if let Err(error) = taken {
                    facts.damage.get_or_insert(error);
                }
            }
            match bucket.name() {
                b"authUsers" => facts.auth_users = count,
                b"authRoles" => facts.auth_roles = count,
                _ => {}
            }
            facts.buckets.push((bucket.name(), count));
        }
        facts.count_leased_keys(snapshot);
        facts
    }

    fn take(&mut self, bucket: &[u8], entry: &Entry<'a>) -> Result<()> {
        match (bucket, entry.key) {
            (b"members", id) => self.members.push((id, entry.value)),
            (b"members_removed", id) => self.removed_members.push(id),
            (b"cluster", b"clusterVersion") => self.cluster_version = Some(entry.value),
            (b"auth", b"authEnabled") => self.auth_enabled = Some(entry.value == [1]),
            (b"alarm", key) => {
                let [member, kind] = numbers(key, entry.provenance.key_offset)?;
                self.alarms.push(Alarm { member, kind });
            }
            (b"lease", _) => {
                let [id, ttl, remaining_ttl] =
                    numbers(entry.value, entry.provenance.value_offset)?.map(u64::cast_signed);
                self.leases.push(Lease {
                    id,
                    ttl,
                    remaining_ttl,
                    keys: 0,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn count_leased_keys(&mut self, snapshot: &Snapshot<'a>) {
        let Ok(state) = snapshot.current() else {
            return;
        };
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        for (_, key_value) in &state {
            if let Ok(key_value) = key_value
                && key_value.lease != 0
            {
                let count = counts.entry(key_value.lease).or_default();
                *count = count.saturating_add(1);
            }
        }
        for lease in &mut self.leases {
            lease.keys = counts.get(&lease.id).copied().unwrap_or_default();
        }
    }
}

/// The varints of fields 1 to `N` of a message.
fn numbers<const N: usize>(message: &[u8], offset: u64) -> Result<[u64; N]> {
    let mut numbers = [0; N];
    let mut fields = Fields::new(Reader::with_base(message, offset, Buffer::Snapshot));
    while let Some(field) = fields.next_field()? {
        let place = to_usize(field.number).checked_sub(1);
        if let (Payload::Varint(value), Some(place)) = (field.payload, place)
            && let Some(number) = numbers.get_mut(place)
        {
            *number = value;
        }
    }
    Ok(numbers)
}
