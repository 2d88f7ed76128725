//! Seeds of the decryption providers.

use k8s_etcd::encryption::is_encrypted;

use crate::Folder;
use crate::testdata::{Stored, shortest};

/// Objects of one form each, to be sealed by the property.
const PLAIN: [&str; 4] = ["namespaces", "configmaps", "secrets", "leases"];

/// Seeds for a provider: plaintexts with each kind of change, and the payloads of
/// a cluster's own values.
pub fn seeds(scenario: &str) -> Folder {
    let mut seeds = Folder::new();
    let plain = shortest("plain", |_| true);
    for (number, resource) in (0_u8..).zip(PLAIN) {
        let Stored { key, value } = &plain[resource];
        for change in 0..4 {
            let head = [&[number + 4 * change][..], &[number; 24]].concat();
            // At its beginning, in its middle, at its end.
            let at = [value.len() as u16 / 4 * u16::from(change), 30][usize::from(number & 1)];
            let at = at.to_le_bytes();
            let change = [change, at[0], at[1], 1, key.len() as u8];
            let seed = [&head[..], &change, key, value].concat();
            seeds.insert(format!("seal-{resource}-{}", change[0]), seed);
        }
    }
    seeds.insert("seal-nothing".to_owned(), Vec::new());
    for (resource, stored) in shortest(scenario, is_encrypted) {
        // Provider, version and name precede the payload.
        let mut parts = stored.value.splitn(6, |byte| *byte == b':');
        let payload = parts.nth(5).expect("a payload");
        seeds.insert(format!("open-{resource}"), payload.to_vec());
    }
    seeds
}
