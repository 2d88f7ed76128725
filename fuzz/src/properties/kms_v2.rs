//! What is sealed with a DEK or a seed that the KMS wrapped opens to the
//! plaintext. Any other bytes fail or, where only what nobody authenticates is
//! changed, give the very same plaintext: changed or cut ones, those under
//! another etcd key, and any at all.

use k8s_etcd::encryption::{DekSource, Provider, Sealer, aesgcm};
use std::collections::BTreeMap;

use super::kms;
use super::sealed::{Sealed, aes_key};

const PROVIDER: Provider = Provider::KmsV2;

pub fn kms_v2(data: &[u8]) {
    let keyring = kms::keyring();
    let open = |value: &[u8], etcd_key: &[u8]| {
        let opened = keyring.decrypt(value, Some("secrets"), Some(etcd_key), &|_| true);
        opened.map(|opened| opened.plaintext.to_vec())
    };
    let sealed = Sealed::parse(data);
    let with_seed = sealed.key & 4 != 0;
    let key = if with_seed {
        aes_key(2)
    } else {
        aes_key(sealed.key)
    };
    let dek = aesgcm::Key::new(key).expect("a key");
    let info = [sealed.nonce[0]; 32];
    let mut annotations = BTreeMap::new();
    if sealed.key & 8 != 0 {
        annotations.insert("plugin.acme.example".to_owned(), b"note".to_vec());
    }
    let value = Sealer::KmsV2 {
        name: kms::name(PROVIDER),
        key_id: kms::KEY_ID,
        wrapped: &kms::wrap(PROVIDER, key),
        annotations: &annotations,
        source: match with_seed {
            true => DekSource::Seed {
                seed: key,
                info: &info,
            },
            false => DekSource::Key(&dek),
        },
        nonce: sealed.nonce(),
    };
    let value = value
        .seal(sealed.plaintext, sealed.etcd_key)
        .expect("short");
    let opened = open(&value, sealed.etcd_key).expect("what was sealed");
    assert_eq!(opened, sealed.plaintext);
    // With its `k8s:enc:` changed it is no encrypted value any more.
    let changed = sealed.changed(&value);
    if changed.starts_with(b"k8s:enc:")
        && let Ok(opened) = open(&changed, sealed.etcd_key)
    {
        assert_eq!(opened, sealed.plaintext);
    }
    assert!(open(&value, &sealed.changed(sealed.etcd_key)).is_err());

    let header = [PROVIDER.header(), kms::name(PROVIDER), ":"].concat();
    assert!(open(&[header.as_bytes(), data].concat(), b"").is_err());
    // By no configured name: guessed.
    assert!(open(&[PROVIDER.header().as_bytes(), data].concat(), b"").is_err());
}
