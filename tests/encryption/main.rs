//! Encryption at rest, through the public door.

mod cases;
mod configuration;
mod kms;
mod kms_errors;
mod names;
mod sealing;
mod snapshots;
mod support;
mod tampering;
mod unauthenticated;
mod upstream;
mod vectors;
