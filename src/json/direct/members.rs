//! The members of an object: the rows of its message, and the fields at them.

use super::Direct;
use crate::de::usual::{At, absent, find_rows, next_row};
use crate::schema::row::{Field, MAX_FIELDS, Message, Type, is_set, lowest};
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
        self.members(message, bytes, &mut at.deeper()?, &mut first)?;
        self.out.push(b'}');
        Some(())
    }

    /// Prints a message's members; inline messages stay open to its end.
    pub(super) fn members(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        if message.in_wire_order {
            self.in_wire_order(message, bytes, at, first)
        } else {
            self.in_row_order(message, bytes, at, first)
        }
    }

    /// The fields stand as they are to be printed.
    fn in_wire_order(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let fields = message.fields;
        let mut wire = Quick::new(bytes);
        let mut from = 0usize;
        let mut absent = message.shown_absent;
        while let Some(row) = next_row(message, from, &mut wire)? {
            let passed = row.checked_sub(from)?;
            self.absent(fields.get(from..row)?, absent, at, first)?;
            self.field(fields.get(row)?, &mut wire, at, first)?;
            absent = absent.checked_shr(u32::try_from(passed).ok()?)? >> 1;
            from = row.saturating_add(1);
        }
        self.absent(fields.get(from..)?, absent, at, first)
    }

    /// Go writes fields by number, and prints them in the order of the struct.
    fn in_row_order(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let mut left = [0u32; MAX_FIELDS];
        let present = find_rows(message, bytes, &mut left)?;
        let mut shown = present | message.shown_absent;
        while let Some(row) = take_lowest(&mut shown) {
            let field = message.fields.get(row)?;
            if !is_set(present, row) {
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
        while let Some(row) = take_lowest(&mut bits) {
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
        if let Some(source) = absent(field, *at)? {
            self.member(field.key, first);
            self.source(source)?;
        }
        Some(())
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
        let Type::Message(message) = field.kind() else {
            return None;
        };
        *at = at.deeper()?;
        self.members(message, bytes, at, first)
    }
}

/// Takes the lowest bit that is set.
#[inline]
fn take_lowest(bits: &mut u64) -> Option<usize> {
    let row = lowest(*bits)?;
    *bits &= bits.wrapping_sub(1);
    Some(row)
}
