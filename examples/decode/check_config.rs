//! `decode check-config FILE...`: EncryptionConfigurations, held against what
//! the API server asks of them.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use k8s_etcd::encryption::EncryptionConfiguration;

use crate::output::escaped;

/// Exit status 0 if all are valid, 1 if one is not, 2 if one cannot be read.
pub fn run(files: impl Iterator<Item = OsString>) -> ExitCode {
    let files: Vec<_> = files.map(PathBuf::from).collect();
    if files.is_empty() || files.iter().any(|file| file.as_os_str() == "--help") {
        eprintln!("Usage: decode check-config FILE...");
        return ExitCode::from(2);
    }
    let mut status = 0;
    for file in files {
        let name = escaped(file.as_os_str().as_encoded_bytes());
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("decode: {name}: {error}");
                return ExitCode::from(2);
            }
        };
        match EncryptionConfiguration::parse(&text) {
            Ok(configuration) => {
                println!("{name}: valid, {} rules", configuration.resources().len());
            }
            Err(first) => {
                status = 1;
                // The lenient way knows more than the first thing wrong.
                let (_, errors) = EncryptionConfiguration::parse_lenient(&text);
                let errors = if errors.is_empty() {
                    vec![first]
                } else {
                    errors
                };
                for error in errors {
                    println!("{name}: {}", escaped(error.message().as_bytes()));
                }
            }
        }
    }
    ExitCode::from(status)
}
