//! What is sealed with a DEK that the KMS wrapped opens to the plaintext. Of any
//! other bytes (changed or cut ones, those under another etcd key, and any at
//! all) nothing opens that is authenticated: what does is in the form of before
//! 1.25, which can be made without the key, is marked so, and can be refused.

use k8s_etcd::encryption::{Keyring, Provider, Sealer, aesgcm};
use k8s_etcd::storage_value::StorageValue;

use super::kms;
use super::sealed::{Sealed, aes_key};

const PROVIDER: Provider = Provider::KmsV1;

pub fn kms_v1(data: &[u8]) {
    let keyring = kms::keyring();
    let refusing = kms::keyring().refuse_unauthenticated(true);
    let recognize = |plaintext: &[u8]| StorageValue::is_recognizable(plaintext);
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
    for keyring in [&keyring, &refusing] {
        let opened = keyring.decrypt(&value, Some("secrets"), Some(sealed.etcd_key), &recognize);
        let opened = opened.expect("what was sealed");
        assert_eq!(*opened.plaintext, *sealed.plaintext);
        assert!(!opened.info.unauthenticated);
    }
    // What was not sealed so. The name of the provider is not authenticated: under
    // another one the same plaintext is out of policy.
    let check = |value: &[u8], etcd_key: &[u8]| {
        let open = |keyring: &Keyring| {
            let opened = keyring.decrypt(value, Some("secrets"), Some(etcd_key), &recognize);
            opened.ok().filter(|opened| {
                let is_same = *opened.plaintext == *sealed.plaintext;
                !(is_same && opened.info.out_of_policy && etcd_key == sealed.etcd_key)
            })
        };
        assert!(open(&keyring).is_none_or(|opened| opened.info.unauthenticated));
        assert!(open(&refusing).is_none());
    };
    // With its `k8s:enc:` changed it is no encrypted value any more.
    let changed = sealed.changed(&value);
    if changed.starts_with(b"k8s:enc:") {
        check(&changed, sealed.etcd_key);
    }
    check(&value, &sealed.changed(sealed.etcd_key));

    let header = [PROVIDER.header(), kms::name(PROVIDER), ":"].concat();
    check(&[header.as_bytes(), data].concat(), b"");
    // By no configured name: guessed.
    let value = [PROVIDER.header().as_bytes(), data].concat();
    check(&value, b"");
    let bare = Keyring::new().decrypt(&value, None, None, &|_| true);
    assert!(bare.is_err());
}
