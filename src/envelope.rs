//! The `k8s\0` envelope: runtime.Unknown.
