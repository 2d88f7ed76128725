//! Every single flipped bit of the small fixtures.

use crate::allocator::peak;
use crate::fixtures::{ask_all, decoder, values};

/// What asking for everything may hold, for a value of `length` bytes: three
/// texts, the widest of which is lossless YAML, while the buffers grow, and the
/// queues that the YAML parser begins with.
fn most(length: usize) -> usize {
    64 * length + 98_304
}

/// The fixed part is one: a large document has its share only.
#[test]
fn what_yaml_costs_is_in_proportion() {
    let mut yaml = b"apiVersion: v1\nkind: A\nspec:\n".to_vec();
    for line in 0..5_000 {
        yaml.extend(format!("  key{line}: value {line}\n").bytes());
    }
    let (outcome, held) = peak(|| ask_all(&yaml));
    outcome.expect("it is sound");
    println!("{held} bytes held for {}", yaml.len());
    assert!(held <= 32 * yaml.len(), "{held} of {}", yaml.len());
}

#[test]
fn no_flipped_bit_panics_or_costs_more_than_its_share() {
    let (mut decoded, mut refused, mut widest) = (0, 0, 0.0_f64);
    for (name, mut value) in values(600) {
        for bit in 0..value.len() * 8 {
            value[bit / 8] ^= 1 << (bit % 8);
            let (outcome, held) = peak(|| ask_all(&value));
            assert!(held <= most(value.len()), "{name}, bit {bit}: {held} bytes");
            widest = widest.max(held as f64 / (value.len() + 256) as f64);
            match outcome {
                Ok(_) => decoded += 1,
                Err(error) => {
                    refused += 1;
                    assert!(error.offset().is_some(), "{name}, bit {bit}: {error}");
                }
            }
            value[bit / 8] ^= 1 << (bit % 8);
        }
    }
    println!("{decoded} decoded, {refused} refused, at most {widest:.1} bytes held a byte");
    assert!(decoded > 10_000 && refused > 10_000);
}

#[test]
fn no_flipped_bit_opens_an_encrypted_value_as_another_or_costs_more_than_its_share() {
    let decoder = decoder();
    let (mut closed, mut open) = (0, 0);
    for (name, mut value) in values(2_400) {
        let key = b"/registry/secrets/default/name";
        for bit in 0..value.len().min(64) * 8 {
            value[bit / 8] ^= 1 << (bit % 8);
            let (opened, held) = peak(|| decoder.open(Some(key), &value));
            assert!(held <= most(value.len()), "{name}, bit {bit}: {held} bytes");
            match opened.plaintext() {
                // In the clear it is what it was. CBC authenticates nothing: its IV
                // changes the first block bit by bit.
                Ok(plaintext) => {
                    let is_cbc = value.starts_with(b"k8s:enc:aescbc:");
                    assert!(plaintext == value || is_cbc, "{name}, bit {bit}");
                    open += 1;
                }
                Err(_) => closed += 1,
            }
            value[bit / 8] ^= 1 << (bit % 8);
        }
    }
    assert!(closed > 500 && open > 5_000, "{closed} closed, {open} open");
}
