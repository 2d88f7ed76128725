//! An input as something to seal, and as a change of what was sealed.
//!
//! ```text
//! key 1 | nonce 24 | change 1 | at 2 | by 1 | etcd key: length 1, bytes | plaintext
//! ```

use super::bytes::Bytes;

pub struct Sealed<'a> {
    /// Chooses the key.
    pub key: u8,
    pub nonce: [u8; 24],
    pub etcd_key: &'a [u8],
    pub plaintext: &'a [u8],
    change: u8,
    at: u16,
    by: u8,
}

impl<'a> Sealed<'a> {
    pub fn parse(data: &'a [u8]) -> Sealed<'a> {
        let mut bytes = Bytes(data);
        Sealed {
            key: bytes.byte(),
            nonce: bytes.array(),
            change: bytes.byte(),
            at: bytes.u16(),
            by: bytes.byte(),
            etcd_key: bytes.short(),
            plaintext: bytes.rest(),
        }
    }

    pub fn nonce<const N: usize>(&self) -> &[u8; N] {
        self.nonce.first_chunk().expect("24 bytes at most")
    }

    /// `bytes` with one byte changed, put in or taken out, or cut; never equal.
    pub fn changed(&self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        let at = usize::from(self.at) % changed.len().max(1);
        match (self.change & 3, changed.get_mut(at)) {
            (0, Some(byte)) => *byte ^= self.by.max(1),
            (1, Some(_)) => changed.truncate(at),
            (2, Some(_)) => drop(changed.remove(at)),
            _ => changed.insert(at, self.by),
        }
        assert_ne!(changed, bytes);
        changed
    }
}

/// Three keys of the sizes that AES has.
pub fn aes_key(choice: u8) -> &'static [u8] {
    const KEY: &[u8; 32] = b"a key of the fuzz targets: 32 by";
    match choice % 3 {
        0 => &KEY[..16],
        1 => &KEY[..24],
        _ => KEY,
    }
}
