//! Properties that hold of any bytes; `fuzz_targets/` has a target for each.
pub mod properties;
