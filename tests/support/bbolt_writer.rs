//! Writes small bbolt files of any page size and byte order, for tests.
//!
//! What it writes is sound; tests then damage it with the `set_*` methods of
//! [`File`]. Layout: meta 0, meta 1, freelist, free pages, then the trees
//! bottom-up, the root bucket last.

mod bbolt_file;
mod key_value;

pub use bbolt_file::File;
#[allow(unused_imports, reason = "each test uses some of it")]
pub use key_value::{key_value, revision, varint};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Little,
    Big,
}

pub type Entries = Vec<(Vec<u8>, Vec<u8>)>;

pub struct Writer {
    page_size: usize,
    order: Order,
    txid: u64,
    /// Elements in one page at most, to make deep trees of few entries.
    fan_out: usize,
    buckets: Vec<(Vec<u8>, Entries, bool)>,
    freelist: Freelist,
    free: Vec<Entries>,
    slack: Entries,
}

/// How the freelist is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Freelist {
    /// The ids of the free pages.
    Synced,
    /// With the true count before the ids, as if the header could not hold it.
    /// More than 65,534 ids are always written so.
    CountFollows,
    /// Not at all: the meta page says so. etcd's way on Linux.
    NotSynced,
    /// These ids, right or wrong.
    Ids(Vec<u64>),
}

pub const META: u16 = 4;
pub const BRANCH: u16 = 1;
pub const LEAF: u16 = 2;
pub const FREELIST: u16 = 0x10;

const HEADER: usize = 16;
const ELEMENT: usize = 16;

impl Writer {
    pub fn new(page_size: usize, order: Order) -> Writer {
        Writer {
            page_size,
            order,
            txid: 7,
            fan_out: usize::from(u16::MAX),
            buckets: Vec::new(),
            freelist: Freelist::Synced,
            free: Vec::new(),
            slack: Vec::new(),
        }
    }

    pub fn freelist(mut self, freelist: Freelist) -> Writer {
        self.freelist = freelist;
        self
    }

    /// A free page that still has the leaf it once was, with overflow pages if
    /// it needs them.
    pub fn free_page(mut self, entries: Entries) -> Writer {
        self.free.push(entries);
        self
    }

    /// Old entries that stand at the very end of leaves, one a leaf, in order
    /// of the leaves that have room for it.
    pub fn slack(mut self, entries: Entries) -> Writer {
        self.slack = entries;
        self
    }

    pub fn txid(mut self, txid: u64) -> Writer {
        self.txid = txid;
        self
    }

    pub fn fan_out(mut self, elements: usize) -> Writer {
        assert!(elements > 1);
        self.fan_out = elements;
        self
    }

    /// A bucket with pages of its own; the entries are sorted here.
    pub fn bucket(self, name: &str, entries: Entries) -> Writer {
        self.add(name, entries, false)
    }

    /// A bucket whose only page lies in the root bucket's leaf.
    pub fn inline_bucket(self, name: &str, entries: Entries) -> Writer {
        self.add(name, entries, true)
    }

    fn add(mut self, name: &str, mut entries: Entries, inline: bool) -> Writer {
        entries.sort();
        self.buckets.push((name.into(), entries, inline));
        self.buckets.sort();
        self
    }

    pub fn write(&self) -> File {
        let mut file = File {
            bytes: vec![0; 2 * self.page_size],
            page_size: self.page_size,
            order: self.order,
        };
        let free: Vec<Vec<u8>> = self
            .free
            .iter()
            .map(|entries| file.leaf(0, entries, false, Some(self.page_size)))
            .collect();
        let free_pages = free.iter().map(|page| page.len() / self.page_size).sum();
        file.append_freelist(&self.freelist, free_pages);
        for mut page in free {
            page[..8].copy_from_slice(&file.u64(file.pages()));
            file.bytes.extend(page);
        }
        let mut slack = self.slack.iter();
        let mut root = Vec::new();
        for (name, entries, inline) in &self.buckets {
            let mut value = Vec::new();
            if *inline {
                value.extend(file.u64(0));
                value.extend(file.u64(0));
                value.extend(file.leaf(0, entries, false, None));
            } else {
                let page = self.tree(&mut file, entries, false, &mut slack);
                value.extend(file.u64(page));
                value.extend(file.u64(0));
            }
            root.push((name.clone(), value));
        }
        let root = self.tree(&mut file, &root, true, &mut [].iter());
        assert_eq!(slack.len(), 0, "leaves without room for all of the slack");
        for (page, txid) in [
            (self.txid % 2, self.txid),
            (1 - self.txid % 2, self.txid - 1),
        ] {
            file.header(page, META, 0, 0);
            file.meta(page, root, txid);
            if self.freelist == Freelist::NotSynced {
                file.set_freelist(page, u64::MAX);
            }
        }
        file
    }

    /// Appends the tree's pages and returns the root's id.
    fn tree<'e>(
        &self,
        file: &mut File,
        entries: &Entries,
        buckets: bool,
        slack: &mut (impl Iterator<Item = &'e (Vec<u8>, Vec<u8>)> + Clone),
    ) -> u64 {
        let mut level: Vec<(Vec<u8>, u64)> = Vec::new();
        for chunk in self.chunks(entries, 1, |(key, value)| key.len() + value.len()) {
            let id = file.pages();
            let mut page = file.leaf(id, chunk, buckets, Some(self.page_size));
            if let Some((key, message)) = slack.clone().next() {
                let record = [&key[..], message].concat();
                let used = page.iter().rposition(|&byte| byte != 0).unwrap_or(0);
                let begin = page.len().saturating_sub(record.len());
                // One more byte, since what it ends with may be a zero.
                if begin > used + 1 {
                    page[begin..].copy_from_slice(&record);
                    slack.next();
                }
            }
            file.bytes.extend(page);
            level.push((chunk.first().map_or(Vec::new(), |e| e.0.clone()), id));
        }
        while level.len() > 1 {
            let mut above = Vec::new();
            for chunk in self.chunks(&level, 2, |(key, _)| key.len()) {
                let id = file.pages();
                let page = file.branch(id, chunk, self.page_size);
                file.bytes.extend(page);
                above.push((chunk[0].0.clone(), id));
            }
            level = above;
        }
        level[0].1
    }

    /// As many as fit into a page, `least` at least: a branch of one child would
    /// make a tree without end.
    fn chunks<'e, T>(
        &self,
        all: &'e [T],
        least: usize,
        size: impl Fn(&T) -> usize,
    ) -> Vec<&'e [T]> {
        let mut chunks = Vec::new();
        let mut begin = 0;
        let mut bytes = HEADER;
        for (at, item) in all.iter().enumerate() {
            let more = ELEMENT + size(item);
            if at >= begin + least && (bytes + more > self.page_size || at - begin == self.fan_out)
            {
                chunks.push(&all[begin..at]);
                (begin, bytes) = (at, HEADER);
            }
            bytes += more;
        }
        chunks.push(&all[begin..]);
        chunks
    }
}
