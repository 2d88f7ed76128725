//! The head of an item: major type and argument.
//!
//! ```text
//! byte 0: mmmaaaaa    m major type, a argument
//! a < 24              the argument itself
//! a = 24, 25, 26, 27  1, 2, 4, 8 bytes of argument follow, big-endian
//! a = 31              indefinite length, or the break that ends it
//! ```

use super::WHAT;
use crate::convert::to_u64;
use crate::error::Result;
use crate::wire::Reader;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    /// Simple values, floats and the break.
    Simple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// In the head's first byte.
    Short(u8),
    One(u8),
    Two(u16),
    Four(u32),
    Eight(u64),
    Indefinite,
}

impl Argument {
    /// The number, whatever its width; `None` for an indefinite length.
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Argument::Short(value) | Argument::One(value) => Some(u64::from(value)),
            Argument::Two(value) => Some(u64::from(value)),
            Argument::Four(value) => Some(u64::from(value)),
            Argument::Eight(value) => Some(value),
            Argument::Indefinite => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) major: Major,
    pub(super) argument: Argument,
}

/// The break that ends an item of indefinite length.
pub(super) const BREAK: Head = Head {
    major: Major::Simple,
    argument: Argument::Indefinite,
};

impl Head {
    /// Integers and tags have no indefinite length; a break is returned as [`BREAK`].
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Head> {
        let start = *reader;
        let first = take::<1>(reader)?[0];
        let major = match first >> 5 {
            0 => Major::Unsigned,
            1 => Major::Negative,
            2 => Major::Bytes,
            3 => Major::Text,
            4 => Major::Array,
            5 => Major::Map,
            6 => Major::Tag,
            _ => Major::Simple,
        };
        let argument = match first & 0x1f {
            short @ ..24 => Argument::Short(short),
            24 => Argument::One(take::<1>(reader)?[0]),
            25 => Argument::Two(u16::from_be_bytes(take(reader)?)),
            26 => Argument::Four(u32::from_be_bytes(take(reader)?)),
            27 => Argument::Eight(u64::from_be_bytes(take(reader)?)),
            31 if !matches!(major, Major::Unsigned | Major::Negative | Major::Tag) => {
                Argument::Indefinite
            }
            _ => return Err(start.malformed(WHAT, "reserved additional information in a head")),
        };
        Ok(Head { major, argument })
    }
}

fn take<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N]> {
    let start = *reader;
    let bytes = reader.bytes(to_u64(N), WHAT)?;
    match bytes.first_chunk() {
        Some(chunk) => Ok(*chunk),
        None => Err(start.malformed(WHAT, "head is cut short")),
    }
}
