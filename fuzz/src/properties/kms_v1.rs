//! What is sealed with a DEK that the KMS wrapped opens to the plaintext. Any
//! other bytes fail: changed or cut ones, those under another etcd key, and any
//! at all.

use k8s_etcd::encryption::{Keyring, Provider, Sealer, aesgcm};
use k8s_etcd::storage_value::StorageValue;

use super::kms;
use super::sealed::{Sealed, aes_key};

const PROVIDER: Provider = Provider::KmsV1;

pub fn kms_v1(data: &[u8]) {
    let keyring = kms::keyring();
    let open = |value: &[u8], etcd_key: &[u8]| {
        let recognize = |plaintext: &[u8]| StorageValue::is_recognizable(plaintext);
        let opened = keyring.decrypt(value, Some("secrets"), Some(etcd_key), &recognize);
        opened.map(|opened| opened.plaintext.to_vec())
    };
    let sealed = Sealed::parse(data);
    let dek = aes_key(sealed.key);
    let value = Sealer::KmsV1 {
        name: kms::name(PROVIDER),
        wrapped: &kms::wrap(PROVIDER, dek),
        dek: &aesgcm::Key::new(dek).expect("a key"),
        nonce: sealed.nonce(),
    };
    let value = value
        .seal(sealed.plaintext, sealed.etcd_key)
        .expect("short");
    let opened = open(&value, sealed.etcd_key).expect("what was sealed");
    assert_eq!(opened, sealed.plaintext);
    // With its `k8s:enc:` changed it is no encrypted value any more.
    let changed = sealed.changed(&value);
    if changed.starts_with(b"k8s:enc:") {
        assert!(open(&changed, sealed.etcd_key).is_err());
    }
    assert!(open(&value, &sealed.changed(sealed.etcd_key)).is_err());

    let header = [PROVIDER.header(), kms::name(PROVIDER), ":"].concat();
    assert!(open(&[header.as_bytes(), data].concat(), b"").is_err());
    // By no configured name: guessed.
    let value = [PROVIDER.header().as_bytes(), data].concat();
    assert!(open(&value, b"").is_err());
    let bare = Keyring::new().decrypt(&value, None, None, &|_| true);
    assert!(bare.is_err());
}
