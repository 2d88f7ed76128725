//! See README.md.

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p schema-gen -- generate | check";

fn main() -> ExitCode {
    let args = std::env::args().skip(1).collect::<Vec<_>>();
    let args = args.iter().map(String::as_str).collect::<Vec<_>>();
    match run(&args) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("schema-gen: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[&str]) -> Result<ExitCode, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match args {
        ["generate"] => {
            for path in schema_gen::generate(&root)? {
                println!("{path}");
            }
            Ok(ExitCode::SUCCESS)
        }
        ["check"] => {
            let different = schema_gen::check(&root)?;
            for path in &different {
                eprintln!("{path}: differs from what the input says");
            }
            if different.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
            eprintln!("run `cargo run -p schema-gen -- generate` and commit what it writes");
            Ok(ExitCode::FAILURE)
        }
        _ => Err(USAGE.to_owned()),
    }
}
