//! Types that ask against serde's protocol: a value twice, or where there is none;
//! names alone; on and on.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use k8s_etcd::Object;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

use crate::{METADATA, decoded, label, object};

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
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// What is told of a map or a struct, by a type that asks against serde's protocol.
#[derive(Debug)]
struct Told(#[expect(dead_code, reason = "printed")] Vec<String>);

pub(crate) trait Asks: Debug {
    fn ask<'de, A: MapAccess<'de>>(map: A) -> Vec<String>;
}

struct Ask<T>(PhantomData<T>);

impl<'de, T: Asks> Visitor<'de> for Ask<T> {
    type Value = Vec<String>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<String>, A::Error> {
        Ok(T::ask(map))
    }
}

/// A struct, or a map, that is asked so.
struct Asked<A, const IS_STRUCT: bool>(Told, PhantomData<A>);

impl<A, const IS_STRUCT: bool> Debug for Asked<A, IS_STRUCT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, A: Asks, const IS_STRUCT: bool> Deserialize<'de> for Asked<A, IS_STRUCT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ask = Ask::<A>(PhantomData);
        let told = match IS_STRUCT {
            true => deserializer.deserialize_struct("", &[], ask)?,
            false => deserializer.deserialize_map(ask)?,
        };
        Ok(Asked(Told(told), PhantomData))
    }
}

pub(crate) fn told_of_labels<A: Asks>(raw: &[u8]) -> String {
    #[derive(Debug, Deserialize)]
    #[serde(bound = "")]
    #[expect(dead_code, reason = "printed")]
    struct Labelled<A: Asks> {
        labels: Asked<A, false>,
    }
    decoded::<Labelled<A>>(&object(METADATA, raw))
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

/// What is told of a struct, by a type that asks against serde's protocol.
pub(crate) fn told_of_struct<A: Asks>(message: &str, raw: &[u8]) -> String {
    decoded::<Asked<A, true>>(&object(message, raw))
}

#[test]
fn a_member_asked_for_before_its_name_is_none() {
    #[derive(Debug)]
    struct ValueFirst;
    impl Asks for ValueFirst {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            let mut told = vec![format!(
                "{:?}",
                map.next_value::<Option<de::IgnoredAny>>().ok()
            )];
            while let Ok(Some(entry)) = map.next_entry::<String, Value>() {
                told.push(format!("{entry:?}"));
            }
            told
        }
    }
    let told = told_of_struct::<ValueFirst>(METADATA, b"\x0a\x04name");
    assert!(told.contains(r#"["Some(None)", "#), "{told}");
}

#[test]
fn a_member_asked_for_twice_is_null() {
    #[derive(Debug)]
    struct Twice;
    impl Asks for Twice {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            let mut told = Vec::new();
            while let Ok(Some(name)) = map.next_key::<String>() {
                let mut value = || map.next_value::<Option<Value>>().ok();
                told.push(format!("{name} {:?} {:?}", value(), value()));
            }
            told
        }
    }
    let told = told_of_struct::<Twice>(METADATA, b"\x0a\x04name");
    assert!(
        told.contains(r#"Some(Some(String(\"name\"))) Some(None)"#),
        "{told}"
    );
}

#[test]
fn a_member_asked_for_behind_the_last_is_null() {
    #[derive(Debug)]
    struct NamesFirst;
    impl Asks for NamesFirst {
        fn ask<'de, A: MapAccess<'de>>(mut map: A) -> Vec<String> {
            let mut names = 0;
            while let Ok(Some(_)) = map.next_key::<String>() {
                names += 1;
            }
            vec![format!("{names} {:?}", map.next_value::<Value>().ok())]
        }
    }
    // `selector` and `template` are members that do not stand on the wire.
    let spec = "k8s.io.api.apps.v1beta2.DeploymentSpec";
    let told = told_of_struct::<NamesFirst>(spec, b"\x22\x00\x28\x02");
    assert!(told.contains("4 Some(Null)"), "{told}");
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
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    let raw = [label(b"b", b"x"), label(b"a", b"y"), b"\x0a\x7f".to_vec()].concat();
    for length in 0..=raw.len() {
        decoded::<Patient>(&object(METADATA, &raw[..length]));
    }
}
