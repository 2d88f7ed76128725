//! Which keys a value is tried with, by its name and by the rules of the policy.

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, Reason};

const SECRETS: [&str; 2] = [
    "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
];

fn keyring() -> Keyring {
    let rule = |resource: &str, provider: &str, name: &str, secret: &str| {
        format!(
            r#"{{"resources":["{resource}"],"providers":[{{"{provider}":{{"keys":[{{"name":"{name}","secret":"{secret}"}}]}}}}]}}"#
        )
    };
    let rules = [
        rule("secrets", "aesgcm", "first", SECRETS[0]),
        rule("configmaps", "aesgcm", "second", SECRETS[1]),
    ];
    let text = format!(
        r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration","resources":[{}]}}"#,
        rules.join(",")
    );
    let configuration = EncryptionConfiguration::parse(text.as_bytes()).expect("valid");
    Keyring::new().with_configuration(&configuration)
}

/// Without its key, a value may be of any resource that the policy names.
#[test]
fn a_value_of_an_unknown_resource_is_tried_with_the_keys_of_all_rules() {
    let keyring = keyring();
    for resource in ["secrets", "configmaps"] {
        let key = format!("/registry/{resource}/a/b");
        let sealed = keyring
            .seal(b"k8s\0...", Some(resource), key.as_bytes(), &[1; 24])
            .expect("sealed");
        let opened = keyring
            .decrypt(&sealed, None, Some(key.as_bytes()), &|_| true)
            .expect("opened");
        assert_eq!(*opened.plaintext, *b"k8s\0...");
        assert!(!opened.info.out_of_policy, "{resource}");
        // In the rule of the other resource it is out of policy.
        let other = if resource == "secrets" {
            "configmaps"
        } else {
            "secrets"
        };
        let opened = keyring
            .decrypt(&sealed, Some(other), Some(key.as_bytes()), &|_| true)
            .expect("opened");
        assert!(opened.info.out_of_policy, "{resource}");
    }
    // The API server has a provider for it, and no key of that name.
    let value = b"k8s:enc:aesgcm:v1:third:0123456789abcdef0123456789abcdef";
    let failure = keyring
        .decrypt(value, None, None, &|_| true)
        .expect_err("no key");
    assert_eq!(
        failure.api_server_message.as_deref(),
        Some("no matching key was found for the provided AES transformer")
    );
}

#[test]
fn a_value_that_ends_within_a_known_name_says_which() {
    let keyring = keyring();
    for (name, other) in [("first", "second"), ("second", "first")] {
        for end in 1..=name.len() {
            let value = format!("k8s:enc:aesgcm:v1:{}", &name[..end]);
            let failure = keyring
                .decrypt(value.as_bytes(), Some("secrets"), None, &|_| true)
                .expect_err("cut");
            assert_eq!(failure.reason, Reason::Truncated, "{value}");
            let detail = failure.error.detail();
            assert!(detail.contains(&format!("{name:?}")), "{detail}");
            assert!(!detail.contains(other), "{detail}");
        }
    }
    // Of another provider, or of no name that is known, nothing is said.
    for value in [
        "k8s:enc:aescbc:v1:fir",
        "k8s:enc:aesgcm:v1:fix",
        "k8s:enc:aesgcm:v1:firsts",
    ] {
        let failure = keyring
            .decrypt(value.as_bytes(), Some("secrets"), None, &|_| true)
            .expect_err("no key");
        assert_ne!(failure.reason, Reason::Truncated, "{value}");
    }
}
