//! The events of a YAML stream, exactly as goyaml reads it: YAML 1.1, libyaml's
//! grammar, and goyaml's own departures from both.
//!
//! ```text
//!  bytes ── encoding ─→ text ── input ─→ characters ── scanner ─→ tokens ── events ─→ events
//! ```
//!
//! The functions stand in goyaml's order and under its names, so that the two can
//! be laid side by side. What it accepts by mistake is accepted here, too: this
//! decides whether the API server could read a file.
//!
//! Source: go.yaml.in/yaml/v2 v2.4.4 (`readerc.go`, `scannerc.go`, `parserc.go`).

mod encoding;
mod events;
mod input;
mod properties;
mod scalars;
mod scanner;
mod token;

pub(super) use encoding::Source;
pub(super) use events::{Event, Events};
pub(super) use input::Mark;

/// Why the stream is not YAML to goyaml. Holds nothing of the stream itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) mark: Mark,
    pub(super) problem: &'static str,
}

type Result<T = ()> = std::result::Result<T, Fault>;
