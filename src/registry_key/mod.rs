//! The etcd keys of an API server: key → group resource, namespace, name.
//!
//! ```text
//! /registry/secrets/default/password                    secrets
//! /registry/clusterroles/admin                          clusterroles.rbac.authorization.k8s.io
//! /registry/minions/node-1                              nodes
//! /registry/stable.example.com/widgets/default/w        widgets.stable.example.com
//! └ prefix ┘└──────── resource ───────┘└── namespace and name
//! /registry/core/configmaps/root/default/ca             configmaps, in kcp
//!          └─── resource ──┘└ logical cluster
//! ```
//!
//! A built-in resource stands without its group, so that the group comes from a
//! table; a custom resource stands after its group. The prefix is the API
//! server's `--etcd-prefix`: `/registry`, or `/kubernetes.io` and
//! `/openshift.io` in OpenShift. `compact_rev_key` is the one key without.
//!
//! An aggregated API server has a prefix of its own, often `/registry/<group>`, and
//! its resources stand after their groups. kcp puts the group before built-in
//! resources too (`core` for that without a name), then a custom resource's
//! `customresources` or the identity of its APIExport, then the logical cluster.
//!
//! Source: kubernetes `pkg/kubeapiserver/default_storage_factory_builder.go`,
//! apiserver `pkg/registry/generic/registry/storage_factory.go` and
//! `pkg/storage/etcd3/store.go`.

pub(crate) mod elsewhere;
#[rustfmt::skip]
mod generated;
mod resources;

use std::borrow::Cow;
use std::fmt;

use resources::{Resource, Split, split, text, under};

/// The prefixes that need not be given.
const PREFIXES: [&str; 3] = ["registry", "kubernetes.io", "openshift.io"];

/// An etcd key, taken apart.
///
/// Every key can be parsed: what it does not say is `None`. Keys need not be
/// UTF-8, and the parts before the first bad byte are still told.
///
/// ```
/// use k8s_etcd::registry_key::RegistryKey;
///
/// let key = RegistryKey::parse(b"/registry/deployments/shop/cart", None);
/// assert_eq!(key.group_resource().as_deref(), Some("deployments.apps"));
/// assert_eq!((key.namespace(), key.name()), (Some("shop"), Some("cart")));
///
/// let key = RegistryKey::parse(b"compact_rev_key", None);
/// assert_eq!((key.resource(), key.name()), (None, None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RegistryKey<'k> {
    key: &'k [u8],
    resource: Resource<'k>,
    cluster: Option<&'k str>,
    namespace: Option<&'k str>,
    name: Option<&'k str>,
}

impl<'k> RegistryKey<'k> {
    /// Parses a key. `prefixes` are the API servers' `--etcd-prefix`es, with or
    /// without slashes at their ends; of several that fit the longest counts. The
    /// usual ones need not be given, and hold for keys that are under none of the
    /// given ones.
    pub fn parse<'p>(
        key: &'k [u8],
        prefixes: impl IntoIterator<Item = &'p str>,
    ) -> RegistryKey<'k> {
        let path = path_of(key, prefixes).unwrap_or_default();
        let Split {
            resource,
            cluster,
            rest,
        } = split(path);
        // No name has a slash: two segments are a namespace and a name, one is
        // the name of what is not namespaced.
        let mut segments = rest.split(|b| *b == b'/');
        let (namespace, name) = match (segments.next(), segments.next(), segments.next()) {
            (Some(name), None, _) => (None, text(name)),
            (Some(namespace), Some(name), None) => (text(namespace), text(name)),
            _ => (None, None),
        };
        RegistryKey {
            key,
            resource,
            cluster,
            namespace,
            name,
        }
    }

    /// The whole key.
    pub fn as_bytes(&self) -> &'k [u8] {
        self.key
    }

    /// The resource's plural name, as in the paths of the API: `nodes`,
    /// although their keys say `minions`. `None` if the key is not under a known
    /// prefix or ends there.
    ///
    /// What the API server keeps for itself has the name that it uses inside:
    /// `apiServerIPInfo` (`masterleases`), `apiServerPeerIPInfo`
    /// (`peerserverleases`), `services` (`ranges/serviceips` and
    /// `ranges/servicenodeports`).
    pub fn resource(&self) -> Option<&'k str> {
        self.resource.name
    }

    /// The resource's API group, `""` for the core group. `None` if the resource
    /// is none that Kubernetes or OpenShift ever had: then the key does not tell.
    pub fn group(&self) -> Option<&'k str> {
        self.resource.group
    }

    /// Resource and group, as an EncryptionConfiguration writes them: `secrets`,
    /// `leases.coordination.k8s.io`, `widgets.stable.example.com`. `None` if one
    /// of them is not known.
    pub fn group_resource(&self) -> Option<Cow<'k, str>> {
        match (self.resource.name?, self.resource.group?) {
            (resource, "") => Some(Cow::Borrowed(resource)),
            (resource, group) => Some(Cow::Owned(format!("{resource}.{group}"))),
        }
    }

    /// Whether the API server writes this key in the clear whatever its
    /// EncryptionConfiguration says, even under `*.*`: ranges, masterleases and
    /// peerserverleases, which it keeps past the storage of its resources.
    pub fn bypasses_encryption(&self) -> bool {
        self.resource.bypasses_encryption
    }

    /// The logical cluster, in the keys of kcp.
    pub fn cluster(&self) -> Option<&'k str> {
        self.cluster
    }

    /// The object's namespace. `None` if it has none, or none that is UTF-8.
    pub fn namespace(&self) -> Option<&'k str> {
        self.namespace
    }

    /// The object's name. `None` if the key ends before it, is not UTF-8 there, or
    /// has more segments than a namespace and a name.
    pub fn name(&self) -> Option<&'k str> {
        self.name
    }
}

impl fmt::Debug for RegistryKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistryKey({})", self.key.escape_ascii())
    }
}

/// The key without its prefix.
fn path_of<'k, 'p>(key: &'k [u8], prefixes: impl IntoIterator<Item = &'p str>) -> Option<&'k [u8]> {
    let key = key.strip_prefix(b"/")?;
    let given = prefixes.into_iter().filter_map(|prefix| {
        let prefix = prefix.trim_matches('/');
        if prefix.is_empty() {
            return Some(key);
        }
        under(key, prefix)
    });
    // The longest prefix leaves the least.
    let path = given.min_by_key(|path| path.len());
    path.or_else(|| PREFIXES.iter().find_map(|prefix| under(key, prefix)))
}
