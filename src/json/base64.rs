//! Bytes, which JSON has as base64.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Appends `bytes` in quotes, with the standard alphabet and padding.
pub(crate) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    let length = bytes.len().div_ceil(3).saturating_mul(4);
    out.resize(start.saturating_add(length), 0);
    let space = out.get_mut(start..).unwrap_or_default();
    // The space is exactly what it needs.
    let written = STANDARD.encode_slice(bytes, space).unwrap_or_default();
    out.truncate(start.saturating_add(written));
    out.push(b'"');
}
