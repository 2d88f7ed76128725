//! Numbers, in Go's spelling.

use crate::convert::to_usize;
use crate::error::{Category, Error, Result};

pub(crate) fn write_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub(crate) fn write_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the shortest decimal form that reads back as `value`: without an
/// exponent from 1e-6 up to, not including, 1e21 (as ES6 and Go do).
///
/// NaN and the infinities have no JSON: category `unrepresentable`, nothing appended.
pub(crate) fn write_f64(out: &mut Vec<u8>, value: f64) -> Result<()> {
    if !value.is_finite() {
        return Err(Error::new(
            Category::Unrepresentable,
            "floating-point number",
            "NaN and infinity have no JSON form",
        ));
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        out.push(b'0');
        return Ok(());
    }
    // Not the standard library's digits: where two shortest forms are equally
    // near, it takes the upper one, Go and zmij the even one.
    let mut buffer = zmij::Buffer::new();
    let (digits, point) = Digits::split(buffer.format_finite(magnitude));
    let digits = digits.as_slice();
    if (1e-6..1e21).contains(&magnitude) {
        plain(out, digits, point);
    } else {
        scientific(out, digits, point);
    }
    Ok(())
}

/// `0.00digits`, `dig.its` or `digits00`; the decimal point stands after `point` digits.
fn plain(out: &mut Vec<u8>, digits: &[u8], point: i32) {
    const ZEROS: [u8; 21] = [b'0'; 21];
    let zeros = |count: usize| ZEROS.get(..count).unwrap_or(&ZEROS);
    match usize::try_from(point) {
        Ok(point) if point > 0 => match digits.split_at_checked(point) {
            Some((whole, fraction)) => {
                out.extend_from_slice(whole);
                if !fraction.is_empty() {
                    out.push(b'.');
                    out.extend_from_slice(fraction);
                }
            }
            None => {
                out.extend_from_slice(digits);
                out.extend_from_slice(zeros(point.saturating_sub(digits.len())));
            }
        },
        _ => {
            out.extend_from_slice(b"0.");
            out.extend_from_slice(zeros(to_usize(point.unsigned_abs())));
            out.extend_from_slice(digits);
        }
    }
}

/// `d.igitse+21`: at least one digit of the exponent, and always its sign.
fn scientific(out: &mut Vec<u8>, digits: &[u8], point: i32) {
    let (first, rest) = digits.split_at(digits.len().min(1));
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    let exponent = point.saturating_sub(1);
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    write_u64(out, u64::from(exponent.unsigned_abs()));
}

/// Significant digits, without zeros at either end.
struct Digits {
    bytes: [u8; 24],
    length: usize,
}

impl Digits {
    /// Of `text` like `12.5`, `0.001` or `1.25e-7`; also how many of the digits
    /// stand before the decimal point.
    fn split(text: &str) -> (Digits, i32) {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut point = exponent.parse::<i32>().unwrap_or(0);
        let mut digits = Digits {
            bytes: [0; 24],
            length: 0,
        };
        for (index, &byte) in whole
            .as_bytes()
            .iter()
            .chain(fraction.as_bytes())
            .enumerate()
        {
            if index < whole.len() {
                point = point.saturating_add(1);
            }
            if digits.length > 0 || byte != b'0' {
                if let Some(slot) = digits.bytes.get_mut(digits.length) {
                    *slot = byte;
                    digits.length = digits.length.saturating_add(1);
                }
            } else {
                point = point.saturating_sub(1);
            }
        }
        while digits.as_slice().last() == Some(&b'0') {
            digits.length = digits.length.saturating_sub(1);
        }
        (digits, point)
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e-6, "0.000001"),
            (9.99e-7, "9.99e-7"),
            (1e-10, "1e-10"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.25e100, "-1.25e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (123456789.125, "123456789.125"),
            (9007199254740993.0, "9007199254740992"),
            // Halfway between two shortest forms: the even one.
            (1717186796573644.0 + 0.25, "1717186796573644.2"),
            (-641669715954323.0 - 0.25, "-641669715954323.2"),
        ] {
            let mut out = Vec::new();
            write_f64(&mut out, value).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn what_has_no_json_is_an_error() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut out = Vec::new();
            let error = write_f64(&mut out, value).unwrap_err();
            assert_eq!(error.category(), Category::Unrepresentable);
            assert!(out.is_empty());
        }
    }

    #[test]
    fn integers_at_their_ends() {
        let mut out = Vec::new();
        write_i64(&mut out, i64::MIN);
        write_u64(&mut out, u64::MAX);
        assert_eq!(out, b"-922337203685477580818446744073709551615");
    }
}
