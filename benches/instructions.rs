//! One stage, once, for counting its instructions: `tools/instruction-counts` runs
//! this under valgrind and counts what happens within `measured`.
//!
//!     instructions            lists the stages
//!     instructions STAGE

mod material;

use std::hint::black_box;
use std::process::ExitCode;

use k8s_etcd::etcd::Snapshot;
use k8s_etcd::registry_key::RegistryKey;

use material::{PROVIDERS, Sealed, object};

/// Sorted, as the baseline is.
const STAGES: &[&str] = &[
    "aescbc",
    "aesgcm",
    "carve",
    "json-pods",
    "kmsv2",
    "registry-keys",
    "secretbox",
    #[cfg(feature = "k8s-openapi")]
    "typed-pods",
    "value-pods",
    "walk",
    "yaml-pods",
];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        // `cargo test --benches` gives no stage, `cargo bench` this option.
        None | Some("--bench") => println!("{}", STAGES.join("\n")),
        Some(stage) if STAGES.contains(&stage) => run(stage),
        Some(other) => {
            eprintln!("instructions: no stage {other:?}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// The only place where instructions are counted.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Keeps the call above from being the last thing, a jump.
    black_box(());
}

fn run(stage: &str) {
    if PROVIDERS.contains(&stage) {
        let sealed = Sealed::new(stage);
        return measured(&mut || {
            black_box(sealed.open());
        });
    }
    let file = material::plain();
    match stage {
        "walk" => measured(&mut || {
            let state = Snapshot::parse(&file).and_then(|snapshot| snapshot.current());
            black_box(
                state
                    .expect("entries")
                    .iter()
                    .filter(|(_, entry)| entry.is_ok())
                    .count(),
            );
        }),
        "carve" => measured(&mut || {
            black_box(Snapshot::parse(&file).expect("snapshot").carve().len());
        }),
        "registry-keys" => {
            let entries = material::entries(&file);
            measured(&mut || {
                for (key, _) in &entries {
                    black_box(RegistryKey::parse(key, None));
                }
            });
        }
        _ => pods(stage, &material::protobuf(&file, Some("Pod"))),
    }
}

fn pods(stage: &str, values: &[Vec<u8>]) {
    // So large that growing it is not counted.
    let mut out = Vec::with_capacity(1 << 20);
    let mut each = |value: &[u8]| match stage {
        "json-pods" => {
            out.clear();
            object(value).append_json(&mut out).expect("JSON");
        }
        #[cfg(feature = "k8s-openapi")]
        "typed-pods" => {
            let pod: k8s_openapi::api::core::v1::Pod = object(value).decode().expect("Pod");
            black_box(pod);
        }
        "yaml-pods" => drop(black_box(object(value).to_yaml().expect("YAML"))),
        _ => {
            let value: serde_json::Value = object(value).decode().expect("value");
            black_box(value);
        }
    };
    measured(&mut || values.iter().for_each(|value| each(value)));
}
