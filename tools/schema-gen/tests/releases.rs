//! Releases out of the input and in again.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use schema_gen::input::{Input, Schema, to_text};
use schema_gen::release::{Release, add, extract, remove};
use schema_gen::rust::Files;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The committed input, read once.
static INPUT: LazyLock<Input> =
    LazyLock::new(|| Input::read(&root().join(schema_gen::INPUT)).unwrap());

fn schema(project: &str) -> Schema {
    match project {
        "kubernetes" => INPUT.kubernetes.clone(),
        _ => INPUT.openshift.clone(),
    }
}

/// The tables with this schema of Kubernetes.
fn tables(kubernetes: &Schema) -> Result<Files, String> {
    schema_gen::files(Input {
        kubernetes: kubernetes.clone(),
        ..INPUT.clone()
    })
}

fn has_field(schema: &Schema, message: &str, json: &str) -> bool {
    let message = schema.messages.get(message);
    message.is_some_and(|m| {
        m.fields
            .iter()
            .any(|f| f.form.json == json && f.until.is_none())
    })
}

#[test]
fn the_input_is_written_as_it_was_read() {
    for project in ["kubernetes", "openshift"] {
        let (path, schema) = schema_gen::schema(&root(), project).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert!(to_text(&schema).unwrap() == text, "{project}");
    }
}

#[test]
fn the_committed_tables_are_those_of_the_input() {
    assert_eq!(schema_gen::check(&root()).unwrap(), Vec::<String>::new());
}

#[test]
fn the_newest_release_out_and_in_again_is_the_same() {
    let before = schema("kubernetes");
    let release = extract(&before, "kubernetes", "1.37").unwrap();
    let mut schema = before.clone();
    remove(&mut schema, "1.37").unwrap();

    // Taking out takes out: a message, a field and a kind that only 1.37 has …
    let attestation = "k8s.io.api.authentication.v1.AttestationValue";
    assert!(before.messages.contains_key(attestation));
    assert!(!schema.messages.contains_key(attestation));
    let user_info = "k8s.io.api.authentication.v1.UserInfo";
    assert!(has_field(&before, user_info, "uid") && has_field(&schema, user_info, "uid"));
    let counts = |s: &Schema| {
        let fields = s.messages.values().map(|m| m.fields.len()).sum::<usize>();
        (s.messages.len(), fields, s.kinds.len(), s.releases.len())
    };
    assert_eq!(counts(&before), (1778, 5897, 556, 34));
    assert_eq!(counts(&schema), (1637, 5518, 530, 33));
    let of_1_37 = |s: &Schema| {
        let fields = s.messages.values().flat_map(|m| &m.fields);
        fields.filter(|f| f.since == "1.37").count()
            + s.kinds.iter().filter(|k| k.since == "1.37").count()
    };
    assert!(of_1_37(&before) > 0 && of_1_37(&schema) == 0);
    // … and brings back what 1.37 has retired.
    let device = "k8s.io.api.resource.v1.Device";
    assert!(!has_field(
        &before,
        device,
        "nodeAllocatableResourceMappings"
    ));
    assert!(has_field(
        &schema,
        device,
        "nodeAllocatableResourceMappings"
    ));
    assert_ne!(tables(&schema), tables(&before));

    let changes = add(&mut schema, &release).unwrap();
    assert!(changes.contains(&format!("+ {attestation}")));
    assert!(changes.contains(&format!("- {device} #13 nodeAllocatableResourceMappings")));
    assert!(to_text(&schema).unwrap() == to_text(&before).unwrap());
    assert_eq!(tables(&schema), tables(&before));
}

#[test]
fn all_releases_out_and_in_again_are_the_same() {
    for project in ["kubernetes", "openshift"] {
        let before = schema(project);
        let mut schema = before.clone();
        let mut out = Vec::new();
        while schema.releases.len() > 1 {
            let newest = schema.newest.clone();
            out.push((extract(&schema, project, &newest).unwrap(), schema.clone()));
            remove(&mut schema, &newest).unwrap();
        }
        assert_eq!(out.len() + 1, before.releases.len());
        for (release, expected) in out.iter().rev() {
            add(&mut schema, release).unwrap();
            let same = to_text(&schema).unwrap() == to_text(expected).unwrap();
            assert!(same, "{project} {}", release.release);
        }
    }
}

/// A release 1.38 that is 1.37 with the change.
fn next(change: impl FnOnce(&mut Release)) -> Result<(Schema, Vec<String>), String> {
    let mut schema = schema("kubernetes");
    let mut release = extract(&schema, "kubernetes", "1.37").unwrap();
    release.release = "1.38".to_owned();
    change(&mut release);
    let changes = add(&mut schema, &release)?;
    Ok((schema, changes))
}

const BINDING: &str = "k8s.io.api.core.v1.Binding";

#[test]
fn a_release_without_changes_changes_the_list_of_releases_only() {
    let (mut schema_with, changes) = next(|_| {}).unwrap();
    assert_eq!(changes, Vec::<String>::new());
    assert_eq!(schema_with.releases.pop().as_deref(), Some("1.38"));
    schema_with.newest = "1.37".to_owned();
    assert!(schema_with == schema("kubernetes"));
}

#[test]
fn what_a_release_drops_is_retired_at_its_place() {
    let (schema, changes) = next(|release| {
        release.messages.get_mut(BINDING).unwrap().fields.remove(0);
        release.kinds.retain(|kind| kind.message != BINDING);
    })
    .unwrap();
    assert_eq!(
        changes,
        [
            format!("- {BINDING} #1 metadata"),
            "- kind /v1 Binding".to_owned()
        ]
    );
    let fields = &schema.messages[BINDING].fields;
    assert_eq!(
        (fields[0].form.json.as_str(), fields[0].order),
        ("metadata", 1)
    );
    assert_eq!(fields[0].until.as_deref(), Some("1.37"));
    assert_eq!(
        (fields[1].form.json.as_str(), fields[1].until.as_deref()),
        ("target", None)
    );
    let row = "field!(1, \"metadata\", Type::Message(&meta_v1::ObjectMeta), Label::One, OMITEMPTY | RETIRED)";
    assert!(tables(&schema).unwrap()["src/schema/generated/core_v1.rs"].contains(row));
}

#[test]
fn a_message_that_is_gone_keeps_its_form() {
    let (schema, changes) = next(|release| {
        release.messages.remove(BINDING);
        release.kinds.retain(|kind| kind.message != BINDING);
    })
    .unwrap();
    assert_eq!(
        changes,
        [format!("- {BINDING}"), "- kind /v1 Binding".to_owned()]
    );
    let message = &schema.messages[BINDING];
    assert_eq!(message.until.as_deref(), Some("1.37"));
    assert!(message.fields.iter().all(|f| f.until == message.until));
    let table = &tables(&schema).unwrap()["src/schema/generated/core_v1.rs"];
    let before = &tables(&self::schema("kubernetes")).unwrap()["src/schema/generated/core_v1.rs"];
    assert_eq!(table, before);
}

#[test]
fn a_new_form_stands_beside_the_old_one() {
    let (schema, changes) = next(|release| {
        let target = &mut release.messages.get_mut(BINDING).unwrap().fields[1];
        target.message = Some("k8s.io.api.core.v1.TypedObjectReference".to_owned());
    })
    .unwrap();
    assert_eq!(changes, [format!("~ {BINDING} #2 target")]);
    let target = &schema.messages[BINDING].fields[1];
    assert_eq!(
        target.form.message.as_deref(),
        Some("k8s.io.api.core.v1.TypedObjectReference")
    );
    let [old] = target.alternates.as_slice() else {
        panic!("{target:?}")
    };
    assert_eq!(
        old.form.message.as_deref(),
        Some("k8s.io.api.core.v1.ObjectReference")
    );
    assert_eq!(
        (old.since.as_str(), old.until.as_deref()),
        ("1.4", Some("1.37"))
    );

    let mut schema = schema;
    remove(&mut schema, "1.38").unwrap();
    assert!(schema == self::schema("kubernetes"));
}

#[test]
fn what_no_row_can_say_is_refused() {
    let fails = |change: fn(&mut Release), expected: &str| {
        let message = match next(change) {
            Err(message) => message,
            Ok((schema, _)) => tables(&schema).unwrap_err(),
        };
        assert!(message.contains(expected), "{message}");
    };
    fn target(release: &mut Release) -> &mut schema_gen::input::FieldForm {
        &mut release.messages.get_mut(BINDING).unwrap().fields[1]
    }
    fails(|r| r.release = "1.36".to_owned(), "not newer");
    fails(|r| target(r).number = 1, "a number stands twice");
    fails(
        |r| target(r).kind = "int32".to_owned(),
        "changes its wire type",
    );
    fails(|r| target(r).kind = "float".to_owned(), "unknown type");
    fails(|r| target(r).message = None, "a message without its name");
    fails(
        |r| target(r).message = Some("k8s.io.api.core.v1.Gone".to_owned()),
        "in no schema",
    );
    fails(
        |r| target(r).label = "required".to_owned(),
        "label \"required\"",
    );
    fails(
        |r| (target(r).label, target(r).key) = ("map".to_owned(), Some("int32".to_owned())),
        "with key",
    );
    fails(
        |r| (target(r).label, target(r).pointer) = ("repeated".to_owned(), true),
        "a pointer to a list",
    );
    fails(
        |r| (target(r).inline, target(r).pointer) = (true, true),
        "inline, but not",
    );
    fails(|r| target(r).inline = true, "a JSON name and inline");
    fails(|r| target(r).elem_pointer = true, "elemPointer");
    fails(|r| target(r).not_in_json = true, "notInJSON");
    fails(
        |r| (target(r).omitzero, target(r).pointer) = (true, true),
        "omitzero",
    );
    fails(|r| target(r).json = "a\"b".to_owned(), "would need escapes");
    fails(|r| target(r).json = "metadata".to_owned(), "stands twice");
    fails(
        |r| r.messages.get_mut(BINDING).unwrap().special = Some("Money".to_owned()),
        "unknown special",
    );
    fails(
        |r| r.messages.get_mut(BINDING).unwrap().special = Some("Time".to_owned()),
        "not with its fields",
    );
    fails(
        |r| r.messages.get_mut(BINDING).unwrap().wrapper = Some("set".to_owned()),
        "unknown wrapper",
    );
    fails(
        |r| r.messages.get_mut(BINDING).unwrap().type_meta = Some(1),
        "TypeMeta",
    );
}

#[test]
fn only_the_newest_release_can_be_taken_out() {
    let mut schema = schema("kubernetes");
    assert!(remove(&mut schema, "1.36").is_err());
    assert!(extract(&schema, "kubernetes", "1.36").is_err());
}
