//! Other keys under which the API server may have written the same object: its
//! prefix was renamed, or what stands in etcd went through a proxy that put a
//! namespace before all keys, or took one away.

use super::PREFIXES;
use super::resources::is_resource;

/// Segments that may stand before the resource.
const DROPPED_MAX: usize = 4;

/// Prefixes that are taken from other keys and from the key itself.
const GUESSED_MAX: usize = 16;

/// Bytes of a segment of which parts are taken.
const SEGMENT_MAX: usize = 256;

/// The prefixes under which an object is looked for, without a slash at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prefixes {
    texts: Vec<String>,
    /// How many of them are not guessed.
    known: usize,
}

impl Prefixes {
    /// The given ones, then the usual ones.
    pub(crate) fn new<'p>(given: impl IntoIterator<Item = &'p str>) -> Prefixes {
        let mut prefixes = Prefixes::default();
        for prefix in given.into_iter().chain(PREFIXES) {
            let prefix = format!("/{}", prefix.trim_matches('/'));
            if prefix.len() > 1 && !prefixes.texts.contains(&prefix) {
                prefixes.texts.push(prefix);
            }
        }
        prefixes.known = prefixes.texts.len();
        prefixes
    }

    /// Adds those that parts of the key's first segments are: `/tenant-00` in
    /// `/default_tenant-00/secrets/…`.
    pub(crate) fn add_parts_of(&mut self, key: &[u8]) {
        let segments = key.split(|byte| *byte == b'/').filter(|s| !s.is_empty());
        for segment in segments.take(2) {
            let Ok(segment) = std::str::from_utf8(segment) else {
                return;
            };
            if is_resource(segment) || PREFIXES.contains(&segment) || segment.len() > SEGMENT_MAX {
                return;
            }
            for (at, separator) in segment.match_indices(['_', '.', '-', ':']) {
                let (before, after) = segment.split_at_checked(at).unwrap_or_default();
                let after = after.strip_prefix(separator).unwrap_or_default();
                for part in [after, before] {
                    self.add(format!("/{part}"));
                }
            }
        }
    }

    /// Adds the prefix of another key, if that key shows where its prefix ends.
    pub(crate) fn add_of_other(&mut self, other: &[u8]) {
        if let Some(prefix) = prefix_of(other) {
            self.add(prefix.to_owned());
        }
    }

    fn add(&mut self, prefix: String) {
        let guessed = self.texts.len().saturating_sub(self.known);
        if guessed < GUESSED_MAX && prefix.len() > 1 && !self.texts.contains(&prefix) {
            self.texts.push(prefix);
        }
    }

    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The key without its first segments, and what is left of it under each
    /// prefix; then, of all that is not guessed, the same without the first slash.
    pub(crate) fn keys(&self, key: &[u8]) -> Vec<Vec<u8>> {
        let rests = rests(key);
        let prefixes = [""]
            .into_iter()
            .chain(self.texts.iter().map(String::as_str));
        let under = |prefix: &str| {
            let keys = rests.iter().map(|rest| [prefix.as_bytes(), rest].concat());
            keys.collect::<Vec<_>>()
        };
        let mut keys: Vec<_> = prefixes.flat_map(under).collect();
        let without_slash = |key: &Vec<u8>| key.strip_prefix(b"/").map(<[u8]>::to_vec);
        let known = rests.len().saturating_mul(self.known.saturating_add(1));
        let without: Vec<_> = keys.iter().take(known).filter_map(without_slash).collect();
        keys.extend(without);
        keys
    }
}

/// What is left of a key without its first segments, each from its slash on, as
/// long as its resource may be in it. First the key itself, if it begins with a
/// slash.
fn rests(key: &[u8]) -> Vec<&[u8]> {
    let mut rests = Vec::new();
    let mut at = 0;
    while rests.len() <= DROPPED_MAX {
        let Some(rest) = key.get(at..) else { break };
        let Some(slash) = rest.iter().position(|byte| *byte == b'/') else {
            break;
        };
        let dropped = rest.get(..slash).unwrap_or_default();
        let rest = rest.get(slash..).unwrap_or_default();
        if std::str::from_utf8(dropped).is_ok_and(is_resource) {
            break;
        }
        // A name at least stands after the resource.
        if !rest.iter().skip(1).any(|byte| *byte == b'/') {
            break;
        }
        rests.push(rest);
        at = at.saturating_add(slash).saturating_add(1);
    }
    rests
}

/// What stands before the first segment that is a resource's.
fn prefix_of(key: &[u8]) -> Option<&str> {
    let slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let ends = slashes
        .map(|(at, _)| at)
        .take(DROPPED_MAX.saturating_add(1));
    for at in ends {
        let rest = key.get(at.checked_add(1)?..)?;
        let first = rest.split(|byte| *byte == b'/').next()?;
        let first = std::str::from_utf8(first).ok()?;
        if is_resource(first) {
            let prefix = std::str::from_utf8(key.get(..at)?).ok()?;
            return (prefix.len() > 1).then_some(prefix);
        }
    }
    None
}

/// How keys were changed, as two of one object show: what they begin with now,
/// and what they began with. The rest, a resource and a name at least, is the same.
pub(crate) fn change<'a>(now: &'a [u8], before: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let backwards = now.iter().rev().zip(before.iter().rev());
    let same = backwards.take_while(|(a, b)| a == b).count();
    let rest = now.get(now.len().checked_sub(same)?..)?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    let rest = rest.get(slash..)?;
    if rest.iter().filter(|byte| **byte == b'/').count() < 2 {
        return None;
    }
    Some((now.strip_suffix(rest)?, before.strip_suffix(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(given: &[&str], now: &str, before: &str) -> bool {
        let mut prefixes = Prefixes::new(given.iter().copied());
        prefixes.add_parts_of(now.as_bytes());
        prefixes
            .keys(now.as_bytes())
            .contains(&before.as_bytes().to_vec())
    }

    #[test]
    fn renamed_prefixes_and_namespaces_are_found() {
        for (now, before) in [
            ("/default_tenant-00/secrets/a/b", "/tenant-00/secrets/a/b"),
            ("/registry/secrets/a/b", "/kubernetes.io/secrets/a/b"),
            ("/ns/registry/secrets/a/b", "/registry/secrets/a/b"),
            ("ns/registry/secrets/a/b", "/registry/secrets/a/b"),
            ("ns//registry/secrets/a/b", "/registry/secrets/a/b"),
            ("/x/y/registry/secrets/a/b", "/registry/secrets/a/b"),
            ("/k8s/prod/secrets/a/b", "/registry/secrets/a/b"),
            ("/secrets/a/b", "/registry/secrets/a/b"),
            ("registry/secrets/a/b", "/registry/secrets/a/b"),
            ("/registry/secrets/a/b", "registry/secrets/a/b"),
            ("/old/secrets/a/b", "/secrets/a/b"),
            ("/tenant-00.old/secrets/a/b", "/tenant-00/secrets/a/b"),
        ] {
            assert!(is_found(&[], now, before), "{now} {before}");
        }
        assert!(!is_found(&[], "/one/secrets/a/b", "/other/secrets/a/b"));
        assert!(is_found(
            &["other/"],
            "/one/secrets/a/b",
            "/other/secrets/a/b"
        ));
        let mut prefixes = Prefixes::new([]);
        prefixes.add_of_other(b"/other/configmaps/x/y");
        let keys = prefixes.keys(b"/one/secrets/a/b");
        assert!(keys.contains(&b"/other/secrets/a/b".to_vec()));
    }

    #[test]
    fn a_key_of_many_parts_gives_few_keys() {
        let key = "/a-b_c.d:e".repeat(1_000);
        let mut prefixes = Prefixes::new(["/x"]);
        prefixes.add_parts_of(key.as_bytes());
        for at in 0..1_000 {
            prefixes.add_of_other(format!("/p{at}/pods/a/b").as_bytes());
        }
        let keys = prefixes.keys(key.as_bytes());
        assert!(
            keys.len() <= 5 * (2 * (1 + 4) + GUESSED_MAX),
            "{}",
            keys.len()
        );
    }

    #[test]
    fn a_change_is_what_differs_before_the_resource() {
        let changed =
            |now: &'static str, before: &'static str| change(now.as_bytes(), before.as_bytes());
        assert_eq!(
            changed("/default_t/secrets/a/b", "/t/secrets/a/b"),
            Some((&b"/default_t"[..], &b"/t"[..]))
        );
        assert_eq!(
            changed("/ns/registry/secrets/a/b", "/registry/secrets/a/b"),
            Some((&b"/ns"[..], &b""[..]))
        );
        assert_eq!(
            changed("/registry/secrets/a/b", "/registry/secrets/a/c"),
            None
        );
        assert_eq!(
            changed("/registry/secrets/a/b", "/registry/secrets/c/b"),
            None
        );
    }
}
