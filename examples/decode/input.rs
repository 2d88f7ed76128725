//! Where the bytes come from.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use walkdir::WalkDir;

/// One thing to decode, not opened yet.
pub struct Input {
    /// As given, or relative to the folder it was found in.
    pub name: PathBuf,
    source: Source,
}

enum Source {
    File(PathBuf),
    Stdin,
}

pub enum Data {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Deref for Data {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Data::Mapped(bytes) => bytes,
            Data::Owned(bytes) => bytes,
        }
    }
}

/// Replaces folders by the files in them, in order of the bytes of their
/// relative paths. Links inside folders are not followed.
pub fn expand(paths: &[PathBuf]) -> io::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input {
                name: path.clone(),
                source: Source::Stdin,
            });
        } else if path.is_dir() {
            let mut files = Vec::new();
            for entry in WalkDir::new(path).follow_links(false) {
                let entry = entry?;
                if entry.file_type().is_file() {
                    let name = entry.path().strip_prefix(path).unwrap_or(entry.path());
                    files.push(Input {
                        name: name.to_owned(),
                        source: Source::File(entry.path().to_owned()),
                    });
                }
            }
            files.sort_by(|a, b| path_bytes(&a.name).cmp(path_bytes(&b.name)));
            inputs.append(&mut files);
        } else {
            inputs.push(Input {
                name: path.clone(),
                source: Source::File(path.clone()),
            });
        }
    }
    Ok(inputs)
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

impl Input {
    /// `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Stdin => None,
        }
    }

    pub fn read(&self) -> io::Result<Data> {
        match &self.source {
            Source::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(Data::Owned(bytes))
            }
            Source::File(path) => read_file(path),
        }
    }
}

fn read_file(path: &Path) -> io::Result<Data> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_file() {
        // SAFETY: the map is read only and private to this process. Should
        // another process cut the file short meanwhile, the kernel ends this
        // program; nothing it can do makes the map's bytes change type.
        let map = unsafe { Mmap::map(&file) };
        if let Ok(map) = map {
            return Ok(Data::Mapped(map));
        }
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Data::Owned(bytes))
}
