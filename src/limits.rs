//! Bounds on what hostile bytes may cost, in one place.

/// Bounds that decoding keeps. Reaching one is an error of category
/// [`Limit`](crate::Category::Limit), never a silent cut; of a report, what has no
/// room is counted ([`Report::left_out`](crate::Report::left_out)).
///
/// The defaults stand above anything that Kubernetes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nesting of messages within one protobuf value. Kubernetes' deepest kind
    /// without recursion nests 16 messages.
    pub message_depth: usize,
    /// Nesting of arrays and objects in a JSON value, or in JSON inside
    /// protobuf, that is only printed. Go's own scanner stops at 10,000.
    pub json_depth: usize,
    /// Nesting of arrays and maps in a CBOR or YAML value, and of JSON that is
    /// decoded into a typed object; of the latter 128 at most, whatever this says.
    pub tree_depth: usize,
    /// Bytes of one stored value. etcd's default for a whole request is 1.5 MiB.
    pub value_bytes: usize,
    /// Entries of one object's report: unknown and retired fields, invalid UTF-8.
    /// The report's size is bounded besides, by that of the object.
    pub report_entries: usize,
    /// Pages that one walk of a database file may visit, as a multiple of the
    /// pages in the file. A sound file needs 1.
    pub page_visits: usize,
    /// Entries that a carve may hold, 48 bytes each with their index.
    pub carved_entries: usize,
    /// Carved records that are read of those that claim the same byte, at least
    /// 1. etcd writes none within another; damage makes two or three.
    pub carved_depth: usize,
    /// Keys of a matching name that are tried on one encrypted value.
    pub keys_tried: usize,
    /// Other etcd keys that are tried in one run on values that may have moved,
    /// each once for every key with the value's name. A run's are counted by its
    /// [`MoveTries`](crate::encryption::MoveTries).
    pub moved_tries: u32,
    /// Bytes that these tries may read in one run: each reads the whole value and
    /// the etcd key that is tried.
    pub moved_bytes: u64,
    /// How often a [`KmsPlugin`](crate::encryption::KmsPlugin) is asked for one
    /// wrapped key, at least once, while it answers with an error.
    pub kms_attempts: u32,
    /// How many of these repeat a question that failed, in the life of a keyring.
    pub kms_repeats: u32,
}

impl Limits {
    /// The default bounds.
    pub const DEFAULT: Limits = Limits {
        message_depth: 100,
        json_depth: 10_000,
        tree_depth: 128,
        value_bytes: 64 << 20,
        report_entries: 100_000,
        page_visits: 1,
        carved_entries: 8 << 20,
        carved_depth: 8,
        keys_tried: 1_000,
        moved_tries: 10_000,
        moved_bytes: 256 << 20,
        kms_attempts: 10,
        kms_repeats: 1_000,
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}
