//! Entries that no tree reaches any more, found by what they look like.
//!
//! bbolt never writes over a page that its newest tree uses, so free pages hold
//! older copies of entries until they are needed again, and damage cuts sound
//! pages off. All bytes that no sound page of a tree claims are searched for
//! records (see `carved_record`), in time proportional to their number.

use std::fmt;

use super::bbolt::{self, Entry, Provenance, Span};
use super::carve_search::{Candidate, Kind, Search};
use super::key_value::path;
use super::{KeyValue, Revision, Snapshot, trailer};
use crate::convert::to_u64;
use crate::error::{Buffer, Error, Result};
use crate::limits::Limits;

/// Searches any file for entries of etcd, one whose two meta pages are both
/// broken too. Where one is valid, it does what [`Snapshot::carve`] does.
///
/// Without a meta page the page size is not known: it is taken to be that by
/// which most page headers bear the number of their place, else 4096.
pub fn carve<'a>(file: &'a [u8], limits: &Limits) -> Carving<'a> {
    match Snapshot::parse_with(file, limits) {
        Ok(snapshot) => snapshot.carve(),
        Err(_) => Carving::new(trailer::split(file).0, None, limits),
    }
}

/// An entry that no tree reaches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Carved<'a> {
    /// The etcd key.
    pub key: &'a [u8],
    /// The revision under which it was filed; `None` where those bytes were
    /// overwritten.
    pub revision: Option<Revision>,
    /// The main revision of the change: `mod_revision` for all but deletions.
    pub main: i64,
    /// Whether it is a deletion.
    pub tombstone: bool,
    /// Where it stands in the file. Its page is the one that holds its first
    /// byte, be it overflow or not: no header is trusted.
    pub provenance: Provenance,
    /// How many more times the same entry was found.
    pub copies: u64,
    /// The entry; an error of category `truncated` where its value was partly
    /// overwritten, of category `limit` where its value was not read (see
    /// [`Carving::cuts`]). With `revision` `None`, its own is (`main`, 0).
    pub key_value: Result<KeyValue<'a>>,
}

/// What was found in the bytes that no sound page of a tree claims, in order of
/// main revision and place.
///
/// ```
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/snapshots/rotation/snapshot.db.gz"));
/// # let mut data = Vec::new();
/// # std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut data).unwrap();
/// let snapshot = k8s_etcd::etcd::Snapshot::parse(&data)?;
/// let carving = snapshot.carve();
/// assert_eq!(carving.len(), 0);
/// assert_eq!(carving.copies(), 4);
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
pub struct Carving<'a> {
    data: &'a [u8],
    page_size: u64,
    found: Vec<Candidate>,
    copies: u64,
    searched: u64,
    cuts: Vec<Cut>,
}

/// A place of the file of which not all was carved; see [`Carving::cuts`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Cut {
    /// From the first to the last record that this is about: where they begin.
    pub bytes: std::ops::RangeInclusive<u64>,
    /// Records that are listed with their key and revision, but not read.
    pub unread: u64,
    /// Records that are not listed.
    pub left_out: u64,
    /// The reason, at the first of the bytes: category `limit`.
    pub error: Error,
}

impl<'a> Carving<'a> {
    pub(super) fn new(
        data: &'a [u8],
        snapshot: Option<&Snapshot<'a>>,
        limits: &Limits,
    ) -> Carving<'a> {
        let mut search = Search::new(data, limits);
        let page_size = match snapshot {
            Some(snapshot) => {
                search.in_snapshot(snapshot);
                snapshot.database().meta().page_size.into()
            }
            None => {
                search.span(&Span {
                    bytes: 0..data.len(),
                    limit: data.len(),
                });
                bbolt::guess_page_size(data)
            }
        };
        let (found, copies, searched, cuts) = search.finish();
        Carving {
            data,
            page_size,
            found,
            copies,
            searched,
            cuts,
        }
    }

    /// The number of entries that no tree reaches.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing was found but copies of what the trees reach.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many times entries were found that the tree reaches too.
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// Bytes that were searched: all that no sound page of a tree claims.
    pub fn searched(&self) -> u64 {
        self.searched
    }

    /// Where not all was carved, in order of the file. The search goes on behind
    /// each such place. There are two reasons:
    ///
    /// - Records within records, which no etcd writes. Of those that claim the
    ///   same byte only [`Limits::carved_depth`] are read: the outermost, and the
    ///   ones that end first. The others are listed with their key and revision;
    ///   those with a key of more than 1,024 bytes are left out.
    /// - More entries than [`Limits::carved_entries`]. Half of them are for
    ///   whatever comes first. The other half is shared out evenly over the bytes
    ///   of the file: no place takes the room that later ones need.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// Why the carving is not complete: the first of [`Carving::cuts`].
    pub fn stopped(&self) -> Option<&Error> {
        self.cuts.first().map(|cut| &cut.error)
    }

    /// The entries.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Carved<'a>> {
        self.found.iter().map(|candidate| self.carved(candidate))
    }

    /// The entry with this number, counted as by [`Carving::iter`].
    pub(super) fn get(&self, number: usize) -> Option<Carved<'a>> {
        self.found
            .get(number)
            .map(|candidate| self.carved(candidate))
    }

    fn carved(&self, candidate: &Candidate) -> Carved<'a> {
        let end = candidate.offset.saturating_add(candidate.length);
        let message = self.data.get(candidate.offset..end).unwrap_or_default();
        let before = match candidate.kind {
            Kind::Put | Kind::Cut => 17,
            Kind::Tombstone => 18,
            Kind::WithoutRevision => 0,
        };
        let key_at = candidate.offset.saturating_sub(before);
        let filed = self.data.get(key_at..candidate.offset).unwrap_or_default();
        let revision = Revision::parse_marked(filed)
            .ok()
            .map(|(revision, _)| revision);
        let tombstone = candidate.kind == Kind::Tombstone;
        let entry = Entry::carved(filed, message, self.page_size, to_u64(key_at));
        let (main, sub) = (candidate.main, 0);
        let filed_under = revision.unwrap_or(Revision { main, sub });
        let key_value = if candidate.is_unread {
            let detail = "it lies within records that lie within each other: its value is not read";
            let error = Error::limit("carve", detail).at(Buffer::Snapshot, to_u64(key_at));
            let error = error.in_page(entry.provenance.page);
            Err(error.in_path(|| path(filed_under)))
        } else {
            KeyValue::parse(&entry, filed_under, tombstone)
        };
        Carved {
            key: match &key_value {
                Ok(key_value) => key_value.key,
                Err(_) => KeyValue::key_of_broken(&entry).unwrap_or_default(),
            },
            revision,
            main,
            tombstone,
            provenance: entry.provenance,
            copies: candidate.copies.into(),
            key_value,
        }
    }
}

impl fmt::Debug for Carving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carving")
            .field("entries", &self.found.len())
            .field("copies", &self.copies)
            .field("searched", &self.searched)
            .field("cuts", &self.cuts.len())
            .finish_non_exhaustive()
    }
}
