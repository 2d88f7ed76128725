//! `-o raw`: the bytes of one value, as etcd stores them.

use std::io::{self, Write};

use crate::decoded::Item;

/// Keeps the value until it is known to be the only one.
#[derive(Default)]
pub struct Raw {
    value: Option<Vec<u8>>,
}

impl Raw {
    pub fn add(&mut self, item: &Item<'_>) -> io::Result<()> {
        if item.is_deletion {
            return Ok(());
        }
        match self.value.replace(item.value.to_vec()) {
            None => Ok(()),
            Some(_) => {
                let detail = "-o raw prints one value, and there are several: \
                              choose one with --key-exact, or take -o ndjson";
                Err(io::Error::other(detail))
            }
        }
    }

    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        match self.value {
            Some(value) => out.write_all(&value),
            None => Err(io::Error::other("there is no such value")),
        }
    }
}
