//! Which rows of the table the fields of a message stand for.

use super::retired;
use crate::schema::row::{Field, Label, Message};
use crate::wire::Quick;

/// Reads the next tag: its row, which none of the rows before `from` is; `None`
/// inside at the end. Retired fields that hold nothing are read over wherever
/// they stand.
#[inline]
pub(crate) fn next_row(
    message: &'static Message,
    from: usize,
    wire: &mut Quick<'_>,
) -> Option<Option<usize>> {
    while !wire.is_empty() {
        let tag = wire.tag()?;
        match message.row_of(tag) {
            Some((row, _)) if row >= from => return Some(Some(row)),
            _ => pass_retired(message.fields, tag, wire)?,
        }
    }
    Some(None)
}

#[cold]
fn pass_retired(fields: &'static [Field], tag: u16, wire: &mut Quick<'_>) -> Option<()> {
    let retired_too = |field: &&Field| field.tag == tag && field.is_retired();
    retired(fields.iter().find(retired_too)?, wire)
}

/// Notes for each row how much of `bytes` is left behind its first tag; gives
/// the bits of the rows that are there. The values of a list stand together,
/// all else stands once.
pub(crate) fn find_rows(message: &'static Message, bytes: &[u8], left: &mut [u32]) -> Option<u64> {
    let mut present = 0u64;
    let mut last = None;
    let mut wire = Quick::new(bytes);
    while !wire.is_empty() {
        let tag = wire.tag()?;
        let (row, field) = message.row_of(tag)?;
        if last != Some(row) {
            let bit = 1u64.checked_shl(u32::try_from(row).ok()?)?;
            if present & bit != 0 {
                return None;
            }
            present |= bit;
            *left.get_mut(row)? = u32::try_from(wire.rest().len()).ok()?;
            last = Some(row);
        } else if field.label == Label::One {
            return None;
        }
        wire.skip(tag)?;
    }
    Some(present)
}
