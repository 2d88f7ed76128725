//! Typed objects of k8s-openapi out of a real cluster. `--features
//! k8s-openapi/v1_37` or another release chooses the types.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use k8s_etcd::encryption::{EncryptionConfiguration, Keyring};
use k8s_etcd::etcd::Snapshot;
use k8s_etcd::{Category, Decoder};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, Endpoints, Event, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod,
    Secret, Service, ServiceAccount,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::{Metadata, Resource};
use serde::de::DeserializeOwned;

fn testdata() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"))
}

fn plain() -> Vec<u8> {
    let file = fs::File::open(testdata().join("snapshots/plain/snapshot.db.gz")).expect("a file");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// Decodes all objects of one type, straight and through our JSON.
fn compare<T>(snapshot: &Snapshot<'_>, least: usize)
where
    T: Resource + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let decoder = Decoder::new();
    let mut count = 0;
    for found in decoder.objects::<T>(snapshot).expect("a state") {
        let found = found.expect("an entry");
        let key = String::from_utf8_lossy(found.key_value.key).into_owned();
        let typed = found.object.expect(&key);
        let opened = decoder.open(Some(found.key_value.key), found.key_value.value);
        let value: serde_json::Value = opened.decode().expect(&key);
        let through_json: T = serde_json::from_value(value).expect(&key);
        assert_eq!(typed, through_json, "{key}");
        count += 1;
    }
    println!("{} {}: {count}", T::API_VERSION, T::KIND);
    assert!(count >= least, "{count} objects of {}", T::KIND);
}

#[test]
fn objects_of_a_real_cluster_are_typed() {
    let file = plain();
    let snapshot = Snapshot::parse(&file).expect("a snapshot");
    compare::<ClusterRole>(&snapshot, 1);
    compare::<ClusterRoleBinding>(&snapshot, 1);
    compare::<ConfigMap>(&snapshot, 1);
    compare::<CronJob>(&snapshot, 0);
    compare::<DaemonSet>(&snapshot, 0);
    compare::<Deployment>(&snapshot, 1);
    compare::<Endpoints>(&snapshot, 1);
    compare::<Event>(&snapshot, 0);
    compare::<Job>(&snapshot, 0);
    compare::<Lease>(&snapshot, 1);
    compare::<Namespace>(&snapshot, 4);
    compare::<Node>(&snapshot, 1);
    compare::<PersistentVolume>(&snapshot, 0);
    compare::<PersistentVolumeClaim>(&snapshot, 0);
    compare::<Pod>(&snapshot, 1);
    compare::<ReplicaSet>(&snapshot, 0);
    compare::<Role>(&snapshot, 1);
    compare::<RoleBinding>(&snapshot, 1);
    compare::<Secret>(&snapshot, 1);
    compare::<Service>(&snapshot, 1);
    compare::<ServiceAccount>(&snapshot, 1);
    compare::<StatefulSet>(&snapshot, 0);
}

#[test]
fn encrypted_objects_open_with_their_configuration_or_say_why_not() {
    let file = fs::read(testdata().join("cluster/snapshot.db")).expect("the cluster");
    let snapshot = Snapshot::parse(&file).expect("a snapshot");
    let text =
        fs::read(testdata().join("cluster/encryption-config.yaml")).expect("its configuration");
    let configuration = EncryptionConfiguration::parse(&text).expect("a configuration");
    let decoder = Decoder::new().keyring(Keyring::new().with_configuration(&configuration));
    let mut password = None;
    for found in decoder.objects::<Secret>(&snapshot).expect("a state") {
        let secret = found.expect("an entry").object.expect("a Secret");
        if secret.metadata().name.as_deref() == Some("password") {
            password = secret.data.and_then(|mut data| data.remove("password"));
        }
    }
    assert_eq!(password.expect("the Secret").0, b"p@ssw0rd");

    let mut closed = 0;
    for found in Decoder::new()
        .objects::<Secret>(&snapshot)
        .expect("a state")
    {
        let error = found
            .expect("an entry")
            .object
            .expect_err("no key is given");
        assert_eq!(error.category(), Category::Encrypted);
        closed += 1;
    }
    assert!(closed > 0);
}

#[test]
fn another_kind_is_a_type_mismatch() {
    let file = plain();
    let snapshot = Snapshot::parse(&file).expect("a snapshot");
    let state = snapshot.current().expect("a state");
    let namespace = state
        .get(b"/registry/namespaces/kube-system")
        .expect("the key")
        .expect("an entry");
    let opened = Decoder::new().open(Some(namespace.key), namespace.value);
    let error = opened.decode::<Pod>().expect_err("a Namespace is no Pod");
    assert_eq!(error.category(), Category::TypeMismatch);
    assert_eq!(error.path(), "kind");
    assert!(opened.decode::<Namespace>().is_ok());
}

/// This release stores them as v1beta1: the typed reader leaves none out without a word.
#[test]
fn objects_of_another_version_are_errors_that_say_which() {
    let file = plain();
    let snapshot = Snapshot::parse(&file).expect("a snapshot");
    let decoder = Decoder::new();
    let prefix = b"/registry/apiextensions.k8s.io/customresourcedefinitions/";
    let state = snapshot.current().expect("a state");
    let stored = state.prefix(prefix).count();
    assert!(stored > 0);
    let found = decoder.objects::<CustomResourceDefinition>(&snapshot);
    let found: Vec<_> = found.expect("a state").collect();
    assert_eq!(found.len(), stored);
    for found in found {
        let found = found.expect("an entry");
        assert!(found.key_value.key.starts_with(prefix));
        let error = found.object.expect_err("v1beta1");
        assert_eq!(error.category(), Category::TypeMismatch);
        let expected = "it is stored as apiextensions.k8s.io/v1beta1, not apiextensions.k8s.io/v1";
        assert_eq!(error.detail(), expected);
    }
}
