//! `examples/decode`, from the outside.

#[allow(
    dead_code,
    reason = "shared with tests/etcd, which damages files with it"
)]
#[path = "../support/bbolt_writer.rs"]
mod bbolt_writer;
mod check_config;
mod encryption;
mod evidence;
mod folders;
mod history;
mod inputs;
mod k3s;
mod known;
mod keys;
mod outputs;
mod pipes;
mod policy;
mod provenance;
mod readme;
mod restored;
mod records;
mod run;
mod single_values;
mod spare;
mod store;
mod torn;
