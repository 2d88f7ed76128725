//! The cases of the damage suite with their numbers.

use std::collections::BTreeSet;
use std::path::Path;

use k8s_etcd::Limits;
use k8s_etcd::etcd::carve;

use crate::bbolt_writer::{Entries, FREELIST, Order, Writer, key_value, revision};
use crate::damage_suite::{Good, Numbers};
use crate::snapshots::unpack;

/// The smallest of the real snapshots: 91 pages of 4 kB, no freelist.
fn real() -> Good {
    let path = "testdata/snapshots/cbor/snapshot.db.gz";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    Good::new(unpack(&path), 4096, Order::Little)
}

/// Big-endian, 1 kB pages, four levels of branches, values with
/// overflow, deletions, a freelist, and a free page that bears old entries.
fn written() -> Good {
    let mut entries = Entries::new();
    for main in 2..242 {
        let key = format!("/registry/pods/default/pod-{:03}", main % 80);
        let (create, version) = (2 + main % 80, 1 + main / 80);
        let size = if main % 40 == 7 { 2500 } else { 20 + main % 90 };
        if main % 11 == 3 {
            let message = key_value(key.as_bytes(), [0; 4], b"");
            entries.push((revision(main, 0, true), message));
            continue;
        }
        let value: Vec<u8> = (0..size).map(|at| (at * main) as u8).collect();
        let numbers = [create.min(main), main, version.min(main), main % 3];
        let message = key_value(key.as_bytes(), numbers, &value);
        entries.push((revision(main, 0, false), message));
    }
    let old = entries[20..24].to_vec();
    let file = Writer::new(1024, Order::Big)
        .fan_out(4)
        .free_page(old)
        .inline_bucket("alarm", vec![])
        .bucket("key", entries)
        .inline_bucket(
            "meta",
            vec![(b"term".to_vec(), vec![0, 0, 0, 0, 0, 0, 0, 2])],
        )
        .write();
    Good::new(file.with_trailer(), 1024, Order::Big)
}

/// Sebastiano Vigna's SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next() as u8);
    }
}

/// Each page in turn, and what the survey lists: the page where it is the head
/// of a run in a tree, a meta page or the freelist. Nothing of a free page is
/// looked at; overflow has no header, so that only broken entries show it, and
/// those bear the page where the run begins.
fn each_page(good: &Good, name: &str, damage: impl Fn(u64, &mut [u8])) -> Numbers {
    let mut numbers = Numbers::default();
    for page in 0..good.file.pages() {
        let mut bytes = good.whole();
        let at = good.file.at(page);
        damage(page, &mut bytes[at..at + good.file.page_size]);
        let case = format!("page {page} {name}");
        let touched = BTreeSet::from([page]);
        let listed = good.check(&bytes, &touched, &case, &mut numbers);
        let is_freelist = page == 2 && good.file.flags(2) == FREELIST;
        if good.map.heads.contains(&page) || page < 2 || is_freelist {
            assert_eq!(listed, touched, "{case}");
        } else if good.map.overflow.contains(&page) {
            let head = good.map.heads.iter().rfind(|&&head| head < page);
            assert!(listed.iter().all(|page| Some(page) == head), "{case}");
        } else {
            assert!(listed.is_empty(), "{case}: {listed:?}");
        }
    }
    numbers
}

fn each_page_zeroed(good: &Good) -> Numbers {
    each_page(good, "zeroed", |_, page| page.fill(0))
}

fn each_page_random(good: &Good) -> Numbers {
    each_page(good, "filled with random bytes", |page, bytes| {
        Random(page).fill(bytes);
    })
}

fn cut(good: &Good, lengths: impl Iterator<Item = usize>) -> Numbers {
    let mut numbers = Numbers::default();
    let whole = good.whole();
    for length in lengths {
        let whole_pages = (length / good.file.page_size) as u64;
        let touched = (whole_pages..good.file.pages()).collect();
        good.check(
            &whole[..length],
            &touched,
            &format!("cut at {length}"),
            &mut numbers,
        );
    }
    numbers
}

fn cut_at_each_border(good: &Good) -> Numbers {
    cut(good, (0..=good.file.pages()).map(|page| good.file.at(page)))
}

fn cut_at_100_places(good: &Good) -> Numbers {
    let mut random = Random(100);
    let length = good.file.bytes.len();
    cut(good, (0..100).map(|_| random.below(length)))
}

/// Zeroed, filled with random bytes, one bit changed: the first meta page, the
/// second, both. Without any, the file is carved, and nothing false comes out.
fn each_meta_broken(good: &Good, carved: usize) -> Numbers {
    let mut numbers = Numbers::default();
    for metas in [&[0][..], &[1], &[0, 1]] {
        for way in ["zeroed", "random", "one bit"] {
            let mut bytes = good.whole();
            for &meta in metas {
                let at = good.file.at(meta);
                match way {
                    "zeroed" => bytes[at..at + good.file.page_size].fill(0),
                    "random" => Random(meta).fill(&mut bytes[at..at + good.file.page_size]),
                    _ => bytes[at + 16 + 17] ^= 4,
                }
            }
            let touched = metas.iter().copied().collect();
            let case = format!("meta {metas:?} {way}");
            let listed = good.check(&bytes, &touched, &case, &mut numbers);
            if metas.len() == 1 {
                assert_eq!(listed, touched, "{case}");
                continue;
            }
            let carving = carve(&bytes, &Limits::default());
            assert_eq!(carving.len(), good.entries(), "{case}");
            let copies: u64 = carving.iter().map(|found| found.copies).sum();
            assert_eq!(copies, carved as u64, "{case}");
        }
    }
    numbers
}

/// 1 to 32 bits anywhere in the file, its trailer left out.
fn bit_flips(good: &Good, seeds: std::ops::Range<u64>) -> Numbers {
    let mut numbers = Numbers::default();
    for seed in seeds {
        let mut random = Random(seed);
        let mut bytes = good.whole();
        let mut touched = BTreeSet::new();
        for _ in 0..=random.below(32) {
            let bit = random.below(good.file.bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            touched.insert((bit / 8 / good.file.page_size) as u64);
        }
        good.check(&bytes, &touched, &format!("seed {seed}"), &mut numbers);
    }
    numbers
}

/// In the order of the fields of [`Numbers`].
fn pin(name: &str, numbers: Numbers, expected: [usize; 9]) {
    println!("{name}: {numbers:?}");
    let found = [
        numbers.cases,
        numbers.entries,
        numbers.reachable,
        numbers.untouched,
        numbers.read,
        numbers.carved,
        numbers.touched,
        numbers.listed,
        numbers.blamed,
    ];
    assert_eq!(found, expected, "{name}");
}

// The real file has 291 entries in 77 leaves below one branch below the root;
// with the pages of the other buckets 81 heads of runs, 4 pages of overflow, and
// 4 free pages. Its last page of a tree, 86, is the root.

#[test]
fn real_pages_cuts_and_metas() {
    let good = real();
    let map = &good.map;
    assert_eq!((good.entries(), good.file.pages()), (291, 91));
    assert_eq!((map.heads.len(), map.overflow.len()), (81, 4));
    assert_eq!(map.heads.last(), Some(&86));

    // Entries: 91 x 291. Each is unreachable thrice, for its leaf, the branch and
    // the root, and 8 times more for the overflow of its run: 881. It is touched
    // once in its leaf, and 8 times in overflow: 299. 4 entries stand in a run
    // whose other pages are damaged, and come out all the same. Listed are the 81
    // heads and 2 meta pages: overflow here holds nothing but value, whose bytes
    // only the trailer vouches for, and free pages hold nothing.
    let numbers = [91, 26481, 25600, 26182, 25604, 26186, 91, 83, 0];
    pin("real, zeroed", each_page_zeroed(&good), numbers);
    pin("real, random", each_page_random(&good), numbers);
    // Only the 5 cuts behind page 86 keep the root: 5 x 291 are read. Listed is
    // the root in the 86 others that can be opened, and meta page 1 by the first.
    // 4 entries are whole in runs that are cut.
    let numbers = [92, 26772, 1455, 14231, 1455, 14235, 4186, 87, 0];
    pin("real, cut at borders", cut_at_each_border(&good), numbers);
    // 2 of the 100 places are behind page 86. Listed is the root in the others,
    // and meta page 1 where the cut is in page 0. Of the page that is cut itself
    // 224 entries come out.
    let numbers = [100, 29100, 582, 15497, 582, 15721, 4559, 99, 0];
    pin("real, cut at 100 places", cut_at_100_places(&good), numbers);
    // One meta page broken: all is read, 6 x 291. Both: all is carved, 3 x 291.
    // Without a meta page there is nothing to list damage of.
    let numbers = [9, 2619, 1746, 2619, 1746, 2619, 12, 6, 0];
    pin("real, metas", each_meta_broken(&good, 0), numbers);
}

/// Most bits lie in values, of which the file's structure says nothing: listed is
/// what breaks headers, elements, keys, or the numbers and lengths of messages.
/// Entries of a touched page that no flip hit come out too, hence more than
/// reachable and untouched. Blamed are first pages of runs whose overflow was hit,
/// and what a damaged branch points to.
#[test]
fn real_bit_flips() {
    let numbers = [1000, 291000, 169909, 242806, 278787, 280331, 14682, 493, 76];
    pin("real, bit flips", bit_flips(&real(), 0..1000), numbers);
}

// The written file has 240 entries, 4 a leaf at most, 4 branches deep; 92 heads,
// 10 pages of overflow, 2 meta pages, the freelist and one free page. Its last
// page, 105, is the root.

#[test]
fn written_pages_cuts_and_metas() {
    let good = written();
    let map = &good.map;
    assert_eq!((good.entries(), good.file.pages()), (240, 106));
    assert_eq!((map.heads.len(), map.overflow.len()), (92, 10));
    assert_eq!(map.heads.last(), Some(&105));

    // Entries: 106 x 240. Each is unreachable six times, for its leaf, 4 branches
    // and the root, and touched once in its leaf; 10 times more for overflow, of
    // which no two entries share a run. Carving finds 4 of those on touched leaves
    // in the free page. Listed are the heads, the 2 meta pages and the freelist;
    // blamed are the heads of 3 runs on whose overflow the message goes on behind
    // the value, with a lease.
    let numbers = [106, 25440, 23990, 25190, 23990, 25194, 106, 95, 3];
    pin("written, zeroed", each_page_zeroed(&good), numbers);
    pin("written, random", each_page_random(&good), numbers);
    // The root is the last page: only the cut that takes nothing but the trailer
    // leaves anything to read. Listed is the root in 105 cuts, the freelist in two
    // and meta page 1 in one. The free page gives 4 entries in 38 of them that
    // would be lost with their leaf.
    let numbers = [107, 25680, 240, 15437, 240, 15475, 5671, 108, 0];
    pin(
        "written, cut at borders",
        cut_at_each_border(&good),
        numbers,
    );
    let numbers = [100, 24000, 0, 14003, 0, 14203, 5536, 100, 0];
    pin(
        "written, cut at 100 places",
        cut_at_100_places(&good),
        numbers,
    );
    // As above; the free page's 4 are copies.
    let numbers = [9, 2160, 1440, 2160, 1440, 2160, 12, 6, 0];
    pin("written, metas", each_meta_broken(&good, 4), numbers);
}

/// As for the real file. Its pages are a quarter as large, and so have four times
/// as many headers and elements to hit.
#[test]
fn written_bit_flips() {
    let numbers = [
        1000, 240000, 99180, 205475, 229357, 234480, 14854, 1388, 246,
    ];
    pin(
        "written, bit flips",
        bit_flips(&written(), 0..1000),
        numbers,
    );
}
