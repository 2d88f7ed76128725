//! The path to the field that is being decoded.

use std::fmt::{self, Write};

/// One step of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Segment<'a> {
    /// A member, by its JSON name.
    Member(&'static str),
    /// An element of a list.
    Index(usize),
    /// An entry of a map, by its key.
    Key(&'a [u8]),
}

/// Prints as Kubernetes' `field.Path` does: `spec.containers[2].ports[0].hostPort`,
/// `metadata.labels[app]`.
#[derive(Debug, Default)]
pub(crate) struct Path<'a>(Vec<Segment<'a>>);

/// A longer map key is cut, so that paths stay small beside the bytes they name.
const KEY_MAX: usize = 128;

impl<'a> Path<'a> {
    #[inline]
    pub(crate) fn push(&mut self, segment: Segment<'a>) {
        self.0.push(segment);
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The names of the members on the path, from the outermost on.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Member(name) => Some(*name),
            Segment::Index(_) | Segment::Key(_) => None,
        })
    }

    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Member(name) if position == 0 => f.write_str(name)?,
                Segment::Member(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => write_key(f, key)?,
            }
        }
        Ok(())
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, key: &[u8]) -> fmt::Result {
    let shown = key.get(..KEY_MAX).unwrap_or(key);
    f.write_char('[')?;
    for character in String::from_utf8_lossy(shown).chars() {
        if character.is_control() {
            write!(f, "{}", character.escape_default())?;
        } else {
            f.write_char(character)?;
        }
    }
    f.write_str(if shown.len() < key.len() { "…]" } else { "]" })
}
