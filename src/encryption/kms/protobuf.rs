//! Whether bytes are a message to Go's protobuf library.
//!
//! KMS v2 values are the one thing that the API server reads with
//! google.golang.org/protobuf. It is stricter than gogo/protobuf, which
//! generated the decoders of Kubernetes' own types and whose rules
//! [`wire`](crate::wire) keeps: groups must end with their own number, field
//! numbers have 29 bits, and a varint 64.
//!
//! Source: `encoding/protowire/wire.go` and `internal/impl/decode.go` there.

/// Groups that may stand in each other.
const DEPTH: usize = 10_000;

pub(super) fn is_message(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let Some(()) = skip_tagged(&mut rest, &mut groups) else {
            return false;
        };
    }
    groups.is_empty()
}

/// One field, or the beginning or end of a group.
fn skip_tagged(rest: &mut &[u8], groups: &mut Vec<u64>) -> Option<()> {
    let tag = take_varint(rest)?;
    let number = tag >> 3;
    let max = if groups.is_empty() {
        (1 << 29) - 1
    } else {
        u64::from(i32::MAX.unsigned_abs())
    };
    if number == 0 || number > max {
        return None;
    }
    match tag & 7 {
        0 => take_varint(rest).map(drop),
        1 => skip(rest, 8),
        2 => take_varint(rest).and_then(|length| skip(rest, length)),
        3 if groups.len() < DEPTH => {
            groups.push(number);
            Some(())
        }
        4 => (groups.pop() == Some(number)).then_some(()),
        5 => skip(rest, 4),
        _ => None,
    }
}

fn skip(rest: &mut &[u8], length: u64) -> Option<()> {
    *rest = rest.get(usize::try_from(length).ok()?..)?;
    Some(())
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::is_message;

    #[test]
    fn where_the_two_go_libraries_differ() {
        for (bytes, sound) in [
            (&[][..], true),
            // Group 1 with a varint; ended by another number; not ended.
            (&[0x0b, 0x10, 0x01, 0x0c], true),
            (&[0x0b, 0x10, 0x01, 0x14], false),
            (&[0x0b, 0x10, 0x01], false),
            (&[0x0c], false),
            // Field numbers 0, 2^29 - 1 and 2^29.
            (&[0x00, 0x00], false),
            (&[0xf8, 0xff, 0xff, 0xff, 0x0f, 0x00], true),
            (&[0x80, 0x80, 0x80, 0x80, 0x10, 0x00], false),
            // Varints of 64 and 65 bits, and one that is longer than it need be.
            (&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], true),
            (&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], false),
            (&[8, 0x80, 0x80, 0], true),
            (&[0x0a, 2, 1], false),
            (&[0x0e], false),
        ] {
            assert_eq!(is_message(bytes), sound, "{bytes:x?}");
        }
    }

    /// Fields within a group of number 1.
    fn grouped(inside: &[u8]) -> Vec<u8> {
        [&[0x0b], inside, &[0x0c]].concat()
    }

    #[test]
    fn numbers_have_31_bits_within_a_group_and_29_outside() {
        let varint_of = |number: u64| {
            let mut tag = number << 3;
            let mut bytes = Vec::new();
            while tag >= 0x80 {
                bytes.push(tag as u8 | 0x80);
                tag >>= 7;
            }
            bytes.extend([tag as u8, 0]);
            bytes
        };
        for (number, within, outside) in [
            (0, false, false),
            (1, true, true),
            ((1 << 29) - 1, true, true),
            (1 << 29, true, false),
            ((1 << 31) - 1, true, false),
            (1 << 31, false, false),
        ] {
            assert_eq!(is_message(&grouped(&varint_of(number))), within, "{number}");
            assert_eq!(is_message(&varint_of(number)), outside, "{number}");
        }
    }

    #[test]
    fn groups_end_with_their_own_number_innermost_first() {
        assert!(is_message(&grouped(&[0x13, 0x14])));
        assert!(!is_message(&[0x0b, 0x13, 0x0c, 0x14]));
        assert!(!is_message(&[0x0b, 0x0c, 0x0c]));
        assert!(is_message(&[0x0b, 0x0c, 0x0b, 0x0c]));
        let nested = |depth: usize| [vec![0x0b; depth], vec![0x0c; depth]].concat();
        assert!(is_message(&nested(10_000)));
        assert!(!is_message(&nested(10_001)));
        // After them all there is room for as many again.
        assert!(is_message(&[nested(10_000), nested(10_000)].concat()));
    }

    #[test]
    fn fixed_and_counted_payloads_have_all_their_bytes() {
        for (tag, length) in [(9, 8), (13, 4)] {
            for have in 0..=length {
                let bytes = [vec![tag], vec![0; have]].concat();
                assert_eq!(is_message(&bytes), have == length, "{tag} {have}");
            }
        }
        assert!(is_message(&[0x0a, 0]));
        assert!(is_message(&[0x0a, 2, 1, 1, 0x0a, 0]));
        assert!(!is_message(&[
            0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1
        ]));
    }
}
