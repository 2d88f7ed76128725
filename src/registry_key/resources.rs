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

/// What a path, a key without its prefix, begins with.
pub(super) struct Split<'k> {
    pub(super) resource: Resource<'k>,
    /// The logical cluster, in the keys of kcp.
    pub(super) cluster: Option<&'k str>,
    /// Namespace and name.
    pub(super) rest: &'k [u8],
}

/// Takes the resource from the beginning of `path`.
pub(super) fn split(path: &[u8]) -> Split<'_> {
    if let Some((resource, rest)) = split_special(path) {
        return Split {
            resource,
            cluster: None,
            rest,
        };
    }
    match split_segment(path) {
        // A custom resource, or a CustomResourceDefinition or an APIService:
        // no built-in resource's name has a dot, and nearly every group has.
        (Some(group), rest) if group.contains('.') => split_grouped(group, rest),
        (Some(name), rest) => match group_of(name) {
            Some(group) => Split::plain(Some(name), Some(group), rest),
            None => split_group_without_dot(name, rest),
        },
        (None, rest) => Split::plain(None, None, rest),
    }
}

impl<'k> Split<'k> {
    fn plain(name: Option<&'k str>, group: Option<&'k str>, rest: &'k [u8]) -> Split<'k> {
        Split {
            resource: Resource {
                name,
                group,
                bypasses_encryption: false,
            },
            cluster: None,
            rest,
        }
    }

    /// With the logical cluster that comes next, if a name comes after it.
    fn with_cluster(self) -> Split<'k> {
        match split_segment(self.rest) {
            (Some(cluster), rest) if !rest.is_empty() => Split {
                cluster: Some(cluster),
                rest,
                ..self
            },
            _ => self,
        }
    }
}

fn split_special(path: &[u8]) -> Option<(Resource<'_>, &[u8])> {
    let find = |special: &'static Special| Some((special, under(path, special.path)?));
    let (special, rest) = SPECIAL.iter().find_map(find)?;
    let resource = Resource {
        name: Some(special.resource),
        group: Some(special.group),
        bypasses_encryption: special.bypasses_encryption,
    };
    let rest = (0..special.more).fold(rest, |rest, _| split_segment(rest).1);
    Some((resource, rest))
}

/// What stands after its group: a custom resource, one of an aggregated API
/// server, or any of kcp's.
fn split_grouped<'k>(mut group: &'k str, rest: &'k [u8]) -> Split<'k> {
    let (mut name, mut rest) = split_segment(rest);
    // A resource's name has no dot: the group before it is the end of an
    // aggregated API server's own prefix, `/registry/<group>`.
    while let Some(next) = name.filter(|name| name.contains('.') && !rest.is_empty()) {
        group = next;
        (name, rest) = split_segment(rest);
    }
    let Some(name) = name else {
        return Split::plain(None, Some(group), rest);
    };
    let split = Split::plain(Some(name), Some(group), rest);
    let (next, after) = split_segment(rest);
    // kcp, of a custom resource: `customresources`, or the identity of the
    // APIExport, which is too long for a namespace.
    let is_marked = |next| next == "customresources" || is_identity(next);
    if segments(after) >= 2 && next.is_some_and(is_marked) {
        return Split {
            rest: after,
            ..split
        }
        .with_cluster();
    }
    // Of those that kube-apiserver has, it keeps only two after their group,
    // neither of them in a namespace.
    let is_of_kcp = find(RESOURCES, name) == Some(group);
    if is_of_kcp || segments(rest) == 3 {
        return split.with_cluster();
    }
    split
}

/// `name` is no resource of Kubernetes or OpenShift: it may be a group.
fn split_group_without_dot<'k>(name: &'k str, rest: &'k [u8]) -> Split<'k> {
    let (resource, after) = split_segment(rest);
    // kcp, which calls the core group so.
    if name == "core" && resource.is_some() {
        let (resource, rest) = split_special(rest)
            .filter(|(special, _)| special.group == Some(""))
            .unwrap_or((Split::plain(resource, Some(""), after).resource, after));
        return Split {
            resource,
            cluster: None,
            rest,
        }
        .with_cluster();
    }
    // kcp, of a group that it shares with Kubernetes.
    let is_group = |(_, group): &(&str, &str)| *group == name;
    if resource.is_some() && RESOURCES.iter().chain(OTHER).any(is_group) {
        return Split::plain(resource, Some(name), after).with_cluster();
    }
    // No object of a resource stands so deep, but one of an aggregated API
    // server does, after its group.
    match segments(after) {
        2 => Split::plain(resource, Some(name), after),
        3 => Split::plain(resource, Some(name), after).with_cluster(),
        _ => Split::plain(Some(name), None, rest),
    }
}

/// Whether it is a SHA-256 in hex.
fn is_identity(segment: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    segment.len() == 64 && segment.bytes().all(is_hex)
}

/// The number of a path's segments, 4 if there are more; none may be empty.
fn segments(path: &[u8]) -> usize {
    let segments = path.split(|byte| *byte == b'/').take(4);
    let mut count = 0_usize;
    for segment in segments {
        if segment.is_empty() {
            return 0;
        }
        count = count.saturating_add(1);
    }
    count
}

fn group_of(resource: &str) -> Option<&'static str> {
    find(RESOURCES, resource).or_else(|| find(OTHER, resource))
}

/// Whether a segment is one that the path of a known resource begins with. No
/// prefix ends before `registry`, which OpenShift once used as such too.
pub(super) fn is_resource(segment: &str) -> bool {
    let begins = |special: &Special| special.path.split('/').next() == Some(segment);
    group_of(segment).is_some() || (segment != "registry" && SPECIAL.iter().any(begins))
}

fn find(table: &[(&str, &'static str)], resource: &str) -> Option<&'static str> {
    let i = table
        .binary_search_by(|(name, _)| (*name).cmp(resource))
        .ok()?;
    table.get(i).map(|(_, group)| *group)
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
