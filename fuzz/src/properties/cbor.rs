//! Any item behind the tag of self-described CBOR: what is printed is JSON and
//! equals what serde gives of it, at most a small factor longer, and its YAML is
//! the same object. Anything else is an error at a place in the value.

use k8s_etcd::storage_value::{Content, Media, StorageValue};
use k8s_etcd::{Buffer, Category};

pub fn cbor(data: &[u8]) {
    let value = [b"\xd9\xd9\xf7", data].concat();
    let stored = StorageValue::parse(&value);
    assert_eq!(stored.media(), Media::Cbor);
    match stored.into_content() {
        Ok(Content::Document(document)) => super::storage_value::document(&document, data.len()),
        Ok(_) => panic!("no document"),
        Err(error) => {
            let category = error.category();
            let is_damage = matches!(category, Category::Malformed | Category::Truncated);
            assert!(is_damage || category == Category::Limit);
            assert_eq!(error.buffer(), Some(Buffer::Value));
            assert!(error.offset().is_some_and(|at| at <= value.len() as u64));
        }
    }
}
