//! All that real clusters' files remember, held against their ground truth
//! (`testdata/README.md`): every revision, the state as of any of them, and
//! every deletion; through the library and through `examples/decode`.

mod deletions;
mod record;
mod revisions;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/run.rs"]
mod run;
mod states;
mod truth;
mod values;
