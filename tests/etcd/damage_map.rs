//! What a sound file holds, and on which pages: read here without the library.

use std::ops::Range;

use crate::bbolt_writer::{BRANCH, File, LEAF};

/// An entry of a bucket with the pages that lead to it.
pub struct Entry {
    pub bucket: Vec<u8>,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    /// The page that holds it, with its overflow.
    pub run: Range<u64>,
    /// All pages between the meta pages and that one.
    pub ancestors: Vec<u64>,
}

pub struct Map {
    pub entries: Vec<Entry>,
    /// The first page of each run that a tree reaches.
    pub heads: Vec<u64>,
    /// The rest of these runs.
    pub overflow: Vec<u64>,
}

impl Map {
    pub fn new(file: &File) -> Map {
        let newest = u64::from(meta_field(file, 1, 48) > meta_field(file, 0, 48));
        let mut map = Map {
            entries: Vec::new(),
            heads: Vec::new(),
            overflow: Vec::new(),
        };
        map.tree(file, b"", meta_field(file, newest, 16), &[]);
        map.heads.sort_unstable();
        map.overflow.sort_unstable();
        map
    }

    fn tree(&mut self, file: &File, bucket: &[u8], page: u64, above: &[u64]) {
        let run = file.run(page);
        self.heads.push(page);
        self.overflow.extend(page + 1..run.end);
        if file.flags(page) == BRANCH {
            let above: Vec<u64> = above.iter().copied().chain(run).collect();
            for index in 0..file.count(page) {
                self.tree(file, bucket, file.child(page, index), &above);
            }
            return;
        }
        assert_eq!(file.flags(page), LEAF, "page {page}");
        self.leaf(file, bucket, file.at(page), &run, above);
    }

    /// A leaf whose header is at `at`, inline ones too.
    fn leaf(&mut self, file: &File, bucket: &[u8], at: usize, run: &Range<u64>, above: &[u64]) {
        let count = match file.order {
            crate::bbolt_writer::Order::Little => [file.bytes[at + 10], file.bytes[at + 11]],
            crate::bbolt_writer::Order::Big => [file.bytes[at + 11], file.bytes[at + 10]],
        };
        for index in 0..usize::from(u16::from_le_bytes(count)) {
            let head = at + 16 + 16 * index;
            let field = |number: usize| file.get_u32(head + 4 * number) as usize;
            let (key_at, value_at) = (head + field(1), head + field(1) + field(2));
            let key = file.bytes[key_at..value_at].to_vec();
            if field(0) == 1 {
                assert!(bucket.is_empty(), "a bucket within a bucket");
                let root = file.get_u64(value_at);
                if root == 0 {
                    self.leaf(file, &key, value_at + 16, run, above);
                } else {
                    let above: Vec<u64> = above.iter().copied().chain(run.clone()).collect();
                    self.tree(file, &key, root, &above);
                }
                continue;
            }
            self.entries.push(Entry {
                bucket: bucket.to_vec(),
                key,
                value: file.bytes[value_at..value_at + field(3)].to_vec(),
                run: run.clone(),
                ancestors: above.to_vec(),
            });
        }
    }
}

fn meta_field(file: &File, meta: u64, at: usize) -> u64 {
    file.get_u64(file.at(meta) + 16 + at)
}
