//! Entries as etcd writes them.

/// A key of etcd's bucket `key`.
pub fn revision(main: i64, sub: i64, tombstone: bool) -> Vec<u8> {
    let mut key = main.to_be_bytes().to_vec();
    key.push(b'_');
    key.extend(sub.to_be_bytes());
    if tombstone {
        key.push(b't');
    }
    key
}

/// mvccpb.KeyValue: numbers in the order create, mod, version, lease; zero
/// fields are left out, as Go does.
pub fn key_value(key: &[u8], numbers: [i64; 4], value: &[u8]) -> Vec<u8> {
    let [create, modified, version, lease] = numbers;
    let mut message = Vec::new();
    let mut bytes = |number: u8, bytes: &[u8]| {
        if !bytes.is_empty() {
            message.push(number << 3 | 2);
            message.extend(varint(bytes.len() as u64));
            message.extend(bytes);
        }
    };
    bytes(1, key);
    let mut tail = Vec::new();
    for (number, value) in [(2u8, create), (3, modified), (4, version)] {
        if value != 0 {
            tail.push(number << 3);
            tail.extend(varint(value as u64));
        }
    }
    if !value.is_empty() {
        tail.push(5 << 3 | 2);
        tail.extend(varint(value.len() as u64));
        tail.extend(value);
    }
    if lease != 0 {
        tail.push(6 << 3);
        tail.extend(varint(lease as u64));
    }
    message.extend(tail);
    message
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
