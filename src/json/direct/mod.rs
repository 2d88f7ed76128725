//! Objects that stand on the wire as Go writes them, printed in one pass.
//!
//! [`usual`](crate::de::usual) says what that means. `None` sends the
//! [`Printer`](super::Printer) to start over by all rules.
//!
//! ```text
//! members ── rows of the table, the fields of one message at them
//!  └ value ── one field's payload by its type; lists, maps
//! ```

mod members;
#[cfg(test)]
mod tests;
mod value;

use crate::de::Head;
use crate::de::usual::At;
use crate::limits::Limits;
use crate::schema::row::{Form, Message};
use crate::skip_fields::Skip;

/// Appends the JSON of the message `raw`. After `None`, `out` has anything
/// behind what it had.
pub(crate) fn print<'a>(
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
    let at = At::top(limits, skip);
    direct.members(message, raw, &mut at.deeper()?, &mut first)?;
    direct.out.push(b'}');
    Some(())
}

struct Direct<'w> {
    out: &'w mut Vec<u8>,
    json_depth: usize,
}

impl Direct<'_> {
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
