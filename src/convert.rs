//! Conversions in place of `as`, which cuts silently: those that lose nothing on
//! any machine that the crate builds for, and those that cut as Go does.
#![expect(
    clippy::as_conversions,
    reason = "the widths are compared below, when it is compiled, or cutting is meant"
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

/// The low 32 bits, as Go's `uint32(number)`.
#[inline]
pub(crate) const fn low_u32(number: u64) -> u32 {
    number as u32
}

/// The low 32 bits as a number with a sign, as Go's `int32(number)`.
#[inline]
pub(crate) const fn low_i32(number: u64) -> i32 {
    number as i32
}
