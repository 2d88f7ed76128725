//! Writes small bbolt files of any page size and byte order, for tests.
//!
//! What it writes is sound; tests then damage it with the `set_*` methods of
//! [`File`]. Layout: meta 0, meta 1, freelist, then the trees bottom-up, the
//! root bucket last.

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
        }
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
            bytes: vec![0; 3 * self.page_size],
            page_size: self.page_size,
            order: self.order,
        };
        file.header(2, FREELIST, 0, 0);
        let mut root = Vec::new();
        for (name, entries, inline) in &self.buckets {
            let mut value = Vec::new();
            if *inline {
                value.extend(file.u64(0));
                value.extend(file.u64(0));
                value.extend(file.leaf(0, entries, false, None));
            } else {
                let page = self.tree(&mut file, entries, false);
                value.extend(file.u64(page));
                value.extend(file.u64(0));
            }
            root.push((name.clone(), value));
        }
        let root = self.tree(&mut file, &root, true);
        for (page, txid) in [
            (self.txid % 2, self.txid),
            (1 - self.txid % 2, self.txid - 1),
        ] {
            file.header(page, META, 0, 0);
            file.meta(page, root, txid);
        }
        file
    }

    /// Appends the tree's pages and returns the root's id.
    fn tree(&self, file: &mut File, entries: &Entries, buckets: bool) -> u64 {
        let mut level: Vec<(Vec<u8>, u64)> = Vec::new();
        for chunk in self.chunks(entries, |(key, value)| key.len() + value.len()) {
            let id = file.pages();
            let page = file.leaf(id, chunk, buckets, Some(self.page_size));
            file.bytes.extend(page);
            level.push((chunk.first().map_or(Vec::new(), |e| e.0.clone()), id));
        }
        while level.len() > 1 {
            let mut above = Vec::new();
            for chunk in self.chunks(&level, |(key, _)| key.len()) {
                let id = file.pages();
                let page = file.branch(id, chunk, self.page_size);
                file.bytes.extend(page);
                above.push((chunk[0].0.clone(), id));
            }
            level = above;
        }
        level[0].1
    }

    /// As many as fit into a page, at least one.
    fn chunks<'e, T>(&self, all: &'e [T], size: impl Fn(&T) -> usize) -> Vec<&'e [T]> {
        let mut chunks = Vec::new();
        let mut begin = 0;
        let mut bytes = HEADER;
        for (at, item) in all.iter().enumerate() {
            let more = ELEMENT + size(item);
            if at > begin && (bytes + more > self.page_size || at - begin == self.fan_out) {
                chunks.push(&all[begin..at]);
                (begin, bytes) = (at, HEADER);
            }
            bytes += more;
        }
        chunks.push(&all[begin..]);
        chunks
    }
}

/// A file's bytes, and how to change its structure.
#[derive(Clone)]
pub struct File {
    pub bytes: Vec<u8>,
    pub page_size: usize,
    pub order: Order,
}

impl File {
    /// With the trailer of `etcdctl snapshot save`.
    pub fn with_trailer(&self) -> Vec<u8> {
        use sha2::Digest;
        let mut bytes = self.bytes.clone();
        bytes.extend(sha2::Sha256::digest(&self.bytes));
        bytes
    }

    pub fn pages(&self) -> u64 {
        (self.bytes.len() / self.page_size) as u64
    }

    pub fn at(&self, page: u64) -> usize {
        page as usize * self.page_size
    }

    pub fn flags(&self, page: u64) -> u16 {
        self.get_u16(self.at(page) + 8)
    }

    pub fn set_flags(&mut self, page: u64, flags: u16) {
        self.put(self.at(page) + 8, &self.u16(flags));
    }

    pub fn set_count(&mut self, page: u64, count: u16) {
        self.put(self.at(page) + 10, &self.u16(count));
    }

    pub fn set_overflow(&mut self, page: u64, overflow: u32) {
        self.put(self.at(page) + 12, &self.u32(overflow));
    }

    /// Where the page id of child `index` of a branch page stands.
    pub fn child_at(&self, branch: u64, index: usize) -> usize {
        self.at(branch) + HEADER + index * ELEMENT + 8
    }

    pub fn child(&self, branch: u64, index: usize) -> u64 {
        let at = self.child_at(branch, index);
        let bytes = self.bytes[at..at + 8].try_into().unwrap();
        match self.order {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        }
    }

    pub fn set_child(&mut self, branch: u64, index: usize, page: u64) {
        self.put(self.child_at(branch, index), &self.u64(page));
    }

    /// Field 0 to 3 of leaf element `index`: flags, pos, key size, value size.
    pub fn set_leaf_field(&mut self, leaf: u64, index: usize, field: usize, value: u32) {
        let at = self.at(leaf) + HEADER + index * ELEMENT + field * 4;
        self.put(at, &self.u32(value));
    }

    /// Field 0 or 1 of branch element `index`: pos, key size.
    pub fn set_branch_field(&mut self, branch: u64, index: usize, field: usize, value: u32) {
        let at = self.at(branch) + HEADER + index * ELEMENT + field * 4;
        self.put(at, &self.u32(value));
    }

    pub fn zero_page(&mut self, page: u64) {
        let at = self.at(page);
        self.bytes[at..at + self.page_size].fill(0);
    }

    /// The page whose id the meta page in use names as root.
    pub fn root(&self) -> u64 {
        self.pages() - 1
    }

    /// All pages of one kind, in order of their ids.
    pub fn pages_of(&self, flags: u16) -> Vec<u64> {
        let mut pages = Vec::new();
        let mut page = 0;
        while page < self.pages() {
            if self.flags(page) == flags {
                pages.push(page);
            }
            let at = self.at(page) + 12;
            let overflow = self.bytes[at..at + 4].try_into().unwrap();
            page += 1 + u64::from(match self.order {
                Order::Little => u32::from_le_bytes(overflow),
                Order::Big => u32::from_be_bytes(overflow),
            });
        }
        pages
    }

    /// Writes a meta page with its checksum, for the file as it is now.
    pub fn meta(&mut self, page: u64, root: u64, txid: u64) {
        let mut body = Vec::new();
        body.extend(self.u32(0xED0C_DAED));
        body.extend(self.u32(2));
        body.extend(self.u32(self.page_size as u32));
        body.extend(self.u32(0));
        body.extend(self.u64(root));
        body.extend(self.u64(0));
        body.extend(self.u64(2));
        body.extend(self.u64(self.pages()));
        body.extend(self.u64(txid));
        self.put(self.at(page) + HEADER, &body);
        self.seal_meta(page);
    }

    /// Computes a meta page's checksum anew.
    pub fn seal_meta(&mut self, page: u64) {
        let at = self.at(page) + HEADER;
        let sum = self.bytes[at..at + 56]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325u64, |sum, &byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
        self.put(at + 56, &self.u64(sum));
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn header(&mut self, page: u64, flags: u16, count: u16, overflow: u32) {
        let header = self.header_bytes(page, flags, count, overflow);
        self.put(self.at(page), &header);
    }

    fn header_bytes(&self, page: u64, flags: u16, count: u16, overflow: u32) -> Vec<u8> {
        let mut bytes = self.u64(page).to_vec();
        bytes.extend(self.u16(flags));
        bytes.extend(self.u16(count));
        bytes.extend(self.u32(overflow));
        bytes
    }

    fn leaf(
        &self,
        id: u64,
        entries: &[(Vec<u8>, Vec<u8>)],
        buckets: bool,
        size: Option<usize>,
    ) -> Vec<u8> {
        let mut heads = Vec::new();
        let mut data = Vec::new();
        for (at, (key, value)) in entries.iter().enumerate() {
            let pos = (entries.len() - at) * ELEMENT + data.len();
            heads.extend(self.u32(u32::from(buckets)));
            heads.extend(self.u32(pos as u32));
            heads.extend(self.u32(key.len() as u32));
            heads.extend(self.u32(value.len() as u32));
            data.extend(key);
            data.extend(value);
        }
        self.page(id, LEAF, entries.len(), heads, data, size)
    }

    fn branch(&self, id: u64, children: &[(Vec<u8>, u64)], size: usize) -> Vec<u8> {
        let mut heads = Vec::new();
        let mut data = Vec::new();
        for (at, (key, page)) in children.iter().enumerate() {
            let pos = (children.len() - at) * ELEMENT + data.len();
            heads.extend(self.u32(pos as u32));
            heads.extend(self.u32(key.len() as u32));
            heads.extend(self.u64(*page));
            data.extend(key);
        }
        self.page(id, BRANCH, children.len(), heads, data, Some(size))
    }

    fn page(
        &self,
        id: u64,
        flags: u16,
        count: usize,
        heads: Vec<u8>,
        data: Vec<u8>,
        size: Option<usize>,
    ) -> Vec<u8> {
        let length = HEADER + heads.len() + data.len();
        let pages = size.map_or(1, |size| length.div_ceil(size));
        let mut page = self.header_bytes(id, flags, count as u16, pages as u32 - 1);
        page.extend(heads);
        page.extend(data);
        if let Some(size) = size {
            page.resize(pages * size, 0);
        }
        page
    }

    fn get_u16(&self, at: usize) -> u16 {
        let bytes = self.bytes[at..at + 2].try_into().unwrap();
        match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        }
    }

    pub fn u64(&self, value: u64) -> [u8; 8] {
        match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        }
    }
}

/// A key of etcd's bucket `key`.
pub fn revision(main: i64, sub: i64, tombstone: bool) -> Vec<u8> {
    let mut key = main.to_be_bytes().to_vec();
    key.push(b'_');
    key.extend(sub.to_be_bytes());
    if tombstone {
        key.push(b't');
    }
    key
}

/// mvccpb.KeyValue: numbers in the order create, mod, version, lease; zero
/// fields are left out, as Go does.
pub fn key_value(key: &[u8], numbers: [i64; 4], value: &[u8]) -> Vec<u8> {
    let [create, modified, version, lease] = numbers;
    let mut message = Vec::new();
    let mut bytes = |number: u8, bytes: &[u8]| {
        if !bytes.is_empty() {
            message.push(number << 3 | 2);
            message.extend(varint(bytes.len() as u64));
            message.extend(bytes);
        }
    };
    bytes(1, key);
    let mut tail = Vec::new();
    for (number, value) in [(2u8, create), (3, modified), (4, version)] {
        if value != 0 {
            tail.push(number << 3);
            tail.extend(varint(value as u64));
        }
    }
    if !value.is_empty() {
        tail.push(5 << 3 | 2);
        tail.extend(varint(value.len() as u64));
        tail.extend(value);
    }
    if lease != 0 {
        tail.push(6 << 3);
        tail.extend(varint(lease as u64));
    }
    message.extend(tail);
    message
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
