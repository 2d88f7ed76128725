//! Encryption at rest, through the public door.

mod cases;
mod configuration;
mod kms;
mod sealing;
mod snapshots;
mod support;
mod tampering;
mod vectors;
