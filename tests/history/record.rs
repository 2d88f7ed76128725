//! A record of the program, and what truth makes of it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::run::{Ran, decode};
use crate::truth::Line;

/// A line of `-o ndjson` without any fault: other members are not allowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Record {
    pub key: String,
    pub revision: Option<i64>,
    #[serde(default)]
    pub sub: i64,
    pub deleted_revision: Option<i64>,
    pub create_revision: i64,
    pub mod_revision: i64,
    pub version: i64,
    #[serde(default)]
    pub lease: i64,
    #[serde(default)]
    pub deleted: bool,
    pub stored_bytes: Option<usize>,
    pub encryption: Option<Value>,
    pub media: Option<String>,
    pub api_version: Option<String>,
    pub kind: Option<String>,
    pub object: Option<Box<RawValue>>,
    pub text: Option<String>,
}

/// Runs the program, which must have nothing to complain of.
pub fn records(options: &[&str], args: &[String]) -> Vec<Record> {
    let args: Vec<&str> = options
        .iter()
        .copied()
        .chain(args.iter().map(String::as_str))
        .collect();
    let Ran {
        code,
        stdout,
        stderr,
    } = decode(&args);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args:?}");
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    stdout.lines().map(parse).collect()
}

impl Record {
    /// Compares all but the revision that the record is filed under.
    pub fn assert_is(&self, line: &Line, scenario: &str) {
        let at = format!("{scenario} {} {}_{}", line.key, line.rev, line.sub);
        assert_eq!(self.key, line.key, "{at}");
        assert_eq!(
            (
                self.create_revision,
                self.mod_revision,
                self.version,
                self.lease,
                self.deleted
            ),
            (
                line.create_revision,
                line.mod_revision,
                line.version,
                line.lease,
                line.tombstone
            ),
            "{at}"
        );
        let media = line.media.as_deref().map(|media| match media {
            "other" => "text",
            media => media,
        });
        assert_eq!(self.media.as_deref(), media, "{at}");
        assert_eq!(self.api_version, line.api_version, "{at}");
        assert_eq!(self.kind, line.kind, "{at}");
        assert_eq!(self.text, line.text, "{at}");
        let has_value = !line.tombstone;
        assert_eq!(self.stored_bytes.is_some(), has_value, "{at}");
        let ours = self.object.as_ref().map(|object| object.get());
        let theirs = line.object.as_ref().map(|object| object.get());
        match (ours, theirs) {
            // Documents are printed as they are stored, truth sorts their members.
            (Some(ours), Some(theirs)) if media != Some("protobuf") => {
                let [ours, theirs] = [ours, theirs]
                    .map(|text| serde_json::from_str::<Value>(text).expect("an object is JSON"));
                assert_eq!(ours, theirs, "{at}");
            }
            _ => assert_eq!(ours, theirs, "{at}"),
        }
        self.assert_encryption(line, &at);
    }

    fn assert_encryption(&self, line: &Line, at: &str) {
        let info = self.encryption.clone().unwrap_or_default();
        let Some(prefix) = &line.prefix else {
            assert!(info.get("provider").is_none(), "{at}: {info}");
            return;
        };
        // k8s:enc:aesgcm:v1:key1:
        let parts: Vec<&str> = prefix.split(':').collect();
        let [_, _, provider, version, name, _] = parts[..] else {
            panic!("{at}: {prefix}");
        };
        assert_eq!(info["provider"], provider, "{at}");
        assert_eq!(info["keyName"], name, "{at}");
        if provider == "kms" {
            assert_eq!(info["version"], version, "{at}");
        }
        for absent in ["header", "outOfPolicy", "policy"] {
            assert!(info.get(absent).is_none(), "{at}: {info}");
        }
    }
}
