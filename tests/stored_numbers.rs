//! Numbers of stored JSON, as they come out typed.

use k8s_etcd::storage_value::{Content, StorageValue};
use k8s_etcd::{Object, schema};
use serde::Deserialize;

#[derive(Deserialize)]
struct Doubles {
    doubles: Vec<f64>,
}

/// Go reads a double to the nearest; a reader that only comes close is a last
/// digit off with some of these.
const TEXT: &str = r#"{"apiVersion":"v1","kind":"Any","doubles":[5.960464477539063e-8,9.007199254740993e15,
1.7976931348623157e308,2.2250738585072014e-308,4.9406564584124654e-324,0.1234567890123456789]}"#;

const NEAREST: [u64; 6] = [
    0x3e70_0000_0000_0000,
    0x4340_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x3fbf_9add_3746_f65f,
];

fn assert_nearest(found: &Doubles) {
    let bits: Vec<_> = found
        .doubles
        .iter()
        .map(|double| double.to_bits())
        .collect();
    assert_eq!(bits, NEAREST);
}

#[test]
fn doubles_of_a_json_value_are_the_nearest() {
    let value = StorageValue::parse(TEXT.as_bytes());
    let Ok(Content::Document(document)) = value.into_content() else {
        panic!("no document");
    };
    assert_nearest(&document.decode().unwrap());
}

#[test]
fn doubles_of_json_within_protobuf_are_the_nearest() {
    #[derive(Deserialize)]
    struct ControllerRevision {
        data: Doubles,
    }

    let message = schema::message("k8s.io.api.apps.v1.ControllerRevision").unwrap();
    let mut raw = Vec::new();
    for number in [1, 2] {
        // `data` is a RawExtension, whose field 1 is the JSON.
        let inner = if number == 1 { TEXT.as_bytes() } else { &raw };
        let length = [inner.len() as u8 & 0x7f | 0x80, (inner.len() >> 7) as u8];
        raw = [&[number << 3 | 2][..], &length, inner].concat();
    }
    let revision: ControllerRevision = Object::of_message(message, &raw).decode().unwrap();
    assert_nearest(&revision.data);
}
