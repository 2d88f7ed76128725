//! Every encrypted value of the real clusters' snapshots.

use k8s_etcd::Category;
use k8s_etcd::encryption::{Keyring, Prefix, Reason};

use crate::support::{encrypted, keyring, lines, recognize, sha256};

/// Opens all values of a scenario and compares the plaintexts. Gives how many
/// there are, and how many of them are encrypted.
fn opens_all(scenario: &str, keyring: &Keyring) -> (usize, usize) {
    let values = lines(scenario);
    for line in &values {
        let key = Some(line.key.as_bytes());
        let opened = keyring
            .decrypt(&line.value, line.resource.as_deref(), key, &recognize)
            .unwrap_or_else(|e| panic!("{scenario} {}: {e}", line.key));
        assert_eq!(sha256(&opened.plaintext), line.plain_sha256, "{}", line.key);
        assert!(!opened.info.out_of_policy, "{}", line.key);
        assert_eq!(opened.info.api_server_message, None);
        let Some(prefix) = Prefix::parse(&line.value) else {
            assert!(!line.is_encrypted);
            continue;
        };
        assert!(line.is_encrypted);
        let provider = prefix.provider().unwrap();
        assert_eq!(opened.info.provider, Some(provider.name()));
        assert!(opened.info.key_name.is_some() && opened.info.header.is_none());
        assert_eq!(opened.info.policy, None);
    }
    let encrypted = values.iter().filter(|line| line.is_encrypted).count();
    (values.len(), encrypted)
}

#[test]
fn all_values_open() {
    for (scenario, count) in [
        ("aesgcm", (407, 102)),
        ("aescbc", (406, 42)),
        ("secretbox", (444, 438)),
        ("rotation", (480, 59)),
    ] {
        let keyring = keyring(&[&format!("snapshots/{scenario}/encryption-config.yaml")]);
        assert_eq!(opens_all(scenario, &keyring), count, "{scenario}");
    }
}

/// With the configuration in force before the last rotation as policy, and the
/// last one only lending its keys.
#[test]
fn values_that_a_former_policy_cannot_read_are_out_of_policy() {
    let former = "snapshots/rotation/encryption-config.phase2.yaml";
    let alone = keyring(&[former]);
    let both = keyring(&[former, "snapshots/rotation/encryption-config.yaml"]);
    let (mut inside, mut outside) = (0, 0);
    for line in encrypted("rotation") {
        let resource = line.resource.as_deref();
        let key = Some(line.key.as_bytes());
        let opened = both
            .decrypt(&line.value, resource, key, &recognize)
            .unwrap();
        assert_eq!(sha256(&opened.plaintext), line.plain_sha256);
        match alone.decrypt(&line.value, resource, key, &recognize) {
            Ok(_) => {
                inside += 1;
                assert!(!opened.info.out_of_policy);
            }
            Err(failure) => {
                outside += 1;
                assert_eq!(failure.error.category(), Category::Encrypted);
                assert_eq!(failure.reason, Reason::KeyNotConfigured);
                assert!(opened.info.out_of_policy);
                assert_eq!(opened.info.api_server_message, failure.api_server_message);
            }
        }
    }
    assert_eq!((inside, outside), (32, 27));
}

#[test]
fn without_keys_the_header_is_told() {
    for scenario in [
        "aesgcm",
        "aescbc",
        "secretbox",
        "kmsv1",
        "kmsv2",
        "rotation",
    ] {
        for line in encrypted(scenario) {
            let resource = line.resource.as_deref();
            let failure = Keyring::new()
                .decrypt(&line.value, resource, None, &recognize)
                .unwrap_err();
            assert_eq!(failure.error.category(), Category::Encrypted);
            assert_eq!(failure.reason, Reason::NoKeys);
            let info = failure.info;
            let header = Prefix::parse(&line.value).unwrap().header();
            // Of KMS v2 alone the name is certain.
            let (name, guess) = (info.key_name.as_deref(), info.key_name_guess.as_deref());
            let is_exact = header == "k8s:enc:kms:v2:";
            assert_eq!((name.is_some(), guess.is_some()), (is_exact, !is_exact));
            assert_eq!(info.header.as_deref(), (!is_exact).then_some(header));
            let name = name.or(guess).unwrap();
            let head = format!("{header}{name}:");
            assert!(line.value.starts_with(head.as_bytes()), "{head}");
        }
    }
}

/// The etcd key is authenticated by aesgcm, not by the others.
#[test]
fn a_value_under_another_key_opens_only_where_the_key_is_not_authenticated() {
    for (scenario, opens) in [("aesgcm", false), ("aescbc", true), ("secretbox", true)] {
        let config = format!("snapshots/{scenario}/encryption-config.yaml");
        let keyring = keyring(&[&config]);
        for line in encrypted(scenario) {
            let resource = line.resource.as_deref();
            for key in [None, Some(&b"/registry/secrets/default/another"[..])] {
                let result = keyring.decrypt(&line.value, resource, key, &recognize);
                assert_eq!(result.is_ok(), opens, "{scenario} {}", line.key);
                if let Err(failure) = result {
                    assert_eq!(failure.reason, Reason::AuthenticationFailed);
                    assert_eq!(failure.error.category(), Category::Decryption);
                    assert_eq!(
                        failure.api_server_message.as_deref(),
                        Some("cipher: message authentication failed")
                    );
                }
            }
        }
    }
}
