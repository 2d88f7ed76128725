//! Reports of values that have nothing else: each bad string and each unknown field
//! has a path, and paths are long where the field is a byte.

use k8s_etcd::Report;
use k8s_etcd::storage_value::{Content, StorageValue};

use crate::allocator::peak;
use crate::growth;

/// Bytes of a report for each byte of the value, and for any value: SECURITY.md
/// says it.
const FACTOR: usize = 16;
const LEAST: usize = 16 << 10;

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7F | 0x80) as u8);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A length-delimited field.
fn field(number: usize, payload: &[u8]) -> Vec<u8> {
    let length = varint(payload.len());
    [varint(number << 3 | 2).as_slice(), &length, payload].concat()
}

fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
    [b"k8s\0".as_slice(), &field(1, &type_meta), &field(2, raw)].concat()
}

/// A schema within 90 others, each below a key of 128 bytes, with `inner` in it.
fn deep_schema(mut inner: Vec<u8>) -> Vec<u8> {
    for _ in 0..90 {
        let entry = [field(1, &[b'k'; 128]), field(2, &inner)].concat();
        inner = field(29, &entry);
    }
    let version = [field(1, b"v1"), field(4, &field(1, &inner))].concat();
    envelope(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &field(2, &field(7, &version)),
    )
}

fn bad_strings_of_a_schema(entries: usize) -> Vec<u8> {
    deep_schema(field(23, b"\xFF").repeat(entries))
}

fn unknown_fields_of_a_schema(entries: usize) -> Vec<u8> {
    deep_schema([varint(500 << 3), vec![0]].concat().repeat(entries))
}

fn unknown_fields_of_an_envelope(entries: usize) -> Vec<u8> {
    [envelope("v1", "Namespace", b""), b"\x78\0".repeat(entries)].concat()
}

fn unknown_fields_of_a_type(entries: usize) -> Vec<u8> {
    let named = b"\x0a\x02v1\x12\x09Namespace".as_slice();
    let type_meta = [named, &b"\x78\0".repeat(entries)].concat();
    [b"k8s\0".as_slice(), &field(1, &type_meta), &field(2, b"")].concat()
}

fn unknown_fields_of_an_unknown_kind(entries: usize) -> Vec<u8> {
    envelope("acme.example/v9", "Odd", &b"\x78\0".repeat(entries))
}

/// Zeros are left out: a retired field that holds an object is not.
fn retired_fields(entries: usize) -> Vec<u8> {
    let ingress = field(3, &field(1, b"").repeat(entries));
    envelope("extensions/v1beta1", "NetworkPolicy", &ingress)
}

/// A list of bad strings below 90 keys of 128 bytes each.
fn bad_cbor(entries: usize) -> Vec<u8> {
    let mut bytes = b"\xbf".to_vec();
    bytes.extend(b"\x4aapiVersion\x42v1\x44kind\x41A\x44spec".iter());
    for _ in 0..90 {
        bytes.extend(b"\xa1\x58\x80");
        bytes.extend([b'k'; 128]);
    }
    bytes.push(0x9f);
    bytes.extend(b"\x41\xff".repeat(entries));
    bytes.extend(b"\xff\xff");
    bytes
}

fn bad_strings_of_cbor(entries: usize) -> Vec<u8> {
    [b"\xd9\xd9\xf7".as_slice(), &bad_cbor(entries)].concat()
}

/// One key that is as long as all bad strings together.
fn bad_strings_below_a_long_key(entries: usize) -> Vec<u8> {
    let mut bytes = b"\xd9\xd9\xf7\xa1\x5a".to_vec();
    bytes.extend((entries as u32 * 2).to_be_bytes());
    bytes.extend(vec![b'k'; entries * 2]);
    bytes.push(0x9f);
    bytes.extend(b"\x41\xff".repeat(entries));
    bytes.push(0xff);
    bytes
}

fn bad_strings_of_managed_fields(entries: usize) -> Vec<u8> {
    let managed = field(7, &field(1, &bad_cbor(entries)));
    envelope("v1", "Namespace", &field(1, &field(17, &managed)))
}

fn bad_strings_of_an_extension(entries: usize) -> Vec<u8> {
    let data = [b"\xd9\xd9\xf7".as_slice(), &bad_cbor(entries)].concat();
    let raw = field(2, &field(1, &data));
    envelope("apps/v1", "ControllerRevision", &raw)
}

fn bad_strings_of_yaml(entries: usize) -> Vec<u8> {
    let mut text = "apiVersion: v1\nkind: A\nspec: ".to_owned();
    for _ in 0..90 {
        text.push_str("{? ");
        text.push_str(&"k".repeat(128));
        text.push_str(" : ");
    }
    text.push('[');
    text.push_str(&"!!binary /w==, ".repeat(entries));
    text.push(']');
    text.push_str(&"}".repeat(90));
    text.push('\n');
    text.into_bytes()
}

fn report_on(value: &[u8]) -> Report {
    match StorageValue::parse(value)
        .into_content()
        .expect("it is sound")
    {
        Content::Object(object) => object.to_json().expect("it is sound").1,
        Content::Document(document) => document.to_json().expect("it is sound").1,
        _ => panic!("no object"),
    }
}

fn entries_of(report: &Report) -> usize {
    report.unknown_fields.len() + report.retired_fields.len() + report.invalid_utf8.len()
}

type Generator = fn(usize) -> Vec<u8>;

const GENERATORS: [(&str, Generator); 10] = [
    ("bad strings of a schema", bad_strings_of_a_schema),
    ("unknown fields of a schema", unknown_fields_of_a_schema),
    (
        "unknown fields of an envelope",
        unknown_fields_of_an_envelope,
    ),
    ("unknown fields of a type", unknown_fields_of_a_type),
    (
        "unknown fields of an unknown kind",
        unknown_fields_of_an_unknown_kind,
    ),
    ("bad strings of CBOR", bad_strings_of_cbor),
    ("bad strings below a long key", bad_strings_below_a_long_key),
    (
        "bad strings of managed fields",
        bad_strings_of_managed_fields,
    ),
    ("bad strings of an extension", bad_strings_of_an_extension),
    ("bad strings of YAML", bad_strings_of_yaml),
];

#[test]
fn no_report_outgrows_its_object_and_what_is_missing_is_counted() {
    for (name, generate) in GENERATORS {
        for entries in [1, 100, 3_000, 30_000] {
            let value = generate(entries);
            let report = report_on(&value);
            let printed = serde_json::to_string(&report).unwrap().len();
            let listed = entries_of(&report);
            println!(
                "{name}: {} bytes, {listed} entries of {entries}, {printed} bytes",
                value.len()
            );
            let most = 2 * (FACTOR * value.len() + LEAST);
            assert!(printed <= most, "{name}, {entries}: {printed} bytes");
            assert!(listed > 0, "{name}, {entries}");
            assert_eq!(listed as u64 + report.left_out, entries as u64, "{name}");
        }
    }
}

#[test]
fn reports_cost_their_share() {
    for (name, generate) in GENERATORS {
        println!("{name}");
        growth::linear(8_000, generate, |value| {
            entries_of(&report_on(value)) as u64
        });
    }
}

#[test]
fn a_retired_field_that_grows_is_left_out() {
    let (few, many) = (retired_fields(1), retired_fields(50_000));
    let report = report_on(&few);
    assert_eq!((report.retired_fields.len(), report.left_out), (1, 0));
    let (report, held) = peak(|| report_on(&many));
    assert_eq!((report.retired_fields.len(), report.left_out), (0, 1));
    assert!(held < 128 * many.len(), "{held} of {}", many.len());
}

#[test]
fn a_long_path_is_cut_in_its_middle() {
    let report = report_on(&bad_strings_of_cbor(1));
    let path = &report.invalid_utf8[0];
    assert!(path.len() <= 1_030, "{}", path.len());
    assert!(
        path.starts_with("spec.kkk") && path.ends_with("kkk[0]"),
        "{path}"
    );
    assert_eq!(path.matches('…').count(), 1);
}
