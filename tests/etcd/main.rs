//! The reader of etcd's database file: real snapshots first, then files made
//! for a property, then hazards by name.

#[path = "../support/bbolt_writer.rs"]
mod bbolt_writer;

mod byte_orders;
mod completeness;
mod cut;
mod damage;
mod damage_map;
mod damage_numbers;
mod damage_suite;
mod files;
mod hazards;
mod layouts;
mod metas;
mod mvcc;
mod planted;
mod snapshots;
mod superseded;
mod survey;
mod torn;
mod trailer;

use bbolt_writer::{Entries, Order, Writer, key_value, revision};
use k8s_etcd::etcd::{KeyValue, Snapshot};
use k8s_etcd::{Error, Result};

/// `count` keys, created one after the other in revisions from 2.
fn pods(count: i64) -> Entries {
    (0..count)
        .map(|n| {
            let main = n + 2;
            let key = format!("/registry/pods/default/pod-{n:05}");
            let value = format!("value of pod {n}");
            let numbers = [main, main, 1, 0];
            let value = key_value(key.as_bytes(), numbers, value.as_bytes());
            (revision(main, 0, false), value)
        })
        .collect()
}

/// Sound and broken, apart.
fn split<T>(all: impl Iterator<Item = Result<T>>) -> (Vec<T>, Vec<Error>) {
    let mut sound = Vec::new();
    let mut broken = Vec::new();
    for item in all {
        match item {
            Ok(item) => sound.push(item),
            Err(error) => broken.push(error),
        }
    }
    (sound, broken)
}

fn revisions(file: &[u8]) -> (Vec<KeyValue<'_>>, Vec<Error>) {
    split(Snapshot::parse(file).unwrap().revisions().unwrap())
}

fn small() -> Writer {
    Writer::new(1024, Order::Little).fan_out(4)
}
