//! The records that the Go side writes: the verdict in one byte, then the
//! damage, the value and the text, each after its length in four bytes.

use std::io::{self, BufRead, Read};

use crate::judgement::Theirs;

/// One value with what Kubernetes makes of it.
pub struct Record {
    verdict: u8,
    /// What was done to the object, or [`WELL_FORMED`].
    pub damage: String,
    pub value: Vec<u8>,
    /// JSON, or the error.
    pub text: Vec<u8>,
}

/// Stands for the damage of a value that has none.
pub const WELL_FORMED: &str = "well-formed";

impl Record {
    pub fn theirs(&self) -> Result<Theirs<'_>, Box<dyn std::error::Error>> {
        Ok(match self.verdict {
            0 => Theirs::Accepted(&self.text),
            // Go's errors may quote any bytes; ASCII stands before them.
            1 => Theirs::Refused(match std::str::from_utf8(&self.text) {
                Ok(text) => text,
                Err(error) => std::str::from_utf8(&self.text[..error.valid_up_to()])?,
            }),
            2 => Theirs::Unregistered,
            other => return Err(format!("verdict {other}").into()),
        })
    }
}

/// Reads records to the end of standard input.
pub fn records() -> impl Iterator<Item = io::Result<Record>> {
    let mut input = io::BufReader::with_capacity(1 << 20, io::stdin());
    std::iter::from_fn(move || match input.fill_buf() {
        Ok([]) => None,
        Ok(_) => Some(read(&mut input)),
        Err(error) => Some(Err(error)),
    })
}

fn read(input: &mut impl Read) -> io::Result<Record> {
    let mut verdict = [0];
    input.read_exact(&mut verdict)?;
    Ok(Record {
        verdict: verdict[0],
        damage: String::from_utf8_lossy(&part(input)?).into_owned(),
        value: part(input)?,
        text: part(input)?,
    })
}

fn part(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let mut part = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut part)?;
    Ok(part)
}
