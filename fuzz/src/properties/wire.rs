//! The raw spans of the fields, joined, are the input: a message that has no
//! fields reports all that is on the wire. Each span begins with the tag that is
//! reported for it and stands at its offset. An error is one at a place in the
//! input, and comes exactly where a plain reader finds one too.

use k8s_etcd::{Buffer, Category, Object, Report, schema};
use std::sync::OnceLock;

pub fn wire(data: &[u8]) {
    static NO_FIELDS: OnceLock<&schema::Message> = OnceLock::new();
    let message = NO_FIELDS.get_or_init(|| {
        schema::message("k8s.io.apimachinery.pkg.apis.meta.v1.Patch").expect("a message")
    });
    let mut json = Vec::new();
    match Object::of_message(message, data).append_json(&mut json) {
        Ok(report) => {
            assert_eq!(json, b"{}");
            assert_joined(&report, data);
            assert!(is_wire(data));
        }
        Err(error) => {
            let category = error.category();
            assert!(matches!(
                category,
                Category::Malformed | Category::Truncated
            ));
            assert_eq!(error.buffer(), Some(Buffer::Raw));
            assert!(error.offset().is_some_and(|at| at <= data.len() as u64));
            assert!(!is_wire(data), "{error}");
        }
    }
}

fn assert_joined(report: &Report, data: &[u8]) {
    let mut rest = data;
    for field in &report.unknown_fields {
        assert_eq!(field.offset, (data.len() - rest.len()) as u64);
        assert!(!field.bytes.is_empty());
        let mut tag = &field.bytes[..];
        let tag = varint(&mut tag).expect("a tag");
        assert_eq!(u64::from(field.wire_type), tag & 7);
        assert_eq!(field.number, (tag >> 3) as u32);
        rest = rest.strip_prefix(&field.bytes[..]).expect("the field");
    }
    // A report is bounded by the size of the object; what has no room is counted.
    assert_eq!(rest.is_empty(), report.left_out == 0);
    assert!(report.unknown_fields.len() <= data.len().div_ceil(2));
}

/// What Go's generated decoders skip: groups by depth alone, numbers of 31 bits.
fn is_wire(mut data: &[u8]) -> bool {
    let mut depth = 0_usize;
    while !data.is_empty() {
        let Some(tag) = varint(&mut data) else {
            return false;
        };
        let number = (tag >> 3) as u32 as i32;
        if depth == 0 && (number <= 0 || tag & 7 == 4) {
            return false;
        }
        let length = match tag & 7 {
            0 if varint(&mut data).is_some() => Some(0),
            1 => Some(8),
            2 => varint(&mut data),
            3 => {
                depth += 1;
                Some(0)
            }
            4 => {
                depth -= 1;
                Some(0)
            }
            5 => Some(4),
            _ => None,
        };
        let length = length.and_then(|length| usize::try_from(length).ok());
        let Some((_, rest)) = length.and_then(|length| data.split_at_checked(length)) else {
            return false;
        };
        data = rest;
    }
    depth == 0
}

fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let byte = *data.split_off_first()?;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
