//! `meta/v1.Duration`: nanoseconds, printed as Go's `time.Duration.String`.
//!
//! ```text
//! wire  { 1: duration int64 }
//! JSON  "1h0m0s", "1m30s", "1.5s", "1.5ms", "1.5µs", "1ns", "0s"
//! ```
//!
//! Units below the second only where the whole is less than a second; hours are
//! the greatest unit. Source: Go's `time/time.go`.

use std::io::Write;

use crate::convert::to_usize;

const SECOND: u64 = 1_000_000_000;

/// Appends a duration without quotes. The text is UTF-8, with U+00B5 for micro.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "no divisor is zero, and a fraction that is not zero has a digit for each zero that it ends with"
)]
pub(crate) fn write_duration(out: &mut Vec<u8>, nanos: i64) {
    if nanos < 0 {
        out.push(b'-');
    }
    let nanos = nanos.unsigned_abs();
    let (value, unit, name) = match nanos {
        0 => (0, 1, "s"),
        1..1_000 => (nanos, 1, "ns"),
        1_000..1_000_000 => (nanos, 1_000, "µs"),
        1_000_000..SECOND => (nanos, 1_000_000, "ms"),
        SECOND.. => {
            let (minutes, nanos) = (nanos / (60 * SECOND), nanos % (60 * SECOND));
            let (hours, minutes) = (minutes / 60, minutes % 60);
            if hours > 0 {
                push(out, format_args!("{hours}h"));
            }
            if hours > 0 || minutes > 0 {
                push(out, format_args!("{minutes}m"));
            }
            (nanos, SECOND, "s")
        }
    };
    push(out, format_args!("{}", value / unit));
    let (mut fraction, mut width) = (value % unit, to_usize(unit.ilog10()));
    if fraction > 0 {
        while fraction % 10 == 0 {
            fraction /= 10;
            width -= 1;
        }
        push(out, format_args!(".{fraction:0width$}"));
    }
    push(out, format_args!("{name}"));
}

fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_prints_the_same() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/well_known/duration.tsv"
        );
        let cases = std::fs::read_to_string(path).unwrap();
        let mut count = 0;
        for line in cases.lines().filter(|line| !line.starts_with('#')) {
            let (nanos, expected) = line.split_once('\t').unwrap();
            let mut out = Vec::new();
            write_duration(&mut out, nanos.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{nanos}");
            count += 1;
        }
        assert!(count > 400, "{count}");
    }
}
