//! Types that stop early, or take an error for less than one, are given what all
//! rules give: what the shorter way through usual objects does not read decides too.

use std::collections::BTreeMap;
use std::fmt::Debug;

use k8s_etcd::{Object, schema};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

/// A field of a message: `number`, and `payload` with its length.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    [&[number << 3 | 2, length], payload].concat()
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
    let label = |key, value| field(11, &[field(1, key), field(2, value)].concat());
    let metadata = |raw: &[u8]| {
        let object = object("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", raw);
        decoded::<Metadata>(&object)
    };
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

/// Against serde's protocol, but no reason to go on for ever.
#[test]
fn names_alone_come_to_an_end() {
    #[derive(Debug)]
    struct Names(#[expect(dead_code, reason = "printed")] Vec<String>);

    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
            struct Ask;
            impl<'de> Visitor<'de> for Ask {
                type Value = Names;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                    let mut names = Vec::new();
                    while let Some(name) = map.next_key()? {
                        names.push(name);
                        if names.len() > 10 {
                            return Err(de::Error::custom("no end of names"));
                        }
                    }
                    Ok(Names(names))
                }
            }
            deserializer.deserialize_map(Ask)
        }
    }
    let value = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0d\x0a\x0b\x0a\x09kube-prod";
    let envelope = k8s_etcd::envelope::Envelope::parse(value).expect("an envelope");
    let told = decoded::<Names>(&Object::of_envelope(&envelope).expect("an object"));
    assert!(
        told.contains(r#"["kind", "apiVersion", "metadata", "spec", "status"]"#),
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
    let metadata = "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    let told = decoded::<Named>(&object(metadata, b"\x0a\x01n\x42\x04\x08\x01\x18\x01"));
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

/// What is told of a map, by a type that asks against serde's protocol.
#[derive(Debug)]
struct Told(#[expect(dead_code, reason = "printed")] Vec<String>);

trait Asks: Debug {
    fn ask<'de, A: MapAccess<'de>>(map: A) -> Vec<String>;
}

struct Labels<A>(Told, std::marker::PhantomData<A>);

impl<A> Debug for Labels<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, T: Asks> Deserialize<'de> for Labels<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ask<T>(std::marker::PhantomData<T>);
        impl<'de, T: Asks> Visitor<'de> for Ask<T> {
            type Value = Vec<String>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<String>, A::Error> {
                Ok(T::ask(map))
            }
        }
        let told = deserializer.deserialize_map(Ask::<T>(std::marker::PhantomData))?;
        Ok(Labels(Told(told), std::marker::PhantomData))
    }
}

fn told_of_labels<A: Asks>(raw: &[u8]) -> String {
    #[derive(Debug, Deserialize)]
    #[serde(bound = "")]
    #[expect(dead_code, reason = "printed")]
    struct Labelled<A: Asks> {
        labels: Labels<A>,
    }
    decoded::<Labelled<A>>(&object(
        "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta",
        raw,
    ))
}

#[test]
fn a_value_asked_for_before_its_key_is_none() {
    #[derive(Debug)]
    struct ValueFirst;
    impl Asks for ValueFirst {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            let mut told = vec![format!("{:?}", map.next_value::<Option<String>>().ok())];
            while let Ok(Some(entry)) = map.next_entry::<String, String>() {
                told.push(format!("{entry:?}"));
            }
            told
        }
    }
    let raw = b"\x5a\x12\x0a\x05hello\x12\x09wwwwwwwww";
    let told = told_of_labels::<ValueFirst>(raw);
    assert!(told.contains("hello") && !told.contains("u{5}"), "{told}");
}

#[test]
fn a_value_asked_for_twice_is_null() {
    #[derive(Debug)]
    struct Twice;
    impl Asks for Twice {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            let mut told = Vec::new();
            while let Ok(Some(key)) = map.next_key::<String>() {
                let mut value = || map.next_value::<Option<String>>().ok().flatten();
                told.push(format!("{key} {:?} {:?}", value(), value()));
            }
            told
        }
    }
    let told = told_of_labels::<Twice>(b"\x5a\x09\x0a\x01k\x12\x01a\x12\x01b");
    assert!(told.contains(r#"Some(\"b\") None"#), "{told}");
    let told = told_of_labels::<Twice>(b"\x5a\x06\x0a\x01k\x12\x01a");
    assert!(told.contains(r#"Some(\"a\") None"#), "{told}");
}

/// Members of a struct come as they stand on the wire; one that is left early has
/// seen others than by all rules.
#[test]
fn a_struct_that_stops_early_is_given_what_all_rules_give() {
    #[derive(Debug)]
    struct First(#[expect(dead_code, reason = "printed")] Option<String>);

    impl<'de> Deserialize<'de> for First {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<First, D::Error> {
            struct Ask;
            impl<'de> Visitor<'de> for Ask {
                type Value = First;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<First, A::Error> {
                    map.next_key().map(First)
                }
            }
            deserializer.deserialize_struct("First", &[], Ask)
        }
    }
    // `envFrom`, number 19, is before `env`, number 7, in Go's struct.
    let raw = b"\x3a\x03\x0a\x01e\x9a\x01\x03\x0a\x01p";
    let told = decoded::<First>(&object("k8s.io.api.core.v1.Container", raw));
    assert!(told.contains("name") || told.contains("envFrom"), "{told}");
}

/// One that goes on after every error comes to an end.
#[test]
fn errors_come_to_an_end() {
    #[derive(Debug)]
    struct Patient(#[expect(dead_code, reason = "printed")] usize);

    impl<'de> Deserialize<'de> for Patient {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Patient, D::Error> {
            struct Ask;
            impl<'de> Visitor<'de> for Ask {
                type Value = Patient;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object or a list")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Patient, A::Error> {
                    let mut asked = 0;
                    while !matches!(map.next_entry::<String, Patient>(), Ok(None)) {
                        asked += 1;
                        assert!(asked < 1000, "no end of errors");
                    }
                    Ok(Patient(asked))
                }
                fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Patient, A::Error> {
                    let mut asked = 0;
                    while !matches!(seq.next_element::<Patient>(), Ok(None)) {
                        asked += 1;
                        assert!(asked < 1000, "no end of errors");
                    }
                    Ok(Patient(asked))
                }
            }
            deserializer.deserialize_any(Ask)
        }
    }
    let label = |key, value| field(11, &[field(1, key), field(2, value)].concat());
    let raw = [label(b"b", b"x"), label(b"a", b"y"), b"\x0a\x7f".to_vec()].concat();
    let metadata = "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    for length in 0..=raw.len() {
        decoded::<Patient>(&object(metadata, &raw[..length]));
    }
}
