//! What a scalar means: goyaml's `resolve`.
//!
//! Source: go.yaml.in/yaml/v2 v2.4.4 (`resolve.go`, `decode.go`).

use super::parse::{Stop, string};
use super::timestamp::is_timestamp;
use crate::tree::Scalar;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;

const YAML: &[u8] = b"tag:yaml.org,2002:";

/// Go's `base64.StdEncoding`: padding needed, left-over bits not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// A scalar. `implicit` is one whose text tells its type, `tag` what it is said to
/// be; tags beyond YAML's own mean nothing. Timestamps, base 60 and everything
/// else that is no null, bool or number are strings.
pub(super) fn resolve<'a>(
    text: Cow<'a, str>,
    implicit: bool,
    tag: &[u8],
) -> Result<Scalar<'a>, Stop> {
    if tag.is_empty() {
        let typed = if implicit { typed(&text)? } else { None };
        return Ok(typed.unwrap_or_else(|| string(text)));
    }
    let resolved = match tag.strip_prefix(YAML) {
        Some(b"binary") => {
            // Go's decoder passes over line ends.
            let text: Vec<u8> = text.bytes().filter(|b| !b"\r\n".contains(b)).collect();
            let bytes = BASE64.decode(text).ok();
            bytes.map(|bytes| Scalar::String(Cow::Owned(bytes)))
        }
        Some(b"null") => typed(&text)?.filter(|value| *value == Scalar::Null),
        Some(b"bool") => typed(&text)?.filter(|value| matches!(value, Scalar::Bool(_))),
        Some(b"int") => {
            typed(&text)?.filter(|value| matches!(value, Scalar::Int(_) | Scalar::Uint(_)))
        }
        Some(b"float") => match typed(&text)? {
            #[expect(clippy::as_conversions, reason = "rounds as Go does")]
            Some(Scalar::Int(number)) => Some(Scalar::Float(number as f64)),
            Some(value @ Scalar::Float(_)) => Some(value),
            _ => None,
        },
        Some(b"timestamp") => is_timestamp(&text).then(|| string(text)),
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
            Some(b'.') => after_dot(text),
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
    integer
        .or_else(|| float(text))
        .or_else(|| signed_binary(text))
}

/// What goyaml reads as a number by mistake: a sign behind `0b`.
fn signed_binary(text: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix("0b")?;
    let (_, magnitude) = digits.split_at_checked(1)?;
    let is_signed = digits.starts_with(['+', '-']) && !magnitude.starts_with(['+', '-']);
    let number = i64::from_str_radix(digits, 2).ok().filter(|_| is_signed)?;
    Some(Scalar::Int(number))
}

/// Begins with a dot, and may hold underscores between digits.
fn after_dot(text: &str) -> Option<Scalar<'static>> {
    let bytes = text.as_bytes();
    let alone = |(at, _): (usize, &u8)| {
        let is_digit = |at: Option<usize>| {
            let byte = at.and_then(|at| bytes.get(at));
            byte.is_some_and(u8::is_ascii_digit)
        };
        !is_digit(at.checked_sub(1)) || !is_digit(at.checked_add(1))
    };
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    match underscores.any(alone) {
        true => None,
        false => float(&text.replace('_', "")),
    }
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
