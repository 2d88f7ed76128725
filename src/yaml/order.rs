//! The order of a mapping's keys, which Kubernetes' YAML takes from goyaml:
//! runs of digits compare as numbers, and letters come after everything else.

use std::cmp::Ordering;
use std::ops::Range;

/// A key for comparing.
struct Key {
    characters: Vec<char>,
    /// Where runs of more than [`ENOUGH`] digits stand: a long one beside many short
    /// keys would be read again for each of them.
    long_numbers: Vec<Range<usize>>,
}

/// So many digits tell a number modulo 2^64, which divides 10^64.
const ENOUGH: usize = 64;

impl Key {
    fn new(key: &str) -> Key {
        let characters: Vec<char> = key.chars().collect();
        let mut long_numbers = Vec::new();
        let mut start = 0_usize;
        for run in characters.split(|character| !character.is_ascii_digit()) {
            let end = start.saturating_add(run.len());
            if run.len() > ENOUGH {
                long_numbers.push(start..end);
            }
            start = end.saturating_add(1);
        }
        Key {
            characters,
            long_numbers,
        }
    }

    /// The number that the digits from `at` on continue, and where they end.
    fn number(&self, start: i64, at: usize) -> (i64, usize) {
        let long = self.long_numbers.partition_point(|run| run.end <= at);
        let long = self.long_numbers.get(long).filter(|run| run.contains(&at));
        let from = long.map_or(at, |run| run.end.saturating_sub(ENOUGH).max(at));
        let digits = self.characters.iter().skip(from);
        let digits = digits.map_while(|digit| digit.to_digit(10));
        digits.fold((start, from), |(number, end), digit| {
            let number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
            (number, end.saturating_add(1))
        })
    }
}

/// goyaml's `keyList.Less`, on the characters of both keys.
///
/// Not a total order: `e2b` < `e4b` < `e21a` < `e2b`, and numbers of more than 18
/// digits wrap. (Go's own output is then one of several.) Letters outside of ASCII
/// are told by Unicode's Alphabetic property and digits in ASCII only, where Go
/// asks for the categories L and Nd.
fn less(a_key: &Key, b_key: &Key) -> bool {
    let (a, b) = (&a_key.characters, &b_key.characters);
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (Some(&x), Some(&y)) = (a.get(common), b.get(common)) else {
        return a.len() < b.len();
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x < y,
        (false, false) => {}
        (_, y_is_letter) => return y_is_letter,
    }
    // A zero in the middle of a number counts; zeros before it do not.
    let mut start = 0;
    if x == '0' || y == '0' {
        let digits = a.iter().take(common).rev();
        let mut digits = digits.take_while(|digit| digit.is_ascii_digit());
        start = i64::from(digits.any(|&digit| digit != '0'));
    }
    let (x_number, x_end) = a_key.number(start, common);
    let (y_number, y_end) = b_key.number(start, common);
    match (x_number.cmp(&y_number), x_end.cmp(&y_end)) {
        (Ordering::Equal, Ordering::Equal) => x < y,
        (Ordering::Equal, ends) => ends == Ordering::Less,
        (numbers, _) => numbers == Ordering::Less,
    }
}

/// Sorts by goyaml's order; where that runs in circles, the order of `entries`
/// decides what comes out. A merge sort of our own, because the standard library's
/// may panic on an order that is not total.
pub(super) fn sort<T>(entries: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<T> {
    if entries.len() < 2 {
        return entries;
    }
    let mut entries: Vec<Keyed<T>> = entries
        .into_iter()
        .map(|entry| (Key::new(key(&entry)), entry))
        .collect();
    let mut width = 1;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        let mut rest = entries.into_iter().peekable();
        while rest.peek().is_some() {
            let left: Vec<_> = rest.by_ref().take(width).collect();
            let right: Vec<_> = rest.by_ref().take(width).collect();
            merge(&mut merged, left, right);
        }
        entries = merged;
        width = width.saturating_mul(2);
    }
    entries.into_iter().map(|(_, entry)| entry).collect()
}

type Keyed<T> = (Key, T);

fn merge<T>(out: &mut Vec<Keyed<T>>, left: Vec<Keyed<T>>, right: Vec<Keyed<T>>) {
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some((l, _)), Some((r, _))) = (left.peek(), right.peek()) {
        let next = match less(r, l) {
            true => right.next(),
            false => left.next(),
        };
        out.extend(next);
    }
    out.extend(left);
    out.extend(right);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &str) -> String {
        let keys = keys.split(' ').collect::<Vec<_>>();
        sort(keys, |key| key).join(" ")
    }

    #[test]
    fn as_goyaml_sorts() {
        // As goyaml prints these keys.
        let expected = ".1 .2 .a 1 2 a!10 a/0001 a/002 a/3 a/10 a/11 a/0012 a/100 a~10 ab/1 b/1 \
                        b/01 b/2 b/02 b/3 b/03 b1 b01 b3 c2.10 c10.2 d1 d7 d7abc d12 d12a";
        let mut bytewise = expected.split(' ').collect::<Vec<_>>();
        bytewise.sort_unstable();
        assert_eq!(sorted(&bytewise.join(" ")), expected);
        bytewise.reverse();
        assert_eq!(sorted(&bytewise.join(" ")), expected);
        for (keys, expected) in [
            ("b a c", "a b c"),
            ("a10 a2 a1", "a1 a2 a10"),
            ("ab a1 a- a", "a a- a1 ab"),
            ("x0y x0 x", "x x0 x0y"),
            ("é z A a", "A a z é"),
            ("f:b k:{} .", ". f:b k:{}"),
            (
                "9223372036854775808 1 92233720368547758080",
                "9223372036854775808 92233720368547758080 1",
            ),
        ] {
            assert_eq!(sorted(keys), expected);
        }
    }

    /// goyaml reads all digits.
    fn number(start: i64, text: &[char], at: usize) -> (i64, usize) {
        let digits = text.iter().skip(at).map_while(|digit| digit.to_digit(10));
        digits.fold((start, at), |(number, end), digit| {
            let number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
            (number, end + 1)
        })
    }

    #[test]
    fn long_numbers_are_what_all_their_digits_say() {
        let digits = "31415926535897932384626433832795028841971693993751".repeat(5);
        for length in [1, 18, 19, 20, 62, 63, 64, 65, 66, 100, 127, 128, 129, 250] {
            for text in [
                digits[..length].to_owned(),
                format!("a{}b{}", &digits[..length], &digits[3..length.max(3)]),
                format!("{}0", "0".repeat(length)),
                format!("a{}", "9".repeat(length)),
            ] {
                let key = Key::new(&text);
                for at in 0..=key.characters.len() {
                    for start in [0, 1] {
                        let all = number(start, &key.characters, at);
                        assert_eq!(key.number(start, at), all, "{text} at {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_order_that_runs_in_circles_loses_nothing() {
        let keys = ["e2b", "e4b", "e21a", "e2a", "e4", "e21"].repeat(50);
        let mut sorted = sort(keys.clone(), |key| key);
        let mut keys = keys;
        keys.sort_unstable();
        sorted.sort_unstable();
        assert_eq!(sorted, keys);
    }
}
