//! What stands before a node or a document: anchors, tags, directives.

use super::Result;
use super::scanner::Scanner;
use super::token::Kind;

/// Digits of a version's number.
const VERSION_DIGITS: usize = 2;

impl<'a> Scanner<'a> {
    pub(super) fn scan_directive(&mut self) -> Result<Kind<'a>> {
        self.input.skip();
        let name = self.scan_alphas()?;
        if name.is_empty() {
            return self.input.fault("a directive without a name");
        }
        if !self.input.is_blank_or_end(0) {
            return self
                .input
                .fault("a directive's name holds another character");
        }
        let kind = match name {
            "YAML" => self.scan_version_directive_value()?,
            "TAG" => self.scan_tag_directive_value()?,
            _ => return self.input.fault("an unknown directive"),
        };
        self.scan_rest_of_line("something behind a directive")?;
        Ok(kind)
    }

    /// Blanks, a comment, a line break.
    pub(super) fn scan_rest_of_line(&mut self, problem: &'static str) -> Result {
        self.skip_blanks()?;
        self.skip_comment()?;
        if !self.input.is_break_or_end(0) {
            return self.input.fault(problem);
        }
        if self.input.is_break(0) {
            self.input.cache(2)?;
            self.input.skip_line();
        }
        Ok(())
    }

    fn skip_blanks(&mut self) -> Result {
        self.input.cache(1)?;
        while self.input.is_blank(0) {
            self.input.skip();
            self.input.cache(1)?;
        }
        Ok(())
    }

    fn scan_alphas(&mut self) -> Result<&'a str> {
        let start = self.input.at();
        self.input.cache(1)?;
        while self.input.is_alpha() {
            self.input.skip();
            self.input.cache(1)?;
        }
        Ok(self.input.since(start))
    }

    fn scan_version_directive_value(&mut self) -> Result<Kind<'a>> {
        self.skip_blanks()?;
        let major = self.scan_version_directive_number()?;
        if self.input.byte(0) != b'.' {
            return self.input.fault("no '.' in a version");
        }
        self.input.skip();
        let minor = self.scan_version_directive_number()?;
        Ok(Kind::VersionDirective((major, minor) == (1, 1)))
    }

    fn scan_version_directive_number(&mut self) -> Result<u8> {
        let start = self.input.at();
        self.input.cache(1)?;
        while self.input.byte(0).is_ascii_digit() {
            if self.input.since(start).len() >= VERSION_DIGITS {
                return self.input.fault("a version's number is too long");
            }
            self.input.skip();
            self.input.cache(1)?;
        }
        match self.input.since(start).parse() {
            Ok(number) => Ok(number),
            Err(_) => self.input.fault("no number in a version"),
        }
    }

    fn scan_tag_directive_value(&mut self) -> Result<Kind<'a>> {
        self.skip_blanks()?;
        let handle = self.scan_tag_handle(true)?;
        self.input.cache(1)?;
        if !self.input.is_blank(0) {
            return self.input.fault("no blank after a tag's handle");
        }
        self.skip_blanks()?;
        let prefix = self.scan_tag_uri("")?;
        self.input.cache(1)?;
        if !self.input.is_blank_or_end(0) {
            return self.input.fault("no blank after a tag's prefix");
        }
        Ok(Kind::TagDirective(handle, prefix))
    }

    pub(super) fn scan_anchor(&mut self) -> Result<&'a str> {
        self.input.skip();
        let name = self.scan_alphas()?;
        let ends = self.input.is_blank_or_end(0)
            || matches!(
                self.input.byte(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        match !name.is_empty() && ends {
            true => Ok(name),
            false => self
                .input
                .fault("an anchor or alias is not of letters and digits"),
        }
    }

    pub(super) fn scan_tag(&mut self) -> Result<Kind<'a>> {
        self.input.cache(2)?;
        let (handle, suffix) = if self.input.byte(1) == b'<' {
            self.input.skip();
            self.input.skip();
            let suffix = self.scan_tag_uri("")?;
            if self.input.byte(0) != b'>' {
                return self.input.fault("no '>' at the end of a tag");
            }
            self.input.skip();
            ("", suffix)
        } else {
            let head = self.scan_tag_handle(false)?;
            if head.len() > 1 && head.ends_with('!') {
                (head, self.scan_tag_uri("")?)
            } else {
                let suffix = self.scan_tag_uri(head)?;
                match suffix.is_empty() {
                    true => ("", b"!".to_vec()),
                    false => ("!", suffix),
                }
            }
        };
        self.input.cache(1)?;
        match self.input.is_blank_or_end(0) {
            true => Ok(Kind::Tag(handle, suffix)),
            false => self.input.fault("no blank after a tag"),
        }
    }

    fn scan_tag_handle(&mut self, in_directive: bool) -> Result<&'a str> {
        let start = self.input.at();
        self.input.cache(1)?;
        if self.input.byte(0) != b'!' {
            return self.input.fault("no '!' at the beginning of a tag");
        }
        self.input.skip();
        self.scan_alphas()?;
        if self.input.byte(0) == b'!' {
            self.input.skip();
        } else if in_directive && self.input.since(start) != "!" {
            return self.input.fault("no '!' at the end of a tag's handle");
        }
        Ok(self.input.since(start))
    }

    /// `head` is what was taken for a handle and is none.
    fn scan_tag_uri(&mut self, head: &str) -> Result<Vec<u8>> {
        let mut uri = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        self.input.cache(1)?;
        while self.input.is_alpha() || b";/?:@&=+$,.!~*'()[]%".contains(&self.input.byte(0)) {
            match self.input.byte(0) {
                b'%' => self.scan_uri_escapes(&mut uri)?,
                byte => {
                    uri.push(byte);
                    self.input.skip();
                }
            }
            self.input.cache(1)?;
            found = true;
        }
        match found {
            true => Ok(uri),
            false => self.input.fault("a tag without a name"),
        }
    }

    /// The escapes of one character.
    fn scan_uri_escapes(&mut self, uri: &mut Vec<u8>) -> Result {
        let mut left = None;
        while left != Some(0) {
            self.input.cache(3)?;
            let digits = (hex(self.input.byte(1)), hex(self.input.byte(2)));
            let (b'%', (Some(high), Some(low))) = (self.input.byte(0), digits) else {
                return self.input.fault("a broken % escape in a tag");
            };
            let octet = (high << 4) | low;
            let width: usize = match (left, octet) {
                (Some(left), 0x80..=0xbf) => left,
                (None, 0x00..=0x7f) => 1,
                (None, 0xc0..=0xdf) => 2,
                (None, 0xe0..=0xef) => 3,
                (None, 0xf0..=0xf7) => 4,
                _ => return self.input.fault("% escapes in a tag that are not UTF-8"),
            };
            left = Some(width.saturating_sub(1));
            uri.push(octet);
            (0..3).for_each(|_| self.input.skip());
        }
        Ok(())
    }
}

/// A hexadecimal digit's value.
pub(super) fn hex(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}
