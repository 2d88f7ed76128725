//! Bootstrap data of k3s and RKE2: what a server needs to join, sealed with the token
//! under `/bootstrap/`, an EncryptionConfiguration among it.
//!
//! ```text
//! key    /bootstrap/<first 12 hex digits of the token's SHA-256>
//! value  <salt>:<base64 of nonce, ciphertext and tag>, AES-256-GCM
//!        key: PBKDF2-HMAC-SHA1 of the token, the salt as it is written, 4,096 rounds
//! ```
//!
//! Source: k3s-io/k3s `pkg/cluster/encrypt.go`, `pkg/cluster/storage.go`.

use std::io::Read;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use k8s_etcd::etcd::Snapshot;
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::input::Input;
use crate::key_sources::{self, Part};
use crate::output::escaped;

const PREFIX: &[u8] = b"/bootstrap/";
const ROUNDS: u32 = 4096;
const NONCE_BYTES: usize = 12;

/// More than this is no bootstrap data: a server holds some files.
const PLAIN_MAX: u64 = 16 << 20;

/// What is said of such a value where it is shown.
pub const NOTE: &str = "bootstrap data of k3s or RKE2, which holds the EncryptionConfiguration: \
                        --k3s-token TOKEN opens it";

/// Whether a key and its value are bootstrap data.
pub fn is_bootstrap(key: &[u8], value: &[u8]) -> bool {
    key.starts_with(PREFIX) && split(value).is_some()
}

fn split(value: &[u8]) -> Option<(&str, Vec<u8>)> {
    let (salt, sealed) = std::str::from_utf8(value).ok()?.split_once(':')?;
    let sealed = STANDARD.decode(sealed.trim_end()).ok()?;
    (!salt.is_empty() && sealed.len() > NONCE_BYTES).then_some((salt, sealed))
}

/// The configurations in the bootstrap data of all inputs, each said on stderr.
pub fn configurations(tokens: &[String], inputs: &[Input]) -> Vec<Part> {
    let mut found = Vec::new();
    if tokens.is_empty() {
        return found;
    }
    let mut any = false;
    for input in inputs.iter().filter(|input| !input.is_stdin()) {
        let Ok(data) = input.read() else { continue };
        let Ok(state) = Snapshot::parse(&data).and_then(|snapshot| snapshot.current()) else {
            continue;
        };
        for (key, entry) in state.prefix(PREFIX) {
            let Ok(entry) = entry else { continue };
            let opened = tokens.iter().find_map(|token| open(token, entry.value));
            let name = escaped(key);
            any |= opened.is_some();
            let unpacked = opened.map(|plain| key_sources::unpack(&name, &plain));
            if let Some(Ok(unpacked)) = unpacked {
                for line in &unpacked.found {
                    eprintln!("decode: {line}");
                }
                if !unpacked.found.is_empty() {
                    found.extend(unpacked.parts);
                }
            }
        }
    }
    if !any {
        eprintln!("decode: --k3s-token: it opens no bootstrap data in the inputs");
    }
    found
}

fn open(token: &str, value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (salt, sealed) = split(value)?;
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    passphrases(token).find_map(|passphrase| {
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha1>(passphrase.as_bytes(), salt.as_bytes(), ROUNDS, &mut *key);
        let cipher = Aes256Gcm::new_from_slice(&*key).ok()?;
        let plain = cipher.decrypt(&Nonce::from(*nonce), sealed).ok()?;
        unpacked(Zeroizing::new(plain))
    })
}

/// A token is the passphrase, or `K10<hash>::<user>:<passphrase>`.
fn passphrases(token: &str) -> impl Iterator<Item = &str> {
    let secret = token.split_once("::").map(|(_, rest)| rest);
    let password = secret
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, rest)| rest);
    [password, secret, Some(token)].into_iter().flatten()
}

fn unpacked(plain: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    if !plain.starts_with(b"\x1f\x8b") {
        return Some(plain);
    }
    let mut text = Zeroizing::new(Vec::new());
    let mut unpacked = GzDecoder::new(&plain[..]).take(PLAIN_MAX);
    unpacked.read_to_end(&mut text).ok()?;
    Some(text)
}
