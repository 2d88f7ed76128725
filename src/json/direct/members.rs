//! The members of an object: the rows of its message, and the fields at them.

use super::{At, Direct};
use crate::schema::row::{Field, Label, MAX_FIELDS, Message, Type};
use crate::wire::Quick;

impl Direct<'_> {
    /// Prints an object with its braces.
    #[inline]
    pub(super) fn object(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: At<'_>,
    ) -> Option<()> {
        self.out.push(b'{');
        let mut first = true;
        self.members(message, bytes, at, &mut first)?;
        self.out.push(b'}');
        Some(())
    }

    /// Prints a message's members; returns the depth that its inline messages
    /// have added to, as they stay open to its end.
    pub(super) fn members(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: At<'_>,
        first: &mut bool,
    ) -> Option<usize> {
        let mut at = self.deeper(at)?;
        if message.in_wire_order {
            self.in_wire_order(message, bytes, &mut at, first)?;
        } else {
            self.in_row_order(message, bytes, &mut at, first)?;
        }
        Some(at.depth)
    }

    /// The fields stand as they are to be printed.
    fn in_wire_order(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let mut wire = Quick::new(bytes);
        // The rows still to come, and their bits.
        let mut rows = message.fields;
        let mut absent = message.shown_absent;
        while !wire.is_empty() {
            let tag = wire.tag()?;
            let before = rows.iter().position(|field| field.tag == tag)?;
            let (passed, rest) = rows.split_at_checked(before)?;
            let (field, rest) = rest.split_first()?;
            self.absent(passed, absent, at, first)?;
            self.field(field, &mut wire, at, first)?;
            absent = absent.checked_shr(u32::try_from(before).ok()?)? >> 1;
            rows = rest;
        }
        self.absent(rows, absent, at, first)
    }

    /// Go writes fields by number, and prints them in the order of the struct.
    fn in_row_order(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        // How much of the message is left behind the first tag of each row.
        let mut left = [0u32; MAX_FIELDS];
        let mut present = 0u64;
        let mut last = usize::MAX;
        let mut wire = Quick::new(bytes);
        while !wire.is_empty() {
            let tag = wire.tag()?;
            let (row, field) = message.field_by_tag(tag, last)?;
            if row != last {
                let bit = 1u64.checked_shl(u32::try_from(row).ok()?)?;
                if present & bit != 0 {
                    return None;
                }
                present |= bit;
                *left.get_mut(row)? = u32::try_from(wire.rest().len()).ok()?;
                last = row;
            } else if field.label == Label::One {
                return None;
            }
            wire.skip(tag)?;
        }
        let mut shown = present | message.shown_absent;
        while let Some(row) = lowest(&mut shown) {
            let field = message.fields.get(row)?;
            if present.checked_shr(u32::try_from(row).ok()?)? & 1 == 0 {
                self.absent_field(field, at, first)?;
                continue;
            }
            let left = usize::try_from(*left.get(row)?).ok()?;
            let from = bytes.len().checked_sub(left)?;
            self.field(field, &mut Quick::new(bytes.get(from..)?), at, first)?;
        }
        Some(())
    }

    /// Fields that are not on the wire: those of `rows` whose bit is set.
    #[inline]
    fn absent(
        &mut self,
        rows: &'static [Field],
        mut bits: u64,
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        while let Some(row) = lowest(&mut bits) {
            let Some(field) = rows.get(row) else {
                break;
            };
            self.absent_field(field, at, first)?;
        }
        Some(())
    }

    #[inline(never)]
    fn absent_field(
        &mut self,
        field: &'static Field,
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        if field.is_inline() {
            return self.inline(field, b"", at, first);
        }
        if at.skip.skips(|| field.name()) {
            return Some(());
        }
        match (field.label, field.kind) {
            (Label::One, Type::Message(message)) if !field.is_pointer() => {
                self.message_field(field, message, b"", true, at, first)
            }
            (Label::One, kind) if !field.is_pointer() => {
                self.member(field.key, first);
                self.zero(kind);
                Some(())
            }
            _ => {
                self.member(field.key, first);
                self.out.extend_from_slice(b"null");
                Some(())
            }
        }
    }

    /// The members of an inline message stand among its parent's.
    #[inline]
    pub(super) fn inline(
        &mut self,
        field: &'static Field,
        bytes: &[u8],
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let Type::Message(message) = field.kind else {
            return None;
        };
        at.depth = self.members(message, bytes, *at, first)?;
        Some(())
    }
}

/// Takes the lowest bit that is set.
#[inline]
fn lowest(bits: &mut u64) -> Option<usize> {
    if *bits == 0 {
        return None;
    }
    let row = bits.trailing_zeros();
    *bits &= bits.wrapping_sub(1);
    usize::try_from(row).ok()
}
