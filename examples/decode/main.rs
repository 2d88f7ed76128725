//! Decodes what Kubernetes keeps in etcd, from a snapshot, a database file or a
//! single stored value, and prints a record for each key.

/// As that of std, which panics where nobody reads stderr any more.
macro_rules! eprintln {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($part)*);
    }};
}

mod args;
mod check_config;
mod database;
mod decoded;
mod input;
mod k3s;
mod key_sources;
mod keys;
mod kms_requests;
mod known;
mod looks_like;
mod output;
mod parallel;
mod progress;
mod report;
mod restored;
mod run;
mod single;
mod spare;
mod store;

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, CHECK_CONFIG, KMS_REQUESTS, RESERVED};
use run::Stop;

fn main() -> ExitCode {
    let word = env::args_os().nth(1);
    let word = word.as_deref().and_then(OsStr::to_str);
    if let Some(word) = word.filter(|word| RESERVED.contains(word)) {
        eprintln!(
            "decode: {word} is kept for a subcommand to come; a file of that name is ./{word}"
        );
        return ExitCode::from(2);
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let ended = if word == Some(CHECK_CONFIG) {
        check_config::run(env::args_os().skip(2), &mut out)
    } else if word == Some(KMS_REQUESTS) {
        kms_requests::run(env::args_os().skip(2), &mut out)
    } else {
        run::run(&Args::parse(), &mut out)
    };
    let flushed = out.flush().map_err(Stop::Output);
    match ended.and_then(|outcome| flushed.map(|()| outcome)) {
        Ok(outcome) => ExitCode::from(outcome as u8),
        // Whoever reads has seen enough.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Nothing is left to flush to.
            std::process::exit(0)
        }
        Err(Stop::Output(error)) => {
            eprintln!("decode: output: {error}");
            // What is left would fail once more.
            std::process::exit(2)
        }
        Err(Stop::Unsaid) => ExitCode::from(2),
        Err(Stop::Usage(message)) => {
            eprintln!("decode: {message}");
            ExitCode::from(2)
        }
    }
}
