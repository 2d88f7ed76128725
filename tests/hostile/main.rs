//! Bytes of strangers: whatever is done to a value, it is decoded or refused
//! with a place, and what that costs stays in proportion to its size.

mod allocator;
mod amplification;
#[allow(
    dead_code,
    reason = "shared with tests/etcd, which damages files with it"
)]
#[path = "../support/bbolt_writer.rs"]
mod bbolt_writer;
mod configurations;
mod databases;
mod fixtures;
mod flips;
mod growth;
mod keys;
mod limits;
mod prefixes;
mod reports;
mod trees;
mod wiped;
mod yaml;
