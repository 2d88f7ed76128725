//! Files that are read are never written to, whatever name or descriptor leads
//! to them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::input::Input;
use crate::output::escaped;
use crate::run::Stop;

/// Refuses to run where stdout or stderr goes into a file that is read: an input or
/// one of the `others`.
pub fn inputs<'a>(inputs: &'a [Input], others: impl Iterator<Item = &'a Path>) -> Result<(), Stop> {
    let (stdout, stderr) = (id::stdout(), id::stderr());
    if stdout.is_none() && stderr.is_none() {
        return Ok(());
    }
    let found = inputs.iter().filter_map(Input::path).map(id_of);
    let named = found.chain(others.map(id_of));
    let is_stdin_read = inputs.iter().any(Input::is_stdin);
    let stdin = is_stdin_read.then(|| (Path::new("-"), id::stdin()));
    for (path, id) in named.chain(stdin) {
        if id.is_some() && id == stderr {
            // To say so would write into it.
            return Err(Stop::Unsaid);
        }
        if id.is_some() && id == stdout {
            let name = escaped(path.as_os_str().as_encoded_bytes());
            return Err(Stop::Usage(format!(
                "{name}: it is read, and the output goes into it: name another file"
            )));
        }
    }
    Ok(())
}

fn id_of(path: &Path) -> (&Path, Option<id::Id>) {
    (path, id::of(path))
}

/// Creates a file for output. What exists stays as it is, an input above all; only
/// to a pipe or a device is it written all the same.
pub fn create(option: &str, path: &Path, inputs: &[Input]) -> Result<File, Stop> {
    let name = escaped(path.as_os_str().as_encoded_bytes());
    let refuse =
        |reason: &dyn std::fmt::Display| Stop::Usage(format!("{option}: {name}: {reason}"));
    match File::create_new(path) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !fs::metadata(path).is_ok_and(|metadata| id::is_stream(&metadata)) {
                let id = id::of(path);
                let is_input = |input: &Path| id.is_some() && id::of(input) == id;
                let mut read = inputs.iter().filter_map(Input::path);
                return Err(match read.any(is_input) {
                    true => refuse(&"it is an input: name another file"),
                    false => refuse(&"it exists, and no file is replaced: name another file"),
                });
            }
            let file = File::options().write(true).open(path);
            let file = file.map_err(|error| refuse(&error))?;
            match file.metadata() {
                Ok(metadata) if id::is_stream(&metadata) => Ok(file),
                _ => Err(refuse(&"it was replaced by a file: name another")),
            }
        }
        Err(error) => Err(refuse(&error)),
    }
}

/// What tells files apart: device and inode.
#[cfg(unix)]
mod id {
    use std::fs::{File, Metadata, metadata};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    use std::path::Path;

    pub type Id = (u64, u64);

    /// `None` for what is not stored: a terminal, a pipe.
    fn id(metadata: &Metadata) -> Option<Id> {
        let is_stored = metadata.is_file() || metadata.file_type().is_block_device();
        is_stored.then(|| (metadata.dev(), metadata.ino()))
    }

    pub fn of(path: &Path) -> Option<Id> {
        id(&metadata(path).ok()?)
    }

    fn of_stream(stream: impl AsFd) -> Option<Id> {
        let file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
        id(&file.metadata().ok()?)
    }

    pub fn stdin() -> Option<Id> {
        of_stream(io::stdin())
    }

    pub fn stdout() -> Option<Id> {
        of_stream(io::stdout())
    }

    pub fn stderr() -> Option<Id> {
        of_stream(io::stderr())
    }

    pub fn is_stream(metadata: &Metadata) -> bool {
        let kind = metadata.file_type();
        kind.is_fifo() || kind.is_char_device() || kind.is_socket()
    }
}

#[cfg(not(unix))]
mod id {
    use std::fs::{Metadata, canonicalize};
    use std::path::{Path, PathBuf};

    pub type Id = PathBuf;

    pub fn of(path: &Path) -> Option<Id> {
        canonicalize(path).ok()
    }

    pub fn stdin() -> Option<Id> {
        None
    }

    pub fn stdout() -> Option<Id> {
        None
    }

    pub fn stderr() -> Option<Id> {
        None
    }

    pub fn is_stream(metadata: &Metadata) -> bool {
        !metadata.is_file() && !metadata.is_dir()
    }
}
