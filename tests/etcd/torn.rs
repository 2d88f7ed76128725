//! Files mixed of the pages of two states of one store. Each page is sound: what
//! is missing between them must be told, or the state is right.

use std::collections::BTreeMap;

use crate::bbolt_writer::{Entries, File, Freelist, Order, Writer, key_value, revision};
use k8s_etcd::etcd::Snapshot;

const KEYS: i64 = 40;

type State = BTreeMap<Vec<u8>, i64>;

/// A store after changes up to `last`: 40 keys, each changed by turns, each
/// seventh change a deletion. Also what is alive after each revision.
fn history(last: i64) -> (Entries, Vec<State>) {
    let mut alive: BTreeMap<Vec<u8>, (i64, i64)> = BTreeMap::new();
    let mut entries = Entries::new();
    let mut states = vec![State::new(); 2];
    for main in 2..=last {
        let key = format!("/key/{:02}", main * 17 % KEYS).into_bytes();
        if main % 7 == 0 && alive.remove(&key).is_some() {
            entries.push((revision(main, 0, true), key_value(&key, [0; 4], b"")));
        } else {
            let (create, version) = alive.get(&key).map_or((main, 1), |(c, v)| (*c, v + 1));
            alive.insert(key.clone(), (create, version));
            let value = key_value(&key, [create, main, version, 0], &[b'v'; 40]);
            entries.push((revision(main, 0, false), value));
        }
        let mut state = states.last().cloned().unwrap_or_default();
        state.remove(&key);
        if alive.contains_key(&key) {
            state.insert(key, main);
        }
        states.push(state);
    }
    (entries, states)
}

fn file(entries: Entries, txid: u64) -> File {
    let meta = vec![(b"term".to_vec(), vec![0; 8])];
    Writer::new(1024, Order::Little)
        .fan_out(6)
        .txid(txid)
        .freelist(Freelist::NotSynced)
        .inline_bucket("meta", meta)
        .bucket("key", entries)
        .write()
}

/// `None` where something is told.
fn silent(bytes: &[u8]) -> Option<(i64, State)> {
    let snapshot = Snapshot::parse(bytes).ok()?;
    if snapshot.database().pages_in_file() < snapshot.database().meta().page_count {
        return None;
    }
    let state = snapshot.current().ok()?;
    if !state.completeness().is_whole() || state.damage().next().is_some() {
        return None;
    }
    let keys = state.iter().map(|(key, key_value)| {
        let key_value = key_value.expect("no damage");
        (key.to_vec(), key_value.revision.main)
    });
    Some((state.completeness().last_revision(), keys.collect()))
}

#[test]
fn no_mixture_of_two_states_is_silently_wrong() {
    let (entries, states) = history(300);
    let (mut told, mut right) = (0, 0);
    for (older, newer) in [(100, 101), (100, 107), (150, 300), (290, 296), (60, 61)] {
        let count = |last: i64| usize::try_from(last - 1).unwrap();
        let a = file(entries[..count(older)].to_vec(), 8).bytes;
        let b = file(entries[..count(newer)].to_vec(), 9).bytes;
        let page = |bytes: &[u8], at: usize| -> Vec<u8> {
            bytes
                .get(at * 1024..(at + 1) * 1024)
                .unwrap_or(&[])
                .to_vec()
        };
        let pages = b.len() / 1024;
        let mix = |takes_b: &dyn Fn(usize) -> bool| -> Vec<u8> {
            let chosen = (0..pages).map(|at| page(if takes_b(at) { &b } else { &a }, at));
            chosen.flatten().collect()
        };
        let mut mixtures: Vec<Vec<u8>> = Vec::new();
        for cut in 0..=pages {
            mixtures.push(mix(&|at| at < cut));
            mixtures.push(mix(&|at| at >= cut));
            // One page of the other state.
            mixtures.push(mix(&|at| at == cut));
            mixtures.push(mix(&|at| at != cut));
        }
        for mixture in mixtures {
            match silent(&mixture) {
                None => told += 1,
                Some((last, state)) => {
                    let last = usize::try_from(last).unwrap();
                    assert_eq!(state, states[last], "as of {last} of {older} and {newer}");
                    right += 1;
                }
            }
        }
    }
    assert!(told > 100 && right > 20, "{told} told, {right} right");
}
