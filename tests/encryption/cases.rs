//! The cases of `testdata/encryption/cases/`: one value a file, with what is
//! expected of it in the lines at its head.
//!
//! ```text
//! about: why the case is there
//! made: where the value comes from
//! key: the etcd key (absent: not known)
//! resource: its resource (absent: not known)
//! configuration: file under testdata/ (repeatable, the first is the policy)
//! kms-map, kms-key: plugins, a file and ID=HEX (repeatable)
//! known-key: other etcd keys of the run (repeatable), tries: how many may be tried
//! ... what comes of it ...
//!
//! the value, raw
//! ```
//!
//! With `K8S_ETCD_UPDATE=1` the lines of what comes of it are written anew, for
//! review.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use k8s_etcd::encryption::{Failure, KmsTable, LocalKms, MoveTries, Moved, Opened};

use crate::support::{keyring, read, recognize, sha256, testdata};

const INPUTS: [&str; 10] = [
    "about",
    "made",
    "key",
    "resource",
    "configuration",
    "kms-map",
    "kms-key",
    "known-key",
    "tries",
    "plaintext-of",
];

struct Case {
    head: Vec<(String, String)>,
    value: Vec<u8>,
}

impl Case {
    fn parse(bytes: &[u8]) -> Case {
        let end = bytes.windows(2).position(|w| w == b"\n\n").expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head of text");
        let line = |line: &str| {
            let (name, value) = line.split_once(": ").expect("name: value");
            (name.to_owned(), value.to_owned())
        };
        Case {
            head: head.lines().map(line).collect(),
            value: bytes[end + 2..].to_vec(),
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head
            .iter()
            .filter_map(move |(n, value)| (n == name).then_some(value.as_str()))
    }

    fn one<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut all = self.all(name);
        let one = all.next();
        assert!(all.next().is_none(), "{name} stands twice");
        one
    }

    /// The lines of what comes of the value.
    fn outcome(&self) -> Vec<String> {
        let mut keyring = keyring(&self.all("configuration").collect::<Vec<_>>());
        for path in self.all("kms-map") {
            let json: serde_json::Value = serde_json::from_slice(&read(path)).unwrap();
            let table = KmsTable::from_json(json["map"].to_string().as_bytes()).unwrap();
            keyring = keyring.with_kms_plugin(table);
        }
        for key in self.all("kms-key") {
            keyring = keyring.with_kms_plugin(LocalKms::parse(key).unwrap());
        }
        let etcd_key = self.one("key").map(str::as_bytes);
        let result = keyring.decrypt(&self.value, self.one("resource"), etcd_key, &recognize);
        let mut lines = match &result {
            Ok(opened) => describe_opened(opened),
            Err(failure) => describe_failure(failure),
        };
        let known: Vec<_> = self.all("known-key").collect();
        if !known.is_empty() {
            let failure = result.as_ref().expect_err("known-key only with a failure");
            assert!(failure.may_have_moved(), "known-key of no use");
            let tries = MoveTries::new(self.one("tries").map_or(10_000, |n| n.parse().unwrap()));
            let moved = keyring.find_moved(&self.value, known, &tries, &recognize);
            lines.push(format!("moved: {moved}"));
            if let Moved::From { opened, .. } = &moved {
                assert!(opened.info.out_of_policy);
                lines.push(format!("moved-plaintext: {}", sha256(&opened.plaintext)));
            }
        }
        lines
    }
}

fn describe_opened(opened: &Opened<'_>) -> Vec<String> {
    let mut lines = vec![format!("opened: {}", sha256(&opened.plaintext))];
    let json = serde_json::to_string(&opened.info).unwrap();
    lines.push(format!("encryption: {json}"));
    assert_eq!(opened.info.is_empty(), json == "{}");
    lines
}

fn describe_failure(failure: &Failure) -> Vec<String> {
    let mut lines = vec![
        format!("failed: {}", failure.reason),
        format!("error: {}", failure.error),
        format!(
            "encryption: {}",
            serde_json::to_string(&failure.info).unwrap()
        ),
    ];
    let message = failure.api_server_message.iter();
    lines.extend(message.map(|message| format!("api-server: {message}")));
    lines
}

fn case_files() -> Vec<PathBuf> {
    let directory = testdata("encryption/cases");
    let mut paths: Vec<_> = std::fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| !name(path).starts_with('.'))
        .collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn each_case_comes_out_as_its_head_says() {
    let update = std::env::var_os("K8S_ETCD_UPDATE").is_some();
    let mut wrong = Vec::new();
    let mut reasons = BTreeMap::new();
    for path in case_files() {
        let mut case = Case::parse(&std::fs::read(&path).unwrap());
        assert!(case.one("about").is_some() && case.one("made").is_some());
        let actual = case.outcome();
        let is_input = |name: &str| INPUTS.contains(&name);
        let expected: Vec<_> = case
            .head
            .iter()
            .filter(|(name, _)| !is_input(name))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let reason = actual[0].split(' ').next_back().unwrap().to_owned();
        *reasons
            .entry((actual[0].starts_with("opened"), reason))
            .or_insert(0) += 1;
        if actual == expected {
            continue;
        }
        if update {
            case.head.retain(|(name, _)| is_input(name));
            let inputs = case
                .head
                .iter()
                .map(|(name, value)| format!("{name}: {value}"));
            let head: Vec<_> = inputs.chain(actual).collect();
            let bytes = [head.join("\n").as_bytes(), b"\n\n", &case.value].concat();
            std::fs::write(&path, bytes).unwrap();
        } else {
            let (expected, actual) = (expected.join("\n  "), actual.join("\n  "));
            wrong.push(format!("{}\n  {expected}\nis\n  {actual}", name(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // A case for every reason that there is.
    let failed = reasons.keys().filter(|(opened, _)| !opened).count();
    assert_eq!(failed, 14, "{reasons:#?}");
}
