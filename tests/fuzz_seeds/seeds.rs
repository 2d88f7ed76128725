//! The seeds of each target, from `testdata/`.

use std::collections::BTreeMap;
use std::fs;

use k8s_etcd::encryption::is_encrypted;
use k8s_etcd::envelope::{Envelope, PREFIX};
use k8s_etcd::{Object, schema};

use crate::properties::bbolt_writer::{Entries, Order, Writer, key_value, revision};
use crate::testdata::{Stored, lines, path, read, shortest};
use crate::{Folder, sealed};

/// Clusters whose values are encrypted.
const ENCRYPTED: [&str; 6] = [
    "aescbc",
    "aesgcm",
    "kmsv1",
    "kmsv2",
    "rotation",
    "secretbox",
];

/// Of many recorded cases every so many-th is a seed.
const STEP: usize = 6;

pub fn all() -> BTreeMap<&'static str, Folder> {
    BTreeMap::from([
        ("aescbc", sealed::seeds("aescbc")),
        ("aesgcm", sealed::seeds("aesgcm")),
        ("cbor", cbor()),
        ("decoder", decoder()),
        ("encryption_configuration", encryption_configuration()),
        ("envelope", envelope()),
        ("kms_v1", sealed::seeds("kmsv1")),
        ("kms_v2", sealed::seeds("kmsv2")),
        ("object", object()),
        ("secretbox", sealed::seeds("secretbox")),
        ("snapshot", snapshot()),
        ("snapshot_structure", snapshot_structure()),
        ("storage_value", storage_value()),
        ("wire", wire()),
        ("yaml", yaml()),
    ])
}

/// The shortest object of each resource.
fn objects() -> BTreeMap<String, Stored> {
    shortest("plain", |value| value.starts_with(PREFIX))
}

fn wire() -> Folder {
    let raw = |stored: &Stored| {
        Envelope::parse(&stored.value)
            .expect("sound")
            .raw()
            .to_vec()
    };
    let objects = objects().into_iter();
    let mut seeds: Folder = objects.map(|(name, stored)| (name, raw(&stored))).collect();
    seeds.insert(
        "group".to_owned(),
        b"\x0b\x10\x01\x13\x14\x0c\x08\x01".to_vec(),
    );
    seeds.insert(
        "fixed".to_owned(),
        b"\x0d1234\x1112345678\x08\xff\x01".to_vec(),
    );
    seeds
}

/// The values, and as parts to be written.
fn envelope() -> Folder {
    let mut seeds = Folder::new();
    for (name, stored) in objects().into_iter().step_by(STEP) {
        let envelope = Envelope::parse(&stored.value).expect("sound");
        let (version, kind) = (envelope.api_version(), envelope.kind());
        let lengths = [[version.len() as u8], [kind.len() as u8]];
        let parts = [
            &[seeds.len() as u8][..],
            &lengths[0],
            version,
            &lengths[1],
            kind,
            &[3],
            b"new",
            envelope.raw(),
        ];
        seeds.insert(format!("parts-{name}"), parts.concat());
        seeds.insert(name, stored.value);
    }
    seeds
}

fn object() -> Folder {
    let seed = |stored: Stored| {
        let envelope = Envelope::parse(&stored.value).expect("sound");
        let object = Object::of_envelope(&envelope).expect("an object");
        let name = object.message().name();
        let number = schema::messages().position(|message| message.name() == name);
        let number = u16::try_from(number.expect("a kind of the schema")).expect("few");
        [&number.to_le_bytes(), envelope.raw()].concat()
    };
    let objects = objects().into_iter();
    objects.map(|(name, stored)| (name, seed(stored))).collect()
}

/// Values of every medium, encrypted ones among them.
fn storage_value() -> Folder {
    stored()
        .into_iter()
        .map(|(name, stored)| (name, stored.value))
        .collect()
}

fn decoder() -> Folder {
    let seed = |stored: Stored| [&[stored.key.len() as u8], &*stored.key, &stored.value].concat();
    stored()
        .into_iter()
        .map(|(name, stored)| (name, seed(stored)))
        .collect()
}

fn stored() -> BTreeMap<String, Stored> {
    let mut found = BTreeMap::new();
    let mut add = |scenario: &str, values: BTreeMap<String, Stored>| {
        for (resource, stored) in values {
            found.insert(format!("{scenario}-{resource}"), stored);
        }
    };
    add("plain", shortest("plain", |_| true));
    for scenario in ["cbor", "mediatypes"] {
        add(
            scenario,
            shortest(scenario, |value| !value.starts_with(PREFIX)),
        );
    }
    for scenario in ENCRYPTED {
        add(scenario, shortest(scenario, is_encrypted));
    }
    found
}

fn cbor() -> Folder {
    let mut seeds = Folder::new();
    for (resource, stored) in shortest("cbor", |value| value.starts_with(b"\xd9\xd9\xf7")) {
        seeds.insert(format!("cluster-{resource}"), stored.value[3..].to_vec());
    }
    for (number, case) in lines("cbor/apimachinery.jsonl")
        .iter()
        .enumerate()
        .step_by(STEP)
    {
        let bytes = hex::decode(case["in"].as_str().expect("hexadecimal"));
        let map = [b"\xa1\x41a", &bytes.expect("hexadecimal")[..]].concat();
        seeds.insert(format!("recorded-{number:03}"), map);
    }
    seeds
}

fn yaml() -> Folder {
    let mut seeds = Folder::new();
    let cases = lines("yaml/sigs.jsonl");
    let texts = cases.iter().filter_map(|case| case["yaml"].as_str());
    for (number, text) in texts.enumerate().step_by(STEP) {
        seeds.insert(format!("recorded-{number:03}"), text.as_bytes().to_vec());
    }
    assert!(seeds.len() > 10);
    for (name, text) in [
        ("anchors", "{a: &a [1, 2], b: *a, <<: {c: *a}}\n"),
        (
            "numbers",
            "[0o17, 017, 0x1F, 1_000, 1e3, .5, -.inf, 190:20:30, 09, 1__0]\n",
        ),
        (
            "tags",
            "{a: !!str 1, b: !!binary aGk=, c: !!int '7', d: !x y}\n",
        ),
        (
            "times",
            "[2001-12-14t21:59:43.10-05:00, 2002-12-14, ~, yes, Off, n]\n",
        ),
        ("lines", "|+\n  kept\n\n  lines\n\n"),
        ("folded", ">-\n  folded\n  text\n\n   more\n"),
    ] {
        seeds.insert(name.to_owned(), text.as_bytes().to_vec());
    }
    seeds
}

fn encryption_configuration() -> Folder {
    let mut seeds = Folder::new();
    for scenario in ENCRYPTED {
        let text = read(&format!("snapshots/{scenario}/encryption-config.yaml"));
        seeds.insert(format!("cluster-{scenario}"), text);
    }
    for entry in fs::read_dir(path("encryption/config")).expect("configurations") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        seeds.insert(format!("case-{name}"), fs::read(&path).expect("a file"));
    }
    let json = br#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1",
"resources":[{"resources":["*.*"],"providers":[{"kms":{"apiVersion":"v2","name":"a",
"endpoint":"unix:///a","timeout":"1m1.5s","cachesize":7}},{"identity":{}}]}]}"#;
    seeds.insert("json".to_owned(), json.to_vec());
    seeds
}

/// Real entries in small files of both byte orders.
fn snapshot() -> Folder {
    let mut entries = Entries::new();
    let mut objects: Vec<_> = objects().into_values().collect();
    objects.sort_by_key(|stored| stored.value.len());
    for (main, stored) in (2_i64..).zip(objects.iter().take(5)) {
        let value = key_value(&stored.key, [main, main, 1, 0], &stored.value);
        entries.push((revision(main, 0, false), value));
    }
    entries.push((
        revision(20, 0, true),
        key_value(&objects[0].key, [0; 4], b""),
    ));
    let meta = vec![(b"term".to_vec(), vec![0, 0, 0, 0, 0, 0, 0, 2])];
    let mut seeds = Folder::new();
    for (name, order) in [("little", Order::Little), ("big", Order::Big)] {
        let writer = Writer::new(1024, order)
            .fan_out(3)
            .bucket("key", entries.clone());
        let file = writer.inline_bucket("meta", meta.clone()).write();
        seeds.insert(format!("{name}-trailer"), file.with_trailer());
        // Two transactions of which no meta page is left.
        seeds.insert(format!("{name}-no-meta"), file.bytes[2048..].to_vec());
        seeds.insert(name.to_owned(), file.bytes);
    }
    seeds
}

/// A change of each kind.
fn snapshot_structure() -> Folder {
    let mut seeds = Folder::new();
    for what in 0..14_u8 {
        let page = 2 + what % 5;
        let change = [what, page, 0, what % 8, 3, 0, what, 1, 2, 3, 4, 5, 6, 7];
        for file in 0..8 {
            let seed = [&[file][..], &change, &change].concat();
            seeds.insert(format!("change-{what:02}-file-{file}"), seed);
        }
    }
    seeds
}
