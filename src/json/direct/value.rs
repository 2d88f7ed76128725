//! Fields, elements and entries: what stands after a tag.

use super::{At, Direct};
use crate::convert::{low_i32, low_u32};
use crate::json::{write_f64, write_i64, write_string};
use crate::schema::row::{Field, Form, Label, Message, Type};
use crate::wire::Quick;

/// The tags of a map entry's key and of a value that has a length.
const KEY: u16 = 1 << 3 | 2;
const VALUE: u16 = 2 << 3;

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
            return self.retired(field, wire);
        }
        if at.skip.skips(|| field.name()) {
            wire.skip(field.tag)?;
            while wire.take(field.tag) {
                wire.skip(field.tag)?;
            }
            return Some(());
        }
        match field.label {
            Label::Repeated => self.list(field, wire, *at, first),
            Label::Map => self.map(field, wire, *at, first),
            Label::One => {
                let Type::Message(message) = field.kind else {
                    return self.scalar_field(field, wire, first);
                };
                let bytes = wire.bytes()?;
                if field.is_inline() {
                    return self.inline(field, bytes, at, first);
                }
                self.message_field(field, message, bytes, false, at, first)
            }
        }
    }

    /// What the newest Kubernetes no longer knows, and which holds nothing.
    #[cold]
    fn retired(&mut self, field: &'static Field, wire: &mut Quick<'_>) -> Option<()> {
        let nothing = match (field.label, field.kind) {
            _ if field.is_pointer() => false,
            (Label::One, Type::String | Type::Bytes) => wire.bytes()?.is_empty(),
            (Label::One, Type::Bool | Type::Int64) => wire.varint()? == 0,
            _ => false,
        };
        nothing.then_some(())
    }

    #[inline]
    fn scalar_field(
        &mut self,
        field: &'static Field,
        wire: &mut Quick<'_>,
        first: &mut bool,
    ) -> Option<()> {
        // `omitempty` does not look through a pointer.
        let omits = field.is_omitempty() && !field.is_pointer();
        match field.kind {
            Type::String => {
                let text = wire.bytes()?;
                if !(omits && text.is_empty()) {
                    self.member(field.key, first);
                    self.text(text)?;
                }
            }
            Type::Bytes => {
                let bytes = wire.bytes()?;
                if !(omits && bytes.is_empty()) {
                    self.member(field.key, first);
                    self.base64(bytes);
                }
            }
            Type::Double => {
                let number = f64::from_bits(wire.fixed64()?);
                if !(omits && number == 0.0) {
                    self.member(field.key, first);
                    write_f64(self.out, number).ok()?;
                }
            }
            kind => {
                let number = integer(kind, wire.varint()?);
                if !(omits && number == 0) {
                    self.member(field.key, first);
                    self.integer(kind, number);
                }
            }
        }
        Some(())
    }

    /// What Go's variable holds when the field is not on the wire.
    pub(super) fn zero(&mut self, kind: Type) {
        self.out.extend_from_slice(match kind {
            Type::String => b"\"\"",
            Type::Bytes | Type::Message(_) => b"null",
            Type::Bool => b"false",
            Type::Int32 | Type::Int64 | Type::Uint32 | Type::Double => b"0",
        });
    }

    /// A message that is one field; `bytes` are empty if it is `absent`.
    #[inline]
    pub(super) fn message_field(
        &mut self,
        field: &'static Field,
        message: &'static Message,
        bytes: &[u8],
        absent: bool,
        at: &At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let below = At {
            depth: at.depth,
            skip: at.skip.below(|| field.name()),
        };
        match message.form {
            Form::Object => {
                self.member(field.key, first);
                self.object(message, bytes, below)
            }
            // A nil slice or map.
            Form::Slice | Form::Map if absent => {
                if !field.is_omitempty() {
                    self.member(field.key, first);
                    self.out.extend_from_slice(b"null");
                }
                Some(())
            }
            Form::Time | Form::MicroTime if field.is_omitzero() => {
                let time = self.time(message, bytes, below)?;
                if !time.is_zero() {
                    self.member(field.key, first);
                    self.write_time(time);
                }
                Some(())
            }
            _ if field.is_omitzero() => None,
            _ => {
                self.member(field.key, first);
                self.special(message, bytes, below)
            }
        }
    }

    #[inline]
    fn list(
        &mut self,
        field: &'static Field,
        wire: &mut Quick<'_>,
        at: At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let below = At {
            depth: at.depth,
            skip: at.skip.below(|| field.name()),
        };
        self.member(field.key, first);
        self.elements(field, wire, below)
    }

    /// The elements of a list whose first tag is read.
    #[inline]
    pub(super) fn elements(
        &mut self,
        field: &'static Field,
        wire: &mut Quick<'_>,
        at: At<'_>,
    ) -> Option<()> {
        self.out.push(b'[');
        self.element(field.kind, wire, at)?;
        while wire.take(field.tag) {
            self.out.push(b',');
            self.element(field.kind, wire, at)?;
        }
        self.out.push(b']');
        Some(())
    }

    #[inline]
    fn map(
        &mut self,
        field: &'static Field,
        wire: &mut Quick<'_>,
        at: At<'_>,
        first: &mut bool,
    ) -> Option<()> {
        let below = At {
            depth: at.depth,
            skip: at.skip.below(|| field.name()),
        };
        self.member(field.key, first);
        self.entries(field, wire, below)
    }

    /// The entries of a map whose first tag is read, keys rising.
    pub(super) fn entries(
        &mut self,
        field: &'static Field,
        wire: &mut Quick<'_>,
        at: At<'_>,
    ) -> Option<()> {
        self.out.push(b'{');
        let mut last = self.entry(field.kind, wire.bytes()?, at)?;
        while wire.take(field.tag) {
            self.out.push(b',');
            let key = self.entry(field.kind, wire.bytes()?, at)?;
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
        let key = entry.take(KEY).then(|| entry.bytes())??;
        self.text(key)?;
        self.out.push(b':');
        let value = match kind {
            Type::Bytes | Type::String | Type::Message(_) => VALUE | 2,
            Type::Double => VALUE | 1,
            Type::Bool | Type::Int32 | Type::Int64 | Type::Uint32 => VALUE,
        };
        if !entry.take(value) {
            return None;
        }
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
                    _ => self.special(message, bytes, at),
                }
            }
            Type::Bytes => {
                self.base64(wire.bytes()?);
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

    #[inline]
    fn base64(&mut self, bytes: &[u8]) {
        crate::json::write_base64(self.out, bytes);
    }
}

/// A varint as Go's variable of the field's type holds it.
#[inline]
fn integer(kind: Type, number: u64) -> i64 {
    match kind {
        Type::Bool => i64::from(number != 0),
        Type::Int32 => i64::from(low_i32(number)),
        Type::Uint32 => i64::from(low_u32(number)),
        _ => number.cast_signed(),
    }
}
