//! What a scalar without quotes means: goyaml's `resolve`.

use super::parse::{Stop, string};
use crate::tree::Scalar;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use granit_parser::Tag;
use std::borrow::Cow;

/// A plain scalar without a tag. Timestamps, base 60 and everything else that is
/// no null, bool or number stay strings.
pub(super) fn resolve(text: Cow<'_, str>) -> Result<Scalar<'_>, Stop> {
    match typed(&text)? {
        Some(value) => Ok(value),
        None => Ok(string(text)),
    }
}

/// A scalar with a tag. Tags beyond YAML's own mean nothing.
pub(super) fn resolve_tagged<'a>(text: Cow<'a, str>, tag: &Tag) -> Result<Scalar<'a>, Stop> {
    const YAML: &str = "tag:yaml.org,2002:";
    let resolved = match tag.suffix_in_namespace(YAML).as_deref() {
        Some("binary") => {
            let bytes = STANDARD.decode(text.as_bytes());
            return match bytes {
                Ok(bytes) => Ok(Scalar::String(Cow::Owned(bytes))),
                Err(_) => Err(Stop::NotAnObject),
            };
        }
        Some("null") => typed(&text)?.filter(|value| *value == Scalar::Null),
        Some("bool") => typed(&text)?.filter(|value| matches!(value, Scalar::Bool(_))),
        Some("int") => {
            typed(&text)?.filter(|value| matches!(value, Scalar::Int(_) | Scalar::Uint(_)))
        }
        Some("float") => match typed(&text)? {
            #[expect(clippy::as_conversions, reason = "rounds as Go does")]
            Some(Scalar::Int(number)) => Some(Scalar::Float(number as f64)),
            Some(value @ Scalar::Float(_)) => Some(value),
            _ => None,
        },
        _ => Some(string(text)),
    };
    resolved.ok_or(Stop::NotAnObject)
}

/// The null, bool or number that `text` spells. Infinity and NaN are an error:
/// Kubernetes cannot turn them into JSON.
fn typed(text: &str) -> Result<Option<Scalar<'static>>, Stop> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Scalar::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Scalar::Bool(false))
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => return Err(Stop::NotAnObject),
        _ => match text.as_bytes().first() {
            Some(b'.') => float(text),
            Some(b'0'..=b'9' | b'+' | b'-') => number(&text.replace('_', "")),
            _ => None,
        },
    })
}

/// Begins with a digit or a sign, and holds no underscores any more.
fn number(text: &str) -> Option<Scalar<'static>> {
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => text.split_at(text.len().saturating_sub(digits.len())),
        None => ("", text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // A second sign is no digit, whatever the standard library thinks.
    let signs = digits.starts_with(['+', '-']);
    let magnitude = u64::from_str_radix(digits, radix).ok().filter(|_| !signs);
    let integer = magnitude.and_then(|value| match (sign, i64::try_from(value)) {
        ("-", Ok(value)) => Some(Scalar::Int(value.wrapping_neg())),
        ("-", Err(_)) if value == i64::MIN.unsigned_abs() => Some(Scalar::Int(i64::MIN)),
        ("" | "+", Ok(value)) => Some(Scalar::Int(value)),
        ("", Err(_)) => Some(Scalar::Uint(value)),
        _ => None,
    });
    integer.or_else(|| float(text))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, and not too large.
fn float(text: &str) -> Option<Scalar<'static>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    let sound = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|text| !text.is_empty() && digits(text));
    let value = text
        .parse::<f64>()
        .ok()
        .filter(|value| sound && value.is_finite());
    value.map(Scalar::Float)
}
