//! Values without a schema, made of the smallest parts: what their trees hold.

use k8s_etcd::storage_value::{Content, Document, StorageValue};

use crate::allocator::heap;
use crate::growth;

/// Bytes held for each byte of the value, and for any value, besides the text that is
/// printed: SECURITY.md says it.
const MOST: usize = 40;
const LEAST: usize = 64 << 10;

/// A text that grows is there twice while it moves, the new one twice as large.
const GROWING: usize = 3;

type Generator = fn(usize) -> Vec<u8>;

fn document(value: &[u8]) -> Document<'_> {
    match StorageValue::parse(value).into_content() {
        Ok(Content::Document(document)) => document,
        other => panic!("{other:?}"),
    }
}

/// CBOR: `{"apiVersion": "v1", "kind": "A", "x": …}`, with `count` times the item in a
/// list below `depth` others.
fn cbor(depth: usize, item: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = b"\xd9\xd9\xf7\xa3\x4aapiVersion\x42v1\x44kind\x41A\x41x".to_vec();
    bytes.extend(vec![0x9f; depth + 1]);
    bytes.extend(item.repeat(count));
    bytes.extend(vec![0xff; depth + 1]);
    bytes
}

/// Keys of four bytes, each before the one that came first.
fn backwards(count: usize) -> impl Iterator<Item = [u8; 4]> {
    (0..count as u32).rev().map(u32::to_be_bytes)
}

fn cbor_keys_backwards(count: usize) -> Vec<u8> {
    let mut bytes = b"\xd9\xd9\xf7\xbf".to_vec();
    for key in backwards(count / 6) {
        bytes.push(0x44);
        bytes.extend(key);
        bytes.push(0);
    }
    bytes.push(0xff);
    bytes
}

/// JSON or YAML: `count` times the item in a list below `depth` others.
fn flow(depth: usize, item: &str, count: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(depth + 1), "]".repeat(depth + 1));
    let items = vec![item; count].join(",");
    format!("\"apiVersion\": v1\n\"kind\": A\n\"x\": {open}{items}{close}\n").into_bytes()
}

fn block(item: &str, count: usize) -> Vec<u8> {
    format!("apiVersion: v1\nkind: A\nx:\n{}", item.repeat(count)).into_bytes()
}

const SHAPES: [(&str, Generator); 22] = [
    ("CBOR, small numbers", |n| cbor(0, b"\x00", n)),
    ("CBOR, null", |n| cbor(0, b"\xf6", n)),
    ("CBOR, empty maps", |n| cbor(0, b"\xa0", n)),
    ("CBOR, empty lists", |n| cbor(0, b"\x80", n)),
    ("CBOR, empty strings", |n| cbor(0, b"\x40", n)),
    ("CBOR, strings of a byte", |n| cbor(0, b"\x41\x00", n / 2)),
    ("CBOR, maps of one", |n| cbor(0, b"\xa1\x40\x00", n / 3)),
    ("CBOR, lists of one", |n| cbor(0, b"\x81\x00", n / 2)),
    ("CBOR, lists of empty chunks", |n| {
        cbor(0, b"\x5f\xff", n / 2)
    }),
    ("CBOR, base64 of a byte", |n| {
        cbor(0, b"\xd6\x41\x00", n / 3)
    }),
    ("CBOR, times", |n| cbor(0, b"\xc1\x00", n / 2)),
    ("CBOR, half floats", |n| cbor(0, b"\xf9\x00\x01", n / 3)),
    ("CBOR, maps of two backwards", |n| {
        cbor(0, b"\xa2\x41b\x00\x40\x00", n / 6)
    }),
    ("CBOR, keys backwards", cbor_keys_backwards),
    ("CBOR, deep", |n| cbor(120, b"\x81\x00", n / 2)),
    ("YAML, small maps", |n| flow(0, "{a}", n / 4)),
    ("YAML, numbers", |n| flow(0, "1", n / 2)),
    ("YAML, empty lists", |n| flow(0, "[]", n / 3)),
    ("YAML, deep", |n| flow(60, "1", n / 2)),
    ("YAML, block lists", |n| block("- 1\n", n / 4)),
    ("YAML, block maps", |n| block("- a: \n", n / 6)),
    ("YAML, strings with escapes", |n| flow(0, "\"\\0\"", n / 5)),
];

#[test]
fn a_tree_holds_no_more_than_its_share() {
    let mut widest = 0.0_f64;
    for (name, generate) in SHAPES {
        let value = generate(100_000);
        let all = MOST * value.len() + LEAST;
        let (document, parsed) = heap(|| document(&value));
        let (json, printed) = heap(|| document.to_json().unwrap().0.len());
        let (yaml, laid_out) = heap(|| document.to_yaml().unwrap().0.len());
        let (_, decoded) = heap(|| document.decode::<serde::de::IgnoredAny>().unwrap());
        drop(document);
        let (_, tree) = heap(|| ());
        assert_eq!(tree.peak, 0);
        let factor = |bytes: usize| bytes as f64 / value.len() as f64;
        println!(
            "{name}: {:.1} parsed; {:.1} for {:.1} of JSON; {:.1} for {:.1} of YAML; {:.1} decoded",
            factor(parsed.peak),
            factor(printed.peak),
            factor(json),
            factor(laid_out.peak),
            factor(yaml),
            factor(decoded.peak)
        );
        widest = widest.max(factor(parsed.peak));
        assert!(parsed.peak <= all, "{name}: {} parsed", parsed.peak);
        assert!(
            printed.peak <= GROWING * json + LEAST,
            "{name}: {} printed",
            printed.peak
        );
        assert!(
            laid_out.peak <= all + GROWING * yaml,
            "{name}: {} as YAML",
            laid_out.peak
        );
        assert!(decoded.peak <= LEAST, "{name}: {} decoded", decoded.peak);
    }
    println!("{widest:.1}");
}

#[test]
fn trees_cost_their_share() {
    for (name, generate) in SHAPES {
        println!("{name}");
        growth::linear(20_000, generate, |value| {
            let document = document(value);
            document.decode::<serde::de::IgnoredAny>().unwrap();
            let json = document.to_json().unwrap().0.len();
            (json + document.to_yaml().unwrap().0.len()) as u64
        });
    }
}
