//! Any text below the lines that make YAML a stored value, as it is and within a
//! member: what is printed is JSON and equals what serde gives of it, at most a
//! small factor longer, and its own YAML reads as the same object.

use super::storage_value::storage_value;

pub fn yaml(data: &[u8]) {
    storage_value(&[b"apiVersion: v1\nkind: ConfigMap\n", data].concat());
    storage_value(&[b"apiVersion: v1\nkind: ConfigMap\ndata: ", data].concat());
}
