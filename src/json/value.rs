//! A tree, printed.

use super::number::{write_f64, write_i64, write_u64};
use super::string::write_string;
use crate::error::Result;
use crate::tree::{Value, View};

/// Appends `value` as Go prints a `map[string]any`: keys in the order of their bytes.
///
/// Recurses as deep as the tree, which its parser has bounded. An infinite or
/// NaN float is an error of category `unrepresentable`.
pub(crate) fn write_value(out: &mut Vec<u8>, value: Value<'_, '_>) -> Result<()> {
    match value.view() {
        View::Null => out.extend_from_slice(b"null"),
        View::Bool(true) => out.extend_from_slice(b"true"),
        View::Bool(false) => out.extend_from_slice(b"false"),
        View::Int(number) => write_i64(out, number),
        View::Uint(number) => write_u64(out, number),
        View::Float(number) => write_f64(out, number)?,
        View::Spelled(number) => out.extend_from_slice(number),
        View::String(text) => {
            write_string(out, text.bytes());
        }
        View::Array(values) => {
            out.push(b'[');
            for (index, value) in values.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, value)?;
            }
            out.push(b']');
        }
        View::Object(members) => {
            out.push(b'{');
            for (index, (key, value)) in members.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(out, key.bytes());
                out.push(b':');
                write_value(out, value)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}
