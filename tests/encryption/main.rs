//! Encryption at rest, through the public door.

mod cases;
mod configuration;
mod kms;
mod snapshots;
mod support;
mod vectors;
