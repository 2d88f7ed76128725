//! Against what Go's `encoding/json` printed (testdata/json/README.md), and
//! every truncation.

use super::*;
use crate::error::{Buffer, Category, Result};
use crate::utf8::lossy;
use crate::wire::Reader;
use std::collections::BTreeMap;

#[derive(serde::Deserialize)]
struct Case {
    op: String,
    r#in: String,
    out: Option<String>,
}

fn cases() -> Vec<Case> {
    include_str!("../../testdata/json/go.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn reader(bytes: &[u8]) -> Reader<'_> {
    Reader::new(bytes, Buffer::Value)
}

fn run(op: &str, input: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match op {
        "str" => drop(write_string(&mut out, input)),
        "lossy" => out.extend_from_slice(lossy(input).as_bytes()),
        "f64" => write_f64(
            &mut out,
            f64::from_bits(u64::from_be_bytes(input.try_into().unwrap())),
        )?,
        "compact" => drop(compact(&mut out, reader(input), HtmlEscape::No, 10_000)?),
        "html" => drop(compact(&mut out, reader(input), HtmlEscape::Yes, 10_000)?),
        "indent" => {
            let mut compacted = Vec::new();
            compact(&mut compacted, reader(input), HtmlEscape::No, 10_000)?;
            indent(&mut out, &compacted);
        }
        "decode" => match Scanner::new(reader(input), 0).next_token()? {
            Some(Token::String(text)) => out.extend_from_slice(text.decode().as_bytes()),
            other => panic!("{other:?}"),
        },
        _ => panic!("unknown op {op}"),
    }
    Ok(out)
}

#[test]
fn as_go() {
    let mut counts = BTreeMap::<(String, bool), usize>::new();
    for case in cases() {
        let input = hex::decode(&case.r#in).unwrap();
        let expected = case.out.map(|out| hex::decode(out).unwrap());
        let got = run(&case.op, &input).ok();
        assert_eq!(
            got.as_deref().map(String::from_utf8_lossy),
            expected.as_deref().map(String::from_utf8_lossy),
            "{} of {:?}",
            case.op,
            String::from_utf8_lossy(&input)
        );
        *counts.entry((case.op, expected.is_some())).or_default() += 1;
    }
    // Each operation is there, compacting also with what Go rejects.
    for op in ["str", "lossy", "f64", "compact", "html", "indent", "decode"] {
        assert!(counts[&(op.to_owned(), true)] >= 20, "{op}: {counts:?}");
    }
    assert!(counts[&("compact".to_owned(), false)] >= 20, "{counts:?}");
}

#[test]
fn every_truncation_of_a_document_is_truncated() {
    let document = br#" {"a":[1.5e+3,-0,"\u00e9\"",true,null,{}],"b":false} "#;
    let whole = document.len() - 1;
    for end in 0..whole {
        let mut out = b"kept".to_vec();
        let error = compact(&mut out, reader(&document[..end]), HtmlEscape::No, 10).unwrap_err();
        assert_eq!(error.category(), Category::Truncated, "{end}");
        assert_eq!(error.offset(), Some(end as u64));
        assert_eq!(out, b"kept");
    }
    assert!(run("compact", &document[..whole]).is_ok());
}

#[test]
fn an_error_tells_the_offset_in_the_whole_buffer() {
    let reader = Reader::with_base(b"[1,x]", 100, Buffer::Raw);
    let error = compact(&mut Vec::new(), reader, HtmlEscape::No, 10).unwrap_err();
    assert_eq!(error.category(), Category::Malformed);
    assert_eq!(
        (error.buffer(), error.offset()),
        (Some(Buffer::Raw), Some(103))
    );
}

#[test]
fn depth_is_bounded_at_word_boundaries_of_the_stack_too() {
    for depth in [1, 63, 64, 65, 127, 128, 129, 500] {
        let text = "[{\"a\":".repeat(depth) + "1" + &"}]".repeat(depth);
        let mut out = Vec::new();
        compact(&mut out, reader(text.as_bytes()), HtmlEscape::No, 2 * depth).unwrap();
        assert_eq!(out, text.as_bytes());
        let error = compact(
            &mut out,
            reader(text.as_bytes()),
            HtmlEscape::No,
            2 * depth - 1,
        )
        .unwrap_err();
        assert_eq!(error.category(), Category::Limit);
    }
}

#[test]
fn invalid_utf8_is_told_and_passed_through() {
    for (text, invalid) in [
        (&b"{\"a\":[\"\xff\"]}"[..], true),
        (b"{\"\xe2\x80\":1}", true),
        ("[\"é\u{fffd}\"]".as_bytes(), false),
    ] {
        let mut out = Vec::new();
        let told = compact(&mut out, reader(text), HtmlEscape::Yes, 10).unwrap();
        assert_eq!((told.invalid_utf8, &out[..]), (invalid, text));
    }
}
