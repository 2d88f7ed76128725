//! Random messages of every type, whole and odd: what is read as usual is what
//! all rules read, and nothing is to report.

mod careless;
mod wanted;

use serde::de::DeserializeSeed;
use serde_json::Value;

use crate::Buffer;
use crate::de::{Head, Options, Pieces, Report, Walk, decode_object, decode_usual};
use crate::json::{Printer, print_direct};
use crate::limits::Limits;
use crate::schema;
use crate::schema::row::{Field, Form, Label, Message, Type};
use crate::skip_fields::SkipFields;

use careless::Careless;
use wanted::Wanted;

/// Xorshift: the same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn of<'t, T: ?Sized>(&mut self, choice: &[&'t T]) -> &'t T {
        choice[self.below(choice.len())]
    }
}

/// Writes messages; one in `odd` of what it writes is not as Go does it, if that
/// is not 0.
struct Writer {
    random: Random,
    odd: usize,
}

impl Writer {
    fn is_odd(&mut self, rarer: usize) -> bool {
        self.odd > 0 && self.random.one_in(self.odd * rarer)
    }

    fn varint(&mut self, out: &mut Vec<u8>, mut number: u64, rarer: usize) {
        while number >= 0x80 {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        match self.is_odd(rarer) {
            true => out.extend([number as u8 | 0x80, 0]),
            false => out.push(number as u8),
        }
    }

    fn delimited(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        self.varint(out, bytes.len() as u64, 8);
        out.extend_from_slice(bytes);
    }

    fn text(&mut self) -> &'static [u8] {
        const USUAL: [&[u8]; 15] = [
            b"",
            b"a",
            b"b",
            b"1",
            b"0",
            b"100m",
            b"1Gi",
            b"1e3",
            b"-1",
            b"{}",
            b"null",
            b"[1,2]",
            br#"{"a":"<x>"}"#,
            br#"{"k:{\"n\":1}":{}}"#,
            "caf\u{e9}\u{2028}".as_bytes(),
        ];
        const ODD: [&[u8]; 10] = [
            b"\xff",
            b"{",
            b" {}",
            b"{\"a\":\"\xff\"}",
            b"\xa0",
            b"\xd9\xd9\xf7\xa0",
            b"+",
            b"[01]",
            br#""\u0041""#,
            b"[[[[1]]]]",
        ];
        match self.is_odd(1) {
            true => self.random.of(&ODD),
            false => self.random.of(&USUAL),
        }
    }

    fn value(&mut self, out: &mut Vec<u8>, kind: Type, depth: usize) {
        match kind {
            Type::String | Type::Bytes => {
                let text = self.text();
                self.delimited(out, text);
            }
            Type::Message(message) => {
                let bytes = self.message(message, depth);
                self.delimited(out, &bytes);
            }
            Type::Double => {
                let doubles = [0.0, 1.0, -0.0, 1.5, 1e30, f64::NAN];
                let double: f64 = doubles[self.random.below(if self.odd > 0 { 6 } else { 5 })];
                out.extend(double.to_bits().to_le_bytes());
            }
            Type::Bool | Type::Int32 | Type::Int64 | Type::Uint32 => {
                let year_one = 62_135_596_800u64.wrapping_neg();
                let numbers = [0, 0, 1, 2, u64::MAX, 1 << 33, year_one];
                let number = numbers[self.random.below(numbers.len())];
                self.varint(out, number, 4);
            }
        }
    }

    fn entry(&mut self, kind: Type, depth: usize, number: u8) -> Vec<u8> {
        let (mut key, mut value) = (vec![0x0a], Vec::new());
        let counted = [b'k', b'0' + number];
        let text = if self.is_odd(1) {
            self.text()
        } else {
            &counted
        };
        self.delimited(&mut key, text);
        value.push(crate::de::usual::entry_value(kind) as u8);
        self.value(&mut value, kind, depth);
        let other = vec![0x18, 1];
        let parts: &[&Vec<u8>] = match self.is_odd(4) {
            false => &[&key, &value],
            true => match self.random.below(5) {
                0 => &[&value, &key],
                1 => &[&key],
                2 => &[&value],
                3 => &[&key, &value, &value],
                _ => &[&key, &value, &other],
            },
        };
        parts.iter().copied().flatten().copied().collect()
    }

    fn field(&mut self, field: &Field, depth: usize) -> Vec<u8> {
        let count = match field.label {
            Label::One => 1 + usize::from(self.is_odd(4)),
            Label::Repeated | Label::Map => 1 + self.random.below(3),
        };
        let mut out = Vec::new();
        for number in 0..count {
            let mut tag = u64::from(field.tag);
            if self.is_odd(16) {
                tag ^= 1 + self.random.below(7) as u64;
            }
            self.varint(&mut out, tag, 16);
            if field.label == Label::Map {
                let entry = self.entry(field.kind(), depth, number as u8);
                self.delimited(&mut out, &entry);
            } else {
                self.value(&mut out, field.kind(), depth);
            }
        }
        out
    }

    fn message(&mut self, message: &Message, depth: usize) -> Vec<u8> {
        let mut fields: Vec<_> = message.fields.iter().collect();
        fields.sort_by_key(|field| field.number());
        let sparse = 1 + self.random.below(5);
        let mut written = Vec::new();
        for field in fields {
            let wanted = message.form != Form::Object && !self.random.one_in(3);
            let unwanted = field.is_retired() && !self.random.one_in(3);
            let too_deep = depth == 0 && matches!(field.kind(), Type::Message(_));
            if !unwanted && !too_deep && (wanted || self.random.one_in(sparse)) {
                written.push(self.field(field, depth.saturating_sub(1)));
            }
        }
        if self.is_odd(4) && !written.is_empty() {
            let (one, other) = (
                self.random.below(written.len()),
                self.random.below(written.len()),
            );
            written.swap(one, other);
        }
        if self.is_odd(16) {
            // Field 2007.
            written.push(b"\xba\x7d\x01x".to_vec());
        }
        let mut out = written.concat();
        if self.is_odd(32) && !out.is_empty() {
            out.truncate(self.random.below(out.len()));
        }
        out
    }

    fn skip(&mut self, message: &'static Message) -> SkipFields {
        let paths = (0..self.random.below(4)).map(|_| {
            let (mut path, mut message) = (Vec::new(), message);
            for _ in 0..5 {
                if message.fields.is_empty() {
                    break;
                }
                let field = &message.fields[self.random.below(message.fields.len())];
                path.push(field.name());
                match field.kind() {
                    Type::Message(below) if !self.random.one_in(3) => message = below,
                    _ => break,
                }
            }
            path.join(".")
        });
        SkipFields::new(paths.collect::<Vec<_>>())
    }
}

fn is_empty(report: &Report<'_>) -> bool {
    report.unknown.is_empty() && report.retired.is_empty() && report.invalid_utf8.is_empty()
}

/// A message, and how it is decoded.
struct Case {
    message: &'static Message,
    raw: Vec<u8>,
    head: Option<Head<'static>>,
    limits: Limits,
    skip: SkipFields,
}

impl Case {
    fn of(writer: &mut Writer, message: &'static Message) -> Case {
        writer.odd = [0, 4, 20][writer.random.below(3)];
        let depth = 1 + writer.random.below(5);
        let raw = writer.message(message, depth);
        let random = &mut writer.random;
        let head = random.one_in(2).then_some(Head {
            kind: b"K",
            api_version: b"v1",
        });
        let mut limits = Limits::default();
        if random.one_in(3) {
            limits.message_depth = random.below(10);
        }
        if random.one_in(3) {
            limits.json_depth = random.below(4);
        }
        Case {
            message,
            raw,
            head,
            limits,
            skip: writer.skip(message),
        }
    }

    fn what(&self) -> String {
        let (name, raw) = (self.message.name(), &self.raw);
        format!("{name} {:?} {:?} {raw:x?}", self.skip, self.limits)
    }

    fn walk(&self) -> Walk<'_> {
        let options = Options {
            skip: self.skip.clone(),
            ..Options::default()
        };
        Walk::new(self.limits, options, Buffer::Raw, 1 << 20)
    }

    fn pieces(&self) -> Pieces<'_> {
        Pieces::One(&self.raw, 0)
    }

    /// Whether it is printed the short way, which is then right.
    fn is_printed(&self) -> bool {
        let Case { head, message, .. } = *self;
        let (raw, skip) = (&self.raw, self.skip.root());
        let mut text = Vec::new();
        if print_direct(&mut text, head, message, raw, skip, &self.limits).is_none() {
            return false;
        }
        let (mut ruled, mut walk) = (Vec::new(), self.walk());
        let result = Printer::new(&mut walk, &mut ruled).by_all_rules(head, message, self.pieces());
        assert!(result.is_ok(), "{}", self.what());
        assert!(is_empty(&walk.into_report()), "{}", self.what());
        assert_eq!(text, ruled, "{}", self.what());
        true
    }

    /// Whether it is decoded the short way, which is then right.
    fn is_decoded<'a, S>(&'a self, seed: S) -> bool
    where
        S: DeserializeSeed<'a, Value = Value> + Copy,
    {
        let Case { head, message, .. } = *self;
        let (raw, skip) = (&self.raw, self.skip.root());
        let mut walk = self.walk();
        let Ok(value) = decode_usual(&mut walk, head, message, raw, skip, seed) else {
            return false;
        };
        let mut walk = self.walk();
        let ruled = decode_object(&mut walk, head, message, self.pieces(), seed);
        assert!(is_empty(&walk.into_report()), "{}", self.what());
        let ruled = ruled.as_ref().map_err(ToString::to_string);
        assert_eq!(Ok(&value), ruled, "{}", self.what());
        true
    }
}

#[test]
fn random_messages_are_the_same_by_all_rules() {
    let (mut printed, mut decoded, mut carelessly, mut all) = (0, 0, 0, 0);
    let mut writer = Writer {
        random: Random(0x9e37_79b9_7f4a_7c15),
        odd: 0,
    };
    // Miri is slow: a few of them.
    let step = if cfg!(miri) { 997 } else { 1 };
    let messages = (0..20).flat_map(|_| schema::messages()).step_by(step);
    for message in messages {
        let case = Case::of(&mut writer, message);
        if case.raw.len() > 5_000 {
            continue;
        }
        all += 1;
        printed += usize::from(case.is_printed());
        let wanted = Wanted::all_but(message, writer.random.0);
        for seed in [Wanted::Any, Wanted::all(message), wanted] {
            decoded += usize::from(case.is_decoded(seed));
        }
        for rate in [2, 6, 20, 60] {
            let seed = Careless::new(message, writer.random.0, rate);
            carelessly += usize::from(case.is_decoded(seed));
        }
    }
    // No way is a rare one.
    assert!(printed > all / 2 && printed < all, "{printed} of {all}");
    assert!(
        decoded > all && decoded < 3 * all,
        "{decoded} of {all}, three times"
    );
    assert!(
        carelessly > all && carelessly < 4 * all,
        "{carelessly} of {all}, four times"
    );
}

/// Slow is not wrong, so that no other test sees it.
#[test]
fn objects_of_a_cluster_are_decoded_the_short_way() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/cluster/snapshot.db");
    let file = std::fs::read(file).expect("the snapshot");
    let snapshot = crate::etcd::Snapshot::parse(&file).expect("a snapshot");
    let mut objects = 0;
    for (_, entry) in snapshot.current().expect("its keys").iter() {
        let value = entry.expect("an entry").value;
        let Ok(envelope) = crate::envelope::Envelope::parse(value) else {
            continue;
        };
        let (group, version) = envelope.group_version().expect("a group version");
        let text = |bytes| std::str::from_utf8(bytes).expect("text");
        let kind = schema::kind(text(group), text(version), text(envelope.kind()));
        let message = kind.expect("a kind of the table");
        let mut walk = Walk::new(Limits::default(), Options::default(), Buffer::Raw, 1 << 20);
        let none = SkipFields::default();
        let wanted = Wanted::all(message);
        let (raw, skip) = (envelope.raw(), none.root());
        let decoded = decode_usual(&mut walk, None, message, raw, skip, wanted);
        assert!(decoded.is_ok(), "{}", message.name());
        objects += 1;
    }
    assert!(objects > 200, "{objects}");
}
