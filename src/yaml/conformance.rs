//! Against what sigs.k8s.io/yaml prints and reads (testdata/yaml/README.md), round
//! trips, and the hazards by name.

use super::*;
use crate::error::{Buffer, Category, Result};
use crate::json::write_value;
use crate::wire::Reader;
use serde_json::{Value as Json, json};

#[derive(serde::Deserialize)]
struct Case {
    json: Option<String>,
    yaml: Option<String>,
    parse: Option<String>,
}

fn yaml_of(json: &str) -> String {
    let mut out = Vec::new();
    write(&mut out, json.as_bytes(), 128).unwrap();
    String::from_utf8(out).unwrap()
}

fn parsed(yaml: &[u8], max_depth: usize) -> Result<Option<String>> {
    let Some(value) = parse_object(Reader::new(yaml, Buffer::Value), max_depth)? else {
        return Ok(None);
    };
    let mut out = Vec::new();
    write_value(&mut out, value.root())?;
    Ok(Some(String::from_utf8(out).unwrap()))
}

#[test]
fn as_sigs_yaml() {
    let (mut written, mut read, mut refused) = (0, 0, 0);
    for line in include_str!("../../testdata/yaml/sigs.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        match (case.json, case.yaml, case.parse) {
            (Some(json), Some(yaml), None) => {
                assert_eq!(yaml_of(&json), yaml);
                written += 1;
            }
            (json, None, Some(yaml)) => {
                assert_eq!(parsed(yaml.as_bytes(), 16).unwrap(), json, "{yaml}");
                if json.is_some() {
                    read += 1
                } else {
                    refused += 1
                }
            }
            _ => panic!("{line}"),
        }
    }
    assert!(
        written >= 100 && read >= 60 && refused >= 5,
        "{written} {read} {refused}"
    );
}

/// Pieces that mean something to some reader of YAML.
const PIECES: &[&str] = &[
    "yes",
    "y",
    "~",
    "null",
    "<<",
    "=",
    "0x1F",
    "08",
    "1_0",
    "1:30",
    "1e3",
    "7e98765",
    ".5",
    "+1",
    ".inf",
    "2008-01-01",
    "2008-13-45T1:1:1Z",
    "- ",
    "-",
    "? ",
    ": ",
    ":",
    " #",
    "#",
    "|",
    ">",
    "!!str",
    "&a",
    "*a",
    "%",
    "@",
    "`",
    "'",
    "\"",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ",",
    "---",
    "...",
    "\n",
    "\n\n",
    "\n ",
    " \n",
    "\t",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{a0}",
    "\0",
    "\x1b",
    "\x7f",
    "\u{9f}",
    "\u{ffff}",
    "\u{fffd}",
    "😀",
    "é",
    " ",
    "a",
    "key",
    "1",
    ".",
];

#[test]
fn every_pair_of_pieces_reads_back_as_itself() {
    for a in PIECES {
        for b in PIECES {
            let text = format!("{a}{b}");
            let object = json!({
                "apiVersion": "v1", "kind": "K", text.clone(): [text, {text.clone(): text}, [[text]]],
            });
            let yaml = yaml_of(&object.to_string());
            let by_us = parsed(yaml.as_bytes(), 16).unwrap().unwrap();
            assert_eq!(
                serde_json::from_str::<Json>(&by_us).unwrap(),
                object,
                "{yaml}"
            );
        }
    }
}

#[test]
fn layout() {
    let json = r#"{"z":{},"a10":[],"a9":[{"b":1.50,"a":[1e2,[true,[null]]]},"x\ny"],"s":""}"#;
    let yaml = "a9:\n- a:\n  - 1e2\n  - - true\n    - - null\n  b: 1.50\n- |-\n  x\n  y\n\
                a10: []\ns: \"\"\nz: {}\n";
    assert_eq!(yaml_of(json), yaml);
    assert_eq!(yaml_of("[]"), "[]\n");
    assert_eq!(yaml_of("\"a\\nb\""), "|-\n  a\n  b\n");
    let long = "k".repeat(129);
    let json = format!(r#"{{"{long}":{{"a":1,"b":2}},"a\nb":[1]}}"#);
    let yaml = format!("? |-\n  a\n  b\n: - 1\n? {long}\n: a: 1\n  b: 2\n");
    assert_eq!(yaml_of(&json), yaml);
}

#[test]
fn of_duplicate_members_the_last_counts() {
    assert_eq!(yaml_of(r#"{"a":1,"\u0061":2}"#), "a: 2\n");
}

#[test]
fn writing_is_bounded_in_depth() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(yaml_of(&nested(128)).starts_with("- - - "));
    let mut out = b"kept".to_vec();
    for depth in [129, 100_000] {
        let error = write(&mut out, nested(depth).as_bytes(), 128).unwrap_err();
        assert_eq!(error.category(), Category::Limit);
        assert_eq!(error.offset(), None);
        assert_eq!(out, b"kept");
    }
}

#[test]
fn what_is_no_object_is_text() {
    for text in [
        "",
        "12345",
        "plain text",
        "a: b",
        "apiVersion: v1\n",
        "apiVersion: v1\nkind: 1\n",
        "apiVersion: v1\nkind: [K]\n",
        "- apiVersion: v1\n  kind: K\n",
        "apiVersion: v1\nkind: K\n---\na: b\n",
        "apiVersion: v1\nkind: K\nk: \x01\n",
        "apiVersion: v1\nkind: K\n k: bad\n",
    ] {
        assert_eq!(parsed(text.as_bytes(), 16).unwrap(), None, "{text}");
    }
    assert_eq!(
        parsed(b"apiVersion: v1\nkind: K\nk: \xff\n", 16).unwrap(),
        None
    );
    let document = "--- # first\napiVersion: v1\nkind: K\n...\n";
    assert_eq!(
        parsed(document.as_bytes(), 1).unwrap().unwrap(),
        r#"{"apiVersion":"v1","kind":"K"}"#
    );
}

#[test]
fn aliases_do_not_explode() {
    let mut bomb = "apiVersion: v1\nkind: K\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        let aliases = [alias.as_str(); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    assert_eq!(
        parsed(bomb.as_bytes(), 128).unwrap_err().category(),
        Category::Limit
    );
    // One long string a thousand times.
    let long = format!(
        "apiVersion: v1\nkind: K\na: &a {}\nb: [{}]\n",
        "x".repeat(10_000),
        ["*a"; 1000].join(",")
    );
    assert_eq!(
        parsed(long.as_bytes(), 128).unwrap_err().category(),
        Category::Limit
    );
    let once = "apiVersion: v1\nkind: K\na: &a [1, {b: c}]\nd: *a\n";
    assert_eq!(
        parsed(once.as_bytes(), 16).unwrap().unwrap(),
        r#"{"a":[1,{"b":"c"}],"apiVersion":"v1","d":[1,{"b":"c"}],"kind":"K"}"#
    );
    // Depth counts through aliases.
    let deep = "apiVersion: v1\nkind: K\na: &a [[[1]]]\nb: [[*a]]\n";
    assert!(parsed(deep.as_bytes(), 6).is_ok());
    assert_eq!(
        parsed(deep.as_bytes(), 5).unwrap_err().category(),
        Category::Limit
    );
}

#[test]
fn reading_is_bounded_in_depth() {
    for depth in [200, 100_000] {
        for nested in [
            "[".repeat(depth) + &"]".repeat(depth),
            "{a: ".repeat(depth) + &"}".repeat(depth),
            "- ".repeat(depth) + "x",
        ] {
            let text = format!("apiVersion: v1\nkind: K\nk:\n {nested}\n");
            let error = parsed(text.as_bytes(), 128).unwrap_err();
            assert_eq!(error.category(), Category::Limit);
        }
    }
}
