//! A type with what most kinds have, for want of those of k8s-openapi.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typed {
    pub kind: Option<String>,
    api_version: Option<String>,
    metadata: Option<Metadata>,
    spec: Option<Spec>,
    status: Option<BTreeMap<String, Value>>,
    string_data: Option<BTreeMap<String, String>>,
    replicas: Option<i32>,
    items: Option<Vec<Typed>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<String>,
    deletion_grace_period_seconds: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    finalizers: Option<Vec<String>>,
    owner_references: Option<Vec<OwnerReference>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerReference {
    uid: String,
    controller: Option<bool>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    replicas: Option<i32>,
    min_ready_seconds: Option<u32>,
    paused: Option<bool>,
    template: Option<Box<Typed>>,
    node_selector: Option<BTreeMap<String, String>>,
    containers: Option<Vec<Container>>,
    restart_policy: Option<RestartPolicy>,
}

/// A unit variant is what a string may become too.
#[derive(Debug, PartialEq, Deserialize)]
enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: Box<str>,
    command: Option<Vec<String>>,
    ports: Option<Vec<Port>>,
    resources: Option<BTreeMap<String, Value>>,
    stdin: Option<bool>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    container_port: u16,
    host_port: Option<i32>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}
