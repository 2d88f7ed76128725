//! `util/intstr.IntOrString`: wire `{1: type, 2: intVal, 3: strVal}`, all
//! three always written; JSON a number or a string.

use crate::de::well_known::Gathered;
use crate::de::{Value, Walk};
use crate::error::{Category, Error, Result};

impl<'a> Walk<'a> {
    pub(super) fn int_or_string(&mut self, fields: &Gathered) -> Result<Value<'a>> {
        match fields.int(self, 1) {
            0 => Ok(Value::Int(fields.int(self, 2))),
            1 => Ok(Value::String(fields.bytes(self, 3).unwrap_or_default())),
            _ => Err(Error::new(
                Category::Unrepresentable,
                "IntOrString",
                "its type is neither int (0) nor string (1)",
            )),
        }
    }
}
