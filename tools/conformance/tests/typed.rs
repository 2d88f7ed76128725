//! Every kind of k8s-openapi that has a vector: decoded straight from protobuf,
//! and through our JSON. `--features v1_36` or another release chooses the types.
#![cfg(any(
    feature = "v1_33",
    feature = "v1_34",
    feature = "v1_35",
    feature = "v1_36",
    feature = "v1_37"
))]

use std::collections::BTreeMap;
use std::fmt::Debug;

use conformance::{Vector, vectors};
use k8s_etcd::envelope::Envelope;
use k8s_etcd::{Category, Object};
use serde::de::DeserializeOwned;

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

/// Vectors that hold what k8s-openapi's types refuse, from JSON too.
const REFUSED: [&str; 1] = [
    // A map of times with a null in it.
    "policy.v1.PodDisruptionBudget",
];

fn compare<T: DeserializeOwned + PartialEq + Debug>(vector: &Vector) {
    let envelope = Envelope::parse(&vector.stored).expect(&vector.name);
    let object = Object::of_envelope(&envelope).expect(&vector.name);
    let (json, _) = object.to_json().expect(&vector.name);
    let typed = object.decode::<T>();
    let through_json = serde_json::from_slice::<T>(&json);
    if REFUSED.contains(&vector.name.as_str()) {
        let error = typed.expect_err(&vector.name);
        assert_eq!(error.category(), Category::TypeMismatch, "{}", vector.name);
        assert!(through_json.is_err(), "{}", vector.name);
        return;
    }
    assert_eq!(
        typed.expect(&vector.name),
        through_json.expect(&vector.name),
        "{}",
        vector.name
    );
}

#[test]
fn typed_equals_json_parsed() {
    let vectors: BTreeMap<_, _> = vectors("v1.36")
        .into_iter()
        .map(|v| ((v.group.clone(), v.version.clone(), v.kind.clone()), v))
        .collect();
    let (mut compared, mut without) = (0, Vec::new());
    macro_rules! kind {
        ($type:ty, $group:literal, $version:literal, $kind:literal) => {
            let gvk = ($group.to_owned(), $version.to_owned(), $kind.to_owned());
            match vectors.get(&gvk) {
                Some(vector) => {
                    compare::<$type>(vector);
                    compared += 1;
                }
                None => without.push(concat!($group, "/", $version, " ", $kind)),
            }
        };
    }
    for_each_kind!(kind);
    println!("typed: {compared} kinds equal; without a vector: {without:?}");
    assert!(compared > 50, "only {compared} kinds have a vector");
}

#[test]
fn another_kind_is_a_type_mismatch() {
    use k8s_openapi::api::core::v1::{ConfigMap, Pod};
    let vectors = vectors("v1.36");
    let pod = vectors
        .iter()
        .find(|v| v.name == "core.v1.Pod")
        .expect("a Pod");
    let object =
        Object::of_envelope(&Envelope::parse(&pod.stored).expect("parses")).expect("a Pod");
    let error = object.decode::<ConfigMap>().expect_err("not a ConfigMap");
    assert_eq!(error.category(), Category::TypeMismatch);
    assert_eq!(error.path(), "kind");
    assert!(object.decode::<Pod>().is_ok());
}
