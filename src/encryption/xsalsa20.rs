//! The stream cipher XSalsa20: Salsa20/20 under a key that HSalsa20 derives.
//!
//! ```text
//! state   c0 k0 k1 k2 k3 c1 n0 n1 b0 b1 c2 k4 k5 k6 k7 c3   16 words of 32 bits
//! ```
//!
//! c is a constant, k the key, n the nonce, b the number of the block. HSalsa20
//! takes 16 bytes of the nonce of 24 for n and b, the other 8 are Salsa20's.
//!
//! A block is a chain of operations that each wait for the one before, so the
//! work is done on the same word of many blocks at once: the loops over `LANES`
//! are what the compiler makes vector instructions of, whatever the machine has.
//!
//! Source: <https://cr.yp.to/snuffle/xsalsa-20110204.pdf>.

use std::array;

use zeroize::Zeroizing;

use crate::convert::{low_u32, to_u64};

/// Bytes of a block of the key stream.
pub(super) const BLOCK: usize = 64;

/// How many blocks are computed at once.
const LANES: usize = 16;

/// From how many bytes on all lanes together are faster than block after block.
const WORTH: usize = 8 * BLOCK + 1;

/// A word of several blocks.
type Word<const L: usize> = [u32; L];

/// "expand 32-byte k"
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// One key and nonce. Wiped on drop.
pub(super) struct XSalsa20 {
    /// Block 0 before its rounds.
    state: Zeroizing<[u32; 16]>,
}

impl XSalsa20 {
    pub(super) fn new(key: &[u8; 32], nonce: &[u8; 24]) -> XSalsa20 {
        let key = Zeroizing::new(words::<8, 32>(key));
        let [n0, n1, n2, n3, n4, n5] = words(nonce);
        let mut derived = Zeroizing::new(state(&key, [n0, n1, n2, n3]).map(|word| [word]));
        rounds(&mut derived);
        #[rustfmt::skip]
        let [[c0], _, _, _, _, [c1], [d0], [d1], [d2], [d3], [c2], .., [c3]] = *derived;
        let key = Zeroizing::new([c0, c1, c2, c3, d0, d1, d2, d3]);
        XSalsa20 {
            state: Zeroizing::new(state(&key, [n4, n5, 0, 0])),
        }
    }

    /// Encrypts or decrypts `data`, which begins with block `number`.
    pub(super) fn apply(&self, mut number: u64, data: &mut [u8]) {
        let mut rest = data;
        if rest.len() >= WORTH {
            let mut wide = Zeroizing::new([[0; LANES]; 16]);
            while rest.len() >= WORTH {
                let length = rest.len().min(LANES * BLOCK);
                let (run, after) = rest.split_at_mut_checked(length).unwrap_or_default();
                self.blocks(number, &mut wide);
                xor(run, &wide);
                number = number.wrapping_add(to_u64(LANES));
                rest = after;
            }
        }
        let mut one = Zeroizing::new([[0; 1]; 16]);
        for block in rest.chunks_mut(BLOCK) {
            self.blocks(number, &mut one);
            xor(block, &one);
            number = number.wrapping_add(1);
        }
    }

    /// The key stream from block `number` on.
    #[inline(always)]
    fn blocks<const L: usize>(&self, number: u64, out: &mut [Word<L>; 16]) {
        for word in out.iter_mut() {
            word.fill(0);
        }
        self.add_input(number, out);
        rounds(out);
        self.add_input(number, out);
    }

    /// Adds the state before the rounds, with the number of each lane's block.
    #[inline(always)]
    fn add_input<const L: usize>(&self, number: u64, out: &mut [Word<L>; 16]) {
        for (word, input) in out.iter_mut().zip(self.state.iter()) {
            for lane in word {
                *lane = lane.wrapping_add(*input);
            }
        }
        // These two words of the state are zero.
        let [.., low, high, _, _, _, _, _, _] = out;
        for (lane, (low, high)) in low.iter_mut().zip(high).enumerate() {
            let number = number.wrapping_add(to_u64(lane));
            *low = low.wrapping_add(low_u32(number));
            *high = high.wrapping_add(low_u32(number >> 32));
        }
    }
}

fn state(key: &[u32; 8], input: [u32; 4]) -> [u32; 16] {
    let [c0, c1, c2, c3] = CONSTANTS;
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
    let [i0, i1, i2, i3] = input;
    [
        c0, k0, k1, k2, k3, c1, i0, i1, i2, i3, c2, k4, k5, k6, k7, c3,
    ]
}

fn words<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> [u32; N] {
    let (words, _) = bytes.as_chunks();
    array::from_fn(|at| words.get(at).copied().map_or(0, u32::from_le_bytes))
}

/// The ten double rounds.
#[inline(always)]
#[rustfmt::skip]
fn rounds<const L: usize>(state: &mut [Word<L>; 16]) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = state;
    for _ in 0..10 {
        quarter(a, e, i, m);
        quarter(f, j, n, b);
        quarter(k, o, c, g);
        quarter(p, d, h, l);

        quarter(a, b, c, d);
        quarter(f, g, h, e);
        quarter(k, l, i, j);
        quarter(p, m, n, o);
    }
}

#[inline(always)]
fn quarter<const L: usize>(a: &mut Word<L>, b: &mut Word<L>, c: &mut Word<L>, d: &mut Word<L>) {
    step::<L, 7, 25>(b, a, d);
    step::<L, 9, 23>(c, b, a);
    step::<L, 13, 19>(d, c, b);
    step::<L, 18, 14>(a, d, c);
}

#[inline(always)]
fn step<const L: usize, const LEFT: u32, const RIGHT: u32>(
    to: &mut Word<L>,
    a: &Word<L>,
    b: &Word<L>,
) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        let sum = a.wrapping_add(*b);
        if L == 1 {
            *to ^= sum.rotate_left(LEFT);
        } else {
            // SSE2 cannot rotate: where the compiler sees a rotation, it leaves
            // the whole loop to the scalar unit, which can.
            *to = (*to ^ sum.wrapping_shl(LEFT)) ^ sum.wrapping_shr(RIGHT);
        }
    }
}

#[inline(always)]
fn xor<const L: usize>(data: &mut [u8], stream: &[Word<L>; 16]) {
    let (blocks, rest) = data.as_chunks_mut::<BLOCK>();
    let whole = blocks.len();
    for (lane, block) in blocks.iter_mut().enumerate().take(L) {
        let (words, _) = block.as_chunks_mut::<4>();
        for (bytes, word) in words.iter_mut().zip(stream) {
            let key = word.get(lane).copied().unwrap_or_default();
            *bytes = (u32::from_le_bytes(*bytes) ^ key).to_le_bytes();
        }
    }
    for (bytes, word) in rest.chunks_mut(4).zip(stream) {
        let key = word.get(whole).copied().unwrap_or_default();
        for (byte, key) in bytes.iter_mut().zip(key.to_le_bytes()) {
            *byte ^= key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use salsa20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

    fn check(length: usize, number: u64) {
        let key: [u8; 32] = array::from_fn(|at| (at * 7 + length) as u8);
        let nonce: [u8; 24] = array::from_fn(|at| (at * 31 + length) as u8 ^ 0x5a);
        let data = (0..length).map(|at| at as u8).collect::<Vec<_>>();

        let mut expected = data.clone();
        let mut other = salsa20::XSalsa20::new(&key.into(), &nonce.into());
        other.seek(number * BLOCK as u64);
        other.apply_keystream(&mut expected);

        let mut got = data;
        XSalsa20::new(&key, &nonce).apply(number, &mut got);
        assert!(got == expected, "{length} bytes from block {number}");
    }

    #[test]
    fn another_implementation_gives_the_same() {
        for length in 0..=2100 {
            check(length, 0);
            check(length, 1);
        }
        for length in [4096, 10_000, 65_535, 65_536, 1 << 20] {
            check(length, 1);
        }
    }

    #[test]
    fn the_number_of_a_block_has_64_bits() {
        for before in 0..20 {
            check(2048, (1 << 32) - before);
        }
    }
}
