//! What one row of the table says.

use std::fmt;

/// A protobuf message of Kubernetes or OpenShift.
// One line of the processor's cache.
#[repr(align(64))]
pub struct Message {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// Whether the JSON of a top-level object of this type begins with `kind`
    /// and `apiVersion`. They come from the envelope, never from the message.
    pub(crate) type_meta: bool,
    /// In the order in which Go prints the members.
    pub(crate) fields: &'static [Field],
    /// Whether that is the order of the fields' numbers too, in which Go writes
    /// them; retired ones, which nobody prints, aside.
    pub(crate) in_wire_order: bool,
    /// A bit for each field that may be printed when it is not on the wire.
    pub(crate) shown_absent: u64,
    /// How many messages are inline in it, and in those.
    pub(crate) inlines: u32,
    /// The row of each field whose tag is of one byte, at its number; or [`NO_ROW`].
    rows: [u8; ONE_BYTE_TAGS],
}

/// Numbers below have tags of one byte.
const ONE_BYTE_TAGS: usize = 16;

const NO_ROW: u8 = u8::MAX;

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Message>() == 64 && size_of::<Field>() == 32);

/// The most fields of a message; the longest has 44. Each has a bit in a word.
pub(crate) const MAX_FIELDS: usize = 48;

/// A message's row. A message of more fields does not compile.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "the table's rows, and counted when it is compiled"
)]
pub(crate) const fn message(
    name: &'static str,
    form: Form,
    type_meta: bool,
    fields: &'static [Field],
) -> Message {
    assert!(fields.len() <= MAX_FIELDS);
    let (mut in_wire_order, mut shown_absent) = (true, 0);
    let mut rows = [NO_ROW; ONE_BYTE_TAGS];
    let mut inlines = 0;
    let (mut at, mut last) = (0, 0);
    while at < fields.len() {
        let field = &fields[at];
        if !field.is_retired() {
            in_wire_order &= last < field.number();
            last = field.number();
        }
        if field.may_show_absent() {
            shown_absent |= 1 << at;
        }
        if let (true, Type::Message(inline)) = (field.is_inline(), field.kind()) {
            inlines += 1 + inline.inlines;
        }
        let number = field.number() as usize;
        if number < ONE_BYTE_TAGS {
            rows[number] = at as u8;
        }
        at += 1;
    }
    Message {
        name,
        form,
        type_meta,
        fields,
        in_wire_order,
        shown_absent,
        inlines,
        rows,
    }
}

impl Message {
    /// The message's full protobuf name, for example `k8s.io.api.core.v1.Pod`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The field with the tag `tag`, and its row.
    #[inline(always)]
    pub(crate) fn row_of(&self, tag: u16) -> Option<(usize, &'static Field)> {
        let row = match self.rows.get(usize::from(tag >> 3)) {
            Some(row) => usize::from(*row),
            None => self.fields.iter().position(|field| field.tag == tag)?,
        };
        let field = self.fields.get(row)?;
        (field.tag == tag).then_some((row, field))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.name)
    }
}

/// The JSON form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An object with a member per field.
    Object,
    /// A named Go slice: field 1 holds the items, the JSON is the bare array.
    Slice,
    /// A named Go map: field 1 holds the entries, the JSON is the bare object.
    Map,
    Duration,
    Fields,
    FieldsV1,
    GroupVersion,
    IntOrString,
    Json,
    JsonSchemaPropsOrArray,
    JsonSchemaPropsOrBool,
    JsonSchemaPropsOrStringArray,
    MicroTime,
    Quantity,
    RawExtension,
    Time,
    Unknown,
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) label: Label,
    flags: u8,
    /// What all of it is on the wire.
    pub(crate) shape: Shape,
    /// What one of its values is.
    pub(crate) value_shape: Shape,
    /// The tag that Go writes before each of the field's values.
    pub(crate) tag: u16,
    /// `,"name":`, which needs no escape.
    pub(crate) key: &'static str,
    /// Of [`Shape::Message`], or of the values of a list or map.
    message: Option<&'static Message>,
}

/// What the field holds; of a map, what its values are (keys are strings).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    Bool,
    Bytes,
    Double,
    Int32,
    Int64,
    String,
    Uint32,
    Message(&'static Message),
}

/// What stands on the wire, told apart as far as serde's types do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Bool,
    Bytes,
    Double,
    Int32,
    Int64,
    String,
    Uint32,
    Message,
    List,
    Map,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    One,
    Repeated,
    Map,
}

/// A Go pointer: absent is `null`, and a present zero is printed.
pub(crate) const POINTER: u8 = 1;
/// `omitempty`: left out when empty (a struct never is).
pub(crate) const OMITEMPTY: u8 = 2;
/// `omitzero`: left out when its `IsZero` says so.
pub(crate) const OMITZERO: u8 = 4;
/// The message's members stand in the parent, at this field's place.
pub(crate) const INLINE: u8 = 8;
/// The newest Kubernetes no longer knows the field and drops it on reading.
pub(crate) const RETIRED: u8 = 16;
/// Follows from the others: a number, text or bytes that `omitempty` leaves out.
const ZERO_OMITTED: u8 = 32;
/// Follows from the others: whether it is printed takes more than that to tell.
const ASK: u8 = 64;

/// A field's row: number, JSON name (empty for an inline message and for the
/// carrier field of a message with a JSON form of its own), type, label, flags.
macro_rules! field {
    ($number:literal, $name:literal, $kind:expr, $label:expr, $flags:expr) => {
        $crate::schema::row::row($number, concat!(",\"", $name, "\":"), $kind, $label, $flags)
    };
}
pub(crate) use field;

#[expect(
    clippy::as_conversions,
    reason = "the table's numbers are small, which is held when it is compiled"
)]
pub(crate) const fn row(
    number: u32,
    key: &'static str,
    kind: Type,
    label: Label,
    flags: u8,
) -> Field {
    let wire_type = match (label, kind) {
        (Label::Map, _) | (_, Type::Bytes | Type::String | Type::Message(_)) => 2,
        (_, Type::Double) => 1,
        (_, Type::Bool | Type::Int32 | Type::Int64 | Type::Uint32) => 0,
    };
    assert!(number < 1 << 11);
    let plain = matches!(label, Label::One) && flags & (RETIRED | POINTER) == 0;
    let derived = match kind {
        _ if flags & (RETIRED | INLINE | OMITZERO) != 0 => ASK,
        Type::Double if plain && flags & OMITEMPTY != 0 => ASK,
        Type::Message(_) => 0,
        _ if plain && flags & OMITEMPTY != 0 => ZERO_OMITTED,
        _ => 0,
    };
    let flags = flags | derived;
    let value_shape = match kind {
        Type::Bool => Shape::Bool,
        Type::Bytes => Shape::Bytes,
        Type::Double => Shape::Double,
        Type::Int32 => Shape::Int32,
        Type::Int64 => Shape::Int64,
        Type::String => Shape::String,
        Type::Uint32 => Shape::Uint32,
        Type::Message(_) => Shape::Message,
    };
    let message = match kind {
        Type::Message(message) => Some(message),
        _ => None,
    };
    let shape = match label {
        Label::One => value_shape,
        Label::Repeated => Shape::List,
        Label::Map => Shape::Map,
    };
    Field {
        label,
        flags,
        shape,
        value_shape,
        tag: (number << 3 | wire_type) as u16,
        key,
        message,
    }
}

impl Field {
    /// The number in the `.proto` file.
    #[inline]
    #[expect(clippy::as_conversions, reason = "`From` is not const")]
    pub(crate) const fn number(&self) -> u32 {
        self.tag as u32 >> 3
    }

    /// What the field holds; of a map, what its values are.
    #[inline]
    pub(crate) const fn kind(&self) -> Type {
        if let Some(message) = self.message {
            return Type::Message(message);
        }
        match self.value_shape {
            Shape::Bool => Type::Bool,
            Shape::Double => Type::Double,
            Shape::Int32 => Type::Int32,
            Shape::Int64 => Type::Int64,
            Shape::String => Type::String,
            Shape::Uint32 => Type::Uint32,
            // Messages were told above; a value is no list and no map.
            Shape::Bytes | Shape::Message | Shape::List | Shape::Map => Type::Bytes,
        }
    }

    /// What its values are, if they are messages.
    #[inline]
    pub(crate) fn message(&self) -> Option<&'static Message> {
        self.message
    }

    /// Whether its values are messages whose JSON is an object of their fields.
    #[inline]
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.message, Some(message) if message.form == Form::Object)
    }

    /// The JSON name.
    #[inline]
    pub(crate) fn name(&self) -> &'static str {
        let end = self.key.len().saturating_sub(2);
        self.key.get(2..end).unwrap_or_default()
    }

    /// Whether Go may print the field without having read it. A struct is never
    /// empty, so that one that is no pointer is printed in any case.
    const fn may_show_absent(&self) -> bool {
        let is_struct = matches!((self.kind(), self.label), (Type::Message(_), Label::One));
        let omitted = self.is_omitempty() && (self.is_pointer() || !is_struct);
        !self.is_retired() && (self.is_inline() || !omitted)
    }

    /// Whether the field is printed if it is there, whatever it holds.
    #[inline]
    pub(crate) const fn is_always_shown(&self) -> bool {
        self.flags & (ZERO_OMITTED | ASK) == 0
    }

    /// Whether it is a varint or has a length, and is printed unless that is zero.
    #[inline]
    pub(crate) const fn is_zero_omitted(&self) -> bool {
        self.flags & ZERO_OMITTED != 0
    }

    pub(crate) const fn is_pointer(&self) -> bool {
        self.flags & POINTER != 0
    }

    pub(crate) const fn is_omitempty(&self) -> bool {
        self.flags & OMITEMPTY != 0
    }

    pub(crate) const fn is_omitzero(&self) -> bool {
        self.flags & OMITZERO != 0
    }

    pub(crate) const fn is_inline(&self) -> bool {
        self.flags & INLINE != 0
    }

    pub(crate) const fn is_retired(&self) -> bool {
        self.flags & RETIRED != 0
    }
}

/// A kind that the API server stores or serves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) message: &'static Message,
}

pub(crate) const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    message: &'static Message,
) -> Kind {
    Kind {
        group,
        version,
        kind,
        message,
    }
}

/// Of bits for rows, whether that of `row` is set.
#[inline]
pub(crate) fn is_set(rows: u64, row: usize) -> bool {
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    rows.checked_shr(row).is_some_and(|rows| rows & 1 == 1)
}

/// The lowest row whose bit is set.
#[inline]
pub(crate) fn lowest(rows: u64) -> Option<usize> {
    match rows {
        0 => None,
        rows => usize::try_from(rows.trailing_zeros()).ok(),
    }
}
