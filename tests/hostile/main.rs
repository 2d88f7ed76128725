//! Bytes of strangers: whatever is done to a value, it is decoded or refused
//! with a place, and what that costs stays in proportion to its size.

mod allocator;
mod amplification;
mod fixtures;
mod flips;
mod growth;
mod limits;
mod prefixes;
mod reports;
mod trees;
