//! What is sealed opens to the plaintext. Any other bytes fail: changed or cut
//! ones, those under another etcd key, and any at all, but for those that
//! sealing gives.

use k8s_etcd::encryption::aesgcm::{Key, NONCE};
use std::sync::OnceLock;

use super::sealed::{Sealed, aes_key};

pub fn aesgcm(data: &[u8]) {
    static KEYS: OnceLock<[Key; 3]> = OnceLock::new();
    let new = |choice| Key::new(aes_key(choice)).expect("a key");
    let keys = KEYS.get_or_init(|| [new(0), new(1), new(2)]);
    let sealed = Sealed::parse(data);
    let key = &keys[usize::from(sealed.key % 3)];
    let nonce = sealed.nonce::<NONCE>();

    let payload = key
        .seal(nonce, sealed.etcd_key, sealed.plaintext)
        .expect("short");
    let opened = key
        .open(&payload, sealed.etcd_key)
        .expect("what was sealed");
    assert_eq!(*opened, sealed.plaintext);
    assert!(
        key.open(&sealed.changed(&payload), sealed.etcd_key)
            .is_err()
    );
    assert!(
        key.open(&payload, &sealed.changed(sealed.etcd_key))
            .is_err()
    );
    let other = &keys[usize::from((sealed.key % 3 + 1) % 3)];
    assert!(other.open(&payload, sealed.etcd_key).is_err());

    if let Ok(plaintext) = key.open(data, b"") {
        let nonce = data.first_chunk().expect("a nonce");
        assert_eq!(key.seal(nonce, b"", &plaintext).expect("short"), data);
    }
}
