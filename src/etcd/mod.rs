//! etcd's database file: snapshot, revisions, key-values. Knows nothing of
//! Kubernetes.
//!
//! ```text
//! file ─ Snapshot ─┬─ Trailer                     SHA-256, if saved by etcdctl
//!                  ├─ carve()                     what no page of a tree holds any more
//!                  └─ bbolt::Database             pages, buckets
//!                      ├─ survey()                state of each page, damage
//!                      ├─ bucket "key"
//!                      │   ├─ revisions()         (revision, sub) → KeyValue
//!                      │   ├─ deletions()         deleted key → its last KeyValue
//!                      │   └─ current(), at(): State    key → its latest KeyValue
//!                      └─ bucket "meta"
//!                          └─ store_meta(): StoreMeta
//! ```
//!
//! etcd files every change under its [`Revision`] and finds keys by an index in
//! memory, which the file does not hold: [`State`] makes it anew.
//!
//! Source: `server/storage/mvcc` and `server/storage/schema` of
//! <https://github.com/etcd-io/etcd>.

pub mod bbolt;
mod carve;
mod carve_cuts;
mod carve_search;
mod carved_record;
mod completeness;
mod deletions;
mod diagnosis;
mod key_value;
mod known;
mod latest;
mod revision;
mod revisions;
mod snapshot;
mod state;
mod store_facts;
mod store_meta;
mod trailer;

pub use carve::{Carved, Carving, Cut, carve};
pub use completeness::{Completeness, Newer};
pub use deletions::{Deletion, Deletions, LastState};
pub use diagnosis::{Diagnosis, diagnose};
pub use key_value::KeyValue;
pub use known::{Known, KnownState};
pub use revision::Revision;
pub use revisions::Revisions;
pub use snapshot::Snapshot;
pub use state::{Iter, State};
pub use store_facts::{Alarm, Lease, StoreFacts};
pub use store_meta::StoreMeta;
pub use trailer::Trailer;
