//! How a string is written: plain, 'single', "double", or in lines after `|`.

use super::resolve::is_ambiguous;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style that goyaml takes for `text`, but double quotes wherever some reader
/// of YAML 1.1 or 1.2 could see something else than `text` in that.
pub(super) fn style(text: &str) -> Style {
    let (mut line_feed, mut space_before_break) = (false, false);
    let mut indicator = false;
    let mut previous = ' ';
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(character) = characters.next() {
        if needs_escape(character) && character != '\n' {
            return Style::Double;
        }
        let at_end = matches!(characters.peek(), None | Some(' ' | '\t'));
        indicator |= match character {
            '#' => previous == ' ' || previous == '\n',
            ':' => at_end,
            '-' | '?' => first && at_end,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => first,
            '\n' => {
                line_feed = true;
                space_before_break |= previous == ' ' && !first;
                false
            }
            _ => false,
        };
        previous = character;
        first = false;
    }
    if line_feed {
        return match space_before_break || text.ends_with(' ') {
            true => Style::Double,
            false => Style::Literal,
        };
    }
    if is_ambiguous(text) {
        return Style::Double;
    }
    indicator |= text.starts_with("---") || text.starts_with("...");
    match indicator || text.starts_with(' ') || text.ends_with(' ') {
        true => Style::Single,
        false => Style::Plain,
    }
}

/// Characters that are not written as they are: controls (tab among them),
/// breaks, the byte order mark, non-characters, and as in goyaml all beyond U+FFFF.
fn needs_escape(character: char) -> bool {
    !matches!(
        character,
        ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}'
    )
}

/// Whether `text` holds a line break of YAML 1.1.
pub(super) fn has_break(text: &str) -> bool {
    text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// Appends `text` in its style with the line feed after it. Lines after `|` are
/// indented by `indent` spaces.
pub(super) fn write(out: &mut Vec<u8>, text: &str, indent: usize) {
    match style(text) {
        Style::Literal => return literal(out, text, indent),
        Style::Double => double(out, text),
        style => on_one_line(out, text, style),
    }
    out.push(b'\n');
}

/// Appends `text` as a key before its colon.
pub(super) fn write_key(out: &mut Vec<u8>, text: &str) {
    match style(text) {
        Style::Literal | Style::Double => double(out, text),
        style => on_one_line(out, text, style),
    }
}

fn on_one_line(out: &mut Vec<u8>, text: &str, style: Style) {
    if style == Style::Plain {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'\'');
    for &byte in text.as_bytes() {
        if byte == b'\'' {
            out.push(b'\'');
        }
        out.push(byte);
    }
    out.push(b'\'');
}

fn double(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for character in text.chars() {
        let code = u32::from(character);
        let short = match character {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if !needs_escape(character) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => {
                let escape = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                out.extend_from_slice(escape.as_bytes());
                continue;
            }
        };
        out.push(b'\\');
        out.extend_from_slice(short.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.push(b'"');
}

fn literal(out: &mut Vec<u8>, text: &str, indent: usize) {
    out.push(b'|');
    // The first line cannot show the indentation itself.
    if text.starts_with([' ', '\n']) {
        out.push(b'2');
    }
    match text.strip_suffix('\n') {
        None => out.push(b'-'),
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => out.push(b'+'),
        Some(_) => {}
    }
    out.push(b'\n');
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            spaces(out, indent);
        }
        out.extend_from_slice(line.as_bytes());
    }
    if !text.ends_with('\n') {
        out.push(b'\n');
    }
}

pub(super) fn spaces(out: &mut Vec<u8>, count: usize) {
    out.resize(out.len().saturating_add(count), b' ');
}
