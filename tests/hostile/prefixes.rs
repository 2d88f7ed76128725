//! Every prefix of each fixture is decoded, or refused with a place in it.

use k8s_etcd::encryption::EncryptionConfiguration;
use k8s_etcd::envelope::Envelope;

use crate::fixtures::{ask_all, decoder, values};

#[test]
fn every_prefix_of_a_value_is_decoded_or_refused_with_a_place() {
    let (mut decoded, mut refused) = (0, 0);
    for (name, value) in values(2_400) {
        for length in 0..=value.len() {
            match ask_all(&value[..length]) {
                Ok(_) => decoded += 1,
                Err(error) => {
                    refused += 1;
                    let offset = error.offset().unwrap_or_else(|| {
                        panic!("{name}, {length} bytes: {error} has no place");
                    });
                    assert!(offset <= length as u64, "{name}, {length} bytes: {error}");
                }
            }
        }
    }
    println!("{decoded} decoded, {refused} refused");
    assert!(decoded > 1_000 && refused > 10_000);
}

#[test]
fn every_prefix_of_an_envelope_is_parsed_or_refused_with_a_place() {
    for (name, value) in values(2_400) {
        if !value.starts_with(b"k8s\0") {
            continue;
        }
        for length in 0..value.len() {
            if let Err(error) = Envelope::parse(&value[..length]) {
                assert!(error.offset().is_some(), "{name}, {length} bytes: {error}");
            }
        }
    }
}

#[test]
fn every_prefix_of_an_encrypted_value_is_refused() {
    let decoder = decoder();
    let key = b"/registry/secrets/default/name";
    let headers = [
        "k8s:enc:aesgcm:v1:key2:",
        "k8s:enc:aescbc:v1:key1:",
        "k8s:enc:secretbox:v1:key:",
        "k8s:enc:kms:v2:kms:",
    ];
    for header in headers {
        let value = [header.as_bytes(), &[0x5A; 100]].concat();
        for length in b"k8s:enc:".len()..value.len() {
            let opened = decoder.open(Some(key), &value[..length]);
            let error = opened.plaintext().expect_err("nothing was sealed");
            assert!(
                error.offset().is_some(),
                "{header}, {length} bytes: {error}"
            );
        }
    }
}

#[test]
fn every_prefix_of_a_configuration_is_refused_or_valid() {
    let text = include_bytes!("../../testdata/snapshots/rotation/encryption-config.yaml");
    assert!(EncryptionConfiguration::parse(text).is_ok());
    let valid =
        (0..text.len()).filter(|&length| EncryptionConfiguration::parse(&text[..length]).is_ok());
    // The last provider of the last rule may be left out, and the last line feed.
    assert!(valid.count() < text.len() / 2);
}
