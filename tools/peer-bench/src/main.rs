//! The Rust side of the comparison of speed: the library, and other crates, on the
//! values that the Go side (`main.go`) is given. `run.sh` joins the two.
//!
//! ```text
//! peer-bench select CORPUS OUT [CONFIG [KMS]]  of what the Go side wrote, the values that both print alike
//! peer-bench STAGE SECONDS CORPUS [CONFIG [KMS]]  times a stage, see README.md
//! peer-bench value SECONDS FILE                times printing one stored value
//! ```

mod corpus;
mod kinds;
mod stages;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use k8s_etcd::Decoder;
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, KmsTable};
use rustix::time::{ClockId, clock_gettime};

/// What went wrong, for a person.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peer-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<()> {
    match args {
        ["select", corpus, out, files @ ..] => corpus::select(corpus, out, files),
        [name, seconds, files @ ..] => {
            let limit = Duration::from_secs_f64(seconds.parse()?);
            time(name, limit, &mut *stages::pass(name, files)?)
        }
        _ => Err("usage: see src/main.rs".into()),
    }
}

/// Prints the stage's name, the nanoseconds of a pass, and the bytes that come out of it.
fn time(name: &str, limit: Duration, pass: &mut dyn FnMut() -> Result<usize>) -> Result<()> {
    let bytes = pass()?;
    let began = processor();
    let mut passes = 0;
    while processor() - began < limit {
        black_box(pass()?);
        passes += 1;
    }
    println!(
        "{name}\t{}\t{bytes}",
        (processor() - began).as_nanos() / passes
    );
    Ok(())
}

/// The time that the processor has given to this process.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

/// A decoder with the keys of a configuration and of a record of what a KMS wrapped.
fn decoder(files: &[&str]) -> Result<Decoder> {
    let mut keyring = Keyring::new();
    if let Some(configuration) = files.first() {
        keyring =
            keyring.with_configuration(&EncryptionConfiguration::parse(&fs::read(configuration)?)?);
    }
    if let Some(kms) = files.get(1) {
        let kms: serde_json::Value = serde_json::from_slice(&fs::read(kms)?)?;
        let map = serde_json::to_vec(&kms["map"])?;
        keyring = keyring.with_kms_plugin(KmsTable::from_json(&map)?);
    }
    Ok(Decoder::new().keyring(keyring))
}
