//! The way to a value, as a path.

use std::fmt;

use crate::tree::Step;
use crate::utf8::lossy;

/// Prints the way to a value as a path: `metadata.labels[app/name]`.
pub(crate) struct Way<'w, 's>(pub(crate) &'w [Step<'s>]);

impl fmt::Display for Way<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => match str::from_utf8(key) {
                    Ok(name) if !name.is_empty() && name.bytes().all(is_name) => {
                        write!(f, "{}{name}", if position == 0 { "" } else { "." })?;
                    }
                    _ => write!(f, "[{}]", lossy(key).escape_debug())?,
                },
            }
        }
        Ok(())
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$')
}
