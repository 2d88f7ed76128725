//! How much two bytes can become: an element of a list may be empty on the wire,
//! and is printed with all the members that Go never leaves out.

use k8s_etcd::schema::Message;
use k8s_etcd::{Object, schema};

use crate::allocator::peak;

/// Field `number`, length-delimited and empty, `times` times.
fn empty_elements(number: u32, times: usize) -> Vec<u8> {
    let mut tag = Vec::new();
    let mut rest = number << 3 | 2;
    while rest >= 0x80 {
        tag.push((rest & 0x7F | 0x80) as u8);
        rest >>= 7;
    }
    tag.extend([rest as u8, 0]);
    tag.repeat(times)
}

fn printed(message: &'static Message, raw: &[u8]) -> usize {
    Object::of_message(message, raw)
        .to_json()
        .map_or(0, |(json, _)| json.len())
}

/// The widest list of all messages: text by wire bytes.
#[test]
fn no_list_prints_more_than_its_share() {
    let mut widest = (0.0_f64, "", 0, schema::messages().next().unwrap());
    for message in schema::messages() {
        for number in 1..=60 {
            let (few, more) = (empty_elements(number, 2), empty_elements(number, 6));
            let text = printed(message, &more).saturating_sub(printed(message, &few));
            let factor = text as f64 / (more.len() - few.len()) as f64;
            if factor > widest.0 {
                widest = (factor, message.name(), number, message);
            }
        }
    }
    let (factor, name, number, message) = widest;
    println!("{name} {number}: {factor} bytes of JSON a byte");
    assert!(
        factor > 10.0 && factor <= MOST_TEXT,
        "{name} {number}: {factor}"
    );

    let raw = empty_elements(number, 100_000);
    let (length, held) = peak(|| printed(message, &raw));
    // The text, while its buffer grows, and what notes the places of the fields.
    let most = raw.len() as f64 * (3.0 * MOST_TEXT + 48.0);
    println!("{length} bytes of JSON of {}, {held} held", raw.len());
    assert!((held as f64) < most, "{held} of {}", raw.len());
}

/// Bytes of JSON that a wire byte may become; SECURITY.md says it.
const MOST_TEXT: f64 = 211.0;

/// A key and nothing else is 6 bytes for one: `\u0000`. YAML escapes no wider.
#[test]
fn no_string_prints_more_than_six_times_its_length() {
    let config_map = schema::message("k8s.io.api.core.v1.ConfigMap").unwrap();
    for byte in [0, b'<', 0xFF, 0x7F, b'"'] {
        let text = vec![byte; 50_000];
        let mut entry = vec![0x0A, 1, b'k', 0x12];
        entry.extend(varint(text.len()));
        entry.extend(&text);
        let mut raw = vec![0x12];
        raw.extend(varint(entry.len()));
        raw.extend(entry);
        let object = Object::of_message(config_map, &raw);
        let (json, held) = peak(|| object.to_json().unwrap().0.len());
        assert!(json <= 6 * text.len() + 100, "{byte:#04x}: {json} bytes");
        assert!(held <= 20 * text.len(), "{byte:#04x}: {held} bytes held");
        let (yaml, held) = peak(|| object.to_yaml().unwrap().0.len());
        assert!(yaml <= 7 * text.len() + 100, "{byte:#04x}: {yaml} bytes");
        assert!(held <= 40 * text.len(), "{byte:#04x}: {held} bytes held");
    }
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7F | 0x80) as u8);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
