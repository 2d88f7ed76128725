//! Registry keys: those of real clusters first, then each special place by
//! name, then keys that nobody should have written.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use k8s_etcd::registry_key::RegistryKey;
use serde_json::Value;

/// Resource with group, namespace and name.
type Parts<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn check(key: &str, expected: Parts<'_>) {
    let parsed = RegistryKey::parse(key.as_bytes(), None);
    let resource = parsed.group_resource();
    let found = (resource.as_deref(), parsed.namespace(), parsed.name());
    assert_eq!(found, expected, "{key}");
}

/// Every key of the snapshots, held against the resource whose transformer the
/// API server asked for, and against the object's own metadata.
#[test]
fn real_keys_tell_what_their_objects_say() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/snapshots");
    let (mut clusters, mut keys, mut named) = (0, 0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let truth = entry.unwrap().path().join("truth.jsonl.gz");
        let truth = BufReader::new(GzDecoder::new(File::open(truth).unwrap()));
        clusters += 1;
        for line in truth.lines() {
            let line = serde_json::from_str::<Value>(&line.unwrap()).unwrap();
            let key = line["key"].as_str().unwrap();
            let parsed = RegistryKey::parse(key.as_bytes(), None);
            assert_eq!(parsed.as_bytes(), key.as_bytes());
            keys += 1;
            let resource = parsed.group_resource();
            match line["encryption_resource"].as_str() {
                Some(expected) => assert_eq!(resource.as_deref(), Some(expected), "{key}"),
                // Tombstones hold no value that could be encrypted.
                None => {
                    assert_eq!(resource.is_none(), key == "compact_rev_key", "{key}");
                    assert!(line["tombstone"] == true || resource.is_none(), "{key}");
                }
            }
            assert!(
                !parsed.bypasses_encryption() || line["prefix"].is_null(),
                "{key}"
            );

            let metadata = &line["object"]["metadata"];
            if let Some(name) = metadata["name"].as_str() {
                assert_eq!(parsed.name(), Some(name), "{key}");
                assert_eq!(parsed.namespace(), metadata["namespace"].as_str(), "{key}");
                named += 1;
            }
        }
    }
    assert_eq!((clusters, keys, named), (10, 4199, 3978));
}

#[test]
fn special_places_of_kubernetes() {
    for (key, resource, namespace, name) in [
        ("/registry/minions/node-1", "nodes", None, "node-1"),
        (
            "/registry/controllers/a/b",
            "replicationcontrollers",
            Some("a"),
            "b",
        ),
        ("/registry/services/specs/a/b", "services", Some("a"), "b"),
        (
            "/registry/services/endpoints/a/b",
            "endpoints",
            Some("a"),
            "b",
        ),
        (
            "/registry/ingress/a/b",
            "ingresses.networking.k8s.io",
            Some("a"),
            "b",
        ),
        (
            "/registry/podsecuritypolicy/b",
            "podsecuritypolicies.policy",
            None,
            "b",
        ),
        (
            "/registry/podpresets/a/b",
            "podpresets.settings.k8s.io",
            Some("a"),
            "b",
        ),
        (
            "/registry/thirdpartyresources/b",
            "thirdpartyresources.extensions",
            None,
            "b",
        ),
        (
            "/registry/ThirdPartyResourceData/example.com/crontabs/a/b",
            "thirdpartyresourcedatas.extensions",
            Some("a"),
            "b",
        ),
        ("/registry/petsets/a/b", "petsets.apps", Some("a"), "b"),
        (
            "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com",
            "customresourcedefinitions.apiextensions.k8s.io",
            None,
            "widgets.example.com",
        ),
        (
            "/registry/apiregistration.k8s.io/apiservices/v1.apps",
            "apiservices.apiregistration.k8s.io",
            None,
            "v1.apps",
        ),
        // A custom resource whose group looks like one of Kubernetes' own, and
        // whose name is that of a built-in resource.
        (
            "/registry/x-k8s.io/pods/a/b",
            "pods.x-k8s.io",
            Some("a"),
            "b",
        ),
        (
            "/registry/snapshot.storage.k8s.io/volumesnapshots/a/b",
            "volumesnapshots.snapshot.storage.k8s.io",
            Some("a"),
            "b",
        ),
    ] {
        check(key, (Some(resource), namespace, Some(name)));
        assert!(!RegistryKey::parse(key.as_bytes(), None).bypasses_encryption());
    }
    for (key, resource, name) in [
        ("/registry/ranges/serviceips", "services", None),
        ("/registry/ranges/servicenodeports", "services", None),
        (
            "/registry/masterleases/192.0.2.1",
            "apiServerIPInfo",
            Some("192.0.2.1"),
        ),
        (
            "/registry/peerserverleases/apiserver-x",
            "apiServerPeerIPInfo",
            Some("apiserver-x"),
        ),
    ] {
        check(key, (Some(resource), None, name));
        assert!(RegistryKey::parse(key.as_bytes(), None).bypasses_encryption());
    }
}

#[test]
fn special_places_of_openshift() {
    for (key, resource, namespace, name) in [
        ("/kubernetes.io/pods/a/b", "pods", Some("a"), "b"),
        (
            "/kubernetes.io/securitycontextconstraints/b",
            "securitycontextconstraints.security.openshift.io",
            None,
            "b",
        ),
        (
            "/kubernetes.io/config.openshift.io/clusterversions/version",
            "clusterversions.config.openshift.io",
            None,
            "version",
        ),
        (
            "/openshift.io/routes/a/b",
            "routes.route.openshift.io",
            Some("a"),
            "b",
        ),
        (
            "/openshift.io/images/sha256:0a",
            "images.image.openshift.io",
            None,
            "sha256:0a",
        ),
        (
            "/openshift.io/oauth/clients/b",
            "oauthclients.oauth.openshift.io",
            None,
            "b",
        ),
        (
            "/openshift.io/oauth/accesstokens/b",
            "oauthaccesstokens.oauth.openshift.io",
            None,
            "b",
        ),
        (
            "/openshift.io/oauth/clientauthorizations/user:system:serviceaccount:a:b",
            "oauthclientauthorizations.oauth.openshift.io",
            None,
            "user:system:serviceaccount:a:b",
        ),
        (
            "/openshift.io/useridentities/github:b",
            "identities.user.openshift.io",
            None,
            "github:b",
        ),
        (
            "/openshift.io/authorization/local/policybindings/a/:default",
            "policybindings.authorization.openshift.io",
            Some("a"),
            ":default",
        ),
        (
            "/openshift.io/registry/sdnsubnets/node-1",
            "hostsubnets.network.openshift.io",
            None,
            "node-1",
        ),
    ] {
        check(key, (Some(resource), namespace, Some(name)));
    }
}

#[test]
fn a_prefix_may_be_given() {
    for (prefix, key) in [
        ("/team-a/k8s", "/team-a/k8s/secrets/a/b"),
        ("team-a/k8s/", "/team-a/k8s/secrets/a/b"),
        ("/", "/secrets/a/b"),
        ("", "/secrets/a/b"),
        // Nested in a usual one, which it goes before.
        ("/registry/team-a", "/registry/team-a/secrets/a/b"),
        // The usual ones still hold.
        ("/team-a", "/registry/secrets/a/b"),
        ("/kubernetes.io", "/openshift.io/secrets/a/b"),
    ] {
        let parsed = RegistryKey::parse(key.as_bytes(), Some(prefix));
        assert_eq!(
            parsed.group_resource().as_deref(),
            Some("secrets"),
            "{prefix} {key}"
        );
        assert_eq!((parsed.namespace(), parsed.name()), (Some("a"), Some("b")));
    }
    let elsewhere = RegistryKey::parse(b"/team-ab/secrets/a/b", Some("/team-a"));
    assert_eq!(elsewhere.resource(), None);
}

#[test]
fn of_several_prefixes_the_longest_counts() {
    let tenants = ["/tenants/a", "/tenants", "/tenants/a/b/"];
    for (key, namespace) in [
        ("/tenants/secrets/x/n", "x"),
        ("/tenants/a/secrets/y/n", "y"),
        ("/tenants/a/b/secrets/z/n", "z"),
        ("/registry/secrets/u/n", "u"),
        ("/openshift.io/secrets/v/n", "v"),
    ] {
        let parsed = RegistryKey::parse(key.as_bytes(), tenants);
        let resource = parsed.group_resource();
        let found = (resource.as_deref(), parsed.namespace(), parsed.name());
        assert_eq!(
            found,
            (Some("secrets"), Some(namespace), Some("n")),
            "{key}"
        );
    }
    let elsewhere = RegistryKey::parse(b"/tenant/secrets/x/n", tenants);
    assert_eq!(elsewhere.resource(), None);
}

/// Their prefix is often `/registry/<group>`, and their resources stand after the
/// group whatever the resource is called.
#[test]
fn keys_of_aggregated_api_servers() {
    for (key, resource, namespace, name) in [
        (
            "wardle.example.com/flunders/a/b",
            "flunders.wardle.example.com",
            Some("a"),
            "b",
        ),
        (
            "wardle.example.com/wardle.example.com/flunders/a/b",
            "flunders.wardle.example.com",
            Some("a"),
            "b",
        ),
        (
            "example.com/wardle.example.com/fischers/b",
            "fischers.wardle.example.com",
            None,
            "b",
        ),
        // Groups and resources that begin as built-in ones do.
        (
            "secrets.example.com/secrets/a/b",
            "secrets.secrets.example.com",
            Some("a"),
            "b",
        ),
        (
            "minions.example.com/nodes/b",
            "nodes.minions.example.com",
            None,
            "b",
        ),
        (
            "ranges.example.com/serviceips/b",
            "serviceips.ranges.example.com",
            None,
            "b",
        ),
        ("services.io/specs/a/b", "specs.services.io", Some("a"), "b"),
        (
            "cluster.karmada.io/clusters/b",
            "clusters.cluster.karmada.io",
            None,
            "b",
        ),
        // A group without a dot.
        ("wardle/flunders/a/b", "flunders.wardle", Some("a"), "b"),
    ] {
        let key = format!("/registry/{key}");
        check(&key, (Some(resource), namespace, Some(name)));
        let parsed = RegistryKey::parse(key.as_bytes(), None);
        assert_eq!(parsed.cluster(), None, "{key}");
        assert!(!parsed.bypasses_encryption(), "{key}");
    }
}

#[test]
fn keys_of_kcp() {
    const IDENTITY: &str = "cbf732f90c9b7eac67e3d8f8e4c22cf8de0e36acefab6bbab738a85535c0d4cf";
    let bound = format!("tenancy.kcp.io/workspaces/{IDENTITY}/root/compute");
    let bound_in_namespace = format!("example.com/widgets/{IDENTITY}/root/a/b");
    for (key, resource, cluster, namespace, name) in [
        (
            "core/configmaps/root/a/b",
            "configmaps",
            "root",
            Some("a"),
            "b",
        ),
        ("core/namespaces/root/b", "namespaces", "root", None, "b"),
        (
            "core/secrets/1i0tk2a9u7p8b1hr/a/b",
            "secrets",
            "1i0tk2a9u7p8b1hr",
            Some("a"),
            "b",
        ),
        (
            "core/services/specs/root/a/b",
            "services",
            "root",
            Some("a"),
            "b",
        ),
        (
            "apps/deployments/root/a/b",
            "deployments.apps",
            "root",
            Some("a"),
            "b",
        ),
        (
            "batch/jobs/root:org:team/a/b",
            "jobs.batch",
            "root:org:team",
            Some("a"),
            "b",
        ),
        (
            "rbac.authorization.k8s.io/clusterroles/root/b",
            "clusterroles.rbac.authorization.k8s.io",
            "root",
            None,
            "b",
        ),
        (
            "rbac.authorization.k8s.io/roles/root/a/b",
            "roles.rbac.authorization.k8s.io",
            "root",
            Some("a"),
            "b",
        ),
        (
            "apiextensions.k8s.io/customresourcedefinitions/root/widgets.example.com",
            "customresourcedefinitions.apiextensions.k8s.io",
            "root",
            None,
            "widgets.example.com",
        ),
        (
            "apis.kcp.io/apibindings/customresources/2cynbfy2m0wtjqcs/b",
            "apibindings.apis.kcp.io",
            "2cynbfy2m0wtjqcs",
            None,
            "b",
        ),
        (
            "example.com/widgets/customresources/root/a/b",
            "widgets.example.com",
            "root",
            Some("a"),
            "b",
        ),
        (&bound, "workspaces.tenancy.kcp.io", "root", None, "compute"),
        (
            &bound_in_namespace,
            "widgets.example.com",
            "root",
            Some("a"),
            "b",
        ),
    ] {
        let key = format!("/registry/{key}");
        check(&key, (Some(resource), namespace, Some(name)));
        let parsed = RegistryKey::parse(key.as_bytes(), None);
        assert_eq!(parsed.cluster(), Some(cluster), "{key}");
    }
    // No keys of kcp: a namespace of that name, and OpenShift's own resources
    // that are custom ones.
    for (key, namespace, name) in [
        (
            "/registry/example.com/widgets/customresources/b",
            Some("customresources"),
            "b",
        ),
        (
            "/kubernetes.io/authorization.openshift.io/rolebindingrestrictions/a/b",
            Some("a"),
            "b",
        ),
        (
            "/kubernetes.io/quota.openshift.io/clusterresourcequotas/b",
            None,
            "b",
        ),
    ] {
        let parsed = RegistryKey::parse(key.as_bytes(), None);
        let found = (parsed.cluster(), parsed.namespace(), parsed.name());
        assert_eq!(found, (None, namespace, Some(name)), "{key}");
    }
}

/// A resource that no release had: the key does not tell the group.
#[test]
fn unknown_resources_keep_their_name() {
    let parsed = RegistryKey::parse(b"/registry/futurethings/a/b", None);
    assert_eq!(parsed.resource(), Some("futurethings"));
    assert_eq!((parsed.group(), parsed.group_resource()), (None, None));
    assert_eq!((parsed.namespace(), parsed.name()), (Some("a"), Some("b")));
    // Ranges that are not Kubernetes' own are none of its services.
    let parsed = RegistryKey::parse(b"/openshift.io/ranges/uids", None);
    assert_eq!(
        (parsed.resource(), parsed.name()),
        (Some("ranges"), Some("uids"))
    );
    assert!(!parsed.bypasses_encryption());
}

#[test]
fn odd_keys_are_no_errors() {
    let secrets = Some("secrets");
    for (key, expected) in [
        ("", (None, None, None)),
        ("/", (None, None, None)),
        ("compact_rev_key", (None, None, None)),
        ("registry/secrets/a/b", (None, None, None)),
        ("/registry", (None, None, None)),
        ("/registry/", (None, None, None)),
        ("/registry//secrets/a/b", (None, None, None)),
        ("/registrysecrets/a/b", (None, None, None)),
        ("/elsewhere/secrets/a/b", (None, None, None)),
        ("/registry/secrets", (secrets, None, None)),
        ("/registry/secrets/", (secrets, None, None)),
        ("/registry/secrets/a/", (secrets, Some("a"), None)),
        ("/registry/secrets//b", (secrets, None, Some("b"))),
        ("/registry/secrets/a/b/c", (secrets, None, None)),
        ("/registry/example.com", (None, None, None)),
        (
            "/registry/example.com/widgets",
            (Some("widgets.example.com"), None, None),
        ),
        (
            "/registry/services/other/a/b",
            (Some("services"), None, None),
        ),
        (
            "/registry/ThirdPartyResourceData/x",
            (Some("thirdpartyresourcedatas.extensions"), None, None),
        ),
    ] {
        check(key, expected);
    }
}

#[test]
fn keys_need_not_be_utf8() {
    let parsed = RegistryKey::parse(b"/registry/secrets/a/\xff", None);
    assert_eq!(parsed.group_resource().as_deref(), Some("secrets"));
    assert_eq!((parsed.namespace(), parsed.name()), (Some("a"), None));
    assert_eq!(
        format!("{parsed:?}"),
        r"RegistryKey(/registry/secrets/a/\xff)"
    );

    let parsed = RegistryKey::parse(b"/registry/\xff/a/b", None);
    assert_eq!((parsed.resource(), parsed.group()), (None, None));
}

/// Parsing takes any bytes; what it returns are parts of the key.
#[test]
fn every_cut_and_byte_is_parsed() {
    let keys: [&[u8]; 3] = [
        b"/registry/services/endpoints/default/kubernetes",
        b"/kubernetes.io/ThirdPartyResourceData/example.com/widgets/default/w",
        b"/openshift.io/oauth/clientauthorizations/user:client",
    ];
    for key in keys {
        for end in 0..=key.len() {
            let cut = &key[..end];
            let parsed = RegistryKey::parse(cut, None);
            let end_of_key = String::from_utf8_lossy(cut);
            assert!(parsed.name().is_none_or(|name| end_of_key.ends_with(name)));
        }
        for i in 0..key.len() {
            for byte in 0..=255 {
                let mut key = key.to_vec();
                key[i] = byte;
                let parsed = RegistryKey::parse(&key, Some("/any"));
                assert_eq!(parsed.as_bytes(), key);
                assert_eq!(
                    parsed.group_resource().is_some(),
                    parsed.group().is_some() && parsed.resource().is_some()
                );
            }
        }
    }
}
