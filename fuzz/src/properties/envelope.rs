//! An envelope that is written is read back: apiVersion, kind, raw and the
//! fields that it does not have, in any order. All that is read of any other
//! bytes lies in them, `raw` where it is said to, and an error has its place.

use k8s_etcd::envelope::{Envelope, PREFIX};
use k8s_etcd::storage_value::{Content, Media, StorageValue};
use k8s_etcd::{Buffer, Category};

use super::bytes::Bytes;

pub fn envelope(data: &[u8]) {
    read(data);
    read(&[PREFIX, data].concat());
    write(&mut Bytes(data));
}

fn read(value: &[u8]) {
    let whole = value.as_ptr_range();
    match Envelope::parse(value) {
        Ok(envelope) => {
            for part in [
                envelope.api_version(),
                envelope.kind(),
                envelope.raw(),
                envelope.content_encoding(),
                envelope.content_type(),
            ] {
                let part = part.as_ptr_range();
                let within = part.start >= whole.start && part.end <= whole.end;
                assert!(part.is_empty() || within);
            }
            let at = envelope.raw_offset() as usize;
            let raw = value
                .get(at..)
                .and_then(|rest| rest.get(..envelope.raw().len()));
            assert_eq!(raw, Some(envelope.raw()));
            assert!(value.starts_with(PREFIX));
        }
        Err(error) => {
            let category = error.category();
            assert!(matches!(
                category,
                Category::Malformed | Category::Truncated
            ));
            assert_eq!(error.buffer(), Some(Buffer::Value));
            assert!(error.offset().is_some_and(|at| at <= value.len() as u64));
        }
    }
}

/// A byte is the order of the fields, then come their contents.
fn write(bytes: &mut Bytes<'_>) {
    let order = bytes.byte();
    let (api_version, kind, unknown) = (bytes.short(), bytes.short(), bytes.short());
    let raw = bytes.rest();
    let mut type_meta = field(1, api_version);
    type_meta.extend(field(2, kind));
    let mut fields = [
        field(1, &type_meta),
        field(2, raw),
        field(9, unknown),
        // Empty in stored values.
        field(3, b""),
    ];
    fields.rotate_left(usize::from(order & 3));
    if order & 4 != 0 {
        fields.swap(0, 1);
    }
    let value = [PREFIX, &fields.concat()[..]].concat();
    let envelope = Envelope::parse(&value).expect("an envelope");
    assert_eq!(envelope.api_version(), api_version);
    assert_eq!(envelope.kind(), kind);
    assert_eq!(envelope.raw(), raw);
    assert_eq!(envelope.content_encoding(), b"");
    assert_eq!(envelope.content_type(), b"");

    let stored = StorageValue::parse(&value);
    assert_eq!(stored.media(), Media::Protobuf);
    match stored.into_content() {
        Ok(Content::Object(object)) => {
            assert!(envelope.group_version().is_ok());
            if let Ok((_, report)) = object.to_json() {
                let last = report.unknown_fields.last().expect("the unknown field");
                assert_eq!(last.bytes, field(9, unknown));
                assert_eq!(last.buffer, Buffer::Value);
            }
        }
        _ => assert!(envelope.group_version().is_err()),
    }
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(length as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(bytes);
    field
}
