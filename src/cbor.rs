//! CBOR as Kubernetes writes it, parsed into a tree.
