//! How a message is found in the table.

use super::generated::kinds::KINDS;
use super::generated::messages::MESSAGES;
use super::generated::meta_v1;
use super::row::{Field, Kind, Message};

/// The message with the full protobuf name `name`, such as
/// `k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent`; `None` if no release that
/// the table covers has it.
pub fn message(name: &str) -> Option<&'static Message> {
    let i = MESSAGES.binary_search_by(|m| m.name.cmp(name)).ok()?;
    MESSAGES.get(i).copied()
}

/// All messages of the table, sorted by full name.
pub fn messages() -> impl ExactSizeIterator<Item = &'static Message> {
    MESSAGES.iter().copied()
}

/// The message of a kind; the core group is `""`. `None` if no release that the
/// table covers has it.
///
/// The option kinds of `meta.k8s.io/v1`, such as `DeleteOptions`, are kinds of
/// every group version that the table knows, as Go's
/// `metav1.AddToGroupVersion` makes them, and so is `WatchEvent`, which has
/// neither `apiVersion` nor `kind` in its JSON. `Status` and the kinds of
/// discovery, such as `APIGroup`, are unversioned: kinds of whatever group version.
pub fn kind(group: &str, version: &str, kind: &str) -> Option<&'static Message> {
    let key = (group, version, kind);
    if let Some(found) = by_hash([group.as_bytes(), version.as_bytes(), kind.as_bytes()]) {
        return Some(found);
    }
    // The kinds of a group version stand together, so that the place where the
    // kind would stand has one of them at one side.
    let place = KINDS.partition_point(|k| (k.group, k.version, k.kind) < key);
    let around = KINDS.get(place.saturating_sub(1)..).unwrap_or_default();
    around
        .iter()
        .take(2)
        .any(|k| (k.group, k.version) == (group, version))
        .then(|| option_kind(kind))
        .flatten()
        .or_else(|| unversioned_kind(kind))
}

/// The same as [`kind`], with the group version as it stands in `apiVersion`:
/// `v1`, or `apps/v1`.
///
/// ```
/// use k8s_etcd::schema;
///
/// let found = schema::kind_of("apps/v1", "Deployment").unwrap();
/// assert_eq!(found.name(), "k8s.io.api.apps.v1.Deployment");
/// assert!(schema::kind_of("apps/v1/beta", "Deployment").is_none());
/// ```
pub fn kind_of(api_version: &str, kind: &str) -> Option<&'static Message> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    self::kind(group, version, kind)
}

/// Places of [`KINDS`], plus one, at the hash of each or behind it: half of them
/// are empty.
static PLACES: [u16; PLACES_MASK + 1] = places();

const PLACES_MASK: usize = 2047;

#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "the table's kinds, when it is compiled"
)]
const fn places() -> [u16; PLACES_MASK + 1] {
    assert!(KINDS.len() < 1024);
    let mut places = [0; PLACES_MASK + 1];
    let mut at = 0;
    while at < KINDS.len() {
        let Kind {
            group,
            version,
            kind,
            ..
        } = KINDS[at];
        let names = [group.as_bytes(), version.as_bytes(), kind.as_bytes()];
        let mut place = hash(&names) & PLACES_MASK;
        while places[place] != 0 {
            place = (place + 1) & PLACES_MASK;
        }
        at += 1;
        places[place] = at as u16;
    }
    places
}

/// Of the three, word by word, each ended by a word that tells its length apart.
#[expect(
    clippy::as_conversions,
    reason = "`From` is not const, and low bits are enough"
)]
const fn hash(mut names: &[&[u8]]) -> usize {
    let mut hash = 0u64;
    while let [name, rest @ ..] = names {
        let mut bytes = *name;
        while let [a, b, c, d, e, f, g, h, rest @ ..] = bytes {
            hash = mixed(hash, u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]));
            bytes = rest;
        }
        let mut last = 1;
        while let [byte, rest @ ..] = bytes {
            last = last << 8 | *byte as u64;
            bytes = rest;
        }
        hash = mixed(hash, last);
        names = rest;
    }
    hash as usize
}

const fn mixed(hash: u64, word: u64) -> u64 {
    let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 32
}

/// The message of a kind of the table: its group, version and kind.
pub(crate) fn by_hash(names: [&[u8]; 3]) -> Option<&'static Message> {
    // No name of the table is so long.
    if names.iter().any(|name| name.len() > 64) {
        return None;
    }
    let [group, version, kind] = names;
    let start = hash(&names) & PLACES_MASK;
    let (before, from) = PLACES.split_at_checked(start)?;
    for place in from.iter().chain(before) {
        // An empty place: none of the hashes that lead here has more.
        let found = KINDS.get(usize::from(place.checked_sub(1)?))?;
        let names = [found.kind, found.version, found.group].map(str::as_bytes);
        if names == [kind, version, group] {
            return Some(found.message);
        }
    }
    None
}

fn option_kind(kind: &str) -> Option<&'static Message> {
    match kind {
        "CreateOptions" => Some(&meta_v1::CreateOptions),
        "DeleteOptions" => Some(&meta_v1::DeleteOptions),
        "GetOptions" => Some(&meta_v1::GetOptions),
        "ListOptions" => Some(&meta_v1::ListOptions),
        "PatchOptions" => Some(&meta_v1::PatchOptions),
        "UpdateOptions" => Some(&meta_v1::UpdateOptions),
        "WatchEvent" => Some(&meta_v1::WatchEvent),
        _ => None,
    }
}

/// The kinds that Go's scheme has under every group version, known or not.
fn unversioned_kind(kind: &str) -> Option<&'static Message> {
    match kind {
        "APIGroup" => Some(&meta_v1::APIGroup),
        "APIGroupList" => Some(&meta_v1::APIGroupList),
        "APIResourceList" => Some(&meta_v1::APIResourceList),
        "APIVersions" => Some(&meta_v1::APIVersions),
        "Status" => Some(&meta_v1::Status),
        _ => None,
    }
}

impl Message {
    /// The field with the number `number`, and its place in `fields`.
    ///
    /// `hint` is the place to look at first. Go writes the fields in the order
    /// of their numbers, which nearly is the order of the struct: after a field
    /// at `i`, `i` (a list goes on) and `i + 1` are good hints.
    pub(crate) fn field_by_number(
        &self,
        number: u32,
        hint: usize,
    ) -> Option<(usize, &'static Field)> {
        // From the hint on, then from the beginning: the longest message has
        // few enough fields for this, whatever a stranger sends.
        let (before, after) = self
            .fields
            .split_at_checked(hint)
            .unwrap_or((self.fields, &[]));
        let at = |from: usize, fields: &'static [Field]| {
            let i = fields.iter().position(|f| f.number() == number)?;
            Some((from.saturating_add(i), fields.get(i)?))
        };
        at(hint, after).or_else(|| at(0, before))
    }
}
