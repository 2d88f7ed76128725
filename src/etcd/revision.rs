use std::fmt;

use crate::error::{Error, Result};

/// One change of the store: the transaction's number, and the change's number
/// within the transaction.
///
/// ```text
/// key of the bucket "key"
/// offset  size
///      0     8  main  big-endian
///      8     1  '_'
///      9     8  sub   big-endian
///     17     1  't'   only where the change is a deletion
/// ```
///
/// Always big-endian, so that the bytes sort as the changes happened. Source:
/// `server/storage/mvcc/revision.go` of go.etcd.io/etcd.
///
/// Shown as etcd's own tools do: `12_0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Revision {
    /// The transaction: what Kubernetes calls `resourceVersion`.
    pub main: i64,
    /// The change within the transaction, from 0.
    pub sub: i64,
}

const SIZE: usize = 17;
const TOMBSTONE: u8 = b't';

impl Revision {
    /// The revision as it is written in the bucket `meta`, without a mark.
    pub(super) fn parse(bytes: &[u8]) -> Result<Revision> {
        match Revision::parse_marked(bytes)? {
            (revision, false) => Ok(revision),
            (_, true) => Err(Error::malformed(WHAT, "it is marked as a deletion")),
        }
    }

    /// A key of the bucket `key`: the revision, and whether it is a deletion.
    #[inline]
    pub(super) fn parse_marked(bytes: &[u8]) -> Result<(Revision, bool)> {
        let (fixed, mark) = bytes
            .split_first_chunk::<SIZE>()
            .ok_or_else(|| wrong_length(bytes.len()))?;
        let tombstone = match mark {
            [] => false,
            [TOMBSTONE] => true,
            [_] => return Err(Error::malformed(WHAT, "its mark is not 't'")),
            _ => return Err(wrong_length(bytes.len())),
        };
        let [m0, m1, m2, m3, m4, m5, m6, m7, separator, sub @ ..] = *fixed;
        if separator != b'_' {
            return Err(Error::malformed(WHAT, "no '_' between main and sub"));
        }
        let main = i64::from_be_bytes([m0, m1, m2, m3, m4, m5, m6, m7]);
        let sub = i64::from_be_bytes(sub);
        if main < 0 || sub < 0 {
            return Err(Error::malformed(WHAT, "above 2^63-1"));
        }
        Ok((Revision { main, sub }, tombstone))
    }
}

const WHAT: &str = "revision";

#[cold]
fn wrong_length(length: usize) -> Error {
    Error::malformed(WHAT, format!("{length} bytes, not {SIZE} or 18"))
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.main, self.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::Revision;

    #[test]
    fn forms_that_are_no_revision() {
        let sound = *b"\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0\x03";
        let revision = Revision { main: 258, sub: 3 };
        assert_eq!(Revision::parse(&sound).unwrap(), revision);
        let marked = [&sound[..], b"t"].concat();
        assert_eq!(Revision::parse_marked(&marked).unwrap(), (revision, true));
        assert_eq!(revision.to_string(), "258_3");

        assert!(Revision::parse(&marked).is_err());
        for length in (0..17).chain([18, 19, 40]) {
            let bytes: Vec<u8> = sound.iter().copied().cycle().take(length).collect();
            assert!(Revision::parse_marked(&bytes).is_err(), "{length} bytes");
        }
        for (at, byte) in [(0, 0x80), (8, b'-'), (9, 0xff)] {
            let mut bytes = sound;
            bytes[at] = byte;
            assert!(Revision::parse_marked(&bytes).is_err(), "byte {at}");
        }
    }
}
