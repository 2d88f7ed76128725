//! Protobuf by schema: the fields of a message in Go's order, and serde on top.
