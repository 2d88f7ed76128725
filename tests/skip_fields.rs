//! Fields that are left out: in text, in what is decoded, and whatever stands there.

use k8s_etcd::storage_value::{Content, StorageValue};
use k8s_etcd::{Decoder, Object, SkipFields, schema};
use serde_json::{Value, json};

/// A field of a message: `number`, and `payload` with its length.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    [&[number << 3 | 2, length], payload].concat()
}

/// A ReplicaSet with labels at three places.
fn replica_set() -> Vec<u8> {
    let label = |value: &str| field(11, &[field(1, b"app"), field(2, value.as_bytes())].concat());
    let metadata = [field(1, b"web"), label("outer")].concat();
    let containers = [field(1, b"nginx"), field(2, b"nginx:1")].concat();
    let template = [
        field(1, &label("inner")),
        field(
            2,
            &[field(2, &containers), field(2, &field(1, b"sidecar"))].concat(),
        ),
    ]
    .concat();
    [field(1, &metadata), field(2, &field(3, &template))].concat()
}

fn object<'a>(raw: &'a [u8], paths: &[&str]) -> Object<'a> {
    let message = schema::kind("apps", "v1", "ReplicaSet").expect("a known kind");
    Object::of_message(message, raw).skip_fields(&SkipFields::new(paths))
}

/// What is left, the same in JSON and from serde.
fn left(raw: &[u8], paths: &[&str]) -> Value {
    let object = object(raw, paths);
    let (json, report) = object.to_json().expect("sound");
    let printed: Value = serde_json::from_slice(&json).expect("JSON");
    assert!(report.is_empty());
    assert_eq!(printed, object.decode::<Value>().expect("sound"));
    let (lossless, _) = object.clone().lossless(true).to_json().expect("sound");
    assert_eq!(lossless, json);
    printed
}

#[test]
fn a_path_names_one_place() {
    let raw = replica_set();
    let whole = left(&raw, &[]);
    assert_eq!(whole["metadata"]["labels"]["app"], "outer");
    let value = left(&raw, &["metadata.labels"]);
    assert_eq!(value["metadata"], json!({"name": "web"}));
    assert_eq!(value["spec"], whole["spec"]);
    let value = left(&raw, &["spec.template.metadata"]);
    assert_eq!(value["metadata"], whole["metadata"]);
    assert_eq!(value["spec"]["template"].get("metadata"), None);
}

#[test]
fn lists_add_nothing_to_a_path() {
    let value = left(&replica_set(), &["spec.template.spec.containers.name"]);
    let containers = &value["spec"]["template"]["spec"]["containers"];
    let resources = json!({});
    assert_eq!(
        containers,
        &json!([{"image": "nginx:1", "resources": resources}, {"resources": resources}])
    );
}

/// Go would print `"selector":null,"template":{…}` without having read them.
#[test]
fn what_is_printed_without_being_there_is_left_out_too() {
    let value = left(b"", &["spec", "status.replicas"]);
    assert_eq!(value, json!({"metadata": {}, "status": {}}));
}

#[test]
fn paths_that_an_object_does_not_have_mean_nothing() {
    let raw = replica_set();
    for path in [
        "",
        "metadata.nothing",
        "labels",
        "spec.template.spec.containers[0]",
    ] {
        assert_eq!(left(&raw, &[path]), left(&raw, &[]), "{path:?}");
    }
    assert!(SkipFields::new(["", "a.", ".a", "a..b"]).is_empty());
    // An inline message has no name of its own.
    let message = schema::message("k8s.io.api.core.v1.EnvVarSource").expect("a message");
    let object = Object::of_message(message, b"\x1a\x08\x0a\x03\x0a\x01n\x12\x01k");
    let skip = SkipFields::new(["configMapKeyRef."]);
    let value: Value = object.skip_fields(&skip).decode().expect("sound");
    assert_eq!(value["configMapKeyRef"], json!({"name": "n", "key": "k"}));
}

#[test]
fn what_is_left_out_may_be_damaged() {
    // A label that ends too early, and a ReplicaSet's metadata with two names.
    let broken = [field(1, b"web"), vec![11 << 3 | 2, 2, 10, 9]].concat();
    let raw = field(1, &broken);
    assert!(object(&raw, &[]).to_json().is_err());
    assert_eq!(left(&raw, &["metadata.labels"])["metadata"]["name"], "web");
    let twice = [field(1, b"old"), field(1, b"new"), field(3, b"shop")].concat();
    let raw = field(1, &twice);
    assert_eq!(
        left(&raw, &["metadata.name"])["metadata"],
        json!({"namespace": "shop"})
    );
}

/// Custom resources are stored so.
#[test]
fn documents_are_printed_without_them() {
    let json =
        br#"{"apiVersion":"a/v1","kind":"K","metadata":{"name":"n","managedFields":[{"a":[1,{}]}],
        "labels":{"managedFields":"x"}},"list":[{"gone":1,"kept":2},3,[{"gone":{"gone":1}}]]}"#;
    let expected = r#"{"apiVersion":"a/v1","kind":"K","metadata":{"name":"n","labels":{"managedFields":"x"}},"list":[{"kept":2},3,[{}]]}"#;
    let skip = SkipFields::new(["metadata.managedFields", "list.gone"]);
    let yaml = b"apiVersion: a/v1\nkind: K\nlist: [{gone: 1, kept: 2}]\nmetadata: {managedFields: [], name: one}\n";
    let of_yaml =
        r#"{"apiVersion":"a/v1","kind":"K","list":[{"kept":2}],"metadata":{"name":"one"}}"#;
    for (stored, expected) in [(&json[..], expected), (yaml, of_yaml)] {
        let decoder = Decoder::new().skip_fields(&skip);
        let opened = decoder.open(None, stored);
        let value: StorageValue<'_> = opened.storage_value().expect("in the clear");
        let Ok(Content::Document(document)) = value.into_content() else {
            panic!("a document");
        };
        let (printed, report) = document.to_json().expect("sound");
        assert_eq!(String::from_utf8(printed).expect("text"), expected);
        assert!(report.is_empty());
    }
}

/// JSON that is left out is checked as JSON all the same.
#[test]
fn a_document_that_is_no_json_stays_an_error() {
    let decoder = Decoder::new().skip_fields(&SkipFields::new(["a"]));
    let opened = decoder.open(None, br#"{"apiVersion":"v1","kind":"K","a":[1,}"#);
    let value = opened.storage_value().expect("in the clear");
    assert!(!matches!(value.into_content(), Ok(Content::Document(_))));
}
