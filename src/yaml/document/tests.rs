//! What goyaml makes of nodes together, and where they stand.

use super::*;

fn text(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float => "float".to_owned(),
        Value::Text(text) => format!("{:?}", text.as_str()),
        Value::Sequence(nodes) => {
            let nodes: Vec<_> = nodes.iter().map(|node| text(node)).collect();
            format!("[{}]", nodes.join(","))
        }
        Value::Mapping(fields) => {
            let field = |field: &Field| format!("{}:{}", field.name.as_str(), text(&field.node));
            let fields: Vec<_> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

#[test]
fn merged_fields_stand_beside_those_that_are_written() {
    for (yaml, expected) in [
        ("a: &a {x: 1}\nb: {<<: *a, z: 2}", "{a:{x:1},b:{x:1,z:2}}"),
        ("<<: {x: 1}\nx: 2", "{x:1,x:2}"),
        // Of several, the first counts most, and comes last.
        ("<<: [{x: 1}, {x: 2}]", "{x:2,x:1}"),
        ("! \"<<\" : {x: 1}", "{x:1}"),
        ("\"<<\": {x: 1}", "{<<:{x:1}}"),
        ("a: &a x\na: &a z\nb: *a", "{a:\"x\",a:\"z\",b:\"z\"}"),
        ("1: a\nyes: b\n1.5: c", "{1:\"a\",true:\"b\",a float:\"c\"}"),
        (
            "a: 1e2\nb: 1.5\nc: 2020-01-01",
            "{a:100,b:float,c:\"2020-01-01\"}",
        ),
        ("", ""),
    ] {
        match read(yaml.as_bytes()) {
            Ok(node) => assert_eq!(text(&node), expected, "{yaml}"),
            Err(fault) => assert_eq!((expected, fault.problem), ("", "no document")),
        }
    }
}

#[test]
fn what_goyaml_refuses() {
    for (yaml, problem) in [
        ("a: &a [*a]", "an anchor that holds itself"),
        ("a: &a {b: &b [*a, *b]}", "an anchor that holds itself"),
        ("a: *a", "an alias of no anchor"),
        ("<<: 1", "'<<' merges something other than mappings"),
        ("<<: [1]", "'<<' merges something other than mappings"),
        // A list may be merged where it is written, not through an alias.
        (
            "a: &a [{x: 1}]\nb: {<<: *a}",
            "'<<' merges something other than mappings",
        ),
        ("~: a", "a key that JSON does not have"),
        ("[a]: b", "a key that JSON does not have"),
        ("18446744073709551615: b", "a key that JSON does not have"),
        (
            "a: .inf",
            "a value that JSON does not have, or not of its tag",
        ),
        (
            "a: !!int b",
            "a value that JSON does not have, or not of its tag",
        ),
    ] {
        let fault = read(yaml.as_bytes()).err().expect(yaml);
        assert_eq!((fault.format, fault.problem), ("YAML", problem), "{yaml}");
    }
}

#[test]
fn depth_counts_through_aliases() {
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..100_000 {
        chain += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    let fault = read(chain.as_bytes()).err().expect("too deep");
    assert_eq!(fault.problem, "nested too deep");
}

#[test]
fn everything_has_its_place() {
    for file in ["é:\n  b:  'c'\n", "{\"é\":\n \"b\" , \n  \"c\": 1}"] {
        let node = read(file.as_bytes()).expect(file);
        let Value::Mapping(fields) = &node.value else {
            panic!("{file}");
        };
        let first = Place { line: 1, column: 1 };
        match file.starts_with('{') {
            false => {
                let value = Place { line: 2, column: 3 };
                assert_eq!((fields[0].place, fields[0].node.place), (first, value));
            }
            true => {
                let value = Place { line: 2, column: 2 };
                assert_eq!((node.place, fields[0].node.place), (first, value));
                assert_eq!(fields[1].place, Place { line: 3, column: 3 });
            }
        }
    }
}

#[test]
fn white_space_of_go_stands_before_json() {
    for (file, format) in [
        ("\u{85}{}x", "JSON"),
        (" \u{a0}\u{2028}{", "JSON"),
        ("\u{feff}{", "YAML"),
        ("--- {", "YAML"),
    ] {
        let fault = read(file.as_bytes()).err().expect(file);
        assert_eq!(fault.format, format, "{file:?}");
    }
}
