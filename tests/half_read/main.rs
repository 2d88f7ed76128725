//! Types that stop early, or take an error for less than one, are given what all
//! rules give: what the shorter way through usual objects does not read decides too.

mod protocol;

use std::collections::BTreeMap;
use std::fmt::Debug;

use k8s_etcd::{Object, schema};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

use protocol::{Asks, told_of_labels, told_of_struct};

const METADATA: &str = "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// A field of a message: `number`, and `payload` with its length.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    [&[number << 3 | 2, length], payload].concat()
}

/// An entry of ObjectMeta's labels.
fn label(key: &[u8], value: &[u8]) -> Vec<u8> {
    field(11, &[field(1, key), field(2, value)].concat())
}

fn object<'a>(message: &str, raw: &'a [u8]) -> Object<'a> {
    Object::of_message(schema::message(message).expect("a message"), raw)
}

/// What comes out, and the report; the same by all rules, which lossless objects
/// are always read by.
fn decoded<'a, T: Deserialize<'a> + Debug>(object: &Object<'a>) -> String {
    let told = |object: &Object<'a>| format!("{:?}", object.decode_with_report::<T>());
    let usual = told(object);
    assert_eq!(usual, told(&object.clone().lossless(true)));
    usual
}

/// Whatever fails is the default.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(T::deserialize(deserializer).unwrap_or_default())
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "printed")]
enum Handler {
    #[serde(rename = "exec")]
    Exec(Value),
    #[serde(rename = "tcpSocket")]
    TcpSocket(Value),
}

/// An enum reads one member.
#[test]
fn what_stands_behind_the_last_member_that_is_asked_for_counts() {
    let handler = |raw| decoded::<Handler>(&object("k8s.io.api.core.v1.LifecycleHandler", raw));
    assert!(handler(b"\x0a\x03\x0a\x01l").contains("Exec"));
    // In two pieces.
    assert!(handler(b"\x0a\x03\x0a\x01l\x0a\x03\x0a\x01m").contains(r#"String("m")"#));
    assert!(handler(b"\x0a\x03\x0a\x01l\x12\x7f").contains("truncated"));
    assert!(handler(b"\x0a\x03\x0a\x01l\xba\x7d\x01x").contains("2007"));
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "printed")]
struct Metadata {
    #[serde(deserialize_with = "lenient", default)]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "lenient", default)]
    name: String,
}

#[test]
fn what_is_unusual_is_no_error_that_a_type_can_swallow() {
    let metadata = |raw: &[u8]| decoded::<Metadata>(&object(METADATA, raw));
    let unsorted = [label(b"b", b"x"), label(b"a", b"y")].concat();
    assert!(metadata(&unsorted).contains(r#"{"a": "y", "b": "x"}"#));
    assert!(metadata(b"\x0a\x02n\xff").contains(r#"invalid_utf8: ["name"]"#));
}

/// The error is the type's own: a name is no number.
#[test]
fn what_failed_inside_leaves_no_trace_outside() {
    #[derive(Debug, Default, Deserialize)]
    #[expect(dead_code, reason = "printed")]
    struct Reference {
        name: u8,
    }
    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "printed")]
    struct From {
        config_map_key_ref: Reference,
    }
    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "printed")]
    struct Variable {
        value_from: From,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "printed")]
    struct Container {
        #[serde(deserialize_with = "lenient", default)]
        env: Vec<Variable>,
        target_container_name: Option<String>,
        key: Option<String>,
    }
    let reference = [field(1, &field(1, b"cm")), field(2, b"KEY")].concat();
    let variable = [field(1, b"E"), field(3, &field(3, &reference))].concat();
    let common = [field(1, b"dbg"), field(7, &variable)].concat();
    let raw = [field(1, &common), field(2, b"main")].concat();
    let told = decoded::<Container>(&object("k8s.io.api.core.v1.EphemeralContainer", &raw));
    assert!(
        told.contains(r#"target_container_name: Some("main"), key: None"#),
        "{told}"
    );
}

#[test]
fn a_name_behind_a_field_of_number_0_is_an_error() {
    let raw = b"\0\0\x0a\x03\x0a\x01n";
    let object = object("k8s.io.api.core.v1.Pod", raw);
    assert!(object.name().is_err() && object.namespace().is_err() && object.to_json().is_err());
}

/// A value with a JSON form of its own is read as soon as its name is.
#[test]
fn what_is_ignored_is_looked_at_nevertheless() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "printed")]
    struct Action {
        path: String,
    }
    let told = |raw| decoded::<Action>(&object("k8s.io.api.core.v1.HTTPGetAction", raw));
    assert!(told(b"\x0a\x01/\x12\x02\x08\x00").contains(r#"path: "/""#));
    assert!(told(b"\x0a\x01/\x12\x02\x08\x02").starts_with("Err"));

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "printed")]
    struct Named {
        name: String,
    }
    let told = decoded::<Named>(&object(METADATA, b"\x0a\x01n\x42\x04\x08\x01\x18\x01"));
    assert!(told.contains("creationTimestamp"), "{told}");

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "printed")]
    struct Resources {
        limits: BTreeMap<String, de::IgnoredAny>,
    }
    let limit = |quantity| {
        field(
            1,
            &[field(1, b"cpu"), field(2, &field(1, quantity))].concat(),
        )
    };
    let told = |quantity| {
        let raw = limit(quantity);
        decoded::<Resources>(&object("k8s.io.api.core.v1.ResourceRequirements", &raw))
    };
    assert!(told(b"1").contains("cpu"));
    assert!(told(b"garbage").starts_with("Err"));
}

/// Members of a struct come as they stand on the wire; one that is left early has
/// seen others than by all rules.
#[test]
fn a_struct_that_stops_early_is_given_what_all_rules_give() {
    #[derive(Debug)]
    struct First;
    impl Asks for First {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            vec![format!("{:?}", map.next_key::<String>())]
        }
    }
    // `envFrom`, number 19, is before `env`, number 7, in Go's struct.
    let raw = b"\x3a\x03\x0a\x01e\x9a\x01\x03\x0a\x01p";
    let told = told_of_struct::<First>("k8s.io.api.core.v1.Container", raw);
    assert!(told.contains("name") || told.contains("envFrom"), "{told}");
}

/// What was handed on counts, and of a map every entry.
#[test]
fn what_is_left_early_is_looked_at_as_by_all_rules() {
    #[derive(Debug)]
    struct First;
    impl Asks for First {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            vec![format!("{:?}", map.next_entry::<String, String>())]
        }
    }
    let twice = [label(b"k", b"a"), label(b"k", b"b")].concat();
    let told = told_of_labels::<First>(&twice);
    assert!(told.contains(r#"(\"k\", \"b\")"#), "{told}");

    struct FirstIgnored;
    impl<'de> Deserialize<'de> for FirstIgnored {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Ask;
            impl<'de> Visitor<'de> for Ask {
                type Value = FirstIgnored;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a list")
                }
                fn visit_seq<A: de::SeqAccess<'de>>(
                    self,
                    mut seq: A,
                ) -> Result<Self::Value, A::Error> {
                    seq.next_element::<de::IgnoredAny>()?;
                    Ok(FirstIgnored)
                }
            }
            deserializer.deserialize_seq(Ask)
        }
    }
    #[derive(Deserialize)]
    struct List {
        #[expect(dead_code, reason = "only asked for")]
        items: FirstIgnored,
    }
    let list = |raw| object("k8s.io.apimachinery.pkg.apis.meta.v1.List", raw).decode::<List>();
    assert!(list(b"\x12\x04\x0a\x02{}\x12\x04\x0a\x02{}").is_ok());
    // What is embedded is neither JSON nor protobuf.
    assert!(list(b"\x12\x03\x0a\x01\xff").is_err());
}

#[test]
fn a_variant_that_is_no_utf8_is_reported() {
    #[derive(Debug, Deserialize)]
    enum Policy {
        Always,
        #[serde(other)]
        Other,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "printed")]
    struct Pod {
        restart_policy: Policy,
    }
    let told = |raw| decoded::<Pod>(&object("k8s.io.api.core.v1.PodSpec", raw));
    assert!(told(b"\x1a\x06Always").contains("Always"));
    let odd = told(b"\x1a\x02a\xff");
    assert!(odd.contains(r#"invalid_utf8: ["restartPolicy"]"#), "{odd}");
    let strict = object("k8s.io.api.core.v1.PodSpec", b"\x1a\x02a\xff").strict(true);
    assert!(strict.decode::<Pod>().is_err());
}

/// However long it is; who asks for `&str` borrows.
#[test]
fn a_text_asked_for_as_a_string_is_copied() {
    struct Ask;
    impl<'de> Visitor<'de> for Ask {
        type Value = String;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("text")
        }
        fn visit_str<E>(self, _: &str) -> Result<String, E> {
            Ok("copied".to_owned())
        }
        fn visit_borrowed_str<E>(self, _: &'de str) -> Result<String, E> {
            Ok("lent".to_owned())
        }
    }
    fn by_string<'de, D: Deserializer<'de>>(asked: D) -> Result<String, D::Error> {
        asked.deserialize_string(Ask)
    }
    fn by_str<'de, D: Deserializer<'de>>(asked: D) -> Result<String, D::Error> {
        asked.deserialize_str(Ask)
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "printed")]
    struct Named {
        #[serde(deserialize_with = "by_string")]
        name: String,
        #[serde(deserialize_with = "by_str")]
        namespace: String,
    }
    for length in 1..100 {
        let text = vec![b'x'; length];
        let raw = [field(1, &text), field(3, &text)].concat();
        let told = decoded::<Named>(&object(METADATA, &raw));
        assert!(
            told.contains(r#"name: "copied", namespace: "lent""#),
            "{told}"
        );
    }
}
