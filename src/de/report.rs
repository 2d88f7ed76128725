//! What a walk met besides the object itself.

use std::sync::Arc;

use crate::de::Occurrence;
use crate::error::{Error, Result};
use crate::schema::row::{self, Message};
use crate::wire;

/// Fields that the object does not show, and text that it shows changed.
#[derive(Debug, Default)]
pub(crate) struct Report<'a> {
    pub(crate) unknown: Vec<Unknown<'a>>,
    pub(crate) retired: Vec<Retired<'a>>,
    pub(crate) invalid_utf8: Vec<String>,
}

/// A field whose number the message does not have.
#[derive(Debug)]
pub(crate) struct Unknown<'a> {
    /// Path of the message; shared by all that one message holds.
    pub(crate) path: Arc<str>,
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

impl Report<'_> {
    /// Fails once the report has as many entries as it may have.
    pub(crate) fn check_room(&self, limit: usize) -> Result<()> {
        let entries = self.unknown.len();
        let entries = entries.saturating_add(self.retired.len());
        let entries = entries.saturating_add(self.invalid_utf8.len());
        if entries >= limit {
            return Err(Error::limit(
                "report",
                "more unknown, retired or invalid fields than the limit allows",
            ));
        }
        Ok(())
    }
}
