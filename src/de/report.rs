//! What a walk met besides the object itself.

use crate::de::Occurrence;
use crate::room::Room;
use crate::schema::row::{self, Message};
use crate::wire;

/// Fields that the object does not show, and text that it shows changed.
#[derive(Debug, Default)]
pub(crate) struct Report<'a> {
    /// How much more it may hold.
    pub(crate) room: Room,
    /// Some message within the object has a field that its schema does not have.
    pub(crate) unknown_below: bool,
    pub(crate) unknown: Vec<Unknown<'a>>,
    pub(crate) retired: Vec<Retired<'a>>,
    pub(crate) invalid_utf8: Vec<String>,
}

/// A field whose number the message does not have.
#[derive(Debug)]
pub(crate) struct Unknown<'a> {
    /// Path of the message.
    pub(crate) path: String,
    pub(crate) message: &'static Message,
    pub(crate) field: wire::Field<'a>,
}

/// A field that the newest Kubernetes drops on reading, with its occurrences.
#[derive(Debug)]
pub(crate) struct Retired<'a> {
    pub(crate) path: String,
    pub(crate) field: &'static row::Field,
    pub(crate) occurrences: Vec<Occurrence<'a>>,
}
