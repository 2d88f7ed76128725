use sha2::{Digest, Sha256};

/// What follows the database in a file of `etcdctl snapshot save`: the SHA-256
/// of all bytes before. A data directory's own file has none.
///
/// ```text
/// ┌───────────────────────────┬──────────┐
/// │ database, n × 512 bytes   │ 32 bytes │
/// └───────────────────────────┴──────────┘
/// ```
///
/// Recognised, as etcd does, by the size alone: a remainder of 32 by 512, the
/// smallest disk sector. Source: `etcdutl/snapshot/v3_snapshot.go` of
/// go.etcd.io/etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trailer {
    /// The file ends with the database.
    Absent,
    /// The trailer is the SHA-256 of the database.
    Valid,
    /// The trailer is 32 zeros: nobody has written it.
    Unwritten,
    /// The trailer is not the SHA-256 of the database: the file was changed.
    Mismatch,
}

const SECTOR: usize = 512;
const SIZE: usize = 32;

/// The database and its trailer.
pub(super) fn split(file: &[u8]) -> (&[u8], Option<&[u8; SIZE]>) {
    if file.len() % SECTOR == SIZE
        && let Some((database, trailer)) = file.split_last_chunk::<SIZE>()
    {
        return (database, Some(trailer));
    }
    (file, None)
}

pub(super) fn verify(database: &[u8], trailer: Option<&[u8; SIZE]>) -> Trailer {
    match trailer {
        None => Trailer::Absent,
        Some(trailer) if sha256(database) == *trailer => Trailer::Valid,
        Some(trailer) if *trailer == [0; SIZE] => Trailer::Unwritten,
        Some(_) => Trailer::Mismatch,
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; SIZE] {
    Sha256::digest(bytes).into()
}
