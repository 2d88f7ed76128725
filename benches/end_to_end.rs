//! From the bytes of a snapshot to NDJSON in memory.
//!
//!     cargo bench --bench end_to_end

mod material;

use divan::Bencher;
use divan::counter::BytesCount;
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::storage_value::Content;
use k8s_etcd::{Decoder, Result};

fn main() {
    divan::main();
}

/// A line for each object that is alive; `out` is made empty before.
fn ndjson(file: &[u8], decoder: &Decoder, out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    for (key, entry) in &Snapshot::parse(file)?.current()? {
        let opened = decoder.open(Some(key), entry?.value);
        match opened.storage_value()?.into_content()? {
            Content::Object(object) => drop(object.append_json(out)?),
            Content::Document(document) => drop(document.append_json(out)?),
            _ => continue,
        }
        out.push(b'\n');
    }
    Ok(())
}

fn measure(bencher: Bencher<'_, '_>, file: &[u8], decoder: &Decoder) {
    let mut out = Vec::new();
    bencher
        .counter(BytesCount::new(file.len()))
        .bench_local(|| ndjson(file, decoder, &mut out).expect("NDJSON"));
}

#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    measure(bencher, &material::plain(), &Decoder::new());
}

/// Secrets, ConfigMaps and Pods are encrypted with aesgcm.
#[divan::bench]
fn encrypted(bencher: Bencher<'_, '_>) {
    let (file, decoder) = material::encrypted();
    measure(bencher, &file, &decoder);
}
