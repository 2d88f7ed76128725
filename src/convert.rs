//! Conversions that lose nothing on any machine that the crate builds for, in
//! place of `as`, which cuts silently.
#![allow(
    clippy::as_conversions,
    reason = "the widths are compared below, when it is compiled"
)]

const _: () = assert!(usize::BITS >= u32::BITS && usize::BITS <= u64::BITS);

/// A length or place in memory as a 64-bit number.
#[inline]
pub(crate) const fn to_u64(number: usize) -> u64 {
    number as u64
}

/// A 32-bit number as a length or place in memory.
#[inline]
pub(crate) const fn to_usize(number: u32) -> usize {
    number as usize
}
