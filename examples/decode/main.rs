//! Decodes what Kubernetes keeps in etcd, from a snapshot, a database file or a
//! single stored value, and prints a record for each key.

mod args;
mod check_config;
mod database;
mod decoded;
mod input;
mod output;
mod parallel;
mod progress;
mod report;
mod run;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, CHECK_CONFIG, RESERVED};
use run::Outcome;

fn main() -> ExitCode {
    let word = std::env::args().nth(1);
    if let Some(word) = word.filter(|word| RESERVED.contains(&word.as_str())) {
        eprintln!(
            "decode: {word} is kept for a subcommand to come; a file of that name is ./{word}"
        );
        return ExitCode::from(2);
    }
    if std::env::args().nth(1).as_deref() == Some(CHECK_CONFIG) {
        return check_config::run(std::env::args_os().skip(2));
    }
    let args = Args::parse();
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let outcome = run::run(&args, &mut out).and_then(|outcome| {
        out.flush().map_err(run::Stop::Output)?;
        Ok(outcome)
    });
    match outcome {
        Ok(Outcome::Whole) => ExitCode::SUCCESS,
        Ok(Outcome::Partial) => ExitCode::from(1),
        // Whoever reads has seen enough.
        Err(run::Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Nothing is left to flush to.
            std::process::exit(0)
        }
        Err(run::Stop::Output(error)) => {
            eprintln!("decode: output: {error}");
            ExitCode::from(2)
        }
        Err(run::Stop::Usage(message)) => {
            eprintln!("decode: {message}");
            ExitCode::from(2)
        }
    }
}
