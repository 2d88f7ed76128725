//! The table through its public door.

use k8s_etcd::schema::{kind, kind_of, message, messages};

/// With WatchEvent, which is no option but comes the same way.
const OPTION_KINDS: [&str; 7] = [
    "CreateOptions",
    "DeleteOptions",
    "GetOptions",
    "ListOptions",
    "PatchOptions",
    "UpdateOptions",
    "WatchEvent",
];

#[test]
fn messages_are_found_by_full_name() {
    assert_eq!(messages().len(), 2088);
    for found in messages() {
        assert_eq!(message(found.name()).unwrap().name(), found.name());
    }
    // Has neither apiVersion nor kind, so its name is the only way to it.
    assert!(message("k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent").is_some());
    assert!(message("k8s.io.api.core.v1.pod").is_none());
    assert!(message("").is_none());
}

#[test]
fn kinds_are_found_by_api_version() {
    for (api_version, kind, name) in [
        ("v1", "Pod", "k8s.io.api.core.v1.Pod"),
        (
            "v1",
            "Status",
            "k8s.io.apimachinery.pkg.apis.meta.v1.Status",
        ),
        ("apps/v1", "Deployment", "k8s.io.api.apps.v1.Deployment"),
        // Gone since 1.6, 1.20 and 1.9.
        (
            "extensions/v1beta1",
            "Job",
            "k8s.io.api.extensions.v1beta1.Job",
        ),
        (
            "settings.k8s.io/v1alpha1",
            "PodPreset",
            "k8s.io.api.settings.v1alpha1.PodPreset",
        ),
        (
            "extensions/v1beta1",
            "ThirdPartyResource",
            "k8s.io.api.extensions.v1beta1.ThirdPartyResource",
        ),
        // OpenShift's legacy group, and the group that came after it.
        ("v1", "Route", "github.com.openshift.api.route.v1.Route"),
        (
            "route.openshift.io/v1",
            "Route",
            "github.com.openshift.api.route.v1.Route",
        ),
    ] {
        assert_eq!(kind_of(api_version, kind).map(|m| m.name()), Some(name));
    }
    for (api_version, kind) in [
        ("", "Pod"),
        ("v1", ""),
        ("v1", "pod"),
        ("/v2", "Pod"),
        ("v1/", "Pod"),
        ("apps/v1/x", "Deployment"),
        ("stable.example.com/v1", "Widget"),
    ] {
        assert!(kind_of(api_version, kind).is_none(), "{api_version} {kind}");
    }
}

#[test]
fn option_kinds_belong_to_every_group_version() {
    for options in OPTION_KINDS {
        let name = format!("k8s.io.apimachinery.pkg.apis.meta.v1.{options}");
        for (group, version) in [
            // First, last and between in the table, and a group version whose
            // own package had a message of that name once.
            ("", "v1"),
            ("admission.k8s.io", "v1"),
            ("apps", "v1"),
            ("extensions", "v1beta1"),
            ("meta.k8s.io", "v1"),
            ("webconsole.config.openshift.io", "v1"),
        ] {
            let found = kind(group, version, options).map(|m| m.name().to_owned());
            assert_eq!(found.as_ref(), Some(&name), "{group}/{version}");
        }
        for (group, version) in [("", "v2"), ("apps", "v3"), ("zzz", "v1"), ("", "")] {
            assert!(kind(group, version, options).is_none(), "{group}/{version}");
        }
    }
}

#[test]
fn unversioned_kinds_belong_to_whatever_group_version() {
    for unversioned in [
        "APIGroup",
        "APIGroupList",
        "APIResourceList",
        "APIVersions",
        "Status",
    ] {
        let name = format!("k8s.io.apimachinery.pkg.apis.meta.v1.{unversioned}");
        for (group, version) in [("", "v1"), ("apps", "v1"), ("example.com", "v7"), ("", "")] {
            let found = kind(group, version, unversioned).map(|m| m.name().to_owned());
            assert_eq!(found.as_ref(), Some(&name), "{group}/{version}");
        }
    }
}
