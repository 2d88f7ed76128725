//! What each fuzz target holds of any bytes: a file a target, its property at
//! the top. `tests/fuzz_seeds` holds it of the committed seeds, with the stable
//! compiler.

mod aescbc;
mod aesgcm;
#[allow(dead_code, reason = "made for the tests of the reader")]
#[path = "../../../tests/support/bbolt_writer.rs"]
pub mod bbolt_writer;
mod bytes;
mod cbor;
mod decoder;
mod encryption_configuration;
mod envelope;
mod kms;
mod kms_v1;
mod kms_v2;
mod object;
mod same;
mod sealed;
mod secretbox;
mod snapshot;
mod snapshot_structure;
mod storage_value;
mod typed;
mod wire;
mod yaml;

pub use aescbc::aescbc;
pub use aesgcm::aesgcm;
pub use cbor::cbor;
pub use decoder::decoder;
pub use encryption_configuration::encryption_configuration;
pub use envelope::envelope;
pub use kms_v1::kms_v1;
pub use kms_v2::kms_v2;
pub use object::object;
pub use secretbox::secretbox;
pub use snapshot::snapshot;
pub use snapshot_structure::snapshot_structure;
pub use storage_value::storage_value;
pub use wire::wire;
pub use yaml::yaml;

/// A property: panics where it does not hold.
pub type Property = fn(&[u8]);

/// The property of each target, by the target's name.
pub const TARGETS: [(&str, Property); 15] = [
    ("aescbc", aescbc),
    ("aesgcm", aesgcm),
    ("cbor", cbor),
    ("decoder", decoder),
    ("encryption_configuration", encryption_configuration),
    ("envelope", envelope),
    ("kms_v1", kms_v1),
    ("kms_v2", kms_v2),
    ("object", object),
    ("secretbox", secretbox),
    ("snapshot", snapshot),
    ("snapshot_structure", snapshot_structure),
    ("storage_value", storage_value),
    ("wire", wire),
    ("yaml", yaml),
];

/// The property of the target `name`.
pub fn of(name: &str) -> Option<Property> {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    found.map(|(_, property)| *property)
}
