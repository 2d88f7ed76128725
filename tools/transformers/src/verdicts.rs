//! Whether the library takes a configuration as the API server does, and reads
//! the same names in it.

use std::error::Error;
use std::io::BufRead;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_etcd::encryption::{EncryptionConfiguration, ProviderConfiguration};

/// As in `oddities.go`.
const BEFORE_NAME: &str = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n\
     - resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: ";
const AFTER_NAME: &str = "\n        secret: xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=\n";

/// Compares the table on standard input: of names, or of whole files.
pub fn run(of_names: bool) -> Result<(), Box<dyn Error>> {
    let (mut accepted, mut refused, mut disagreements) = (0, 0, 0);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut columns = line.split('\t');
        let (input, theirs) = (columns.next().unwrap_or_default(), columns.next());
        let their_names = columns.next();
        let input = STANDARD.decode(input)?;
        let file = match of_names {
            true => [BEFORE_NAME.as_bytes(), &input, AFTER_NAME.as_bytes()].concat(),
            false => input,
        };
        let ours = EncryptionConfiguration::parse(&file);
        match (theirs, ours) {
            (Some("VALID"), Ok(ours)) if Some(names(&ours).as_str()) == their_names => {
                accepted += 1;
            }
            (Some("REFUSED"), Err(_)) => refused += 1,
            (theirs, ours) => {
                disagreements += 1;
                let ours = ours.map(|ours| names(&ours));
                eprintln!(
                    "API server {theirs:?} {their_names:?} {:?}, we {ours:?}:",
                    columns.next()
                );
                eprintln!("{:?}", String::from_utf8_lossy(&file));
            }
        }
    }
    let what = if of_names { "names" } else { "files" };
    println!("  odd {what}: both accept {accepted}, both refuse {refused}");
    match disagreements {
        0 => Ok(()),
        n => Err(format!("{n} disagreements").into()),
    }
}

/// The names of all keys and KMS providers, as the table has them.
fn names(configuration: &EncryptionConfiguration) -> String {
    let mut names = Vec::new();
    for provider in configuration
        .resources()
        .iter()
        .flat_map(|rule| rule.providers())
    {
        match provider {
            ProviderConfiguration::AesGcm(keys)
            | ProviderConfiguration::AesCbc(keys)
            | ProviderConfiguration::Secretbox(keys) => {
                names.extend(keys.iter().map(|key| STANDARD.encode(key.name())));
            }
            ProviderConfiguration::Kms(kms) => names.push(STANDARD.encode(kms.name())),
            _ => {}
        }
    }
    names.join(",")
}
