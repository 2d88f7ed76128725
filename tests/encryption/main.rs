//! Encryption at rest, through the public door.

mod configuration;
mod snapshots;
mod support;
