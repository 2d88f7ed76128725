//! A valid file whose structure the input changes, the checksums of its meta
//! pages made anew: all that holds of any file, past the meta pages.
//!
//! ```text
//! file 1 | changes, each: what 1, page 2, then its own fields
//! ```

use super::bbolt_writer::{
    BRANCH, Entries, FREELIST, File, LEAF, META, Order, Writer, key_value, revision,
};
use std::sync::OnceLock;

use super::bytes::Bytes;

/// Of more the file would only become rubble.
const CHANGES_MAX: usize = 24;

pub fn snapshot_structure(data: &[u8]) {
    static FILES: OnceLock<[File; 4]> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        [
            sound(Order::Little, 3),
            sound(Order::Big, 3),
            sound(Order::Little, 99),
            sound(Order::Big, 2),
        ]
    });
    let mut bytes = Bytes(data);
    let choice = bytes.byte();
    let mut file = files[usize::from(choice & 3)].clone();
    for _ in 0..CHANGES_MAX {
        if bytes.0.is_empty() {
            break;
        }
        change(&mut file, &mut bytes);
    }
    let file = match choice & 4 {
        0 => file.bytes,
        _ => file.with_trailer(),
    };
    super::snapshot(&file);
}

/// Two levels at least, tombstones, an overflow page, buckets of both forms.
fn sound(order: Order, fan_out: usize) -> File {
    let mut entries: Entries = Vec::new();
    for main in 2..9_i64 {
        let key = format!("/registry/pods/default/pod-{}", main % 5);
        let (create, version) = if main < 7 { (main, 1) } else { (main - 5, 2) };
        let value = key_value(key.as_bytes(), [create, main, version, 0], b"k8s\0 a value");
        entries.push((revision(main, 0, false), value));
    }
    let key = b"/registry/pods/default/pod-4";
    entries.push((revision(20, 0, true), key_value(key, [0; 4], b"")));
    let large = key_value(b"/large", [30, 30, 1, 7], &[7; 1100]);
    entries.push((revision(30, 0, false), large));
    let meta = vec![
        (b"consistent_index".to_vec(), 9_u64.to_be_bytes().to_vec()),
        (b"scheduledCompactRev".to_vec(), revision(3, 0, false)),
        (b"term".to_vec(), 2_u64.to_be_bytes().to_vec()),
    ];
    Writer::new(1024, order)
        .fan_out(fan_out)
        .bucket("key", entries)
        .bucket("lease", vec![(vec![0; 8], vec![1; 8])])
        .inline_bucket("meta", meta)
        .write()
}

/// Where a change would leave the file it is none.
fn change(file: &mut File, bytes: &mut Bytes<'_>) {
    let what = bytes.byte();
    let pages = file.pages().max(1);
    let page = u64::from(bytes.u16()) % pages;
    let at = file.at(page);
    match what % 14 {
        0 => {
            let flags = [META, BRANCH, LEAF, FREELIST, 0, bytes.u16()];
            let flags = flags[usize::from(what / 14) % flags.len()];
            let flags = number(file, flags.into(), 2);
            put(file, at + 8, &flags);
        }
        1 => put_number(file, at + 10, 2, bytes),
        2 => put_number(file, at + 12, 4, bytes),
        3 => put_number(file, at, 8, bytes),
        // Fields of elements: four of a leaf, or two and a page id of a branch.
        4 | 5 => {
            let field = bytes.byte();
            put_number(file, at + 16 + usize::from(field) * 4, 4, bytes);
        }
        6 => {
            let element = bytes.byte();
            let child = u64::from(bytes.u16()) % (pages + 1);
            let child = number(file, child, 8);
            put(file, at + 16 + usize::from(element % 8) * 16 + 8, &child);
        }
        7 | 8 => {
            let field = bytes.byte() % 12;
            put_number(
                file,
                file.at(page % 2) + 16 + usize::from(field) * 4,
                4,
                bytes,
            );
            seal(file, page % 2);
        }
        9 => {
            let offset = bytes.u16();
            let changed = bytes.short();
            put(file, at + usize::from(offset) % file.page_size, changed);
        }
        10 => put(file, at, &vec![0; file.page_size]),
        11 => {
            let other = file.at(u64::from(bytes.u16()) % pages);
            let whole = page_bytes(file, other);
            put(file, at, &whole);
        }
        12 => {
            let length = at + usize::from(bytes.u16()) % file.page_size;
            file.bytes.truncate(length);
        }
        // A page more, which the meta page counts or not.
        _ => {
            let whole = page_bytes(file, at);
            file.bytes.extend(whole);
            let count = number(file, file.pages(), 8);
            put(file, file.at(1) + 16 + 40, &count);
            seal(file, 1);
        }
    }
}

/// Nothing where the file ends before.
fn page_bytes(file: &File, at: usize) -> Vec<u8> {
    let whole = file.bytes.get(at..at + file.page_size);
    whole.unwrap_or_default().to_vec()
}

/// A number that is small, near the file's own or any.
fn put_number(file: &mut File, at: usize, width: usize, bytes: &mut Bytes<'_>) {
    let value = match bytes.byte() {
        small @ 0..=199 => u64::from(small),
        200..=219 => (file.bytes.len() as u64).saturating_sub(bytes.byte().into()),
        220..=229 => u64::MAX - u64::from(bytes.byte()),
        230..=249 => u64::from(bytes.u16()),
        _ => bytes.u64(),
    };
    let value = number(file, value, width);
    put(file, at, &value);
}

/// The low `width` bytes in the file's byte order.
fn number(file: &File, value: u64, width: usize) -> Vec<u8> {
    match file.order {
        Order::Little => value.to_le_bytes()[..width].to_vec(),
        Order::Big => value.to_be_bytes()[8 - width..].to_vec(),
    }
}

fn put(file: &mut File, at: usize, bytes: &[u8]) {
    if at + bytes.len() <= file.bytes.len() {
        file.put(at, bytes);
    }
}

fn seal(file: &mut File, page: u64) {
    if file.at(page) + 80 <= file.bytes.len() {
        file.seal_meta(page);
    }
}
