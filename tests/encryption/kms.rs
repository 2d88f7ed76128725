//! Values sealed with a KMS, and the plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use k8s_etcd::Category;
use k8s_etcd::encryption::{
    Keyring, KmsError, KmsPlugin, KmsTable, LocalKms, Provider, Reason, WrappedKey,
};
use zeroize::Zeroizing;

use crate::support::{Line, encrypted, keyring, kms_table, lines, local_kms, recognize, sha256};

/// Name, KMS provider, and how many values, all and encrypted.
const SCENARIOS: [(&str, &str, (usize, usize)); 2] = [
    ("kmsv1", "oldkms", (412, 47)),
    ("kmsv2", "labkms", (423, 80)),
];

fn configured(scenario: &str) -> Keyring {
    keyring(&[&format!("snapshots/{scenario}/encryption-config.yaml")])
}

fn with_local(scenario: &str, keyring: Keyring) -> Keyring {
    let plugins = local_kms(scenario).into_iter();
    plugins.fold(keyring, Keyring::with_kms_plugin)
}

fn decrypt<'v>(
    keyring: &Keyring,
    line: &'v Line,
) -> Result<k8s_etcd::encryption::Opened<'v>, Box<k8s_etcd::encryption::Failure>> {
    let key = Some(line.key.as_bytes());
    keyring.decrypt(&line.value, line.resource.as_deref(), key, &recognize)
}

#[test]
fn values_open_with_the_table_and_with_the_local_keys() {
    for (scenario, name, count) in SCENARIOS {
        let values = lines(scenario);
        let encrypted = values.iter().filter(|line| line.is_encrypted);
        assert_eq!((values.len(), encrypted.count()), count);
        let table = configured(scenario).with_kms_plugin(kms_table(scenario));
        let local = with_local(scenario, configured(scenario));
        for keyring in [table, local] {
            for line in &values {
                let opened = decrypt(&keyring, line)
                    .unwrap_or_else(|e| panic!("{scenario} {}: {e}", line.key));
                assert_eq!(sha256(&opened.plaintext), line.plain_sha256);
                assert!(!opened.info.out_of_policy);
                if !line.is_encrypted {
                    assert!(opened.info.is_empty());
                    continue;
                }
                assert_eq!(opened.info.provider, Some("kms"));
                assert_eq!(opened.info.version, Some(&scenario[3..]));
                assert_eq!(opened.info.key_name.as_deref(), Some(name));
            }
        }
    }
}

/// A plugin is enough: the name in the value need not be configured.
#[test]
fn values_open_without_a_configuration() {
    for (scenario, _, _) in SCENARIOS {
        let alone = with_local(scenario, Keyring::new());
        let elsewhere = keyring(&["snapshots/aesgcm/encryption-config.yaml"]);
        let elsewhere = with_local(scenario, elsewhere);
        for line in encrypted(scenario) {
            let opened = decrypt(&alone, &line).unwrap();
            assert_eq!(sha256(&opened.plaintext), line.plain_sha256);
            // What a plugin opened tells its provider's name.
            let header = format!("k8s:enc:kms:{}:", &scenario[3..]);
            let name = opened.info.key_name.as_deref().unwrap();
            assert!(
                line.value
                    .starts_with(format!("{header}{name}:").as_bytes())
            );
            assert_eq!((opened.info.header, opened.info.key_path), (None, None));
            assert!(!opened.info.out_of_policy);

            let opened = decrypt(&elsewhere, &line).unwrap();
            assert!(opened.info.out_of_policy);
            assert_eq!(
                opened.info.api_server_message.as_deref(),
                Some("no matching prefix found")
            );
        }
    }
}

#[test]
fn without_a_plugin_the_kms_header_is_told() {
    for (scenario, _, _) in SCENARIOS {
        let configured = configured(scenario);
        let mut ids = BTreeSet::new();
        for line in encrypted(scenario) {
            for keyring in [&Keyring::new(), &configured] {
                let failure = decrypt(keyring, &line).unwrap_err();
                assert_eq!(failure.error.category(), Category::Encrypted);
                let kms = failure.info.kms.unwrap();
                assert!(kms.wrapped_bytes > 32 && kms.data_bytes > 28);
                ids.insert(kms.key_id.clone());
                if scenario == "kmsv2" {
                    assert_eq!(kms.annotations["plugin.acme.example"], b"note");
                    assert_eq!(kms.dek_source, Some("hkdf-sha256-seed"));
                }
            }
            let failure = decrypt(&configured, &line).unwrap_err();
            assert_eq!(failure.reason, Reason::KmsKeyUnknown);
            // With its KMS the API server could read the value.
            assert_eq!(failure.api_server_message, None);
        }
        let expected: &[_] = match scenario {
            "kmsv1" => &[None],
            _ => &[Some("kek-1"), Some("kek-2")],
        };
        assert!(
            ids.iter()
                .map(Option::as_deref)
                .eq(expected.iter().copied())
        );
    }
}

#[test]
fn the_report_has_its_members_in_order() {
    let values = encrypted("kmsv2");
    let keyring = configured("kmsv2").with_kms_plugin(kms_table("kmsv2"));
    let opened = decrypt(&keyring, &values[0]).unwrap();
    let data = values[0].value.len();
    let json = serde_json::to_string(&opened.info).unwrap();
    let (head, tail) = json.split_once(r#""dataBytes":"#).unwrap();
    assert_eq!(
        head,
        concat!(
            r#"{"provider":"kms","version":"v2","keyName":"labkms","#,
            r#""keyPath":"resources[0].providers[0].kms","kms":{"keyId":"kek-1","#,
            r#""annotations":{"plugin.acme.example":"bm90ZQ=="},"#,
            r#""dekSource":"hkdf-sha256-seed","wrappedBytes":60,"#
        )
    );
    let bytes: usize = tail.trim_end_matches('}').parse().unwrap();
    assert!(bytes < data && bytes > data - 200);
}

/// Counts calls, and passes them on.
struct Counting<P> {
    inner: P,
    calls: &'static AtomicUsize,
}

impl<P: KmsPlugin> KmsPlugin for Counting<P> {
    fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.inner.unwrap_key(key)
    }
}

/// One call for each DEK source, whatever the answer, from many threads too.
#[test]
fn a_plugin_is_asked_once_for_each_wrapped_key() {
    for (scenario, _, _) in SCENARIOS {
        let values = encrypted(scenario);
        for empty in [false, true] {
            let calls: &AtomicUsize = Box::leak(Box::default());
            let inner = if empty {
                KmsTable::new()
            } else {
                kms_table(scenario)
            };
            let keyring = configured(scenario).with_kms_plugin(Counting { inner, calls });
            let opened = Mutex::new(0);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for line in &values {
                            if decrypt(&keyring, line).is_ok() {
                                *opened.lock().unwrap() += 1;
                            }
                        }
                    });
                }
            });
            let expected = if empty { 0 } else { 4 * values.len() };
            assert_eq!(*opened.lock().unwrap(), expected);
            let wrapped: BTreeSet<_> = values.iter().map(wrapped_key).collect();
            assert_eq!(calls.load(Ordering::Relaxed), wrapped.len(), "{scenario}");
            assert_eq!(wrapped.len(), if scenario == "kmsv2" { 2 } else { 47 });
        }
    }
}

/// The wrapped bytes of a value, cut out by hand.
fn wrapped_key(line: &Line) -> Vec<u8> {
    let value = &line.value;
    match value.strip_prefix(b"k8s:enc:kms:v1:oldkms:") {
        Some(payload) => {
            let length = usize::from(payload[0]) << 8 | usize::from(payload[1]);
            payload[2..][..length].to_vec()
        }
        // Field 3, 60 bytes.
        None => {
            let at = value.windows(2).rposition(|w| w == [0x1a, 60]).unwrap();
            value[at + 2..][..60].to_vec()
        }
    }
}

#[test]
fn a_plugin_is_told_what_the_value_tells() {
    struct Recording(&'static Mutex<Vec<String>>);
    impl KmsPlugin for Recording {
        fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
            self.0.lock().unwrap().push(format!(
                "{} {} {:?} {} {:?}",
                key.provider.version(),
                key.provider_name,
                key.key_id,
                key.wrapped.len(),
                key.annotations,
            ));
            None
        }
    }
    for (scenario, expected) in [
        ("kmsv1", "v1 oldkms None 66 {}"),
        (
            "kmsv2",
            "v2 labkms Some(\"kek-1\") 60 {\"plugin.acme.example\": [110, 111, 116, 101]}",
        ),
    ] {
        let told: &Mutex<Vec<String>> = Box::leak(Box::default());
        let keyring = configured(scenario).with_kms_plugin(Recording(told));
        assert!(decrypt(&keyring, &encrypted(scenario)[0]).is_err());
        assert_eq!(*told.lock().unwrap(), [expected]);
    }
}

#[test]
fn mine_and_wrong_is_told_apart_from_not_mine() {
    for (scenario, _, _) in SCENARIOS {
        let line = &encrypted(scenario)[0];
        let wrong = LocalKms::new("kek-1", &[0; 32]).unwrap();
        let keyring = configured(scenario).with_kms_plugin(wrong);
        let failure = decrypt(&keyring, line).unwrap_err();
        assert_eq!(failure.reason, Reason::KmsUnwrapFailed);
        assert_eq!(failure.error.category(), Category::Decryption);
        let message = failure.api_server_message.as_deref();
        let expected = match scenario {
            "kmsv1" => "authentication fails",
            _ => "failed to decrypt DEK, error: authentication fails",
        };
        assert_eq!(message, Some(expected));
        // A plugin that comes after may have the right key.
        let keyring = with_local(scenario, keyring);
        assert!(decrypt(&keyring, line).is_ok());

        let foreign = LocalKms::new("kek", &[0; 32]).unwrap();
        let keyring = configured(scenario).with_kms_plugin(foreign);
        let failure = decrypt(&keyring, line).unwrap_err();
        assert_eq!(failure.reason, Reason::KmsKeyUnknown);
        assert_eq!(failure.error.category(), Category::Encrypted);
    }
}

#[test]
fn what_a_plugin_unwraps_must_be_a_key() {
    for (scenario, length, message) in [
        ("kmsv1", 31, "crypto/aes: invalid key size 31"),
        (
            "kmsv2",
            31,
            "invalid seed length 31 used for key generation",
        ),
    ] {
        let line = &encrypted(scenario)[0];
        let mut table = KmsTable::new();
        table.insert(wrapped_key(line), vec![0; length]);
        let keyring = configured(scenario).with_kms_plugin(table);
        let failure = decrypt(&keyring, line).unwrap_err();
        assert_eq!(failure.reason, Reason::UnusableKey);
        assert_eq!(failure.api_server_message.as_deref(), Some(message));
    }
}

#[test]
fn keys_are_not_printed() {
    let key = "00112233445566778899aabbccddeeff";
    let local = LocalKms::parse(&format!("a=b={key}")).unwrap();
    assert_eq!(local.key_id(), "a=b");
    assert_eq!(format!("{local:?}"), "LocalKms(\"a=b\", redacted)");
    let table = KmsTable::from_json(format!("{{\"aa\":\"{key}\"}}").as_bytes()).unwrap();
    assert_eq!(format!("{table:?}"), "KmsTable(1 keys, redacted)");
    for wrong in ["", "id", "id=", "id=0", "id=00", "id=zz"] {
        let error = LocalKms::parse(wrong).unwrap_err();
        assert_eq!(error.category(), Category::Configuration, "{wrong}");
    }
    for wrong in [
        "",
        "[]",
        "{\"aa\":1}",
        "{\"aa\":\"0\"}",
        "{\"z\":\"00\"}",
        "{} x",
    ] {
        let error = KmsTable::from_json(wrong.as_bytes()).unwrap_err();
        assert_eq!(error.category(), Category::Configuration, "{wrong}");
    }
    assert!(KmsTable::from_json(b"{}").unwrap().is_empty());
}

#[test]
fn local_keys_unwrap_what_they_wrap() {
    let kms = LocalKms::new("kek:1", &[9; 32]).unwrap();
    let none = BTreeMap::new();
    let wrapped = kms.wrap(Provider::KmsV1, &[1; 12], b"a key").unwrap();
    let answer = kms.unwrap_key(&WrappedKey::v1("kms", &wrapped));
    assert_eq!(**answer.unwrap().unwrap(), *b"a key");
    let answer = kms.unwrap_key(&WrappedKey::v1("kms", &wrapped[..38]));
    assert!(answer.unwrap().is_err());
    assert!(
        kms.unwrap_key(&WrappedKey::v1("kms", &wrapped[1..]))
            .is_none()
    );

    let wrapped = kms.wrap(Provider::KmsV2, &[1; 12], b"a key").unwrap();
    let answer = |id| kms.unwrap_key(&WrappedKey::v2("kms", id, &wrapped, &none));
    assert_eq!(**answer("kek:1").unwrap().unwrap(), *b"a key");
    assert!(answer("kek:2").is_none());
    assert!(kms.wrap(Provider::AesGcm, &[1; 12], b"a key").is_err());
}
