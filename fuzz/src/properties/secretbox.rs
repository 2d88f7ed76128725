//! What is sealed opens to the plaintext. Any other bytes fail: changed or cut
//! ones, and any at all, but for those that sealing gives.

use k8s_etcd::encryption::secretbox::Key;
use std::sync::OnceLock;

use super::sealed::{Sealed, aes_key};

pub fn secretbox(data: &[u8]) {
    static KEYS: OnceLock<[Key; 2]> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let [one, other] = [aes_key(2), &[7; 32]].map(Key::new);
        [one.expect("a key"), other.expect("a key")]
    });
    let [key, other] = keys;
    let sealed = Sealed::parse(data);

    let payload = key.seal(&sealed.nonce, sealed.plaintext);
    assert_eq!(
        *key.open(&payload).expect("what was sealed"),
        sealed.plaintext
    );
    assert!(key.open(&sealed.changed(&payload)).is_err());
    assert!(other.open(&payload).is_err());

    if let Ok(plaintext) = key.open(data) {
        let nonce = data.first_chunk().expect("a nonce");
        assert_eq!(key.seal(nonce, &plaintext), data);
    }
}
