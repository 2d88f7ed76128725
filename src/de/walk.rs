//! What one decode shares, and the gathering of a message's fields.

use std::fmt;
use std::ops::Range;

use crate::de::report::{Report, Retired, Unknown};
use crate::de::{Entries, Head, Items, Members, Path, Segment, Value, entries, scalar, usual};
use crate::error::{Buffer, Error, Result};
use crate::limits::Limits;
use crate::room::Room;
use crate::schema::row::{Field, Form, Label, Message, Type, is_set};
use crate::skip_fields::{Skip, SkipFields};
use crate::tree;
use crate::wire::{self, Fields, Payload, Reader};

/// One time that a known field stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occurrence<'a> {
    /// Index of the field's row in its message, or [`UNKNOWN`].
    pub(crate) row: u16,
    /// Where the payload begins; of an unknown field, where its tag does.
    pub(crate) offset: u64,
    /// Of an unknown field: all its bytes, tag included.
    pub(crate) payload: Payload<'a>,
}

/// Sorts behind every row.
pub(crate) const UNKNOWN: u16 = u16::MAX;

/// The bytes of one message: a field that stands on the wire more than once
/// is read as if its payloads were joined.
#[derive(Debug, Clone)]
pub(crate) enum Pieces<'a> {
    Absent,
    One(&'a [u8], u64),
    /// Occurrences on the walk's stack.
    Many(Range<usize>),
}

/// How to decode.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Retired fields at their place, unknown ones in `$unknownFields`.
    pub(crate) lossless: bool,
    /// Invalid UTF-8 is an error.
    pub(crate) strict: bool,
    /// What to leave out.
    pub(crate) skip: SkipFields,
}

/// The state of one decode.
pub(crate) struct Walk<'a> {
    limits: Limits,
    options: Options,
    buffer: Buffer,
    pub(crate) path: Path<'a>,
    report: Report<'a>,
    /// While above zero, bytes are looked at on the side, and what they hold
    /// is not reported (again).
    quiet: usize,
    pub(super) occurrences: Vec<Occurrence<'a>>,
    pub(super) entries: Vec<entries::Entry<'a>>,
    pub(super) usual: usual::Stacks<'a>,
    /// Where text is written that a visitor is to see.
    pub(super) text: Vec<u8>,
    /// What the object itself has before its fields, until it is opened.
    pub(super) head: Option<Head<'a>>,
    /// What is unusual is an error, and no more is said of it.
    only_usual: bool,
    /// Nothing unusual was met. A type may have failed of its own, though.
    is_usual: bool,
    depth: usize,
    /// Offset of what was looked at last.
    at: u64,
}

/// A point that the walk's stacks can be brought back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    path: usize,
    occurrences: usize,
    entries: usize,
    depth: usize,
}

impl<'a> Walk<'a> {
    /// `buffer` is what offsets count in, `length` that of what is decoded.
    pub(crate) fn new(limits: Limits, options: Options, buffer: Buffer, length: usize) -> Walk<'a> {
        Walk {
            limits,
            options,
            buffer,
            path: Path::default(),
            report: Report {
                room: Room::new(&limits, length),
                ..Report::default()
            },
            quiet: 0,
            occurrences: Vec::new(),
            entries: Vec::new(),
            usual: usual::Stacks::default(),
            text: Vec::new(),
            head: None,
            only_usual: false,
            is_usual: true,
            depth: 0,
            at: 0,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is unusual is to end the walk from here on.
    pub(super) fn expect_usual(&mut self) {
        self.only_usual = true;
    }

    /// Not seen but by a type that takes any error for less than one: whoever
    /// began asks [`Walk::is_usual`], and starts over by all rules.
    #[cold]
    pub(super) fn unusual(&mut self) -> Error {
        self.is_usual = false;
        Error::malformed("message", "not as Go writes it")
    }

    pub(super) fn is_only_usual(&self) -> bool {
        self.only_usual
    }

    /// Notes whether all went well.
    #[inline]
    pub(super) fn expect(&mut self, is_ok: bool) {
        self.is_usual &= is_ok;
    }

    pub(crate) fn is_usual(&self) -> bool {
        self.is_usual
    }

    pub(crate) fn is_lossless(&self) -> bool {
        self.options.lossless
    }

    /// What to leave out of the object.
    pub(crate) fn skip(&self) -> Skip<'_> {
        self.options.skip.root()
    }

    /// A bit for each row to leave out of the message at the path at hand. What
    /// is looked at on the side is looked at whole.
    #[inline]
    pub(super) fn skipped_rows(&self, message: &Message) -> u64 {
        if self.options.skip.is_empty() {
            return 0;
        }
        self.find_skipped_rows(message)
    }

    #[cold]
    fn find_skipped_rows(&self, message: &Message) -> u64 {
        if self.quiet > 0 {
            return 0;
        }
        let skip = self
            .path
            .members()
            .fold(self.skip(), |skip, name| skip.below(name));
        if skip.is_empty() {
            return 0;
        }
        let mut rows = 0;
        for field in message.fields.iter().rev() {
            rows = rows << 1 | u64::from(skip.skips(field.name()));
        }
        rows
    }

    /// Ends the walk.
    pub(crate) fn into_report(self) -> Report<'a> {
        self.report
    }

    /// Adds path and position to an error that left a cursor or a visitor.
    #[cold]
    pub(crate) fn locate(&self, error: Error) -> Error {
        error
            .at(self.buffer, self.at)
            .in_path(|| self.path.to_string())
    }

    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            path: self.path.len(),
            occurrences: self.occurrences.len(),
            entries: self.entries.len(),
            depth: self.depth,
        }
    }

    #[inline]
    pub(crate) fn release(&mut self, mark: Mark) {
        self.path.truncate(mark.path);
        self.occurrences.truncate(mark.occurrences);
        self.entries.truncate(mark.entries);
        self.depth = mark.depth;
    }

    #[inline]
    pub(super) fn occurrence(&self, index: usize) -> Option<Occurrence<'a>> {
        self.occurrences.get(index).copied()
    }

    #[inline]
    pub(super) fn set_offset(&mut self, offset: u64) {
        self.at = offset;
    }

    pub(crate) fn buffer(&self) -> Buffer {
        self.buffer
    }

    /// Lists the path as one whose text was not UTF-8; an error if strict.
    #[cold]
    pub(crate) fn invalid_utf8(&mut self) -> Result<()> {
        if self.only_usual {
            return Err(self.unusual());
        }
        if self.options.strict {
            return Err(Error::malformed("string", "not valid UTF-8"));
        }
        if self.quiet == 0 {
            let path = self.report.room.path(&self.path, 0);
            self.report.invalid_utf8.extend(path);
        }
        Ok(())
    }

    /// Lists what is not UTF-8 in a tree at the path at hand.
    pub(crate) fn invalid_utf8_in(&mut self, tree: tree::Value<'_, '_>) -> Result<()> {
        let (path, report) = (&self.path, &mut self.report);
        let mut found = false;
        tree.visit_invalid_utf8(&mut |way| {
            found = true;
            if self.quiet == 0 && !self.options.strict {
                let below = report.room.path(&Below(path, way), 0);
                report.invalid_utf8.extend(below);
            }
        });
        match found && self.options.strict {
            true => Err(Error::malformed("string", "not valid UTF-8")),
            false => Ok(()),
        }
    }

    /// Takes the fields of `message` apart: pushes an occurrence for each, in
    /// row order, those of one row in wire order, and returns where they stand.
    /// Rows with a bit in `skipped` are passed over.
    ///
    /// They stay until [`Walk::release`].
    pub(super) fn gather(
        &mut self,
        message: &'static Message,
        pieces: Pieces<'a>,
        skipped: u64,
    ) -> Result<Range<usize>> {
        if self.depth >= self.limits.message_depth {
            return Err(Error::limit(
                "message",
                "messages are nested deeper than the limit allows",
            ));
        }
        self.depth = self.depth.saturating_add(1);
        self.occurrences.reserve(32);
        let start = self.occurrences.len();
        match pieces {
            Pieces::Absent => {}
            Pieces::One(bytes, offset) => self.gather_piece(message, skipped, bytes, offset)?,
            Pieces::Many(range) => {
                for index in range {
                    if let Some(Occurrence {
                        payload: Payload::LengthDelimited(bytes),
                        offset,
                        ..
                    }) = self.occurrence(index)
                    {
                        self.gather_piece(message, skipped, bytes, offset)?;
                    }
                }
            }
        }
        let gathered = self.occurrences.get_mut(start..).unwrap_or_default();
        if !gathered.is_sorted_by_key(|occurrence| occurrence.row) {
            gathered.sort_by_key(|occurrence| occurrence.row);
        }
        Ok(start..self.occurrences.len())
    }

    fn gather_piece(
        &mut self,
        message: &'static Message,
        skipped: u64,
        bytes: &'a [u8],
        offset: u64,
    ) -> Result<()> {
        self.at = offset;
        let mut fields = Fields::new(Reader::with_base(bytes, offset, self.buffer));
        let mut hint = 0;
        while let Some(wire) = fields.next_field()? {
            let Some((row, field)) = message.field_by_number(wire.number, hint) else {
                self.unknown(message, wire);
                continue;
            };
            hint = row;
            if is_set(skipped, row) {
                continue;
            }
            if !scalar::takes(field, &wire.payload) {
                if field.is_retired() {
                    self.unknown(message, wire);
                    continue;
                }
                self.path.push(Segment::Member(field.name()));
                return Err(Error::malformed(
                    "field",
                    format!(
                        "wire type {} does not fit",
                        wire.payload.wire_type().number()
                    ),
                )
                .at(self.buffer, wire.offset));
            }
            // Go skips what it does not know without looking inside.
            if field.is_retired() && !self.is_sound(field, &wire) {
                self.unknown(message, wire);
                continue;
            }
            self.occurrences.push(Occurrence {
                // No message has 65,535 fields.
                row: u16::try_from(row).unwrap_or(UNKNOWN),
                offset: wire.payload_offset,
                payload: wire.payload,
            });
        }
        Ok(())
    }

    #[cold]
    fn unknown(&mut self, message: &'static Message, field: wire::Field<'a>) {
        // Only an object has room for them.
        if self.options.lossless && message.form == Form::Object {
            self.occurrences.push(Occurrence {
                row: UNKNOWN,
                offset: field.offset,
                payload: Payload::LengthDelimited(field.bytes),
            });
        }
        if self.quiet > 0 {
            return;
        }
        self.report.unknown_below |= self.path.len() > 0;
        let bytes = message.name.len().saturating_add(field.bytes.len());
        let path = self.report.room.path(&self.path, bytes);
        self.report.unknown.extend(path.map(|path| Unknown {
            path,
            message,
            field,
        }));
    }

    /// Whether one occurrence of a field can be decoded.
    #[cold]
    fn is_sound(&mut self, field: &'static Field, wire: &wire::Field<'a>) -> bool {
        let mark = self.mark();
        let index = self.occurrences.len();
        self.occurrences.push(Occurrence {
            row: 0,
            offset: wire.payload_offset,
            payload: wire.payload,
        });
        self.quiet = self.quiet.saturating_add(1);
        let checked = self.check_field(field, index..index.saturating_add(1));
        self.quiet = self.quiet.saturating_sub(1);
        self.release(mark);
        checked.is_ok()
    }

    /// Decides on a retired field that is on the wire: `true` to print it.
    #[cold]
    pub(super) fn retired(&mut self, field: &'static Field, run: Range<usize>) -> Result<bool> {
        if self.is_zero(field, run.clone())? {
            return Ok(false);
        }
        if self.quiet == 0 {
            let occurrences = self.occurrences.get(run).unwrap_or_default();
            let length = self.path.len();
            self.path.push(Segment::Member(field.name()));
            let path = self.report.room.path(&self.path, size_of_val(occurrences));
            self.path.truncate(length);
            self.report.retired.extend(path.map(|path| Retired {
                path,
                field,
                occurrences: occurrences.to_vec(),
            }));
        }
        Ok(self.options.lossless)
    }

    /// Whether the field holds nothing but zeros, however deep. A set pointer
    /// is something.
    fn is_zero(&mut self, field: &'static Field, run: Range<usize>) -> Result<bool> {
        if field.label != Label::One || field.is_pointer() {
            return Ok(run.is_empty());
        }
        let Type::Message(message) = field.kind() else {
            let last = run.last().and_then(|index| self.occurrence(index));
            let value = last.and_then(|last| scalar::value(field.kind(), last.payload));
            return Ok(value.is_none_or(|value| scalar::is_empty(&value)));
        };
        let mark = self.mark();
        self.quiet = self.quiet.saturating_add(1);
        let zero = self.is_zero_message(message, Pieces::Many(run));
        self.quiet = self.quiet.saturating_sub(1);
        self.release(mark);
        zero
    }

    fn is_zero_message(&mut self, message: &'static Message, pieces: Pieces<'a>) -> Result<bool> {
        let gathered = self.gather(message, pieces, 0)?;
        let mut index = gathered.start;
        while let Some(first) = self.occurrence(index).filter(|_| index < gathered.end) {
            let begin = index;
            let same = |o: Occurrence<'_>| o.row == first.row;
            while index < gathered.end && self.occurrence(index).is_some_and(same) {
                index = index.saturating_add(1);
            }
            let Some(field) = message.fields.get(usize::from(first.row)) else {
                return Ok(false);
            };
            if !self.is_zero(field, begin..index)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Decodes occurrences that no consumer will see, as Go does with an entry
    /// that a later one overwrites: their errors are errors of the whole.
    pub(super) fn check_field(&mut self, field: &'static Field, run: Range<usize>) -> Result<()> {
        if let Some(value) = self.field_value(field, run)? {
            self.check(value)?;
        }
        Ok(())
    }

    pub(super) fn check(&mut self, value: Value<'a>) -> Result<()> {
        let mark = self.mark();
        match value {
            Value::Object(message, pieces) => {
                let mut members = Members::open(self, message, pieces)?;
                while let Some((_, value)) = members.next(self)? {
                    self.check(value)?;
                }
            }
            Value::List(kind, run) => {
                let mut items = Items::open(self, kind, run);
                while let Some(value) = items.next(self)? {
                    self.check(value)?;
                }
            }
            Value::Map(kind, run) => {
                let mut entries = Entries::open(self, kind, run)?;
                while let Some((_, value)) = entries.next(self)? {
                    self.check(value)?;
                }
            }
            _ => {}
        }
        self.release(mark);
        Ok(())
    }

    /// Decodes a whole message and keeps nothing of it but the report.
    pub(crate) fn check_message(
        &mut self,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result<()> {
        let value = self.message_value(message, pieces)?;
        self.check(value)
    }

    /// Runs `look` with nothing reported.
    pub(crate) fn quietly<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet = self.quiet.saturating_add(1);
        let seen = look(self);
        self.quiet = self.quiet.saturating_sub(1);
        seen
    }

    /// Pushes occurrences gathered elsewhere, to resolve a field of them again.
    pub(crate) fn resume(&mut self, occurrences: &[Occurrence<'a>]) -> Range<usize> {
        let start = self.occurrences.len();
        self.occurrences.extend_from_slice(occurrences);
        start..self.occurrences.len()
    }
}

/// A way in a tree that stands at a path.
struct Below<'p>(&'p Path<'p>, &'p [tree::Step<'p>]);

impl fmt::Display for Below<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        // A way that begins with an index or an odd key brings its bracket.
        let way = tree::Way(self.1).to_string();
        if !way.is_empty() && !way.starts_with('[') {
            f.write_str(".")?;
        }
        f.write_str(&way)
    }
}
