//! The timeout of a `kms` provider.

use std::time::Duration;

/// A duration as Go's `time.ParseDuration` reads it: `300ms`, `1m30s`, `-1.5h`.
/// Negative ones come out as zero, which is refused like them.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (whole, after) = take_digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => take_digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let unit: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let whole: u64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let mut nanoseconds = whole.checked_mul(unit)?;
        let mut place = unit;
        for digit in fraction.bytes() {
            place /= 10;
            nanoseconds = nanoseconds
                .checked_add(place.checked_mul(u64::from(digit.saturating_sub(b'0')))?)?;
        }
        total = total.checked_add(nanoseconds)?;
        rest = after;
    }
    // Go counts in 63 bits.
    if total > i64::MAX.unsigned_abs() {
        return None;
    }
    Some(Duration::from_nanos(if negative { 0 } else { total }))
}

fn take_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("3s", Some(3_000_000_000)),
            ("300ms", Some(300_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("1µs1us1ns", Some(2_001)),
            ("+1s", Some(1_000_000_000)),
            ("-1s", Some(0)),
            ("0", Some(0)),
            ("", None),
            ("3", None),
            ("s", None),
            (".s", None),
            ("3 s", None),
            ("1d", None),
            ("9223372036854775808ns", None),
            ("99999999999999999999h", None),
        ] {
            let expected = nanoseconds.map(Duration::from_nanos);
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
    }
}
