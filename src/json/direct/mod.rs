//! Objects that stand on the wire as Go writes them, printed in one pass.
//!
//! Nearly every stored object does: fields known and each once, in the order of
//! their numbers, map keys sorted, text in UTF-8. Then nothing has to be
//! gathered, no path kept, and no report made. Whatever is otherwise ends the
//! pass with `None`, and the [`Printer`](super::Printer) starts over, which
//! knows all rules and says what was met. So this file never decides what an
//! unusual object means; it may only know fewer objects, or print the same.
//!
//! ```text
//! members ── rows of the table, the fields of one message at them
//!  └ value ── one field's payload by its type; lists, maps
//!     └ special ── messages with a JSON form of their own
//! ```

mod members;
mod special;
#[cfg(test)]
mod tests;
mod value;

use crate::de::Head;
use crate::limits::Limits;
use crate::schema::row::{Form, Message};
use crate::skip_fields::Skip;

/// Appends the JSON of the message `raw`. After `None`, `out` has anything
/// behind what it had.
pub(super) fn print<'a>(
    out: &mut Vec<u8>,
    head: Option<Head<'a>>,
    message: &'static Message,
    raw: &'a [u8],
    skip: Skip<'_>,
    limits: &Limits,
) -> Option<()> {
    if message.form != Form::Object {
        return None;
    }
    // JSON is some 1.2 times as long.
    out.reserve(raw.len().saturating_add(raw.len() / 2));
    let mut direct = Direct {
        out,
        message_depth: limits.message_depth,
        json_depth: limits.json_depth,
    };
    direct.out.push(b'{');
    let mut first = true;
    if let Some(head) = head.filter(|_| message.type_meta) {
        direct.member(",\"kind\":", &mut first);
        direct.text(head.kind)?;
        direct.member(",\"apiVersion\":", &mut first);
        direct.text(head.api_version)?;
    }
    let at = At { depth: 0, skip };
    direct.members(message, raw, at, &mut first)?;
    direct.out.push(b'}');
    Some(())
}

/// Where in the object a message stands.
#[derive(Clone, Copy)]
struct At<'s> {
    /// Messages opened around it, as [`Walk`](crate::de::Walk) counts them.
    depth: usize,
    /// What to leave out below it.
    skip: Skip<'s>,
}

struct Direct<'w> {
    out: &'w mut Vec<u8>,
    message_depth: usize,
    json_depth: usize,
}

impl Direct<'_> {
    /// One message deeper.
    #[inline]
    fn deeper<'s>(&self, at: At<'s>) -> Option<At<'s>> {
        (at.depth < self.message_depth).then_some(At {
            depth: at.depth.wrapping_add(1),
            skip: at.skip,
        })
    }

    /// The comma, if one is due, and a member's name.
    #[inline]
    fn member(&mut self, key: &'static str, first: &mut bool) {
        let key = key.as_bytes();
        let key = match std::mem::take(first) {
            true => key.get(1..).unwrap_or_default(),
            false => key,
        };
        self.out.extend_from_slice(key);
    }
}
