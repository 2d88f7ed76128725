//! YAML whose parts cost more than they are long: numbers as keys, anchors, merge
//! keys, long scalars, comments.

use k8s_etcd::storage_value::{Content, Media, StorageValue};

use crate::growth;

type Generator = fn(usize) -> Vec<u8>;

fn yaml(lines: impl Iterator<Item = String>) -> Vec<u8> {
    let mut text = "apiVersion: v1\nkind: A\n".to_owned();
    text.extend(lines);
    text.into_bytes()
}

/// One key that is a number of `size` digits, beside `size / 8` short ones.
fn a_long_number_beside_short_ones(size: usize) -> Vec<u8> {
    let long = format!("? \"{}\"\n: 0\n", "1".repeat(size));
    let short = (0..size / 8).map(|number| format!("\"{}\": 0\n", 10_000_000 + number));
    yaml(std::iter::once(long).chain(short))
}

/// Keys that begin with the same digits, each longer by one.
fn numbers_that_grow(size: usize) -> Vec<u8> {
    let keys = (0..size / 256).map(|number| format!("\"1{}{number}\": 0\n", "0".repeat(110)));
    yaml(keys)
}

fn letters_that_are_the_same(size: usize) -> Vec<u8> {
    let keys = (0..size / 128).rev();
    yaml(keys.map(|number| format!("{}{number}: 0\n", "a".repeat(100))))
}

fn anchors(size: usize) -> Vec<u8> {
    let lines = (0..size / 32).map(|number| format!("k{number}: [&a{number} x, *a{number}]\n"));
    yaml(lines)
}

/// Each alias stands for all that came before, until the budget ends.
fn anchors_within_anchors(size: usize) -> Vec<u8> {
    let first = format!("a0: &a0 [{}]\n", "x,".repeat(size / 64));
    let lines = (1..size / 64).map(|number| {
        let before = number - 1;
        format!("a{number}: &a{number} [*a{before}, *a{before}]\n")
    });
    yaml(std::iter::once(first).chain(lines))
}

fn one_anchor_many_aliases(size: usize) -> Vec<u8> {
    let mapping = format!("base: &b {{{}}}\n", "a: x, b: y, ".repeat(size / 64));
    yaml(std::iter::once(mapping).chain((0..size / 16).map(|number| format!("k{number}: *b\n"))))
}

fn merge_keys(size: usize) -> Vec<u8> {
    let lines = (0..size / 32).map(|number| format!("k{number}: {{<<: {{a: 1, b: 2}}, b: 3}}\n"));
    yaml(lines)
}

/// One mapping that merges another many times.
fn one_mapping_of_merges(size: usize) -> Vec<u8> {
    yaml((0..size / 16).map(|number| format!("<<: {{k{number}: 1}}\n")))
}

fn the_same_key(size: usize) -> Vec<u8> {
    yaml((0..size / 8).map(|number| format!("k: {number}\n")))
}

fn a_long_scalar(size: usize) -> Vec<u8> {
    yaml(std::iter::once(format!("k: {}\n", "a ".repeat(size / 2))))
}

fn a_long_quoted_scalar(size: usize) -> Vec<u8> {
    let text = "\\u0041 \\\n ".repeat(size / 10);
    yaml(std::iter::once(format!("k: \"{text}\"\n")))
}

fn a_folded_scalar(size: usize) -> Vec<u8> {
    let lines = "  a\n\n   b\n".repeat(size / 10);
    yaml(std::iter::once(format!("k: >\n{lines}")))
}

fn a_long_number(size: usize) -> Vec<u8> {
    yaml(std::iter::once(format!("k: {}\n", "1".repeat(size))))
}

fn comments(size: usize) -> Vec<u8> {
    yaml((0..size / 16).map(|_| "# a comment\n".to_owned()))
}

fn one_comment(size: usize) -> Vec<u8> {
    yaml(std::iter::once(format!("k: 0 # {}\n", "c".repeat(size))))
}

fn blank_lines(size: usize) -> Vec<u8> {
    yaml(std::iter::once(format!("k:{} 0\n", "\n".repeat(size))))
}

fn flow_without_end(size: usize) -> Vec<u8> {
    yaml(std::iter::once(format!("k: [{}", "a, ".repeat(size / 3))))
}

fn keys_that_may_yet_be_simple(size: usize) -> Vec<u8> {
    yaml(std::iter::once(format!(
        "k: [{}]\n",
        "\"a\" ".repeat(size / 4)
    )))
}

fn tags(size: usize) -> Vec<u8> {
    yaml((0..size / 32).map(|number| format!("k{number}: !!str 1\n")))
}

const GENERATORS: [(&str, Generator); 19] = [
    (
        "a long number beside short ones",
        a_long_number_beside_short_ones,
    ),
    ("numbers that grow", numbers_that_grow),
    ("letters that are the same", letters_that_are_the_same),
    ("anchors", anchors),
    ("anchors within anchors", anchors_within_anchors),
    ("one anchor, many aliases", one_anchor_many_aliases),
    ("merge keys", merge_keys),
    ("one mapping of merges", one_mapping_of_merges),
    ("the same key", the_same_key),
    ("a long scalar", a_long_scalar),
    ("a long quoted scalar", a_long_quoted_scalar),
    ("a folded scalar", a_folded_scalar),
    ("a long number", a_long_number),
    ("comments", comments),
    ("one comment", one_comment),
    ("blank lines", blank_lines),
    ("flow without end", flow_without_end),
    ("keys that may yet be simple", keys_that_may_yet_be_simple),
    ("tags", tags),
];

/// Bytes of YAML and JSON that come out, 0 of what is no object.
fn print(value: &[u8]) -> usize {
    let value = StorageValue::parse(value);
    let is_yaml = value.media() == Media::Yaml;
    match value.into_content() {
        Ok(Content::Document(document)) => {
            assert!(is_yaml);
            let yaml = document.to_yaml().unwrap().0.len();
            yaml + document.to_json().unwrap().0.len()
        }
        _ => 0,
    }
}

#[test]
fn yaml_costs_its_share() {
    for (name, generate) in GENERATORS {
        println!(
            "{name}: {} bytes of {}",
            print(&generate(65_536)),
            generate(65_536).len()
        );
        growth::linear(65_536, generate, |value| print(value) as u64);
    }
}

#[test]
fn yaml_takes_time_by_its_length() {
    for (name, generate) in GENERATORS {
        println!("{name}");
        growth::linear_time(32_768, generate, |value| {
            print(value);
        });
    }
}
