//! The fields of an object as they come on the wire: for types that do not ask in
//! which order members stand.

use super::members::{Member, absent, is_shown, values};
use super::{At, Object, Slot, Stacks, retired};
use crate::de::scalar::integer;
use crate::schema::row::{Field, Message, Type, lowest};
use crate::wire::Quick;

/// Steps through the fields of a message, and those of inline messages, that are
/// printed; the [`Slot`] that came with it is on what is left of the message.
pub(crate) struct Fields<'s> {
    message: &'static Message,
    /// Bits of the rows that were met.
    met: u64,
    /// How many messages wait for inline ones to end.
    outer: u32,
    has_ended: bool,
    at: At<'s>,
}

/// A message that an inline one interrupts.
pub(super) struct Outer<'a> {
    message: &'static Message,
    met: u64,
    wire: Quick<'a>,
}

/// What comes next.
pub(crate) enum Next {
    /// The field is in the slot.
    Member(&'static Field),
    End,
    Unusual,
}

impl<'s> Fields<'s> {
    #[inline]
    pub(crate) fn open<'a>(object: Object<'s, 'a>) -> Option<(Fields<'s>, Slot<'s, 'a>)> {
        // By all rules, inline messages stay open to the end: that many levels are
        // as deep as it may get.
        let levels = object.message.inlines.saturating_add(1);
        let at = object.at.deeper_by(levels)?;
        let fields = Fields {
            message: object.message,
            met: 0,
            outer: 0,
            has_ended: false,
            at,
        };
        Some((fields, Slot::on(object.bytes, at)))
    }

    /// The next member that is printed.
    pub(crate) fn next<'a>(&mut self, slot: &mut Slot<'s, 'a>, stacks: &mut Stacks<'a>) -> Next {
        if slot.leave().is_none() {
            return Next::Unusual;
        }
        loop {
            if slot.wire().is_empty() {
                match self.at_end(slot, stacks) {
                    Some(Some(next)) => return next,
                    Some(None) => continue,
                    None => return Next::Unusual,
                }
            }
            let Some(field) = self.next_field(slot.wire()) else {
                return Next::Unusual;
            };
            if !(field.is_always_shown() && self.at.skip.is_empty()) {
                match self.is_shown(field, slot, stacks) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return Next::Unusual,
                }
            }
            slot.put_field(field);
            return Next::Member(field);
        }
    }

    /// Reads the tag of the next field, which was not met before.
    #[inline(always)]
    fn next_field(&mut self, wire: &mut Quick<'_>) -> Option<&'static Field> {
        let tag = wire.tag()?;
        let (row, field) = self.message.row_of(tag)?;
        self.meet(row)?;
        Some(field)
    }

    #[inline(always)]
    fn meet(&mut self, row: usize) -> Option<()> {
        let bit = 1u64.checked_shl(u32::try_from(row).ok()?)?;
        let met_before = self.met & bit != 0;
        self.met |= bit;
        (!met_before).then_some(())
    }

    /// Whether the field is a member of the object's; if not, it is passed over.
    #[inline]
    fn is_shown<'a>(
        &mut self,
        field: &'static Field,
        slot: &mut Slot<'s, 'a>,
        stacks: &mut Stacks<'a>,
    ) -> Option<bool> {
        if !self.at.skip.is_empty() {
            if self.at.skips(field) {
                values(field, slot.wire())?;
                return Some(false);
            }
            slot.set_at(self.at.member(field));
        }
        if field.is_always_shown() {
            return Some(true);
        }
        if field.is_zero_omitted() {
            let mut behind = *slot.wire();
            if integer(field.kind(), behind.varint()?) != 0 {
                return Some(true);
            }
            *slot.wire() = behind;
            return Some(false);
        }
        self.ask(field, slot, stacks)
    }

    #[cold]
    fn ask<'a>(
        &mut self,
        field: &'static Field,
        slot: &mut Slot<'s, 'a>,
        stacks: &mut Stacks<'a>,
    ) -> Option<bool> {
        let wire = slot.wire();
        if field.is_retired() {
            retired(field, wire)?;
            return Some(false);
        }
        let mut behind = *wire;
        let (payload, count) = values(field, &mut behind)?;
        if let (true, Type::Message(message)) = (field.is_inline(), field.kind()) {
            *wire = behind;
            self.open_inline(message, payload.rest(), slot, stacks);
            return Some(false);
        }
        let member = Member {
            field,
            wire: payload,
            count,
        };
        let is_shown = is_shown(member, self.at)?;
        if !is_shown {
            *wire = behind;
        }
        Some(is_shown)
    }

    fn open_inline<'a>(
        &mut self,
        message: &'static Message,
        bytes: &'a [u8],
        slot: &mut Slot<'s, 'a>,
        stacks: &mut Stacks<'a>,
    ) {
        stacks.outer.push(Outer {
            message: std::mem::replace(&mut self.message, message),
            met: std::mem::take(&mut self.met),
            wire: std::mem::replace(slot.wire(), Quick::new(bytes)),
        });
        self.outer = self.outer.saturating_add(1);
    }

    /// Behind the last field: those that are shown without being there, or the
    /// message that an inline one interrupted.
    #[inline]
    fn at_end<'a>(
        &mut self,
        slot: &mut Slot<'s, 'a>,
        stacks: &mut Stacks<'a>,
    ) -> Option<Option<Next>> {
        if self.message.shown_absent & !self.met != 0
            && let Some(next) = self.absent(slot, stacks)?
        {
            return Some(next);
        }
        if self.outer > 0 {
            let outer = stacks.outer.pop()?;
            self.message = outer.message;
            self.met = outer.met;
            *slot.wire() = outer.wire;
            self.outer = self.outer.saturating_sub(1);
            return Some(None);
        }
        self.has_ended = true;
        Some(Some(Next::End))
    }

    /// `None` inside if none of them is a member.
    #[cold]
    fn absent<'a>(
        &mut self,
        slot: &mut Slot<'s, 'a>,
        stacks: &mut Stacks<'a>,
    ) -> Option<Option<Option<Next>>> {
        while let Some(row) = lowest(self.message.shown_absent & !self.met) {
            self.meet(row)?;
            let field = self.message.fields.get(row)?;
            if let (true, Type::Message(message)) = (field.is_inline(), field.kind()) {
                self.open_inline(message, b"", slot, stacks);
                return Some(Some(None));
            }
            if let Some(source) = absent(field, self.at)? {
                slot.put(source);
                return Some(Some(Some(Next::Member(field))));
            }
        }
        Some(None)
    }

    /// Takes with it what waits for inline messages to end, where it does not come to
    /// its own end.
    #[cold]
    pub(crate) fn abandon(&self, stacks: &mut Stacks<'_>) {
        let outer = usize::try_from(self.outer).unwrap_or(usize::MAX);
        let kept = stacks.outer.len().saturating_sub(outer);
        stacks.outer.truncate(kept);
    }

    /// Whether all members were handed on.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }
}
