//! A database file in memory: what is in it, and how to damage it.

use std::ops::Range;

use super::{BRANCH, ELEMENT, FREELIST, Freelist, HEADER, LEAF, Order};

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

    /// A file that others wrote, without its trailer.
    pub fn from_bytes(bytes: Vec<u8>, page_size: usize, order: Order) -> File {
        File {
            bytes,
            page_size,
            order,
        }
    }

    pub fn pages(&self) -> u64 {
        (self.bytes.len() / self.page_size) as u64
    }

    pub fn at(&self, page: u64) -> usize {
        page as usize * self.page_size
    }

    /// The page with its overflow pages.
    pub fn run(&self, page: u64) -> Range<u64> {
        page..page + 1 + u64::from(self.get_u32(self.at(page) + 12))
    }

    /// Elements of the page.
    pub fn count(&self, page: u64) -> usize {
        self.get_u16(self.at(page) + 10).into()
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
        self.get_u64(at)
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
            page = self.run(page).end;
        }
        pages
    }

    /// Sets the page id of the freelist in a meta page.
    pub fn set_freelist(&mut self, meta: u64, page: u64) {
        self.put(self.at(meta) + HEADER + 32, &self.u64(page));
        self.seal_meta(meta);
    }

    /// The freelist on page 2, for `free` pages that follow it.
    pub(super) fn append_freelist(&mut self, kind: &Freelist, free: usize) {
        let count_follows = |ids: usize| *kind == Freelist::CountFollows || ids >= 0xFFFF;
        let size = |ids: usize| HEADER + 8 * (ids + usize::from(count_follows(ids)));
        let own = |ids: usize| size(ids).div_ceil(self.page_size);
        let ids: Vec<u64> = match kind {
            Freelist::Ids(ids) => ids.clone(),
            Freelist::NotSynced => Vec::new(),
            _ => (2 + own(free) as u64..).take(free).collect(),
        };
        let mut body = Vec::new();
        let count = if count_follows(ids.len()) {
            body.extend(self.u64(ids.len() as u64));
            0xFFFF
        } else {
            ids.len()
        };
        body.extend(ids.iter().flat_map(|&id| self.u64(id)));
        let page = self.page(2, FREELIST, count, body, Vec::new(), Some(self.page_size));
        self.bytes.extend(page);
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

    pub(super) fn header(&mut self, page: u64, flags: u16, count: u16, overflow: u32) {
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

    pub(super) fn leaf(
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

    pub(super) fn branch(&self, id: u64, children: &[(Vec<u8>, u64)], size: usize) -> Vec<u8> {
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

    pub fn get_u32(&self, at: usize) -> u32 {
        let bytes = self.bytes[at..at + 4].try_into().unwrap();
        match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }

    pub fn get_u64(&self, at: usize) -> u64 {
        let bytes = self.bytes[at..at + 8].try_into().unwrap();
        match self.order {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
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
