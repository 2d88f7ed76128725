//! A tree, printed.

use super::number::{write_f64, write_i64, write_u64};
use super::string::write_string;
use crate::error::Result;
use crate::tree::Value;

/// Appends `value` as Go prints a `map[string]any`: keys in the order of their bytes.
///
/// Recurses as deep as the tree, which its parser has bounded. An infinite or
/// NaN float is an error of category `unrepresentable`.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value<'_>) -> Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => write_i64(out, *number),
        Value::Uint(number) => write_u64(out, *number),
        Value::Float(number) => write_f64(out, *number)?,
        Value::String(text) => {
            write_string(out, text);
        }
        Value::Array(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, value)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(out, key);
                out.push(b':');
                write_value(out, value)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}
