//! JSON for people.

/// Lines deeper than this are indented no further, so that a value of nothing
/// but brackets cannot grow quadratically. Kubernetes' deepest objects, CRDs
/// with nested schemas, stay below half of it.
const MAX_INDENT: usize = 128;

/// Appends compact JSON with two spaces a level, as Go's `json.Indent`:
/// `{}` and `[]` stay together.
///
/// `compact` must come from this module's printers; on anything else the
/// output is as useless as the input, but nothing fails.
pub fn indent(out: &mut Vec<u8>, compact: &[u8]) {
    out.reserve(compact.len().saturating_add(compact.len() / 2));
    let mut depth = 0usize;
    let mut rest = compact;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                match rest {
                    [end @ (b'}' | b']'), after @ ..] => {
                        out.push(*end);
                        rest = after;
                    }
                    _ => {
                        depth = depth.saturating_add(1);
                        new_line(out, depth);
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                let (string, after) = split_string(rest);
                out.push(byte);
                out.extend_from_slice(string);
                rest = after;
            }
            _ => out.push(byte),
        }
    }
}

/// What is left of a string, with its closing quote, and what comes after it.
fn split_string(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0usize;
    while let Some(&byte) = text.get(at) {
        at = at.saturating_add(1);
        match byte {
            b'"' => break,
            b'\\' => at = at.saturating_add(1),
            _ => {}
        }
    }
    text.split_at_checked(at).unwrap_or((text, &[]))
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    const SPACES: [u8; 2 * MAX_INDENT] = [b' '; 2 * MAX_INDENT];
    out.push(b'\n');
    out.extend_from_slice(SPACES.get(..depth.saturating_mul(2)).unwrap_or(&SPACES));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(compact: &str) -> String {
        let mut out = Vec::new();
        indent(&mut out, compact.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn as_go_indents() {
        assert_eq!(
            indented(r#"{"a":[],"b":{},"c":[1,{"d":"\"{}[],:\\"}],"e":null}"#),
            "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \
             \"d\": \"\\\"{}[],:\\\\\"\n    }\n  ],\n  \"e\": null\n}"
        );
        assert_eq!(indented("\"a\""), "\"a\"");
        assert_eq!(indented("[[]]"), "[\n  []\n]");
    }

    #[test]
    fn deep_nesting_does_not_grow_quadratically() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(indented(&deep).len() < 20_000 * (2 * MAX_INDENT + 2));
    }

    #[test]
    fn text_that_is_no_json_does_not_fail() {
        for text in ["\"", "\"\\", "}", "]]", "{", ":", "[}"] {
            indented(text);
        }
    }
}
