//! What one row of the table says.

use std::fmt;

/// A protobuf message of Kubernetes or OpenShift.
pub struct Message {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// Whether the JSON of a top-level object of this type begins with `kind`
    /// and `apiVersion`. They come from the envelope, never from the message.
    pub(crate) type_meta: bool,
    /// In the order in which Go prints the members.
    pub(crate) fields: &'static [Field],
}

impl Message {
    /// The message's full protobuf name, for example `k8s.io.api.core.v1.Pod`.
    pub fn name(&self) -> &'static str {
        self.name
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
    pub(crate) number: u32,
    pub(crate) label: Label,
    flags: u8,
    /// The JSON name; empty for an inline message and for the carrier field of
    /// a message with a JSON form of its own.
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
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

pub(crate) const fn field(
    number: u32,
    name: &'static str,
    kind: Type,
    label: Label,
    flags: u8,
) -> Field {
    Field {
        number,
        label,
        flags,
        name,
        kind,
    }
}

impl Field {
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
