//! Every value through the library, old revisions too: its bytes, its
//! encryption, its plaintext.

use k8s_etcd::encryption::Prefix;
use k8s_etcd::etcd::Snapshot;
use sha2::{Digest, Sha256};

use crate::truth::scenarios;

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn every_value_and_its_plaintext_are_as_the_truth_says() {
    let [mut values, mut encrypted, mut resources] = [0; 3];
    for scenario in scenarios() {
        let decoder = scenario.decoder();
        let snapshot = Snapshot::parse(&scenario.file).expect("a snapshot");
        let revisions = snapshot.revisions().expect("a bucket");
        let mut lines = scenario.truth.iter();
        for (found, line) in revisions.zip(lines.by_ref()) {
            let found = found.expect(&scenario.name);
            let at = format!("{} {} {}", scenario.name, line.key, line.rev);
            assert_eq!(found.key, line.key.as_bytes(), "{at}");
            assert_eq!(found.value.len(), line.value_len, "{at}");
            if line.tombstone {
                assert!(
                    line.value_sha256.is_none() && found.value.is_empty(),
                    "{at}"
                );
                continue;
            }
            values += 1;
            let sum = sha256(found.value);
            assert_eq!(Some(&sum), line.value_sha256.as_ref(), "{at}");

            let key = decoder.parse_key(found.key);
            let resource = key.group_resource();
            let expected = line.encryption_resource.as_deref();
            assert_eq!(resource.as_deref(), expected, "{at}");
            resources += usize::from(line.encryption_resource.is_some());

            // Truth's prefix ends with the key's name.
            let prefix = Prefix::parse(found.value);
            assert_eq!(prefix.is_some(), line.prefix.is_some(), "{at}");
            if let (Some(prefix), Some(expected)) = (prefix, &line.prefix) {
                encrypted += 1;
                assert!(found.value.starts_with(expected.as_bytes()), "{at}");
                assert!(expected.starts_with(prefix.header()), "{at}");
                let name = &expected[prefix.header().len()..];
                let opened = decoder.open(Some(found.key), found.value);
                let info = opened.encryption().expect(&at);
                assert_eq!(info.key_name.as_deref(), name.strip_suffix(':'), "{at}");
                assert_eq!(info.provider, prefix.provider().map(|p| p.name()), "{at}");
            }

            let opened = decoder.open(Some(found.key), found.value);
            let plaintext = opened.plaintext().unwrap_or_else(|e| panic!("{at}: {e}"));
            // Of what is not encrypted, truth does not say the same thing twice.
            let length = line.plain_len.unwrap_or(line.value_len);
            assert_eq!(plaintext.len(), length, "{at}");
            let expected = line.plain_sha256.as_ref().unwrap_or(&sum);
            assert_eq!(&sha256(plaintext), expected, "{at}");
            assert_eq!(line.plain_len.is_some(), line.prefix.is_some(), "{at}");
        }
        assert!(lines.next().is_none(), "{}", scenario.name);
    }
    println!("{values} values, {encrypted} encrypted, {resources} that may be");
    assert_eq!((values, encrypted), (4043, 768));
    // All but `compact_rev_key`.
    assert_eq!(resources, 4042);
}

#[test]
fn what_the_truth_calls_no_object_has_its_text() {
    let mut texts = 0;
    for line in scenarios().iter().flat_map(|scenario| &scenario.truth) {
        assert_eq!(line.error.is_some(), line.text.is_some(), "{}", line.key);
        texts += usize::from(line.text.is_some());
    }
    assert_eq!(texts, 1);
}
