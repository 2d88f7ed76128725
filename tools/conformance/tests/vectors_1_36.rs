//! Upstream's own stored values of 1.36: JSON and YAML byte for byte, except
//! where 1.37's rules print more or less than 1.36 did.

use std::collections::BTreeMap;

use conformance::{Vector, vectors};
use k8s_etcd::envelope::Envelope;
use k8s_etcd::{Object, schema};

/// What 1.37 changed: vector, and what to replace in upstream's JSON to get ours.
/// The test asserts that each replacement applies exactly once.
const CHANGED: [(&str, &[(&str, &str)]); 7] = [
    // `resources` of the claim statuses is gone.
    ("core.v1.Pod", CLAIM_RESOURCES),
    ("core.v1.PodStatusResult", CLAIM_RESOURCES),
    // `nodeAllocatableResourceMappings` of the devices is gone.
    ("resource.k8s.io.v1.ResourceSlice", RESOURCE_MAPPINGS),
    ("resource.k8s.io.v1beta1.ResourceSlice", RESOURCE_MAPPINGS),
    ("resource.k8s.io.v1beta2.ResourceSlice", RESOURCE_MAPPINGS),
    // `status` is new, and a struct is always printed.
    ("storage.k8s.io.v1.CSINode", STATUS),
    ("storage.k8s.io.v1beta1.CSINode", STATUS),
];

const CLAIM_RESOURCES: &[(&str, &str)] = &[(
    r#","containers":["containersValue"],"resources":{"resourcesKey":"0"}}"#,
    r#","containers":["containersValue"]}"#,
)];
const RESOURCE_MAPPINGS: &[(&str, &str)] = &[(
    r#","nodeAllocatableResourceMappings":{"nodeAllocatableResourceMappingsKey":{"capacityKey":"capacityKeyValue","allocationMultiplier":"0"}}"#,
    "",
)];
const STATUS: &[(&str, &str)] = &[(r#"{"count":1}}]}}"#, r#"{"count":1}}]},"status":{}}"#)];

/// The same in upstream's YAML.
const CHANGED_YAML: [(&str, (&str, &str)); 7] = [
    ("core.v1.Pod", CLAIM_RESOURCES_YAML),
    ("core.v1.PodStatusResult", CLAIM_RESOURCES_YAML),
    ("resource.k8s.io.v1.ResourceSlice", RESOURCE_MAPPINGS_YAML),
    (
        "resource.k8s.io.v1beta1.ResourceSlice",
        RESOURCE_MAPPINGS_BASIC_YAML,
    ),
    (
        "resource.k8s.io.v1beta2.ResourceSlice",
        RESOURCE_MAPPINGS_YAML,
    ),
    ("storage.k8s.io.v1.CSINode", STATUS_YAML),
    ("storage.k8s.io.v1beta1.CSINode", STATUS_YAML),
];

const CLAIM_RESOURCES_YAML: (&str, &str) = (
    "    resources:\n      resourcesKey: \"0\"\n  nominatedNodeName",
    "  nominatedNodeName",
);
const RESOURCE_MAPPINGS_YAML: (&str, &str) = (
    "    nodeAllocatableResourceMappings:\n      nodeAllocatableResourceMappingsKey:\n        allocationMultiplier: \"0\"\n        capacityKey: capacityKeyValue\n",
    "",
);
const RESOURCE_MAPPINGS_BASIC_YAML: (&str, &str) = (
    "      nodeAllocatableResourceMappings:\n        nodeAllocatableResourceMappingsKey:\n          allocationMultiplier: \"0\"\n          capacityKey: capacityKeyValue\n",
    "",
);
const STATUS_YAML: (&str, &str) = (
    "    topologyKeys:\n    - topologyKeysValue\n",
    "    topologyKeys:\n    - topologyKeysValue\nstatus: {}\n",
);

fn object<'a>(vector: &'a Vector, envelope: &Envelope<'a>) -> Object<'a> {
    match vector.kind.as_str() {
        // Has neither apiVersion nor kind.
        "WatchEvent" => {
            let message = schema::message("k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent");
            Object::of_message(message.expect("WatchEvent"), envelope.raw())
        }
        _ => Object::of_envelope(envelope).expect(&vector.name),
    }
}

#[test]
fn json_is_upstream_s_byte_for_byte() {
    let changed: BTreeMap<_, _> = CHANGED.into_iter().collect();
    let (mut equal, mut seen) = (0, 0);
    for vector in vectors("v1.36") {
        let name = &vector.name;
        let envelope = Envelope::parse(&vector.stored).expect(name);
        let object = object(&vector, &envelope);
        assert!(object.is_known_kind(), "{name} is not in the schema");
        let (json, report) = object.to_json().expect(name);
        let retired = changed
            .get(name.as_str())
            .is_some_and(|change| *change != STATUS);
        assert_eq!(
            !report.retired_fields.is_empty(),
            retired,
            "{name}: {report:?}"
        );
        assert!(report.unknown_fields.is_empty(), "{name}: {report:?}");
        assert!(report.invalid_utf8.is_empty(), "{name}: {report:?}");
        let ours = String::from_utf8(json).expect(name);
        let mut theirs = String::from_utf8(vector.json()).expect(name);
        if let Some(replacements) = changed.get(name.as_str()) {
            seen += 1;
            for (from, to) in *replacements {
                assert_eq!(theirs.matches(from).count(), 1, "{name}: {from}");
                theirs = theirs.replace(from, to);
            }
        } else {
            equal += 1;
        }
        assert_eq!(ours, theirs, "{name}");
    }
    println!("v1.36: {equal} equal byte for byte, {seen} with 1.37's changes");
    assert_eq!(seen, CHANGED.len());
}

#[test]
fn yaml_is_upstream_s_byte_for_byte() {
    let changed: BTreeMap<_, _> = CHANGED_YAML.into_iter().collect();
    let (mut equal, mut seen) = (0, 0);
    for vector in vectors("v1.36") {
        let name = &vector.name;
        let envelope = Envelope::parse(&vector.stored).expect(name);
        let (yaml, _) = object(&vector, &envelope).to_yaml().expect(name);
        let ours = String::from_utf8(yaml).expect(name);
        let mut theirs = vector.yaml();
        match changed.get(name.as_str()) {
            Some((from, to)) => {
                seen += 1;
                assert_eq!(theirs.matches(from).count(), 1, "{name}: {from}");
                theirs = theirs.replace(from, to);
            }
            None => equal += 1,
        }
        assert_eq!(ours, theirs, "{name}");
    }
    println!("v1.36: {equal} YAML equal byte for byte, {seen} with 1.37's changes");
    assert_eq!(seen, CHANGED_YAML.len());
}
