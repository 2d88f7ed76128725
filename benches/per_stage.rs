//! Each stage alone, on the snapshots of `testdata/`.
//!
//!     cargo bench --bench per_stage
//!     cargo bench --bench per_stage --features k8s-openapi/v1_37    # and the typed one

mod material;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use k8s_etcd::envelope::Envelope;
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::registry_key::RegistryKey;

use material::{PROVIDERS, Sealed, object};

fn main() {
    divan::main();
}

fn sum(values: &[Vec<u8>]) -> BytesCount {
    BytesCount::new(values.iter().map(Vec::len).sum::<usize>())
}

/// From the file's bytes to every entry in key order.
#[divan::bench]
fn walk(bencher: Bencher<'_, '_>) {
    let file = material::plain();
    bencher.counter(BytesCount::new(file.len())).bench(|| {
        let state = Snapshot::parse(&file).and_then(|snapshot| snapshot.current());
        let state = state.expect("entries");
        state.iter().filter(|(_, entry)| entry.is_ok()).count()
    });
}

/// Every revision in the file.
#[divan::bench]
fn walk_revisions(bencher: Bencher<'_, '_>) {
    let file = material::plain();
    bencher.counter(BytesCount::new(file.len())).bench(|| {
        let revisions = Snapshot::parse(&file).and_then(|snapshot| snapshot.revisions());
        revisions.expect("entries").filter(Result::is_ok).count()
    });
}

/// What no tree reaches.
#[divan::bench]
fn carve(bencher: Bencher<'_, '_>) {
    let file = material::plain();
    bencher
        .counter(BytesCount::new(file.len()))
        .bench(|| Snapshot::parse(&file).expect("snapshot").carve().len());
}

/// 4 KiB.
#[divan::bench(args = PROVIDERS)]
fn decrypt(bencher: Bencher<'_, '_>, provider: &str) {
    let sealed = Sealed::new(provider);
    bencher
        .counter(BytesCount::new(4096_usize))
        .bench(|| sealed.open());
}

#[divan::bench]
fn registry_key(bencher: Bencher<'_, '_>) {
    let entries = material::entries(&material::plain());
    bencher
        .counter(divan::counter::ItemsCount::new(entries.len()))
        .bench(|| {
            for (key, _) in &entries {
                black_box(RegistryKey::parse(black_box(key), None));
            }
        });
}

#[divan::bench]
fn envelope(bencher: Bencher<'_, '_>) {
    let values = material::protobuf(&material::plain(), None);
    bencher
        .counter(divan::counter::ItemsCount::new(values.len()))
        .bench(|| {
            for value in &values {
                black_box(Envelope::parse(black_box(value)).is_ok());
            }
        });
}

/// Values of all kinds to JSON.
#[divan::bench]
fn json(bencher: Bencher<'_, '_>) {
    let values = material::protobuf(&material::plain(), None);
    let mut out = Vec::new();
    bencher.counter(sum(&values)).bench_local(|| {
        for value in &values {
            out.clear();
            object(value).append_json(&mut out).expect("JSON");
        }
    });
}

#[divan::bench]
fn yaml(bencher: Bencher<'_, '_>) {
    let values = material::protobuf(&material::plain(), None);
    bencher.counter(sum(&values)).bench(|| {
        for value in &values {
            black_box(object(value).to_yaml().expect("YAML"));
        }
    });
}

#[divan::bench]
fn value(bencher: Bencher<'_, '_>) {
    let values = material::protobuf(&material::plain(), None);
    bencher.counter(sum(&values)).bench(|| {
        for value in &values {
            let value: serde_json::Value = object(value).decode().expect("value");
            black_box(value);
        }
    });
}

/// Pods to k8s-openapi's type.
#[cfg(feature = "k8s-openapi")]
#[divan::bench]
fn typed_pods(bencher: Bencher<'_, '_>) {
    use k8s_openapi::api::core::v1::Pod;

    let values = material::protobuf(&material::plain(), Some("Pod"));
    bencher.counter(sum(&values)).bench(|| {
        for value in &values {
            black_box(object(value).decode::<Pod>().expect("Pod"));
        }
    });
}
