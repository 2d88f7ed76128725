//! Fields, elements and entries: what stands after a tag.

use super::Direct;
use crate::Buffer;
use crate::de::Value;
use crate::de::scalar::integer;
use crate::de::usual::{At, ENTRY_KEY, List, Source, entry_value, pass, retired, special};
use crate::de::well_known::{write_duration, write_micro_time, write_time};
use crate::json::plain::is_plain;
use crate::json::{HtmlEscape, compact, write_base64, write_f64, write_i64, write_string};
use crate::schema::row::{Field, Form, Shape, Type};
use crate::wire::{Quick, Reader};

impl Direct<'_> {
    /// A field whose first tag is read, with all that stand behind it of the
    /// same number.
    #[inline]
    pub(super) fn field(
        &mut self,
        field: &'static Field,
        wire: &mut Quick<'_>,
        at: &mut At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        if field.is_retired() {
            return retired(field, wire);
        }
        if at.skips(field) {
            return pass(field, wire).map(drop);
        }
        // `omitempty` does not look through a pointer.
        let omits = field.is_omitempty() && !field.is_pointer();
        match field.shape {
            Shape::List => {
                self.member(field.key, first);
                self.elements(field, wire, at.member(field))?;
            }
            Shape::Map => {
                self.member(field.key, first);
                self.entries(field, wire, at.member(field))?;
            }
            Shape::Message => {
                let bytes = wire.bytes()?;
                if field.is_inline() {
                    return self.inline(field, bytes, at, first);
                }
                self.message_field(field, bytes, *at, first)?;
            }
            Shape::String => {
                let text = wire.bytes()?;
                if !(omits && text.is_empty()) {
                    self.member(field.key, first);
                    self.text(text)?;
                }
            }
            Shape::Bytes => {
                let bytes = wire.bytes()?;
                if !(omits && bytes.is_empty()) {
                    self.member(field.key, first);
                    write_base64(self.out, bytes);
                }
            }
            Shape::Double => {
                let number = f64::from_bits(wire.fixed64()?);
                if !(omits && number == 0.0) {
                    self.member(field.key, first);
                    write_f64(self.out, number).ok()?;
                }
            }
            Shape::Bool | Shape::Int32 | Shape::Int64 | Shape::Uint32 => {
                let number = integer(field.kind(), wire.varint()?);
                if !(omits && number == 0) {
                    self.member(field.key, first);
                    self.integer(field.kind(), number);
                }
            }
        }
        Some(())
    }

    #[inline]
    fn message_field(
        &mut self,
        field: &'static Field,
        bytes: &[u8],
        at: At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let Type::Message(message) = field.kind() else {
            return None;
        };
        let at = at.member(field);
        if message.form == Form::Object {
            self.member(field.key, first);
            return self.object(message, bytes, at);
        }
        let source = special(message, bytes, at)?;
        if field.is_omitzero() && matches!(source, Source::One(Value::Null)) {
            return Some(());
        }
        self.member(field.key, first);
        self.source(source)
    }

    /// What a message with a form of its own has come to.
    pub(super) fn source(&mut self, source: Source<'_, '_>) -> Option<()> {
        match source {
            Source::One(value) => self.one(value),
            Source::Object(object) => self.object(object.message, object.bytes, object.at),
            Source::List(List {
                field,
                mut wire,
                at,
                ..
            }) => self.elements(field, &mut wire, at),
            Source::Map(List {
                field,
                mut wire,
                at,
                ..
            }) => self.entries(field, &mut wire, at),
        }
    }

    fn one(&mut self, value: Value<'_>) -> Option<()> {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.integer(Type::Bool, i64::from(value)),
            Value::Int(value) => write_i64(self.out, value),
            Value::Double(value) => write_f64(self.out, value).ok()?,
            Value::String(text) => self.text(text)?,
            Value::Bytes(bytes) => write_base64(self.out, bytes),
            Value::Quantity(text) => self.text(text.as_bytes())?,
            Value::Time(seconds) => self.quoted(|out| write_time(out, seconds)),
            Value::MicroTime(seconds, nanos) => {
                self.quoted(|out| write_micro_time(out, seconds, nanos));
            }
            Value::Duration(nanos) => self.quoted(|out| write_duration(out, nanos)),
            Value::Json(json, _) => self.json(json)?,
            Value::Object(..)
            | Value::List(..)
            | Value::Map(..)
            | Value::Joined(_)
            | Value::Tree(_) => return None,
        }
        Some(())
    }

    /// JSON inside protobuf.
    fn json(&mut self, json: &[u8]) -> Option<()> {
        if is_plain(json, self.json_depth) {
            self.out.extend_from_slice(json);
            return Some(());
        }
        let reader = Reader::new(json, Buffer::Raw);
        let compacted = compact(self.out, reader, HtmlEscape::Yes, self.json_depth).ok()?;
        (!compacted.invalid_utf8).then_some(())
    }

    #[inline]
    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    /// The elements of a list whose first tag is read.
    #[inline]
    fn elements(&mut self, field: &'static Field, wire: &mut Quick<'_>, at: At<'_>) -> Option<()> {
        self.out.push(b'[');
        self.element(field.kind(), wire, at)?;
        while wire.take(field.tag) {
            self.out.push(b',');
            self.element(field.kind(), wire, at)?;
        }
        self.out.push(b']');
        Some(())
    }

    /// The entries of a map whose first tag is read, keys rising.
    fn entries(&mut self, field: &'static Field, wire: &mut Quick<'_>, at: At<'_>) -> Option<()> {
        self.out.push(b'{');
        let mut last = self.entry(field.kind(), wire.bytes()?, at)?;
        while wire.take(field.tag) {
            self.out.push(b',');
            let key = self.entry(field.kind(), wire.bytes()?, at)?;
            if key <= last {
                return None;
            }
            last = key;
        }
        self.out.push(b'}');
        Some(())
    }

    #[inline]
    fn entry<'b>(&mut self, kind: Type, entry: &'b [u8], at: At<'_>) -> Option<&'b [u8]> {
        let mut entry = Quick::new(entry);
        let key = entry.take(ENTRY_KEY).then(|| entry.bytes())??;
        self.text(key)?;
        self.out.push(b':');
        entry.take(entry_value(kind)).then_some(())?;
        self.element(kind, &mut entry, at)?;
        entry.is_empty().then_some(key)
    }

    #[inline]
    fn element(&mut self, kind: Type, wire: &mut Quick<'_>, at: At<'_>) -> Option<()> {
        match kind {
            Type::String => self.text(wire.bytes()?),
            Type::Message(message) => {
                let bytes = wire.bytes()?;
                match message.form {
                    Form::Object => self.object(message, bytes, at),
                    _ => self.source(special(message, bytes, at)?),
                }
            }
            Type::Bytes => {
                write_base64(self.out, wire.bytes()?);
                Some(())
            }
            Type::Double => write_f64(self.out, f64::from_bits(wire.fixed64()?)).ok(),
            kind => {
                let number = integer(kind, wire.varint()?);
                self.integer(kind, number);
                Some(())
            }
        }
    }

    #[inline]
    fn integer(&mut self, kind: Type, number: i64) {
        match (kind, number) {
            (Type::Bool, 0) => self.out.extend_from_slice(b"false"),
            (Type::Bool, _) => self.out.extend_from_slice(b"true"),
            _ => write_i64(self.out, number),
        }
    }

    /// `None` where Go would replace bad bytes, which is to be reported.
    #[inline]
    pub(super) fn text(&mut self, text: &[u8]) -> Option<()> {
        (!write_string(self.out, text)).then_some(())
    }
}
