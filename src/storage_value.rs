//! What a stored value is, told by its first bytes.
