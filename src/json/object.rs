//! Objects, straight from wire bytes to text.

use std::io;

use crate::de::well_known::{write_duration, write_micro_time, write_time};
use crate::de::{Entries, Head, Items, Members, Pieces, Segment, Value, Walk};
use crate::error::Error;
use crate::json::direct;
use crate::json::{
    HtmlEscape, compact, write_base64, write_f64, write_i64, write_string, write_value,
};
use crate::schema::row::Message;
use crate::wire::Reader;

/// Why printing to a writer ended early.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The bytes could not be decoded.
    #[error(transparent)]
    Decode(#[from] Error),
    /// The writer failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Prints one object.
pub(crate) struct Printer<'w, 'a> {
    walk: &'w mut Walk<'a>,
    out: &'w mut Vec<u8>,
    /// Takes what `out` holds whenever that has grown large.
    writer: Option<&'w mut dyn io::Write>,
}

/// How much may wait in `out` before the writer takes it.
const CHUNK: usize = 32 << 10;

type Result<T = (), E = WriteError> = std::result::Result<T, E>;

impl<'w, 'a> Printer<'w, 'a> {
    pub(crate) fn new(walk: &'w mut Walk<'a>, out: &'w mut Vec<u8>) -> Self {
        Printer {
            walk,
            out,
            writer: None,
        }
    }

    pub(crate) fn with_writer(mut self, writer: &'w mut dyn io::Write) -> Self {
        self.writer = Some(writer);
        self
    }

    /// A top-level object.
    pub(crate) fn object(
        &mut self,
        head: Option<Head<'a>>,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result {
        if !self.direct(head, message, &pieces) {
            self.by_all_rules(head, message, pieces)?;
        }
        self.hand_over()
    }

    /// A top-level object that may stand on the wire in any way.
    pub(crate) fn by_all_rules(
        &mut self,
        head: Option<Head<'a>>,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result {
        let printed = match self.walk.message_value(message, pieces) {
            Ok(Value::Object(message, pieces)) => self.members(head, message, pieces),
            Ok(value) => self.value(value),
            Err(error) => Err(error.into()),
        };
        printed.map_err(|error| match error {
            WriteError::Decode(error) => self.walk.locate(error).into(),
            error => error,
        })
    }

    /// Prints in one pass what stands on the wire as usual. Not what is too large
    /// to be held as text for a writer, and not where every field counts.
    fn direct(
        &mut self,
        head: Option<Head<'a>>,
        message: &'static Message,
        pieces: &Pieces<'a>,
    ) -> bool {
        let Pieces::One(raw, _) = pieces else {
            return false;
        };
        let large = self.writer.is_some() && raw.len() > 2 * CHUNK;
        if large || self.walk.is_lossless() {
            return false;
        }
        let start = self.out.len();
        let (skip, limits) = (self.walk.skip(), self.walk.limits());
        let printed = direct::print(self.out, head, message, raw, skip, limits).is_some();
        if !printed {
            self.out.truncate(start);
        }
        printed
    }

    fn hand_over(&mut self) -> Result {
        if let Some(writer) = self.writer.as_mut() {
            writer.write_all(self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    /// Prints one value; the walk's stacks are as before afterwards.
    pub(crate) fn value(&mut self, value: Value<'a>) -> Result {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Int(value) => write_i64(self.out, value),
            Value::Double(value) => write_f64(self.out, value)?,
            Value::String(bytes) => self.text(bytes)?,
            Value::Joined(bytes) => self.text(&bytes)?,
            Value::Bytes(bytes) => write_base64(self.out, bytes),
            Value::Quantity(text) => self.text(text.as_bytes())?,
            Value::Time(seconds) => self.quoted(|out| write_time(out, seconds)),
            Value::MicroTime(seconds, nanos) => {
                self.quoted(|out| write_micro_time(out, seconds, nanos));
            }
            Value::Duration(nanos) => self.quoted(|out| write_duration(out, nanos)),
            Value::Json(bytes, offset) => self.json(bytes, offset)?,
            Value::Tree(tree) => {
                self.walk.invalid_utf8_in(tree.root())?;
                write_value(self.out, tree.root())?;
            }
            Value::List(kind, run) => {
                let mark = self.walk.mark();
                let mut items = Items::open(self.walk, kind, run);
                self.out.push(b'[');
                let mut first = true;
                while let Some(value) = items.next(self.walk)? {
                    self.comma(&mut first);
                    self.value(value)?;
                }
                self.out.push(b']');
                self.walk.release(mark);
            }
            Value::Map(kind, run) => {
                let mark = self.walk.mark();
                let mut entries = Entries::open(self.walk, kind, run)?;
                self.out.push(b'{');
                let mut first = true;
                while let Some((key, value)) = entries.next(self.walk)? {
                    self.comma(&mut first);
                    self.text(key)?;
                    self.out.push(b':');
                    self.value(value)?;
                }
                self.out.push(b'}');
                self.walk.release(mark);
            }
            Value::Object(message, pieces) => self.members(None, message, pieces)?,
        }
        Ok(())
    }

    fn members(
        &mut self,
        head: Option<Head<'a>>,
        message: &'static Message,
        pieces: Pieces<'a>,
    ) -> Result {
        let mark = self.walk.mark();
        let mut members = Members::open(self.walk, message, pieces)?;
        self.out.push(b'{');
        let mut first = true;
        if let Some(head) = head.filter(|_| message.type_meta) {
            for (name, text) in [("kind", head.kind), ("apiVersion", head.api_version)] {
                self.walk.path.push(Segment::Member(name));
                self.name(&mut first, name);
                self.text(text)?;
                self.walk.path.truncate(0);
            }
        }
        while let Some((name, value)) = members.next(self.walk)? {
            self.name(&mut first, name);
            self.value(value)?;
            self.drain()?;
        }
        self.out.push(b'}');
        self.walk.release(mark);
        Ok(())
    }

    #[inline]
    fn comma(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(b',');
        }
    }

    /// Names of the table need no escape: a test of the table holds that.
    #[inline]
    fn name(&mut self, first: &mut bool, name: &'static str) {
        self.comma(first);
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    #[inline]
    fn text(&mut self, bytes: &[u8]) -> Result {
        if write_string(self.out, bytes) {
            self.walk.invalid_utf8()?;
        }
        Ok(())
    }

    fn json(&mut self, bytes: &[u8], offset: u64) -> Result {
        let depth = self.walk.limits().json_depth;
        let json = Reader::with_base(bytes, offset, self.walk.buffer());
        let compacted = compact(self.out, json, HtmlEscape::Yes, depth)?;
        if compacted.invalid_utf8 {
            self.walk.invalid_utf8()?;
        }
        Ok(())
    }

    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    #[inline]
    fn drain(&mut self) -> Result {
        if self.out.len() >= CHUNK
            && let Some(writer) = self.writer.as_mut()
        {
            writer.write_all(self.out)?;
            self.out.clear();
        }
        Ok(())
    }
}
