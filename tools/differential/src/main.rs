//! The Rust side of the check that Kubernetes and the library read stored
//! values alike. The Go side is main.go; check.sh joins the two.
//!
//! ```text
//! differential compare        compares the records on standard input, fails on what differs
//! differential record FOLDER  writes a small set of them for `cargo test`
//! ```

mod compare;
mod record;
mod records;

#[path = "../../../tests/differential/judgement.rs"]
mod judgement;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compare"] => compare::run(),
        ["record", folder] => record::run(Path::new(folder)),
        _ => Err("usage: differential compare | record FOLDER".into()),
    }
}
