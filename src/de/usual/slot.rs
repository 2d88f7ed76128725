//! Where a type is given its next value.

use super::{At, List, Object, Source, element, pass};
use crate::de::Value;
use crate::de::scalar::integer;
use crate::schema::row::{Field, Label, Shape, Type, field};
use crate::wire::Quick;

/// One value, still on the wire before a type says what it takes: what is not
/// wanted is not looked at.
///
/// `None` means that what stands on the wire is unusual, or that there is no value:
/// it was taken before, or passed.
pub(crate) struct Slot<'s, 'a> {
    state: State,
    /// Of which it is the value, or one of the values.
    field: Option<&'static Field>,
    /// The value, behind its first tag; or what follows, once it is taken.
    wire: Quick<'a>,
    at: At<'s>,
    /// The value, if it is not on the wire.
    source: Source<'s, 'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Taken,
    Read,
    Unread(Shape),
}

/// Room for a short text, zero behind it.
#[repr(align(16))]
pub(crate) struct Room([u8; 3 * WORDS]);

/// Two words of 64 bits.
const WORDS: usize = 16;

impl Room {
    #[inline]
    pub(crate) fn new() -> Room {
        Room([0; 3 * WORDS])
    }
}

/// A map's keys are text.
static KEY: Field = field!(1, "key", Type::String, Label::One, 0);

impl<'s, 'a> Slot<'s, 'a> {
    /// With a value that is not on the wire, or no longer.
    pub(crate) fn of(source: Source<'s, 'a>) -> Slot<'s, 'a> {
        let mut slot = Slot::on(b"", At::nowhere());
        slot.put(source);
        slot
    }

    /// Before the first value of `bytes`.
    #[inline]
    pub(super) fn on(bytes: &'a [u8], at: At<'s>) -> Slot<'s, 'a> {
        Slot {
            state: State::Taken,
            field: None,
            wire: Quick::new(bytes),
            at,
            source: Source::One(Value::Null),
        }
    }

    #[inline]
    pub(crate) fn put(&mut self, source: Source<'s, 'a>) {
        self.state = State::Read;
        self.source = source;
    }

    /// On all of a field whose tag is read.
    #[inline]
    pub(super) fn put_field(&mut self, field: &'static Field) {
        self.state = State::Unread(field.shape);
        self.field = Some(field);
    }

    /// On one of a field's values whose tag is read.
    #[inline]
    pub(super) fn put_value(&mut self, field: &'static Field) {
        self.state = State::Unread(field.value_shape);
        self.field = Some(field);
    }

    /// On a map entry's key, whose tag is read.
    #[inline]
    pub(super) fn put_key(&mut self) {
        self.state = State::Unread(Shape::String);
        self.field = Some(&KEY);
    }

    #[inline]
    pub(super) fn wire(&mut self) -> &mut Quick<'a> {
        &mut self.wire
    }

    /// Where the next value stands.
    #[inline]
    pub(super) fn set_at(&mut self, at: At<'s>) {
        self.at = at;
    }

    /// Passes over the value if nobody took it. One with a form of its own is read
    /// nevertheless, as by all rules.
    #[inline]
    pub(crate) fn leave(&mut self) -> Option<()> {
        match std::mem::replace(&mut self.state, State::Taken) {
            State::Unread(shape) => self.pass(shape),
            State::Taken | State::Read => Some(()),
        }
    }

    #[cold]
    fn pass(&mut self, shape: Shape) -> Option<()> {
        match shape {
            Shape::Message if !self.field?.is_object() => {
                element(self.field?.kind(), &mut self.wire, self.at)?;
            }
            Shape::List | Shape::Map => {
                pass(self.field?, &mut self.wire)?;
            }
            Shape::Double => {
                self.wire.fixed64()?;
            }
            Shape::Bool | Shape::Int32 | Shape::Int64 | Shape::Uint32 => {
                self.wire.varint()?;
            }
            Shape::Bytes | Shape::Message | Shape::String => {
                self.wire.bytes()?;
            }
        }
        Some(())
    }

    #[inline]
    pub(crate) fn is(&self, shape: Shape) -> bool {
        self.state == State::Unread(shape)
    }

    #[inline]
    pub(crate) fn is_integer(&self) -> bool {
        use Shape::{Int32, Int64, Uint32};
        matches!(self.state, State::Unread(Int32 | Int64 | Uint32))
    }

    /// A text.
    #[inline(never)]
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.state = State::Taken;
        std::str::from_utf8(self.wire.bytes()?).ok()
    }

    /// The same, copied to `room` if it is short. The standard library checks words
    /// only from an aligned place on, before which most texts end.
    #[inline(never)]
    pub(crate) fn text_in<'r>(&mut self, room: &'r mut Room) -> Option<&'r str>
    where
        'a: 'r,
    {
        self.state = State::Taken;
        let bytes = self.wire.bytes()?;
        let Some(copy) = room.0.get_mut(..bytes.len()) else {
            return std::str::from_utf8(bytes).ok();
        };
        copy.copy_from_slice(bytes);
        let words = room.0.get(..bytes.len().next_multiple_of(WORDS))?;
        let text = std::str::from_utf8(words).ok()?;
        text.get(..bytes.len())
    }

    /// A text that is not on the wire, or no longer.
    pub(crate) fn text_read(&mut self) -> Option<&'a [u8]> {
        match (self.state, &self.source) {
            (State::Read, Source::One(Value::String(text))) => {
                self.state = State::Taken;
                Some(text)
            }
            _ => None,
        }
    }

    /// A number or a bool.
    #[inline]
    pub(crate) fn integer(&mut self) -> Option<i64> {
        self.state = State::Taken;
        Some(integer(self.field?.kind(), self.wire.varint()?))
    }

    /// Whether it is a message whose JSON is an object of its fields.
    #[inline]
    pub(crate) fn is_object(&self) -> bool {
        match (self.state, self.field) {
            (State::Unread(Shape::Message), Some(field)) => field.is_object(),
            (State::Read, _) => matches!(self.source, Source::Object(_)),
            _ => false,
        }
    }

    /// Such a message.
    #[inline]
    pub(crate) fn object(&mut self) -> Option<Object<'s, 'a>> {
        let was = std::mem::replace(&mut self.state, State::Taken);
        if let (State::Read, Source::Object(object)) = (was, &self.source) {
            return Some(*object);
        }
        let message = self.field?.message()?;
        let (bytes, at) = (self.wire.bytes()?, self.at);
        Some(Object { message, bytes, at })
    }

    /// A list, or a map.
    #[inline]
    pub(crate) fn list(&mut self) -> Option<List<'s, 'a>> {
        self.state = State::Taken;
        let field = self.field?;
        let first = self.wire;
        let count = pass(field, &mut self.wire)?;
        Some(List::of(field, first, count, self.at))
    }

    /// Whether its JSON is null; `None` also where there is no value.
    #[inline]
    pub(crate) fn is_null(&mut self) -> Option<bool> {
        match self.state {
            State::Unread(Shape::Message) | State::Read => self.may_be_null(),
            State::Unread(_) => Some(false),
            State::Taken => None,
        }
    }

    fn may_be_null(&mut self) -> Option<bool> {
        if let State::Unread(_) = self.state {
            if self.is_object() {
                return Some(false);
            }
            let source = self.take()?;
            self.put(source);
        }
        Some(matches!(
            self.source,
            Source::One(Value::Null | Value::Json(b"null", _))
        ))
    }

    /// The value, whatever it is.
    pub(crate) fn take(&mut self) -> Option<Source<'s, 'a>> {
        match std::mem::replace(&mut self.state, State::Taken) {
            State::Read => Some(std::mem::replace(
                &mut self.source,
                Source::One(Value::Null),
            )),
            State::Unread(Shape::List) => self.list().map(Source::List),
            State::Unread(Shape::Map) => self.list().map(Source::Map),
            State::Unread(_) => element(self.field?.kind(), &mut self.wire, self.at),
            State::Taken => None,
        }
    }
}
