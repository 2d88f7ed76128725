//! Encryption at rest. Knows nothing of etcd: a resource and authenticated data come in.
