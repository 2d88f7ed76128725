//! Which plain scalars some reader takes for something else than a string.
//!
//! Covers goyaml's `resolve`, the YAML 1.1 type repository (as libyaml's and
//! PyYAML's resolvers have it) and YAML 1.2's core schema, and a little more:
//! what merely looks like a date makes PyYAML fail.

/// Whether `text` must be quoted to stay a string for every reader.
pub(super) fn is_ambiguous(text: &str) -> bool {
    let Some(&first) = text.as_bytes().first() else {
        return true;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            is_special_float(text) || is_number(text) || is_sexagesimal(text) || is_date(text)
        }
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => is_word(text),
        b'~' | b'=' => text.len() == 1,
        b'<' => text == "<<",
        _ => false,
    }
}

/// YAML 1.1's booleans and null, in the three cases that it knows and any other.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_special_float(text: &str) -> bool {
    let text = without_sign(text);
    text.eq_ignore_ascii_case(".inf") || text.eq_ignore_ascii_case(".nan")
}

/// Integers in any base and floats, with underscores anywhere.
fn is_number(text: &str) -> bool {
    let has_underscore = text.contains('_');
    let stripped;
    let text = match has_underscore {
        true => {
            stripped = text.replace('_', "");
            without_sign(&stripped)
        }
        false => without_sign(text),
    };
    if let Some((prefix, digits)) = text.split_at_checked(2) {
        let radix = match prefix {
            "0x" | "0X" => 16,
            "0o" | "0O" => 8,
            "0b" | "0B" => 2,
            _ => 10,
        };
        if radix != 10 {
            // YAML 1.1's patterns accept underscores alone.
            return digits.chars().all(|digit| digit.is_digit(radix))
                && (has_underscore || !digits.is_empty());
        }
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(without_sign(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && (!(whole.is_empty() && fraction.is_empty()) || (has_underscore && !mantissa.is_empty()))
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: base 60.
fn is_sexagesimal(text: &str) -> bool {
    let text = without_sign(text);
    let text = text.split_once('.').map_or(text, |(whole, fraction)| {
        match fraction
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
        {
            true => whole,
            false => "",
        }
    });
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default().as_bytes();
    let mut sixtieths = parts.peekable();
    first.first().is_some_and(u8::is_ascii_digit)
        && first
            .iter()
            .all(|&byte| byte.is_ascii_digit() || byte == b'_')
        && sixtieths.peek().is_some()
        && sixtieths
            .all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// `2006-1-2`, alone or with something like a time behind it; whether there is
/// such a day does not matter.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !matches!(month.len(), 1 | 2) || !digits(month) {
        return false;
    }
    let day = rest.bytes().take_while(u8::is_ascii_digit).count();
    let Some((_, time)) = rest.split_at_checked(day).filter(|_| matches!(day, 1 | 2)) else {
        return false;
    };
    let begins = time.is_empty() || time.starts_with(['T', 't', ' ', '\t']);
    begins
        && time
            .bytes()
            .all(|byte| b"0123456789TtZz:.+- \t".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_reader_takes_for_something_else() {
        for text in [
            "",
            "~",
            "null",
            "Null",
            "NULL",
            "y",
            "N",
            "yes",
            "No",
            "ON",
            "off",
            "true",
            "FALSE",
            "<<",
            "=",
            "0",
            "-1",
            "+1",
            "007",
            "08",
            "1_000",
            "0x1F",
            "-0xf",
            "0o17",
            "0b101",
            "0_x1",
            "1.",
            ".5",
            "-.5",
            "1.5e3",
            "1e3",
            "1E+3",
            "1e999",
            "._",
            "1_.5",
            "0x_",
            "99999999999999999999",
            ".inf",
            "-.INF",
            "+.Inf",
            ".NaN",
            "1:30",
            "-190:20:30",
            "1:30.5",
            "12:30:45",
            "2008-01-01",
            "2008-1-2",
            "2008-13-45",
            "2008-01-01T01:01:01Z",
            "2008-01-01 1:1:1.5 -5",
            "2008-01-01t01:01:01.123+01:00",
        ] {
            assert!(is_ambiguous(text), "{text}");
        }
    }

    #[test]
    fn what_no_reader_does() {
        for text in [
            "a",
            "nullable",
            "yesterday",
            "none",
            "<",
            "<<<",
            "==",
            "1.2.3",
            "v1",
            "1a",
            "0xg",
            "0o8",
            "0b2",
            "e5",
            "1e",
            "1e+",
            ".",
            "..",
            "-",
            "+",
            "-a",
            ".a",
            "10.0.0.1",
            "1:60",
            "1:",
            "a:1",
            "::1",
            "fe80:1",
            "2008-01",
            "2008-01-01x",
            "2008-01-01-1",
            "20080-01-01",
            "24h",
            "100m",
            "1Gi",
            "0/1",
            "_1",
            "infinity",
            "nan",
        ] {
            assert!(!is_ambiguous(text), "{text}");
        }
    }
}
