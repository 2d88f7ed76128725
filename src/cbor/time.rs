//! Times under tags 0 and 1, which Kubernetes' decoder turns into RFC 3339 text
//! as Go's `time.RFC3339Nano`. Kubernetes itself writes times as plain strings.

/// `text` is `2006-01-02T15:04:05[.fraction](Z|±hh:mm)`. The fraction loses its
/// digits beyond the ninth and zeros at its end, an offset of zero becomes `Z`.
pub(super) fn normalize(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (date, rest) = text.split_at_checked(19)?;
    let shape = date.bytes().zip(*b"0000-00-00T00:00:00");
    if !shape.into_iter().all(|(byte, like)| match like {
        b'0' => byte.is_ascii_digit(),
        _ => byte == like,
    }) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| date.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if number(11..13)? > 23 || number(14..16)? > 59 || number(17..19)? > 59 {
        return None;
    }
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest.split_at_checked(digits)?
        }
        None => ("", rest),
    };
    let fraction = fraction.get(..fraction.len().min(9))?.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let offset = match offset.as_bytes() {
        b"Z" => "Z",
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let two = |tens: &u8, ones: &u8| {
                let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
                let digit = |byte: &u8| byte.saturating_sub(b'0');
                digits.then(|| digit(tens).saturating_mul(10).saturating_add(digit(ones)))
            };
            match (two(h1, h2)?, two(m1, m2)?) {
                (0, 0) => "Z",
                (0..=23, 0..=59) => offset,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(format!("{date}{point}{fraction}{offset}"))
}

pub(super) fn from_seconds(seconds: i64) -> Option<String> {
    format(seconds, 0)
}

/// The fraction is cut to whole nanoseconds, towards zero.
#[expect(clippy::as_conversions, reason = "both are far inside of i64")]
pub(super) fn from_float(seconds: f64) -> Option<String> {
    let whole = seconds.trunc();
    // Far inside of i64, and outside of any year with four digits.
    if whole.abs() > 1e15 {
        return None;
    }
    let nanos = ((seconds - whole) * 1e9) as i64;
    let whole = (whole as i64).saturating_add(nanos.div_euclid(1_000_000_000));
    format(whole, nanos.rem_euclid(1_000_000_000))
}

/// `None` for years that do not have four digits.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a day of an era is below 146,097, and all that follows from it is small"
)]
fn format(seconds: i64, nanos: i64) -> Option<String> {
    let days = seconds.div_euclid(86_400);
    let second = seconds.rem_euclid(86_400);
    // Days from 0000-03-01: leap days come last in such a year.
    let shifted = days.checked_add(719_468)?;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era.checked_mul(400)? + year_of_era + i64::from(month <= 2);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let fraction = format!(".{nanos:09}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
    ))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
