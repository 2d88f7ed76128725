//! Where the bytes come from.

use std::fs::{File, FileType, Metadata};
use std::io::{self, IsTerminal, Read};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use memmap2::Mmap;
use walkdir::WalkDir;

/// More than this is not read of a character device: some never end.
const DEVICE_MAX: u64 = 64 << 20;

/// One thing to decode, not opened yet.
pub struct Input {
    /// As given, or relative to the folder it was found in.
    pub name: PathBuf,
    /// Whether a folder was given, not the file.
    pub is_from_folder: bool,
    source: Source,
}

enum Source {
    File(PathBuf),
    Stdin,
    /// What cannot be read is told when its turn comes.
    Unread(io::Error),
    /// What holds no data of its own, for this reason.
    PassedOver(&'static str),
}

pub enum Data {
    Mapped {
        map: Mmap,
        file: File,
        before: State,
    },
    Owned(Vec<u8>),
}

/// What a file shows of a change.
#[derive(PartialEq, Eq)]
pub struct State {
    length: u64,
    modified: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> State {
        State {
            length: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

impl Data {
    /// Whether the file was changed since it was opened: what was printed of it
    /// may be neither its old nor its new content.
    pub fn is_changed(&self) -> bool {
        match self {
            Data::Mapped { file, before, .. } => {
                let now = file.metadata();
                now.map_or(true, |now| State::of(&now) != *before)
            }
            Data::Owned(_) => false,
        }
    }
}

impl Deref for Data {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Data::Mapped { map, .. } => map,
            Data::Owned(bytes) => bytes,
        }
    }
}

/// Replaces folders by the files in them, in order of the bytes of their
/// relative paths. Links inside folders are not followed.
pub fn expand(paths: &[PathBuf]) -> Vec<Input> {
    let mut inputs = Vec::new();
    for path in paths {
        let source = if path.as_os_str() == "-" {
            Source::Stdin
        } else if path.is_dir() {
            inputs.append(&mut files_in(path));
            continue;
        } else {
            Source::File(path.clone())
        };
        inputs.push(Input {
            name: path.clone(),
            is_from_folder: false,
            source,
        });
    }
    inputs
}

fn files_in(folder: &Path) -> Vec<Input> {
    let input = |path: &Path, source| {
        let name = path.strip_prefix(folder).unwrap_or(path);
        let is_folder = name.as_os_str().is_empty();
        Input {
            name: if is_folder { folder } else { name }.to_owned(),
            is_from_folder: true,
            source,
        }
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(false) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let source = match not_read(entry.file_type()) {
                    None => Source::File(entry.path().to_owned()),
                    Some(reason) => Source::PassedOver(reason),
                };
                files.push(input(entry.path(), source));
            }
            // A folder that cannot be read, or is too deep for the system.
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let error = error.into_io_error();
                let error = error.unwrap_or_else(|| io::Error::other("it cannot be walked"));
                files.push(input(&path, Source::Unread(error)));
            }
        }
    }
    if files.is_empty() {
        let error = io::Error::other("there is no file in it");
        files.push(input(folder, Source::Unread(error)));
    }
    files.sort_by(|a, b| path_bytes(&a.name).cmp(path_bytes(&b.name)));
    files
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Why something in a folder is not read.
fn not_read(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("a link in a folder, which is not followed")
    } else {
        Some("a pipe, a socket or a device in a folder, which is not read")
    }
}

impl Input {
    /// `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Stdin | Source::Unread(_) | Source::PassedOver(_) => None,
        }
    }

    /// Why it is not read, where that is no fault.
    pub fn passed_over(&self) -> Option<&'static str> {
        match self.source {
            Source::PassedOver(reason) => Some(reason),
            _ => None,
        }
    }

    pub fn is_stdin(&self) -> bool {
        matches!(self.source, Source::Stdin)
    }

    pub fn read(&self) -> io::Result<Data> {
        match &self.source {
            Source::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(Data::Owned(bytes))
            }
            Source::File(path) => read_file(path),
            Source::Unread(error) => Err(io::Error::new(error.kind(), error.to_string())),
            Source::PassedOver(reason) => Err(io::Error::other(*reason)),
        }
    }
}

fn read_file(path: &Path) -> io::Result<Data> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::new();
    if metadata.is_file() {
        if usize::try_from(metadata.len()).is_err() {
            let detail = "it is larger than the memory that this program can address";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail));
        }
        // SAFETY: whoever maps a file must see to it that nobody changes it while
        // it is mapped. A program cannot: it asks its user to give it a copy, and
        // tells when the file was changed all the same (`Data::is_changed`).
        // A file that is cut short ends this program by a signal.
        let map = unsafe { Mmap::map(&file) };
        // Files of /proc say that they are empty, and are not.
        if let Ok(map) = map
            && !map.is_empty()
        {
            let before = State::of(&metadata);
            return Ok(Data::Mapped { map, file, before });
        }
    } else if is_endless(&metadata) && !file.is_terminal() {
        file.take(DEVICE_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > DEVICE_MAX {
            let detail = format!("a device with more than {DEVICE_MAX} bytes: copy what is needed");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail));
        }
        return Ok(Data::Owned(bytes));
    }
    file.read_to_end(&mut bytes)?;
    Ok(Data::Owned(bytes))
}

#[cfg(unix)]
fn is_endless(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn is_endless(_: &Metadata) -> bool {
    false
}
