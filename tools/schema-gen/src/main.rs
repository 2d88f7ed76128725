//! See README.md.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use schema_gen::input;
use schema_gen::release::{self, Release};

const USAGE: &str = "usage: cargo run -p schema-gen -- COMMAND

  generate                  write the tables from the input
  check                     fail if the committed tables differ from the input
  extract PROJECT RELEASE   print the newest release as a file for `add`
  remove PROJECT RELEASE    take the newest release out of the input
  add FILE                  merge a newer release into the input

PROJECT is kubernetes or openshift. After `remove` and `add`, run `generate`.";

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
        }
        ["check"] => return check(&root),
        ["extract", project, release] => {
            let (_, schema) = schema_gen::schema(&root, project)?;
            let release = release::extract(&schema, project, release)?;
            print!("{}", input::to_text(&release)?);
        }
        ["remove", project, release] => {
            let (path, mut schema) = schema_gen::schema(&root, project)?;
            release::remove(&mut schema, release)?;
            write(&path, &input::to_text(&schema)?)?;
        }
        ["add", file] => {
            let release = input::read::<Release>(Path::new(file))?;
            let (path, mut schema) = schema_gen::schema(&root, &release.project)?;
            for change in release::add(&mut schema, &release)? {
                println!("{change}");
            }
            write(&path, &input::to_text(&schema)?)?;
        }
        _ => return Err(USAGE.to_owned()),
    }
    Ok(ExitCode::SUCCESS)
}

fn check(root: &Path) -> Result<ExitCode, String> {
    let different = schema_gen::check(root)?;
    for path in &different {
        eprintln!("{path}: differs from what the input says");
    }
    if different.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("run `cargo run -p schema-gen -- generate` and commit what it writes");
    Ok(ExitCode::FAILURE)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
