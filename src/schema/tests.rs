use std::collections::BTreeSet;

use super::generated::kinds::KINDS;
use super::generated::messages::MESSAGES;
use super::row::{Form, Label, Message, Type};

#[test]
fn the_table_is_whole() {
    let fields = MESSAGES.iter().map(|m| m.fields.len()).sum::<usize>();
    assert_eq!(
        (MESSAGES.len(), fields, KINDS.len()),
        (2088, 6936, 770),
        "messages, fields, kinds of the input"
    );
}

#[test]
fn rows_stand_where_they_are_searched() {
    assert!(MESSAGES.is_sorted_by(|a, b| a.name < b.name));
    assert!(KINDS.is_sorted_by_key(|k| (k.group, k.version, k.kind)));
    for message in MESSAGES {
        assert!(std::ptr::eq(
            super::message(message.name).unwrap(),
            *message
        ));
    }
    for kind in KINDS {
        let found = super::kind(kind.group, kind.version, kind.kind).unwrap();
        assert!(std::ptr::eq(found, kind.message), "{kind:?}");
        assert!(
            found.type_meta,
            "{kind:?}: its JSON has kind and apiVersion"
        );
    }
}

/// The members that a message's fields give its JSON, inline ones at their place.
fn members(message: &Message, names: &mut Vec<&'static str>) {
    for field in message.fields {
        match field.kind() {
            Type::Message(inner) if field.is_inline() => members(inner, names),
            _ => names.push(field.name()),
        }
    }
}

#[test]
fn numbers_and_names_are_unique() {
    for message in MESSAGES {
        let numbers = message.fields.iter().map(|f| f.number());
        assert_eq!(
            BTreeSet::from_iter(numbers).len(),
            message.fields.len(),
            "{message:?}"
        );
        let mut names = Vec::new();
        members(message, &mut names);
        assert_eq!(
            BTreeSet::from_iter(&names).len(),
            names.len(),
            "{message:?}"
        );
        assert!(!message.type_meta || !names.iter().any(|n| ["kind", "apiVersion"].contains(n)));
    }
}

#[test]
fn rows_keep_what_the_engine_relies_on() {
    for message in MESSAGES {
        for field in message.fields {
            let at = format!("{message:?} {field:?}");
            let plain = matches!(field.kind(), Type::Message(_)) && field.label == Label::One;
            if message.form == Form::Object {
                assert_eq!(field.is_inline(), field.name().is_empty(), "{at}");
            } else {
                assert!(!message.type_meta && !field.is_inline(), "{at}");
            }
            if field.is_inline() {
                assert!(plain && !field.is_pointer() && !field.is_retired(), "{at}");
            }
            if field.is_omitzero() {
                assert!(plain && !field.is_pointer() && field.is_omitempty(), "{at}");
            }
            if field.is_pointer() {
                assert_eq!(field.label, Label::One, "{at}");
            }
        }
    }
}

#[test]
fn retired_are_those_that_the_newest_drops() {
    let retired = |name: &str| {
        let fields = super::message(name).unwrap().fields.iter();
        fields
            .filter(|f| f.is_retired())
            .map(|f| f.name())
            .collect::<Vec<_>>()
    };
    let spec = retired("k8s.io.api.core.v1.ServiceSpec");
    assert_eq!(spec, ["deprecatedPublicIPs", "ipFamily", "topologyKeys"]);
    // Gone as a whole, with the form of its last release.
    let pod_preset = retired("k8s.io.api.settings.v1alpha1.PodPresetSpec");
    assert!(pod_preset.is_empty());
}

#[test]
fn fields_are_found_from_any_hint() {
    for message in MESSAGES {
        for hint in 0..=message.fields.len() + 1 {
            for (i, field) in message.fields.iter().enumerate() {
                let (at, found) = message.field_by_number(field.number(), hint).unwrap();
                assert_eq!((at, found.number()), (i, field.number()));
            }
            assert!(message.field_by_number(0, hint).is_none());
            assert!(message.field_by_number(u32::MAX, hint).is_none());
        }
    }
}

#[test]
fn every_kind_is_found_by_its_hash() {
    for kind in KINDS {
        let key = [kind.group, kind.version, kind.kind];
        let found = super::by_hash(key.map(str::as_bytes)).unwrap();
        assert!(std::ptr::eq(found, kind.message), "{key:?}");
    }
    for key in [["", "", ""], ["", "v1", "pod"], ["apps", "v1", "Pod"]] {
        let found = super::by_hash(key.map(str::as_bytes));
        assert!(found.is_none(), "{key:?}");
    }
    // What would not fit a name of the table is not even hashed.
    let long = "x".repeat(65);
    assert!(super::by_hash([b"", long.as_bytes(), b"Pod"]).is_none());
}
