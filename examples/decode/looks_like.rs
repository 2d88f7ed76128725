//! What an input looks like that is neither a database nor a stored value.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use k8s_etcd::Decoder;
use k8s_etcd::storage_value::Content;
use memchr::memmem;

use crate::single::is_separator;

/// How a stored value begins: protobuf, encrypted, CBOR, JSON.
const VALUE_PREFIXES: [&[u8]; 4] = [b"k8s\0", b"k8s:enc:", b"\xd9\xd9\xf7", b"{"];

/// First bytes of files that are no values, and what they are.
const MAGIC: [(usize, &[u8], &str); 15] = [
    (0, b"\x1f\x8b", "gzip: unpack it first (gunzip)"),
    (0, b"PK\x03\x04", "zip: unpack it first (unzip)"),
    (0, b"\x28\xb5\x2f\xfd", "zstd: unpack it first (unzstd)"),
    (0, b"\xfd7zXZ\0", "xz: unpack it first (unxz)"),
    (0, b"\x04\x22\x4d\x18", "lz4: unpack it first (unlz4)"),
    (0, b"BZh", "bzip2: unpack it first (bunzip2)"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z: unpack it first (7z x)"),
    (
        0,
        b"Salted__",
        "a file that openssl enc encrypted: decrypt it first",
    ),
    (
        0,
        b"age-encryption.org/",
        "a file that age encrypted: decrypt it first",
    ),
    (0, b"-----BEGIN ", "a PEM or PGP file, which is no value"),
    (257, b"ustar", "a tar archive: unpack it first (tar -x)"),
    (
        0,
        b"SQLite format 3\0",
        "an SQLite database, as kine keeps one: it is not read",
    ),
    (
        0,
        b"\xff\xfe",
        "text in UTF-16: convert it first (iconv -f UTF-16)",
    ),
    (
        0,
        b"\xfe\xff",
        "text in UTF-16: convert it first (iconv -f UTF-16)",
    ),
    (
        0,
        b"{\0",
        "text in UTF-16: convert it first (iconv -f UTF-16LE)",
    ),
];

/// What the input looks like, and what to do next. `None` if it looks like nothing
/// that is known here.
pub fn looks_like(data: &[u8]) -> Option<String> {
    if data.is_empty() {
        return Some("nothing: it is empty".to_owned());
    }
    if data.iter().all(|byte| *byte == 0) {
        return Some(format!("nothing: all {} bytes are zero", data.len()));
    }
    let unmarked = data.strip_prefix(b"\xff\xfe").unwrap_or(data);
    if unmarked.starts_with(b"k\08\0s\0") {
        return Some(
            "a value as text in UTF-16, as PowerShell's > writes it, which loses bytes: \
             get it again through a pipe that leaves bytes as they are (cmd /c)"
                .to_owned(),
        );
    }
    let begins = |(at, magic, _): &&(usize, &[u8], &str)| {
        data.get(*at..).is_some_and(|rest| rest.starts_with(magic))
    };
    if let Some((_, _, what)) = MAGIC.iter().find(begins) {
        return Some((*what).to_owned());
    }
    if let Some(name) = utf16_without_mark(data) {
        return Some(format!(
            "text in UTF-16: convert it first (iconv -f {name})"
        ));
    }
    etcd_file(data)
        .or_else(|| damaged_prefix(data))
        .or_else(|| rendering(data))
        .or_else(|| value_inside(data))
}

/// Text whose first characters all have a zero byte behind or before them.
fn utf16_without_mark(data: &[u8]) -> Option<&'static str> {
    let (pairs, _) = data.as_chunks::<2>();
    let pairs = pairs.get(..16).unwrap_or(pairs);
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if pairs.len() < 2 {
        return None;
    }
    if pairs.iter().all(|&[byte, zero]| is_text(byte) && zero == 0) {
        return Some("UTF-16LE");
    }
    let is_be = pairs.iter().all(|&[zero, byte]| is_text(byte) && zero == 0);
    is_be.then_some("UTF-16BE")
}

/// Files of etcd's data directory other than its database.
fn etcd_file(data: &[u8]) -> Option<String> {
    // The first record of a WAL holds a checksum: its length and, in the last byte,
    // its padding, then its type, 4.
    if let [length, 0, 0, 0, 0, 0, 0, padding, 0x08, 0x04, 0x10, ..] = data
        && (4..=16).contains(length)
        && matches!(padding, 0 | 0x80..=0x87)
    {
        let text = "a write-ahead log of etcd: give the database, member/snap/db";
        return Some(text.to_owned());
    }
    // A snapshot of the v2 store: a checksum, then all the rest.
    if let [0x08, rest @ ..] = data {
        let crc = rest.iter().position(|byte| *byte < 0x80)?;
        let [0x12, rest @ ..] = rest.get(crc.saturating_add(1)..)? else {
            return None;
        };
        let (length, used) = varint(rest)?;
        if used.checked_add(usize::try_from(length).ok()?)? == rest.len() {
            let text = "a .snap file of etcd, which holds the v2 store: \
                        give the database, member/snap/db";
            return Some(text.to_owned());
        }
    }
    // A database whose meta pages are changed by some bits.
    const MAGIC: u32 = 0xed0c_daed;
    let is_almost = |at: usize| {
        let word = data.get(at..).and_then(|rest| rest.first_chunk::<4>());
        word.is_some_and(|word| (u32::from_le_bytes(*word) ^ MAGIC).count_ones() <= 2)
    };
    if data.len() >= 8192 && (is_almost(16) || is_almost(4096 + 16)) {
        let text = "a database whose meta pages are damaged: --carve searches it all the same";
        return Some(text.to_owned());
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(index).ok()?)?;
        if *byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}

/// A prefix that differs from a value's in one bit.
fn damaged_prefix(data: &[u8]) -> Option<String> {
    if let Some(begin) = data.first_chunk::<8>() {
        let damage = u64::from_be_bytes(*begin) ^ u64::from_be_bytes(*b"k8s:enc:");
        if damage.count_ones() == 1 {
            return Some(format!(
                "an encrypted value whose prefix is damaged: it is \"{}\" instead of \
                 \"k8s:enc:\", one bit is changed",
                begin.escape_ascii()
            ));
        }
    }
    // The prefix, or a part of it, is not there.
    for missing in [&b"k8s\0"[..], b"k8s", b"k8", b"k"] {
        if !data.starts_with(&b"k8s\0\x0a"[missing.len()..]) {
            continue;
        }
        let whole = [missing, data].concat();
        let trimmed = whole.strip_suffix(b"\n");
        if let Some(kind) = [Some(&*whole), trimmed]
            .into_iter()
            .flatten()
            .find_map(kind_of)
        {
            return Some(format!(
                "protobuf whose begin is missing, \"{}\"; a {kind} follows",
                missing.escape_ascii()
            ));
        }
    }
    let prefix = data.first_chunk::<4>()?;
    let differs = (u32::from_be_bytes(*prefix) ^ u32::from_be_bytes(*b"k8s\0")).count_ones();
    if differs != 1 {
        return None;
    }
    let repaired = [b"k8s\0", data.get(4..)?].concat();
    // As it is, or without the line feed that etcdctl adds.
    let trimmed = repaired.strip_suffix(b"\n");
    let kind = [Some(&*repaired), trimmed]
        .into_iter()
        .flatten()
        .find_map(kind_of);
    let what = match kind {
        Some(kind) => format!("a {kind} follows it"),
        None => "what follows does not decode".to_owned(),
    };
    let prefix = prefix.escape_ascii();
    Some(format!(
        "protobuf whose prefix is damaged: it is \"{prefix}\" instead of \"k8s\\x00\", one bit is \
         changed; {what}"
    ))
}

/// The kind of a protobuf value that decodes.
fn kind_of(value: &[u8]) -> Option<String> {
    let opened = Decoder::new().open(None, value);
    match opened.storage_value().ok()?.into_content() {
        Ok(Content::Object(object)) => Some(object.kind().into_owned()),
        _ => None,
    }
}

/// A value as text, as etcdctl, hexdump and others print it.
fn rendering(data: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(data).ok()?;
    let text = text.trim_start();
    let line = text.lines().next().unwrap_or_default();
    let next = "get the value itself: etcdctl get --print-value-only KEY";
    let back = "turn it into bytes first";
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    let word = line.split_whitespace().next().unwrap_or_default();
    let columns = line.len() > word.len();
    let dense: String = text.split_whitespace().collect();
    if dense.starts_with("{\"header\":{") && dense.contains("\"cluster_id\":") {
        return Some(format!("the output of etcdctl -w json: {next}"));
    }
    if text.starts_with("\"ClusterID\" :") {
        return Some(format!("the output of etcdctl -w fields: {next}"));
    }
    let is_kv = ["\"create_revision\":", "\"mod_revision\":", "\"value\":\""];
    if is_kv.iter().all(|member| dense.contains(member)) && dense.starts_with(['{', '[']) {
        return Some(format!("a part of the output of etcdctl -w json: {next}"));
    }
    let bytea = text.trim_end().strip_prefix("\\x");
    if bytea.is_some_and(|digits| is_hex(digits) && digits.len() > 2) {
        return Some(format!(
            "a value in hex, as PostgreSQL prints it: {back} (xxd -r -p behind the \\x)"
        ));
    }
    if text.starts_with("\\x") {
        return Some(format!("the output of etcdctl --hex: {next}"));
    }
    for escape in ["k8s\\000", "k8s\\x00", "k8s\\u0000", "k8s\\0"] {
        if text.contains(escape) {
            return Some(format!(
                "a value as quoted text, with \"{escape}\" in it: {next}"
            ));
        }
    }
    if word.len() == 9 && word.ends_with(':') && is_hex(&word[..8]) && columns {
        return Some(format!("the output of xxd: {back} (xxd -r)"));
    }
    if word.len() == 8 && is_hex(word) && columns && line.trim_end().ends_with('|') {
        return Some(format!("the output of hexdump -C: {back} (xxd -r)"));
    }
    let is_offset = word.len() >= 6 && word.bytes().all(|byte| byte == b'0');
    if is_offset && columns {
        return Some(format!("the output of od or hexdump: {back}"));
    }
    let is_value = |bytes: &[u8]| {
        VALUE_PREFIXES
            .iter()
            .any(|prefix| bytes.starts_with(prefix))
            || bytes.starts_with(b"\x1f\x8b")
            || bytes.starts_with(b"/registry/")
    };
    // 6b:38:73:00, 6b,38,73,00, 0x6b, 0x38, 0x73, 0x00, and with a C declaration before it.
    let digits = dense.rsplit('{').next().unwrap_or_default();
    let digits = digits.split('}').next().unwrap_or_default();
    let digits = digits.replace("0x", "").replace([':', ',', '-'], "");
    if digits.len() != dense.len() && hex::decode(&digits).is_ok_and(|bytes| is_value(&bytes)) {
        return Some(format!("a value in hex: {back}"));
    }
    let numbers = dense
        .trim_matches(['[', ']'])
        .split(',')
        .map(str::parse::<u8>);
    if numbers
        .collect::<Result<Vec<u8>, _>>()
        .is_ok_and(|bytes| is_value(&bytes))
    {
        return Some(format!("a value as a list of numbers: {back}"));
    }
    if text.starts_with("apiVersion:") && text.lines().any(is_separator) {
        let text = "several YAML documents, not all of which are objects: give one at a time";
        return Some(text.to_owned());
    }
    if hex::decode(&dense).is_ok_and(|bytes| is_value(&bytes)) {
        return Some(format!("a value in hex: {back} (xxd -r -p)"));
    }
    let unquoted = dense.trim_matches('"').trim_end_matches('=');
    let unquoted = unquoted.replace('-', "+").replace('_', "/");
    if STANDARD_NO_PAD
        .decode(unquoted)
        .is_ok_and(|bytes| is_value(&bytes))
    {
        return Some(format!("a value in base64: {back} (base64 -d)"));
    }
    let is_key = |line: &str| line.is_empty() || line.starts_with('/');
    if text.starts_with('/') && text.lines().all(is_key) {
        return Some("a list of keys, as etcdctl --keys-only prints it: it has no values".into());
    }
    None
}

/// A value that begins behind something else.
fn value_inside(data: &[u8]) -> Option<String> {
    // RangeResponse: a header of some numbers, then the first key and value.
    if let [0x0a, length @ 0..=63, rest @ ..] = data
        && let Some([0x12, ..]) = rest.get(usize::from(*length)..)
        && memmem::find(rest, b"/").is_some()
    {
        let text = "the output of etcdctl -w protobuf: \
                    get the value itself: etcdctl get --print-value-only KEY";
        return Some(text.to_owned());
    }
    let is_value = VALUE_PREFIXES.iter().any(|prefix| data.starts_with(prefix));
    if is_value {
        let next = [&b"\nk8s\0"[..], b"\nk8s:enc:"].map(|begin| memmem::find(data, begin));
        let at = next.into_iter().flatten().min()? + 1;
        return Some(format!(
            "several values one after another, the second at offset {at}: give one at a time"
        ));
    }
    for (prefix, shown) in [(&b"k8s\0"[..], "k8s\\0"), (b"k8s:enc:", "k8s:enc:")] {
        let Some(at) = memmem::find(data, prefix).filter(|at| *at > 0) else {
            continue;
        };
        let before = &data[..at];
        let is_key_line = before.starts_with(b"/")
            && before.ends_with(b"\n")
            && before.iter().filter(|byte| **byte == b'\n').count() == 1;
        let is_several = memmem::find(&data[at + 1..], prefix).is_some();
        if is_key_line && is_several {
            return Some(format!(
                "several key lines and values, as etcdctl get --prefix prints them, the first of \
                 which begins at offset {at}: give one at a time"
            ));
        }
        return Some(match is_key_line {
            true => format!(
                "a key line and a value, which begins at offset {at} (\"{shown}\"): \
                 give --print-value-only to etcdctl, and the key by --etcd-key"
            ),
            false => format!(
                "something else before a value: \"{shown}\" begins at offset {at}; \
                 get the value itself: etcdctl get --print-value-only KEY"
            ),
        });
    }
    None
}
