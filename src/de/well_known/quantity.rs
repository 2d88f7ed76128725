//! `resource.Quantity`: a decimal number with a suffix, stored and printed as text.
//!
//! ```text
//! quantity  [+-]? digits [. digits] suffix
//! suffix    Ki Mi Gi Ti Pi Ei | n u m "" k M G T P E | [eE][+-]?digits
//! ```
//!
//! Kubernetes parses the stored text and prints the number again. What it wrote
//! itself comes out unchanged; text of another writer is brought to the
//! canonical form: no fraction, the greatest suffix that loses nothing, rounded
//! away from zero to nanos.
//!
//! Source: apimachinery `pkg/api/resource/{quantity,amount,suffix}.go`. Its
//! oddities are kept: numbers without a digit that are zero (`+`, `.k`), a
//! suffix beyond `E` that is printed as none.

use std::borrow::Cow;
use std::fmt::Write;

use crate::convert::{low_i32, to_u64, to_usize};
use crate::error::{Error, Result};

/// The text that Go prints for a quantity that is stored as `text`.
///
/// The cost is linear in the length of `text`, whatever its exponent. An absent
/// or empty *message* is the zero quantity, `"0"`, and no matter of this
/// function: empty text is an error.
///
/// # Errors
///
/// `Malformed`, if Go refuses the text; also if an exponent leaves the range of
/// `int32` on the way to a number of more than 18 digits or below one nano,
/// where Go panics or does not come to an end.
pub(crate) fn canonical(text: &[u8]) -> Result<Cow<'_, str>> {
    if text == b"0" {
        return Ok(Cow::Borrowed("0"));
    }
    let parts = Parts::split(text)?;
    match parts.small()? {
        Some(Small::Verbatim) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => Err(malformed("not text")),
        },
        Some(Small::Number(number, exponent)) => Ok(Cow::Owned(parts.print(number, exponent))),
        None => parts.large().map(Cow::Owned),
    }
}

fn malformed(detail: &'static str) -> Error {
    Error::malformed("quantity", detail)
}

/// How the suffix scales the number.
#[derive(Clone, Copy)]
enum Suffix {
    /// `n` … `E`: a power of ten.
    Decimal(i32),
    /// `e5`: a power of ten too, but printed as such.
    Exponent(i32),
    /// `Ki` … `Ei`: a power of two.
    Binary(u32),
}

impl Suffix {
    fn parse(text: &[u8]) -> Result<Suffix> {
        if let Some((_, exponent)) = DECIMAL.iter().find(|(suffix, _)| suffix.as_bytes() == text) {
            return Ok(Suffix::Decimal(*exponent));
        }
        if let Some((_, bits)) = BINARY.iter().find(|(suffix, _)| suffix.as_bytes() == text) {
            return Ok(Suffix::Binary(*bits));
        }
        let exponent = match text {
            [b'e' | b'E', digits @ ..] => std::str::from_utf8(digits).ok(),
            _ => None,
        };
        match exponent.and_then(|digits| digits.parse::<i64>().ok()) {
            // Go cuts it to 32 bits unseen: `1e4294967296` is one.
            Some(exponent) => Ok(Suffix::Exponent(low_i32(exponent.cast_unsigned()))),
            None => Err(malformed("unknown suffix")),
        }
    }
}

const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

const BINARY: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];

/// The smallest unit that a quantity keeps: one nano.
const NANO: i32 = -9;

/// The text, taken apart.
struct Parts<'a> {
    negative: bool,
    /// Before the point, without leading zeros, `0` if nothing is left.
    whole: &'a [u8],
    /// After the point, as written.
    fraction: &'a [u8],
    /// Whether the number has a digit at all.
    digits: bool,
    suffix: Suffix,
}

/// A number that Go keeps in an `int64`.
enum Small {
    /// It is canonical as it stands (or Go believes so: `+3`, `00012`, `5.`).
    Verbatim,
    /// A number, and the power of ten that scales it.
    Number(u64, i32),
}

impl Parts<'_> {
    fn split(text: &[u8]) -> Result<Parts<'_>> {
        let (negative, rest) = match text {
            [] => return Err(malformed("empty")),
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (zeros, rest) = split_run(rest, |b| b == b'0');
        let (whole, rest) = split_run(rest, |b| b.is_ascii_digit());
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_run(rest, |b| b.is_ascii_digit()),
            _ => (&[][..], rest),
        };
        let (_, after) = split_run(rest, |b| b"eEinumkKMGTP".contains(&b));
        let after = match after {
            [b'+' | b'-', after @ ..] => after,
            _ => after,
        };
        if !after.iter().all(u8::is_ascii_digit) {
            return Err(malformed("not a number with a suffix"));
        }
        Ok(Parts {
            negative,
            whole: if whole.is_empty() { b"0" } else { whole },
            fraction,
            digits: !(zeros.is_empty() && whole.is_empty() && fraction.is_empty()),
            suffix: Suffix::parse(rest)?,
        })
    }

    /// The number, if it is one that Go keeps in an `int64`.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "18 digits are below 2^60; 14 digits, of which a suffix counts three for ten bits, are below 2^47"
    )]
    fn small(&self) -> Result<Option<Small>> {
        // As many digits as surely fit, and no power of ten below nanos.
        let len = self.whole.len().saturating_add(self.fraction.len());
        let mut digits = [0; 18];
        let fits = match self.suffix {
            Suffix::Decimal(_) | Suffix::Exponent(_) => len <= digits.len(),
            Suffix::Binary(bits) => {
                self.fraction.is_empty() && to_u64(len) + u64::from(bits) * 3 / 10 <= 14
            }
        };
        let Some(digits) = digits.get_mut(..len).filter(|_| fits) else {
            return Ok(None);
        };
        let number = self.whole.iter().chain(self.fraction);
        digits
            .iter_mut()
            .zip(number)
            .for_each(|(to, from)| *to = *from);
        let value = digits
            .iter()
            .fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        match self.suffix {
            Suffix::Binary(_) if value & 7 != 0 => Ok(Some(Small::Verbatim)),
            Suffix::Binary(bits) => Ok(Some(Small::Number(value << bits, 0))),
            Suffix::Decimal(exponent) | Suffix::Exponent(exponent) => {
                let exponent = exponent.wrapping_sub(low_i32(to_u64(self.fraction.len())));
                if exponent < NANO {
                    return Ok(None);
                }
                let canonical =
                    exponent % 3 == 0 && !digits.ends_with(b"000") && !digits.starts_with(b"0");
                Ok(Some(if canonical {
                    Small::Verbatim
                } else {
                    Small::Number(value, exponent)
                }))
            }
        }
    }

    /// The canonical text of `number * 10^exponent`; the exponent is 0 where
    /// the suffix is binary.
    fn print(&self, number: u64, exponent: i32) -> String {
        match self.suffix {
            Suffix::Binary(_) if number >= 1024 => self.print_binary(number),
            _ => self.print_decimal(number.to_string().as_bytes(), exponent),
        }
    }

    /// The canonical text of a number that Go keeps in an `inf.Dec`.
    fn large(&self) -> Result<String> {
        if !self.digits {
            return Err(malformed("no digits"));
        }
        match self.suffix {
            Suffix::Binary(bits) => Ok(self.large_binary(bits)),
            Suffix::Decimal(exponent) | Suffix::Exponent(exponent) => self.large_decimal(exponent),
        }
    }

    fn large_decimal(&self, exponent: i32) -> Result<String> {
        let out_of_range = || malformed("exponent out of range");
        let number = self.whole.iter().chain(self.fraction);
        let mut digits = number
            .copied()
            .skip_while(|d| *d == b'0')
            .collect::<Vec<_>>();
        if digits.is_empty() {
            return Ok("0".to_owned());
        }
        let fraction = i32::try_from(self.fraction.len()).map_err(|_| out_of_range())?;
        let mut exponent = exponent
            .checked_neg()
            .and_then(|scale| scale.checked_add(fraction))
            .and_then(i32::checked_neg)
            .filter(|exponent| exponent.checked_sub(NANO).is_some())
            .ok_or_else(out_of_range)?;
        if exponent < NANO {
            // The digits below nanos; all of them, if there are not so many.
            let below = to_usize(exponent.abs_diff(NANO));
            let kept = digits.len().saturating_sub(below);
            let inexact = digits.split_off(kept).iter().any(|d| *d != b'0');
            if inexact || digits.is_empty() {
                increment(&mut digits);
            }
            exponent = NANO;
        }
        // Zeros at the end go into the exponent.
        let zeros = digits.iter().rev().take_while(|d| **d == b'0').count();
        match i32::try_from(zeros) {
            Ok(zeros) if exponent.checked_add(zeros).is_some() => {}
            _ => return Err(out_of_range()),
        }
        Ok(self.print_decimal(&digits, exponent))
    }

    /// `bits` is the power of two that the suffix stands for, at most 60.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the carry is below 2^bits, so that ten times 2^60 bounds a product; nine places make less than a whole; 19 digits times 2^60 are below 2^124"
    )]
    fn large_binary(&self, bits: u32) -> String {
        // The fraction times the power of two, from its last digit on: what
        // goes over the point is the last carry. Of the rest only the nanos
        // are kept, and whether there is something below.
        let mut carry = 0u64;
        let mut nanos = 0u64;
        let mut below = false;
        for (i, digit) in self.fraction.iter().enumerate().rev() {
            let product = (u64::from(digit - b'0') << bits) + carry;
            carry = product / 10;
            let digit = product % 10;
            match PLACES.get(i) {
                Some(place) => nanos += digit * place,
                None => below |= digit != 0,
            }
        }
        nanos += u64::from(below);
        // 19 digits are less than 2^64; more are over the cap, scaled or not.
        const CAP: u64 = i64::MAX.cast_unsigned();
        let whole = match self.whole.len() {
            0..=19 => {
                let digit = |n: u128, digit: &u8| n * 10 + u128::from(digit - b'0');
                let whole = self.whole.iter().fold(0, digit);
                (whole << bits) + u128::from(carry) + u128::from(nanos / NANOS)
            }
            _ => u128::MAX,
        };
        let nanos = nanos % NANOS;
        match u64::try_from(whole) {
            Ok(whole) if nanos == 0 && whole <= CAP => self.print(whole, 0),
            Ok(whole) if whole < CAP => {
                let nanos = u128::from(whole) * u128::from(NANOS) + u128::from(nanos);
                self.print_decimal(nanos.to_string().as_bytes(), NANO)
            }
            _ => self.print(CAP, 0),
        }
    }

    /// The canonical text of `digits * 10^exponent`. The digits may end, but not
    /// begin, with zeros, unless they are a single one.
    fn print_decimal(&self, digits: &[u8], exponent: i32) -> String {
        let zeros = digits.iter().rev().take_while(|d| **d == b'0').count();
        let digits = digits
            .get(..digits.len().saturating_sub(zeros))
            .unwrap_or_default();
        if digits.is_empty() {
            return "0".to_owned();
        }
        let exponent = exponent.wrapping_add(low_i32(to_u64(zeros)));
        let padding = exponent.rem_euclid(3);
        let exponent = exponent.wrapping_sub(padding);
        let mut text = String::with_capacity(digits.len().saturating_add(16));
        if self.negative {
            text.push('-');
        }
        text.extend(digits.iter().map(|d| char::from(*d)));
        text.extend((0..padding).map(|_| '0'));
        match self.suffix {
            Suffix::Exponent(_) if exponent != 0 => {
                let _ = write!(text, "e{exponent}");
            }
            Suffix::Exponent(_) => {}
            // A binary number that is small or has a fraction is printed so too.
            Suffix::Decimal(_) | Suffix::Binary(_) => {
                // Go leaves the suffix away where it has none: 10^21 is `1`.
                let suffix = DECIMAL.iter().find(|(_, e)| *e == exponent);
                text.push_str(suffix.map_or("", |(suffix, _)| suffix));
            }
        }
        text
    }

    fn print_binary(&self, mut number: u64) -> String {
        let mut bits = 0u32;
        while number >= 1024 && number.is_multiple_of(1024) {
            number /= 1024;
            bits = bits.saturating_add(10);
        }
        let sign = if self.negative { "-" } else { "" };
        let suffix = BINARY.iter().find(|(_, b)| *b == bits);
        format!("{sign}{number}{}", suffix.map_or("", |(suffix, _)| suffix))
    }
}

const NANOS: u64 = 1_000_000_000;

/// What a digit after the point counts, in nanos.
const PLACES: [u64; 9] = [
    100_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
    100,
    10,
    1,
];

fn split_run(text: &[u8], of: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| !of(*b)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

/// Adds one to the number that the digits make.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit != b'9' {
            *digit = digit.saturating_add(1);
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Category;

    /// The bytes of an input column: `\xNN` for what is not printable.
    fn unescape(text: &str) -> Vec<u8> {
        let mut parts = text.split("\\x");
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            let (hex, rest) = part.split_at(2);
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            bytes.extend(rest.as_bytes());
        }
        bytes
    }

    #[test]
    fn go_prints_the_same() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/well_known/quantity.tsv"
        );
        let cases = std::fs::read_to_string(path).unwrap();
        let mut count = 0;
        for line in cases
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let (input, expected) = line.split_once('\t').unwrap();
            let input = unescape(input);
            let printed = canonical(&input);
            let printed = match &printed {
                Ok(text) => text,
                Err(error) if error.category() == Category::Malformed => "error",
                Err(error) => panic!("{line}: {error}"),
            };
            assert_eq!(printed, expected, "{line}");
            count += 1;
        }
        assert!(count > 2_900, "{count}");
    }

    #[test]
    fn what_was_printed_stays() {
        for text in [
            "1500m",
            "3",
            "1Gi",
            "1k",
            "12e6",
            "100e2147483647",
            "-9223372036854775807",
        ] {
            let printed = canonical(text.as_bytes()).unwrap();
            assert_eq!(printed, text);
        }
    }

    /// Go would need gigabytes and hours for these powers of ten.
    #[test]
    fn great_exponents_cost_nothing() {
        for (text, expected) in [
            ("1e-2147483647", "1e-9"),
            ("-0.001e-2147483000", "-1e-9"),
            (
                "1234567890123456789e2147483000",
                "123456789012345678900e2147482998",
            ),
            ("1000000000000000000000e1000000000", "10e1000000020"),
        ] {
            assert_eq!(canonical(text.as_bytes()).unwrap(), expected);
        }
        for text in ["5e-2147483648", "12345678901234567890e2147483647"] {
            let error = canonical(text.as_bytes()).unwrap_err();
            assert_eq!(error.detail(), "exponent out of range", "{text}");
        }
    }

    #[test]
    fn long_numbers_cost_their_length() {
        let nines = "9".repeat(1 << 20);
        let long = canonical(nines.as_bytes()).unwrap();
        assert_eq!(long.len(), nines.len());
        assert_eq!(
            canonical(format!("{nines}Ki").as_bytes()).unwrap(),
            "9223372036854775807"
        );
        assert_eq!(canonical(format!("0.{nines}Ki").as_bytes()).unwrap(), "1Ki");
        assert_eq!(canonical(format!("0.{nines}").as_bytes()).unwrap(), "1");
        assert!(canonical(format!("{nines}e{nines}").as_bytes()).is_err());
    }
}
