//! Order, aliases, what is left out, and what is not UTF-8.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use std::collections::HashMap;

use super::*;
use crate::skip_fields::SkipFields;

/// An object of strings, keys as they come.
fn object(members: &[(&[u8], &[u8])]) -> Tree<'static> {
    let mut tree = Builder::new(&[]);
    let mut object = tree.begin_object().unwrap();
    for (key, value) in members {
        let key = tree.made(key).unwrap();
        tree.key(&mut object, key);
        tree.made(value).unwrap();
    }
    tree.end_object(object).unwrap();
    tree.finish()
}

fn printed(tree: &Tree<'_>) -> String {
    let mut out = Vec::new();
    crate::json::write_value(&mut out, tree.root()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn objects_are_sorted_by_bytes() {
    let keys = ["é", "z", "A", "aa", "a", "\u{ffff}", "😀"];
    let members: Vec<_> = keys
        .iter()
        .map(|key| (key.as_bytes(), b"".as_slice()))
        .collect();
    let expected =
        "{\"A\":\"\",\"a\":\"\",\"aa\":\"\",\"z\":\"\",\"é\":\"\",\"\u{ffff}\":\"\",\"😀\":\"\"}";
    assert_eq!(printed(&object(&members)), expected);
}

#[test]
fn of_equal_keys_the_last_counts_wherever_it_stands() {
    let of = |keys: &[&str]| {
        let values = ["1", "2", "3", "4", "5"];
        let members: Vec<(&[u8], &[u8])> = keys
            .iter()
            .zip(values)
            .map(|(key, value)| (key.as_bytes(), value.as_bytes()))
            .collect();
        printed(&object(&members))
    };
    assert_eq!(of(&["a", "a"]), r#"{"a":"2"}"#);
    assert_eq!(of(&["a", "b", "a", "c"]), r#"{"a":"3","b":"2","c":"4"}"#);
    assert_eq!(
        of(&["c", "b", "a", "c", "b"]),
        r#"{"a":"3","b":"5","c":"4"}"#
    );
}

#[test]
fn the_first_key_that_repeats_another_is_told() {
    let first = |keys: &[&str]| {
        let mut tree = Builder::new(&[]);
        let mut object = tree.begin_object().unwrap();
        for key in keys {
            let key = tree.made(key.as_bytes()).unwrap();
            tree.key(&mut object, key);
            tree.scalar(Scalar::Null).unwrap();
        }
        tree.end_object_of_unique(object).unwrap()
    };
    assert_eq!(first(&["a", "b", "c"]), None);
    assert_eq!(first(&["c", "b", "a"]), None);
    assert_eq!(first(&["a", "a"]), Some(1));
    assert_eq!(first(&["d", "c", "b", "c", "d"]), Some(3));
    assert_eq!(first(&["a", "b", "c", "a", "a"]), Some(3));
}

fn add_key(tree: &mut Builder<'static>, members: &mut Members, name: &str) {
    let key = tree.made(name.as_bytes()).unwrap();
    tree.key(members, key);
}

/// `{"all": {"x": {"y": "1", "z": "2"}}, "copy": *all, "list": [*all]}`, where
/// `copy` may be merged into the object instead.
fn with_aliases(merged: bool) -> Tree<'static> {
    let mut tree = Builder::new(&[]);
    let mut root = tree.begin_object().unwrap();
    add_key(&mut tree, &mut root, "all");
    let mut all = tree.begin_object().unwrap();
    add_key(&mut tree, &mut all, "x");
    let mut x = tree.begin_object().unwrap();
    add_key(&mut tree, &mut x, "y");
    tree.made(b"1").unwrap();
    add_key(&mut tree, &mut x, "z");
    tree.made(b"2").unwrap();
    tree.end_object(x).unwrap();
    let all = tree.end_object(all).unwrap();
    if merged {
        tree.merge(&mut root, all);
    } else {
        add_key(&mut tree, &mut root, "copy");
        tree.alias(all).unwrap();
    }
    add_key(&mut tree, &mut root, "list");
    let list = tree.begin_array().unwrap();
    tree.alias(all).unwrap();
    tree.end_array(list).unwrap();
    tree.end_object(root).unwrap();
    tree.finish()
}

#[test]
fn what_is_left_out_below_an_alias_stays_where_it_stands() {
    let without = |merged, fields: &[&str]| {
        let mut tree = with_aliases(merged);
        let skip = SkipFields::new(fields.iter().copied());
        tree.remove(skip.root()).unwrap();
        printed(&tree)
    };
    let all = r#"{"x":{"y":"1","z":"2"}}"#;
    let less = r#"{"x":{"z":"2"}}"#;
    assert_eq!(
        without(false, &[]),
        format!(r#"{{"all":{all},"copy":{all},"list":[{all}]}}"#)
    );
    assert_eq!(
        without(false, &["copy.x.y"]),
        format!(r#"{{"all":{all},"copy":{less},"list":[{all}]}}"#)
    );
    assert_eq!(
        without(false, &["list.x.y", "copy"]),
        format!(r#"{{"all":{all},"list":[{less}]}}"#)
    );
    assert_eq!(
        without(true, &["x.y"]),
        format!(r#"{{"all":{all},"list":[{all}],"x":{{"z":"2"}}}}"#)
    );
}

#[test]
fn what_is_left_out_below_an_anchor_stays_at_its_aliases() {
    let mut tree = with_aliases(false);
    let skip = SkipFields::new(["all.x.y"]);
    tree.remove(skip.root()).unwrap();
    let all = r#"{"x":{"y":"1","z":"2"}}"#;
    let less = r#"{"x":{"z":"2"}}"#;
    assert_eq!(
        printed(&tree),
        format!(r#"{{"all":{less},"copy":{all},"list":[{all}]}}"#)
    );
}

#[test]
fn what_is_left_out_is_left_out_of_all_elements() {
    let without = |fields: &[&str]| {
        let mut tree = Builder::new(b"1.50");
        let list = tree.begin_array().unwrap();
        for number in [Scalar::Int(1), Scalar::Bool(true)] {
            let mut object = tree.begin_object().unwrap();
            add_key(&mut tree, &mut object, "b");
            tree.scalar(number).unwrap();
            add_key(&mut tree, &mut object, "a");
            tree.scalar(Scalar::Null).unwrap();
            tree.end_object(object).unwrap();
        }
        tree.end_array(list).unwrap();
        let mut tree = tree.finish();
        tree.remove(SkipFields::new(fields.iter().copied()).root())
            .unwrap();
        printed(&tree)
    };
    assert_eq!(without(&[]), r#"[{"a":null,"b":1},{"a":null,"b":true}]"#);
    assert_eq!(without(&["a"]), r#"[{"b":1},{"b":true}]"#);
    assert_eq!(without(&["a", "b"]), r#"[{},{}]"#);
}

#[test]
fn texts_are_lent_by_the_source_and_no_other() {
    let (source, other) = (b"a text".to_vec(), b"text".to_vec());
    let mut tree = Builder::new(&source);
    tree.text(&source[2..]).unwrap();
    let lent = tree.finish();
    assert!(matches!(lent.root().as_string(), Some(Text::Lent(b"text"))));
    let mut tree = Builder::new(&source);
    tree.text(&other).unwrap();
    let made = tree.finish();
    assert!(matches!(made.root().as_string(), Some(Text::Made(b"text"))));
}

#[test]
fn bad_utf8_is_found_replaced_and_kept_apart_in_keys() {
    let tree = object(&[
        (b"a", b"\xff"),
        (b"k\xfe", "é".as_bytes()),
        (b"k\xff", b"y"),
    ]);
    let mut ways = Vec::new();
    let mut found = |way: &[Step<'_>]| ways.push(format!("{way:?}"));
    tree.root().visit_invalid_utf8(&mut found);
    assert_eq!(
        ways,
        ["[Key([97])]", "[Key([107, 254])]", "[Key([107, 255])]"]
    );
    let expected = r#"{"a":"\ufffd","k\ufffd":"é","k\ufffd":"y"}"#;
    assert_eq!(printed(&tree), expected);
    let deserializer: deserializer::ValueDeserializer<'_, '_, serde::de::value::Error> =
        tree.root().into_deserializer();
    let decoded = HashMap::<String, serde_json::Value>::deserialize(deserializer).unwrap();
    assert_eq!(decoded["a"], "\u{fffd}");
    assert_eq!(decoded["k\u{fffd}"], "y");
}
