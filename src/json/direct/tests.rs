//! What is printed in one pass is what all rules print, and nothing is to report.

use std::fs;
use std::path::PathBuf;

use crate::Buffer;
use crate::de::{Head, Options, Pieces, Walk};
use crate::envelope::Envelope;
use crate::etcd::Snapshot;
use crate::json::Printer;
use crate::limits::Limits;
use crate::schema::{self, Message};
use crate::skip_fields::SkipFields;

/// A message, and what it is if it is one of its own.
struct Case<'a> {
    head: Option<Head<'a>>,
    message: &'static Message,
    raw: &'a [u8],
}

impl Case<'_> {
    /// Whether it is printed in one pass; panics if that is not what all rules say.
    fn is_direct(&self, skip: &SkipFields) -> bool {
        let limits = Limits::default();
        let mut direct = b"before".to_vec();
        let printed = super::print(
            &mut direct,
            self.head,
            self.message,
            self.raw,
            skip.root(),
            &limits,
        );
        if printed.is_none() {
            return false;
        }
        let options = Options {
            skip: skip.clone(),
            ..Options::default()
        };
        let mut walk = Walk::new(limits, options, Buffer::Raw, 1 << 20);
        let mut ruled = b"before".to_vec();
        let pieces = Pieces::One(self.raw, 0);
        let printed =
            Printer::new(&mut walk, &mut ruled).by_all_rules(self.head, self.message, pieces);
        let report = walk.into_report();
        let name = self.message.name();
        assert!(printed.is_ok(), "{name} {:x?}", self.raw);
        assert_eq!(
            String::from_utf8_lossy(&direct),
            String::from_utf8_lossy(&ruled),
            "{name} {:x?}",
            self.raw
        );
        assert!(
            report.unknown.is_empty() && report.invalid_utf8.is_empty(),
            "{name}"
        );
        assert!(report.retired.is_empty(), "{name}");
        true
    }
}

fn path(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Messages of many types, by the number that a seed begins with.
fn seeds() -> Vec<(&'static Message, Vec<u8>)> {
    let folder = path("fuzz/seeds/object");
    let files = fs::read_dir(folder).expect("the seeds");
    let messages = schema::messages().collect::<Vec<_>>();
    files
        .map(|file| {
            let seed = fs::read(file.expect("a file").path()).expect("a seed");
            let (number, raw) = seed.split_first_chunk::<2>().expect("a number");
            let number = usize::from(u16::from_le_bytes(*number)) % messages.len();
            (messages[number], raw.to_vec())
        })
        .collect()
}

#[test]
fn objects_of_a_cluster_are_printed_in_one_pass() {
    let file = fs::read(path("testdata/cluster/snapshot.db")).expect("the snapshot");
    let snapshot = Snapshot::parse(&file).expect("a snapshot");
    let (mut objects, mut unusual) = (0, Vec::new());
    for (key, entry) in snapshot.current().expect("its keys").iter() {
        let value = entry.expect("an entry").value;
        let Ok(envelope) = Envelope::parse(value) else {
            continue;
        };
        let (group, version) = envelope.group_version().expect("a group version");
        let text = |bytes| std::str::from_utf8(bytes).expect("text");
        let kind = schema::kind(text(group), text(version), text(envelope.kind()));
        let case = Case {
            head: Some(Head {
                kind: envelope.kind(),
                api_version: envelope.api_version(),
            }),
            message: kind.expect("a kind of the table"),
            raw: envelope.raw(),
        };
        objects += 1;
        if !case.is_direct(&SkipFields::default()) {
            unusual.push(String::from_utf8_lossy(key).into_owned());
        }
        let skip = SkipFields::new(["metadata.managedFields", "spec.template.metadata", "data"]);
        case.is_direct(&skip);
    }
    assert!(objects > 200, "{objects}");
    assert_eq!(unusual, [""; 0]);
}

/// Every bit of every small seed, so that what is nearly usual is among them.
#[test]
fn changed_bits_never_print_otherwise() {
    let skip = SkipFields::default();
    let (mut whole, mut changed) = (0, 0);
    for (message, raw) in seeds() {
        whole += usize::from(
            Case {
                head: None,
                message,
                raw: &raw,
            }
            .is_direct(&skip),
        );
        if raw.len() > 1_000 {
            continue;
        }
        let mut bits = raw.clone();
        for bit in 0..raw.len() * 8 {
            bits[bit / 8] ^= 1 << (bit % 8);
            let case = Case {
                head: None,
                message,
                raw: &bits,
            };
            changed += usize::from(case.is_direct(&skip));
            bits[bit / 8] ^= 1 << (bit % 8);
        }
    }
    assert!(whole > 20 && changed > 10_000, "{whole}, {changed}");
}

/// A depth that the rules refuse, one pass refuses too.
#[test]
fn the_same_depth_is_too_deep() {
    for (message, raw) in seeds() {
        for depth in 0..12 {
            let limits = Limits {
                message_depth: depth,
                json_depth: depth,
                ..Limits::default()
            };
            let mut out = Vec::new();
            let direct = super::print(
                &mut out,
                None,
                message,
                &raw,
                SkipFields::default().root(),
                &limits,
            );
            let mut walk = Walk::new(limits, Options::default(), Buffer::Raw, 1 << 20);
            let pieces = Pieces::One(&raw, 0);
            let ruled =
                Printer::new(&mut walk, &mut Vec::new()).by_all_rules(None, message, pieces);
            assert!(
                direct.is_none() || ruled.is_ok(),
                "{} at {depth}",
                message.name()
            );
        }
    }
}
