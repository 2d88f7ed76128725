//! `meta/v1.Time` and `meta/v1.MicroTime`: points in time, printed as RFC 3339.
//!
//! ```text
//! wire  { 1: seconds int64, 2: nanos int32 }, since 1970
//! JSON  "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000000Z"
//! ```
//!
//! Go's zero time, the first instant of the year 1, is `null` in JSON, and so is
//! an empty payload: that is the caller's to ask, of a MicroTime after
//! [`whole_microseconds`].
//!
//! Source: apimachinery `pkg/apis/meta/v1/{time,micro_time}_proto.go`, and Go's
//! `time` for the years outside of 0–9999, which it prints without complaint.

use std::io::Write;

/// Appends a `Time` without quotes. Its nanos say nothing: Kubernetes ignores
/// them on reading.
pub(crate) fn write_time(out: &mut Vec<u8>, seconds: i64) {
    write_date_and_clock(out, seconds);
    out.push(b'Z');
}

/// Appends a `MicroTime` without quotes: always six digits after the point.
/// `nanos` may be of any size and sign, see [`whole_microseconds`].
pub(crate) fn write_micro_time(out: &mut Vec<u8>, seconds: i64, nanos: i32) {
    let (seconds, nanos) = whole_microseconds(seconds, nanos);
    write_date_and_clock(out, seconds);
    push(out, format_args!(".{:06}Z", nanos / 1000));
}

/// The time that Kubernetes makes of a stored `MicroTime`: `nanos`, of any size
/// and sign, cut towards zero to microseconds, then brought into 0–999,999,000
/// with what is over counted in `seconds`. Overflows as Go's `time.Unix`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "what is taken away has the sign of `nanos`, and is no greater"
)]
pub(crate) fn whole_microseconds(seconds: i64, nanos: i32) -> (i64, i32) {
    const SECOND: i32 = 1_000_000_000;
    let nanos = nanos - nanos % 1000;
    let carry = i64::from(nanos.div_euclid(SECOND));
    (seconds.wrapping_add(carry), nanos.rem_euclid(SECOND))
}

/// Go counts from March 1 of this year before our era: a multiple of 400, so
/// that leap days come at the end of each cycle, and early enough for (nearly)
/// all of `int64` to count on without a sign.
const ABSOLUTE_YEARS: u64 = 292_277_022_400;

const SECONDS_PER_DAY: u64 = 86_400;
const DAYS_PER_400_YEARS: u64 = 146_097;

/// Seconds from Go's absolute zero to 1970. March 1 is day 306 of the year that
/// ends with February; 719,162 days are from the year 1 to 1970.
const ABSOLUTE_TO_UNIX: u64 =
    (ABSOLUTE_YEARS / 400 * DAYS_PER_400_YEARS + 306 + 719_162) * SECONDS_PER_DAY;

#[expect(
    clippy::arithmetic_side_effects,
    reason = "days are below 2^48, and all that follows from them is small; months are above 12 where 12 is taken away"
)]
fn write_date_and_clock(out: &mut Vec<u8>, seconds: i64) {
    let absolute = seconds.cast_unsigned().wrapping_add(ABSOLUTE_TO_UNIX);
    let days = absolute / SECONDS_PER_DAY;
    let second = absolute % SECONDS_PER_DAY;

    // Years begin in March here, so that January and February are the months
    // 13 and 14 of the year before.
    let quarters = 4 * days + 3;
    let century = quarters / DAYS_PER_400_YEARS;
    let quarters = (quarters % DAYS_PER_400_YEARS) | 3;
    let year_of_century = quarters / 1461;
    let day_of_year = quarters % 1461 / 4;
    let fifths = 5 * day_of_year + 461;
    let month = fifths / 153;
    let day = fifths % 153 / 5 + 1;
    let (carry, month) = if month > 12 {
        (1, month - 12)
    } else {
        (0, month)
    };
    let year = (century * 100 + year_of_century + carry)
        .wrapping_sub(ABSOLUTE_YEARS)
        .cast_signed();

    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    match year {
        0..=9999 => push_four(out, year.unsigned_abs()),
        _ => {
            let sign = if year < 0 { "-" } else { "" };
            push(out, format_args!("{sign}{:04}", year.unsigned_abs()));
        }
    }
    for (mark, number) in [
        (b'-', month),
        (b'-', day),
        (b'T', hour),
        (b':', minute),
        (b':', second),
    ] {
        let [tens, ones] = two_digits(number);
        out.extend_from_slice(&[mark, tens, ones]);
    }
}

fn push_four(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&two_digits(number / 100));
    out.extend_from_slice(&two_digits(number % 100));
}

/// Of a number below 100.
fn two_digits(number: u64) -> [u8; 2] {
    let digit = |number: u64| b'0' | number.to_le_bytes()[0];
    [digit(number / 10 % 10), digit(number % 10)]
}

fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(file: &str) -> Vec<Vec<String>> {
        let path = format!("{}/testdata/well_known/{file}", env!("CARGO_MANIFEST_DIR"));
        let cases = std::fs::read_to_string(path).unwrap();
        let lines = cases.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn go_prints_the_same_time() {
        let cases = cases("time.tsv");
        assert!(cases.len() > 500, "{}", cases.len());
        for case in cases {
            let mut out = Vec::new();
            write_time(&mut out, case[0].parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), case[1], "{case:?}");
        }
    }

    #[test]
    fn go_prints_the_same_micro_time() {
        let cases = cases("micro_time.tsv");
        assert!(cases.len() > 900, "{}", cases.len());
        for case in cases {
            let mut out = Vec::new();
            let (seconds, nanos) = (case[0].parse().unwrap(), case[1].parse().unwrap());
            write_micro_time(&mut out, seconds, nanos);
            assert_eq!(String::from_utf8(out).unwrap(), case[2], "{case:?}");

            let whole = whole_microseconds(seconds, nanos);
            assert_eq!(whole_microseconds(whole.0, whole.1), whole);
        }
    }
}
