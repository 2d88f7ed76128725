//! Against what k8s.io/apimachinery decodes (testdata/cbor/README.md), and the
//! hazards by name.

use super::*;
use crate::error::{Buffer, Category};
use crate::json::write_value;
use crate::tree::Text;

#[derive(serde::Deserialize)]
struct Case {
    r#in: String,
    json: Option<String>,
}

fn decode(bytes: &[u8], max_depth: usize) -> Result<String> {
    let tree = parse(Reader::new(bytes, Buffer::Value), max_depth)?;
    let mut out = Vec::new();
    write_value(&mut out, tree.root())?;
    Ok(String::from_utf8(out).unwrap())
}

fn category(bytes: &[u8]) -> Category {
    decode(bytes, 16).unwrap_err().category()
}

#[test]
fn as_apimachinery() {
    let (mut accepted, mut rejected) = (0, 0);
    for line in include_str!("../../testdata/cbor/apimachinery.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let bytes = hex::decode(&case.r#in).unwrap();
        assert_eq!(decode(&bytes, 128).ok(), case.json, "{}", case.r#in);
        match case.json {
            Some(_) => accepted += 1,
            None => rejected += 1,
        }
    }
    assert!(accepted > 200 && rejected > 200, "{accepted} {rejected}");
}

#[test]
fn every_truncation_is_truncated() {
    let text = "d9d9f7bf41615f4162ff6163830a39ffff1b000000000000ffff6164d6420102\
                6165fb3ff199999999999a6166f6ff";
    let bytes = hex::decode(text).unwrap();
    assert_eq!(
        decode(&bytes, 16).unwrap(),
        r#"{"a":"b","c":[10,-65536,65535],"d":"AQI=","e":1.1,"f":null}"#
    );
    for end in 0..bytes.len() {
        let error = decode(&bytes[..end], 16).unwrap_err();
        assert_eq!(error.category(), Category::Truncated, "{end}: {error}");
        assert!(error.offset().unwrap() <= end as u64);
    }
}

#[test]
fn announced_lengths_are_checked_before_anything_is_allocated() {
    // Strings, arrays and maps of up to 2^64-1 items that are not there.
    for major in [0x40u8, 0x60, 0x80, 0xa0] {
        for length in [u64::MAX, i64::MAX as u64, 1 << 32, 1 << 16] {
            let mut bytes = vec![major | 27];
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(b"\x61a\x01");
            assert_eq!(category(&bytes), Category::Truncated);
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let mut nested = vec![0x81; 16];
    nested.push(0x01);
    assert!(decode(&nested, 16).is_ok());
    for levels in [17, 1_000_000] {
        for head in [
            &b"\x81"[..],
            b"\x9f",
            b"\xa1\x41a",
            b"\xbf\x41a",
            b"\xd9\xd9\xf7\xd6",
        ] {
            let mut bytes = head.repeat(levels);
            bytes.push(0x01);
            assert_eq!(category(&bytes), Category::Limit, "{head:x?}");
        }
    }
}

#[test]
fn duplicate_keys_are_refused_in_any_spelling() {
    // "a" as byte string, as text string, in chunks, and as the base64 of nothing.
    for bytes in [
        &b"\xa2\x41a\x01\x41a\x02"[..],
        b"\xa2\x41a\x01\x61a\x02",
        b"\xa2\x41a\x01\x5f\x41a\xff\x02",
        b"\xa2\x40\x01\xd6\x40\x02",
    ] {
        assert_eq!(category(bytes), Category::Malformed, "{bytes:x?}");
    }
}

#[test]
fn fields_v1_is_a_map_or_null() {
    let parse_map = |bytes: &'static [u8]| parse_map(Reader::new(bytes, Buffer::Raw), 16);
    for (bytes, recognized, is_map) in [
        (&b"\xa1\x44f:ab\xa0"[..], true, true),
        (b"\xd9\xd9\xf7\xa0", true, true),
        (b"\xbf\xff", true, true),
        (b"\xf6", true, true),
        (b"\xd9\xd9\xf7\x01", true, false),
        (b"\x80", false, false),
        (b"{}", false, false),
        (b"", false, false),
    ] {
        assert_eq!(is_fields_v1(bytes), recognized, "{bytes:x?}");
        assert_eq!(parse_map(bytes).is_ok(), is_map, "{bytes:x?}");
    }
}

#[test]
fn strings_are_borrowed() {
    let bytes = b"\xa1\x44kind\x43Pod";
    let tree = parse(Reader::new(bytes, Buffer::Value), 16).unwrap();
    let View::Object(members) = tree.root().view() else {
        panic!("not an object");
    };
    for (key, value) in members {
        assert!(matches!(key, Text::Lent(b"kind")));
        assert!(matches!(value.as_string(), Some(Text::Lent(b"Pod"))));
    }
}
