//! Timestamps, which only a tag `!!timestamp` asks for: whether Go's `time.Parse`
//! takes one of goyaml's four layouts.

/// `2006-1-2T15:4:5.9Z07:00` with `T` or `t`, `2006-1-2 15:4:5.9`, `2006-1-2`.
pub(super) fn is_timestamp(text: &str) -> bool {
    parse(text.as_bytes()).is_some()
}

fn parse(text: &[u8]) -> Option<()> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = number(year)?;
    let (month, rest) = one_or_two(rest.strip_prefix(b"-")?)?;
    let (day, rest) = one_or_two(rest.strip_prefix(b"-")?)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    match rest {
        [] => Some(()),
        [b'T' | b't', time @ ..] => zone(clock(time)?),
        [b' ', time @ ..] => clock(after_spaces(time))?.is_empty().then_some(()),
        _ => None,
    }
}

/// `15:4:5.9`; what follows.
fn clock(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = one_or_two(text)?;
    let (minute, rest) = one_or_two(rest.strip_prefix(b":")?)?;
    let (second, rest) = one_or_two(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match rest {
        [b'.' | b',', digits @ ..] => digits.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    match fraction {
        0 => Some(rest),
        _ => rest.get(fraction.saturating_add(1)..),
    }
}

/// `Z`, or hours and minutes with a sign.
fn zone(text: &[u8]) -> Option<()> {
    match text {
        b"Z" => Some(()),
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            (hours <= 24 && minutes <= 60).then_some(())
        }
        _ => None,
    }
}

/// A layout's space stands for any number of them.
fn after_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    text.get(spaces..).unwrap_or_default()
}

fn one_or_two(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text
        .iter()
        .take(2)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let (digits, rest) = text.split_at_checked(digits)?;
    Some((number(digits)?, rest))
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn as_go_parses_them() {
        for text in [
            "2020-01-01",
            "2020-1-1",
            "2020-02-29",
            "2020-01-01T1:2:3Z",
            "2020-01-01t01:02:03.5+01:00",
            "2020-01-01 1:2:3",
            "2020-01-01  1:2:3,25",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "2020",
            "2020-1",
            "2021-02-29",
            "2020-13-01",
            "2020-01-00",
            "20-01-01",
            "2020-01-01T1:2:3",
            "2020-01-01 1:2:3Z",
            "2020-01-01 24:00:00",
            "2020-01-01 1:2:3.",
            "2020-001-01",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
