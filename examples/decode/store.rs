//! What a store says of itself, as `--report` has it.

use std::collections::BTreeMap;

use k8s_etcd::etcd::{Alarm, Snapshot, StoreFacts};
use serde::Serialize;

/// Leases that are listed; all are counted.
const LEASES: usize = 1000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Store {
    #[serde(skip_serializing_if = "Option::is_none")]
    last_revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_compact_revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_compact_revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consistent_index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    term: Option<u64>,
    members: Vec<Member>,
    removed_members: Vec<String>,
    alarms: Vec<RaisedAlarm>,
    lease_count: usize,
    leases: Vec<Lease>,
    auth: Auth,
    /// Entries in each.
    buckets: BTreeMap<String, u64>,
    /// Why some of it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
}

#[derive(Serialize)]
struct Member {
    id: String,
    /// As the store has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    noted: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct RaisedAlarm {
    /// In hex, as `etcdctl member list` prints it.
    member: String,
    alarm: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lease {
    /// In hex, as `etcdctl lease list` prints it.
    id: String,
    ttl: i64,
    #[serde(skip_serializing_if = "is_zero")]
    remaining_ttl: i64,
    keys: u64,
}

#[derive(Serialize)]
struct Auth {
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    users: u64,
    roles: u64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Store {
    pub fn of(snapshot: &Snapshot<'_>) -> Store {
        let state = snapshot.current().ok();
        let meta = snapshot.store_meta().unwrap_or_default();
        let facts = snapshot.facts();
        Store {
            last_revision: state.map(|state| state.completeness().last_revision()),
            scheduled_compact_revision: meta.scheduled_compact_revision.map(|r| r.main),
            finished_compact_revision: meta.finished_compact_revision.map(|r| r.main),
            storage_version: meta.storage_version.map(str::to_owned),
            cluster_version: facts.cluster_version.map(text),
            consistent_index: meta.consistent_index,
            term: meta.term,
            members: members(&facts),
            removed_members: facts.removed_members.iter().map(|id| text(id)).collect(),
            alarms: facts.alarms.iter().map(RaisedAlarm::of).collect(),
            lease_count: facts.leases.len(),
            leases: leases(&facts),
            auth: Auth {
                enabled: facts.auth_enabled,
                users: facts.auth_users,
                roles: facts.auth_roles,
            },
            buckets: (facts.buckets.iter())
                .map(|(name, count)| (text(name), *count))
                .collect(),
            incomplete: facts.damage.or(meta.damage).map(|error| error.to_string()),
        }
    }
}

fn members(facts: &StoreFacts<'_>) -> Vec<Member> {
    let member = |(id, noted): &(&[u8], &[u8])| Member {
        id: text(id),
        noted: serde_json::from_slice(noted).ok(),
    };
    facts.members.iter().map(member).collect()
}

impl RaisedAlarm {
    fn of(alarm: &Alarm) -> RaisedAlarm {
        RaisedAlarm {
            member: format!("{:x}", alarm.member),
            alarm: alarm.name().map_or(alarm.kind.to_string(), str::to_owned),
        }
    }
}

fn leases(facts: &StoreFacts<'_>) -> Vec<Lease> {
    let leases = facts.leases.iter().take(LEASES);
    let lease = leases.map(|lease| Lease {
        id: format!("{:x}", lease.id),
        ttl: lease.ttl,
        remaining_ttl: lease.remaining_ttl,
        keys: lease.keys,
    });
    lease.collect()
}
