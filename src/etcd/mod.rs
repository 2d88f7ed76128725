//! etcd's database file: snapshot, MVCC revisions, key-values. Knows nothing of Kubernetes.
