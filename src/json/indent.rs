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
    let mut at = 0;
    while let Some(&byte) = compact.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                match compact.get(at) {
                    Some(&end @ (b'}' | b']')) => {
                        out.push(end);
                        at += 1;
                    }
                    _ => {
                        depth += 1;
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
                let length = rest_of_string(&compact[at..]);
                out.extend_from_slice(&compact[at - 1..at + length]);
                at += length;
            }
            _ => out.push(byte),
        }
    }
}

/// Length up to and with the closing quote.
fn rest_of_string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => return at,
            b'\\' => at += 1,
            _ => {}
        }
    }
    text.len()
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    const SPACES: [u8; 2 * MAX_INDENT] = [b' '; 2 * MAX_INDENT];
    out.push(b'\n');
    out.extend_from_slice(&SPACES[..2 * depth.min(MAX_INDENT)]);
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
