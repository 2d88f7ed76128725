//! serde's constructors for our error: what a type refuses is a type mismatch.
//!
//! serde's own texts quote the value; these do not.

use std::fmt::Display;

use serde::de::{Expected, Unexpected};

use crate::error::{Category, Error};

impl serde::de::Error for Error {
    fn custom<T: Display>(refusal: T) -> Error {
        mismatch("the type refuses the value").with_refusal(refusal.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Error {
        mismatch(format!("{} where {expected} is expected", name(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Error {
        mismatch(format!(
            "{} other than the expected {expected}",
            name(found)
        ))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Error {
        mismatch(format!("length {length} where {expected} is expected"))
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Error {
        mismatch("a variant that the type does not have")
    }

    fn unknown_field(_field: &str, _expected: &'static [&'static str]) -> Error {
        mismatch("a member that the type does not have")
    }

    fn missing_field(field: &'static str) -> Error {
        mismatch(format!("member {field} is missing"))
    }

    fn duplicate_field(field: &'static str) -> Error {
        mismatch(format!("member {field} stands twice"))
    }
}

fn mismatch(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Category::TypeMismatch, "object", detail)
}

/// The kind of value, without the value.
fn name(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a bool",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a floating point number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "a value",
    }
}
