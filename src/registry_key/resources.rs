//! Which resource the first segments of a key stand for.
//!
//! Today's built-in resources are in [`super::generated`]. Here stand the keys
//! that do not begin with the resource's own name, and the resources that only
//! older releases, features that are off by default, or OpenShift store.

use super::generated::RESOURCES;

/// A resource that the API server stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resource<'k> {
    /// The plural name; `None` if the key does not get so far.
    pub(super) name: Option<&'k str>,
    /// `""` is the core group; `None` is an unknown one.
    pub(super) group: Option<&'k str>,
    /// Written without a transformer, whatever the EncryptionConfiguration says.
    pub(super) bypasses_encryption: bool,
}

/// A key under `path` holds `resource`.
struct Special {
    path: &'static str,
    /// Segments after the path that say more of the resource, before the
    /// namespace.
    more: usize,
    resource: &'static str,
    group: &'static str,
    bypasses_encryption: bool,
}

const fn stored_as(path: &'static str, resource: &'static str, group: &'static str) -> Special {
    Special {
        path,
        more: 0,
        resource,
        group,
        bypasses_encryption: false,
    }
}

/// What the API server keeps for itself, past the storage of its resources; it
/// calls the resource so where it asks for a storage.
const fn own(path: &'static str, resource: &'static str) -> Special {
    Special {
        path,
        more: 0,
        resource,
        group: "",
        bypasses_encryption: true,
    }
}

const SPECIAL: &[Special] = &[
    // kubernetes pkg/kubeapiserver/default_storage_factory_builder.go,
    // SpecialDefaultResourcePrefixes, today's and those up to 1.24.
    stored_as("controllers", "replicationcontrollers", ""),
    stored_as("services/endpoints", "endpoints", ""),
    stored_as("minions", "nodes", ""),
    stored_as("services/specs", "services", ""),
    stored_as("ingress", "ingresses", "networking.k8s.io"),
    stored_as("podsecuritypolicy", "podsecuritypolicies", "policy"),
    // kubernetes pkg/registry/core/rest and pkg/controlplane: the ranges of
    // cluster addresses and node ports, and the API servers' own addresses.
    own("ranges/serviceips", "services"),
    own("ranges/servicenodeports", "services"),
    own("masterleases", "apiServerIPInfo"),
    own("peerserverleases", "apiServerPeerIPInfo"),
    // kubernetes up to 1.7, pkg/registry/extensions/thirdpartyresourcedata:
    // the group and the plural of the third party's resource come first.
    Special {
        more: 2,
        ..stored_as(
            "ThirdPartyResourceData",
            "thirdpartyresourcedatas",
            "extensions",
        )
    },
    // openshift/origin and openshift/openshift-apiserver,
    // specialDefaultResourcePrefixes.
    stored_as(
        "authorization/cluster/policies",
        "clusterpolicies",
        AUTHORIZATION,
    ),
    stored_as(
        "authorization/cluster/policybindings",
        "clusterpolicybindings",
        AUTHORIZATION,
    ),
    stored_as("authorization/local/policies", "policies", AUTHORIZATION),
    stored_as(
        "authorization/local/policybindings",
        "policybindings",
        AUTHORIZATION,
    ),
    stored_as("oauth/accesstokens", "oauthaccesstokens", OAUTH),
    stored_as("oauth/authorizetokens", "oauthauthorizetokens", OAUTH),
    stored_as("oauth/clients", "oauthclients", OAUTH),
    stored_as(
        "oauth/clientauthorizations",
        "oauthclientauthorizations",
        OAUTH,
    ),
    stored_as("useridentities", "identities", "user.openshift.io"),
    stored_as("registry/sdnnetworks", "clusternetworks", NETWORK),
    stored_as(
        "registry/egressnetworkpolicy",
        "egressnetworkpolicies",
        NETWORK,
    ),
    stored_as("registry/sdnsubnets", "hostsubnets", NETWORK),
    stored_as("registry/sdnnetnamespaces", "netnamespaces", NETWORK),
];

const AUTHORIZATION: &str = "authorization.openshift.io";
const OAUTH: &str = "oauth.openshift.io";
const NETWORK: &str = "network.openshift.io";

/// Resource → API group, sorted by resource: stored under their own name, but
/// not served by the clusters that the generated table was read from. The
/// groups are those of the last release that had them.
const OTHER: &[(&str, &str)] = &[
    ("auditsinks", "auditregistration.k8s.io"),
    ("brokertemplateinstances", "template.openshift.io"),
    ("buildconfigs", "build.openshift.io"),
    ("builds", "build.openshift.io"),
    ("clustercidrs", "networking.k8s.io"),
    ("clusterresourcequotas", "quota.openshift.io"),
    ("compositepodgroups", "scheduling.k8s.io"),
    ("deploymentconfigs", "apps.openshift.io"),
    ("evictionrequests", "lifecycle.k8s.io"),
    ("evictions", "lifecycle.k8s.io"),
    (
        "externaladmissionhookconfigurations",
        "admissionregistration.k8s.io",
    ),
    ("groups", "user.openshift.io"),
    ("images", "image.openshift.io"),
    ("imagestreams", "image.openshift.io"),
    ("initializerconfigurations", "admissionregistration.k8s.io"),
    ("petsets", "apps"),
    ("podgroups", "scheduling.k8s.io"),
    ("podpresets", "settings.k8s.io"),
    ("podschedulingcontexts", "resource.k8s.io"),
    ("podschedulings", "resource.k8s.io"),
    ("rangeallocations", "security.openshift.io"),
    ("resourceclaimparameters", "resource.k8s.io"),
    ("resourceclasses", "resource.k8s.io"),
    ("resourceclassparameters", "resource.k8s.io"),
    ("rolebindingrestrictions", "authorization.openshift.io"),
    ("routes", "route.openshift.io"),
    ("scheduledjobs", "batch"),
    ("securitycontextconstraints", "security.openshift.io"),
    ("templateinstances", "template.openshift.io"),
    ("templates", "template.openshift.io"),
    ("thirdpartyresources", "extensions"),
    ("users", "user.openshift.io"),
    ("workloads", "scheduling.k8s.io"),
];

/// The resource of `path`, a key without its prefix, and the rest of the path:
/// namespace and name.
pub(super) fn split(path: &[u8]) -> (Resource<'_>, &[u8]) {
    if let Some((special, rest)) = SPECIAL
        .iter()
        .find_map(|special| Some((special, under(path, special.path)?)))
    {
        let resource = Resource {
            name: Some(special.resource),
            group: Some(special.group),
            bypasses_encryption: special.bypasses_encryption,
        };
        let rest = (0..special.more).fold(rest, |rest, _| split_segment(rest).1);
        return (resource, rest);
    }
    let (first, rest) = split_segment(path);
    let (name, group, rest) = match first {
        // A custom resource, or a CustomResourceDefinition or an APIService:
        // no built-in resource's name has a dot, and every other group has.
        Some(group) if group.contains('.') => {
            let (name, rest) = split_segment(rest);
            (name, Some(group), rest)
        }
        Some(name) => (Some(name), group_of(name), rest),
        None => (None, None, rest),
    };
    let resource = Resource {
        name,
        group,
        bypasses_encryption: false,
    };
    (resource, rest)
}

fn group_of(resource: &str) -> Option<&'static str> {
    let find = |table: &[(&str, &'static str)]| {
        let i = table
            .binary_search_by(|(name, _)| (*name).cmp(resource))
            .ok()?;
        table.get(i).map(|(_, group)| *group)
    };
    find(RESOURCES).or_else(|| find(OTHER))
}

/// What follows `folder` and a slash in `path`; empty if nothing follows.
pub(super) fn under<'k>(path: &'k [u8], folder: &str) -> Option<&'k [u8]> {
    match path.strip_prefix(folder.as_bytes())? {
        [b'/', rest @ ..] => Some(rest),
        [] => Some(&[]),
        _ => None,
    }
}

/// The first segment of a path, if it is not empty and UTF-8, and the rest.
fn split_segment(path: &[u8]) -> (Option<&str>, &[u8]) {
    let mut parts = path.splitn(2, |b| *b == b'/');
    let first = parts.next().and_then(text);
    (first, parts.next().unwrap_or_default())
}

pub(super) fn text(segment: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(segment).ok();
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_apart() {
        assert!(RESOURCES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(OTHER.is_sorted_by(|a, b| a.0 < b.0));
        for (resource, _) in OTHER {
            let known = RESOURCES.iter().any(|(other, _)| other == resource);
            assert!(!known, "{resource} is in the generated table");
        }
        for (i, special) in SPECIAL.iter().enumerate() {
            let hidden = SPECIAL.get(..i).unwrap_or_default();
            let hidden = hidden
                .iter()
                .find(|s| under(special.path.as_bytes(), s.path).is_some());
            assert!(hidden.is_none(), "{} is never reached", special.path);
        }
    }
}
