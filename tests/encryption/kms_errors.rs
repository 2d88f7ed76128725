//! Errors of KMS plugins pass: they are asked again, and not without end.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use k8s_etcd::Limits;
use k8s_etcd::encryption::{
    DekSource, Failure, Keyring, KmsError, KmsPlugin, KmsTable, LocalKms, Provider, Reason, Sealer,
    WrappedKey, aesgcm,
};
use zeroize::Zeroizing;

/// Fails so often, then passes on.
struct Failing {
    inner: LocalKms,
    failures: usize,
    calls: &'static AtomicUsize,
}

impl KmsPlugin for Failing {
    fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
        if self.calls.fetch_add(1, Ordering::Relaxed) < self.failures {
            return Some(Err(KmsError::new("deadline exceeded")));
        }
        self.inner.unwrap_key(key)
    }
}

fn plugin(failures: usize) -> (Failing, &'static AtomicUsize) {
    let calls: &AtomicUsize = Box::leak(Box::default());
    let inner = local();
    let plugin = Failing {
        inner,
        failures,
        calls,
    };
    (plugin, calls)
}

fn local() -> LocalKms {
    LocalKms::new("kek-1", &[7; 32]).unwrap()
}

const ETCD_KEY: &[u8] = b"/registry/secrets/default/a";

/// A KMS v2 value, sealed with a seed that `n` chooses.
fn value(n: u8) -> Vec<u8> {
    let seed = [n; 32];
    let wrapped = local().wrap(Provider::KmsV2, &[n; 12], &seed).unwrap();
    let sealer = Sealer::KmsV2 {
        name: "lab",
        key_id: "kek-1",
        annotations: &BTreeMap::new(),
        wrapped: &wrapped,
        source: DekSource::Seed {
            seed: &seed,
            info: &[1; 32],
        },
        nonce: &[2; 12],
    };
    sealer.seal(b"k8s\0...", ETCD_KEY).unwrap()
}

fn open(keyring: &Keyring, value: &[u8]) -> Result<(), Box<Failure>> {
    let opened = keyring.decrypt(value, Some("secrets"), Some(ETCD_KEY), &|_| true)?;
    assert_eq!(&*opened.plaintext, b"k8s\0...");
    Ok(())
}

#[test]
fn an_error_that_passes_costs_one_value() {
    let (plugin, calls) = plugin(1);
    let keyring = Keyring::new().with_kms_plugin(plugin);
    let value = value(1);
    let failure = open(&keyring, &value).unwrap_err();
    assert_eq!(failure.reason, Reason::KmsUnwrapFailed);
    for _ in 0..999 {
        open(&keyring, &value).unwrap();
    }
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn a_plugin_that_always_fails_is_asked_a_few_times_for_a_key() {
    let (plugin, calls) = plugin(usize::MAX);
    let keyring = Keyring::new().with_kms_plugin(plugin);
    let value = value(1);
    for _ in 0..1_000 {
        let failure = open(&keyring, &value).unwrap_err();
        assert_eq!(failure.reason, Reason::KmsUnwrapFailed);
        assert!(failure.error.detail().contains("deadline exceeded"));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 10);
    assert_eq!(Limits::DEFAULT.kms_attempts, 10);
}

#[test]
fn repeated_questions_are_bounded_for_all_keys_together() {
    let mut limits = Limits::DEFAULT;
    limits.kms_attempts = 4;
    limits.kms_repeats = 5;
    let (plugin, calls) = plugin(usize::MAX);
    let keyring = Keyring::new().with_kms_plugin(plugin).with_limits(&limits);
    for round in 0..10 {
        for n in 0..6 {
            let failure = open(&keyring, &value(n)).unwrap_err();
            assert_eq!(failure.reason, Reason::KmsUnwrapFailed, "{round} {n}");
        }
    }
    // Each key once, and five times more.
    assert_eq!(calls.load(Ordering::Relaxed), 6 + 5);
}

#[test]
fn a_first_question_is_always_asked() {
    let mut limits = Limits::DEFAULT;
    (limits.kms_attempts, limits.kms_repeats) = (0, 0);
    let keyring = Keyring::new()
        .with_kms_plugin(plugin(0).0)
        .with_limits(&limits);
    open(&keyring, &value(1)).unwrap();
}

/// Answers, "not mine" among them, are kept.
#[test]
fn an_answer_is_asked_for_once() {
    struct NotMine(&'static AtomicUsize);
    impl KmsPlugin for NotMine {
        fn unwrap_key(&self, _: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
    let calls: &AtomicUsize = Box::leak(Box::default());
    let keyring = Keyring::new().with_kms_plugin(NotMine(calls));
    for _ in 0..100 {
        assert_eq!(
            open(&keyring, &value(1)).unwrap_err().reason,
            Reason::KmsKeyUnknown
        );
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);

    // A plugin after one that fails has the key: that is an answer too.
    let (failing, calls) = plugin(usize::MAX);
    let keyring = Keyring::new()
        .with_kms_plugin(failing)
        .with_kms_plugin(local());
    for _ in 0..100 {
        open(&keyring, &value(1)).unwrap();
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn threads_share_the_bound_and_the_answer() {
    for (failures, expected_calls, closed) in [(3, 4, 3), (usize::MAX, 10, 800)] {
        let (plugin, calls) = plugin(failures);
        let keyring = Keyring::new().with_kms_plugin(plugin);
        let value = value(1);
        let failed = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        if open(&keyring, &value).is_err() {
                            *failed.lock().unwrap() += 1;
                        }
                    }
                });
            }
        });
        assert_eq!(calls.load(Ordering::Relaxed), expected_calls);
        assert_eq!(*failed.lock().unwrap(), closed);
    }
}

/// A plugin that panics harms the value that asked, not those after it.
#[test]
fn a_plugin_that_panics_is_asked_again() {
    struct Panics(AtomicUsize, LocalKms);
    impl KmsPlugin for Panics {
        fn unwrap_key(&self, key: &WrappedKey<'_>) -> Option<Result<Zeroizing<Vec<u8>>, KmsError>> {
            assert!(self.0.fetch_add(1, Ordering::Relaxed) > 0, "the first time");
            self.1.unwrap_key(key)
        }
    }
    let keyring = Keyring::new().with_kms_plugin(Panics(AtomicUsize::new(0), local()));
    let value = value(1);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| drop(open(&keyring, &value)));
        assert!(first.join().is_err());
    });
    open(&keyring, &value).unwrap();
}

#[test]
fn a_filled_in_list_is_a_table() {
    let none = BTreeMap::new();
    let table = KmsTable::from_json(
        br#"[
            {"provider": "lab", "wrapped": "qrs=", "wrappedHex": "aabb", "values": 3,
             "plaintext": "AAECAwQFBgcICQoLDA0ODw=="},
            {"wrappedHex": "ccdd", "plaintext": "000102030405060708090a0b0c0d0e0f"},
            {"wrapped": "7v8=", "plaintext": null},
            {"wrapped": "EQ==", "plaintext": ""},
            {"wrapped": "Eg=="}
        ]"#,
    )
    .unwrap();
    assert_eq!((table.len(), table.missing()), (2, 3));
    for wrapped in [b"\xaa\xbb", b"\xcc\xdd"] {
        for key in [
            WrappedKey::v1("lab", wrapped),
            WrappedKey::v2("lab", "kek", wrapped, &none),
        ] {
            let plaintext = table.unwrap_key(&key).unwrap().unwrap();
            assert_eq!(plaintext[..], (0..16).collect::<Vec<u8>>());
        }
    }
    assert!(
        table
            .unwrap_key(&WrappedKey::v1("lab", b"\xee\xff"))
            .is_none()
    );
    // An object takes base64 too.
    let table = KmsTable::from_json(br#"{"aabb": "AAECAwQFBgcICQoLDA0ODw=="}"#).unwrap();
    let plaintext = table.unwrap_key(&WrappedKey::v1("lab", b"\xaa\xbb"));
    assert_eq!(plaintext.unwrap().unwrap().len(), 16);

    for wrong in [
        r#"[{"plaintext": "00"}]"#,
        r#"[{"wrapped": "qrs=", "wrappedHex": "aabc", "plaintext": null}]"#,
        r#"[{"wrapped": "aabb:", "plaintext": null}]"#,
        r#"[{"wrapped": "qrs=", "plaintext": "secret?"}]"#,
        r#"[{"wrapped": "qrs=", "plaintext": 7}]"#,
        "[7]",
        "7",
    ] {
        let error = KmsTable::from_json(wrong.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

/// A DEK that is no seed opens as well.
#[test]
fn a_dek_that_is_no_seed_is_kept_too() {
    let dek = [3; 32];
    let wrapped = local().wrap(Provider::KmsV2, &[9; 12], &dek).unwrap();
    let key = aesgcm::Key::new(&dek).unwrap();
    let sealer = Sealer::KmsV2 {
        name: "lab",
        key_id: "kek-1",
        annotations: &BTreeMap::new(),
        wrapped: &wrapped,
        source: DekSource::Key(&key),
        nonce: &[2; 12],
    };
    let value = sealer.seal(b"k8s\0...", ETCD_KEY).unwrap();
    let (plugin, calls) = plugin(0);
    let keyring = Keyring::new().with_kms_plugin(plugin);
    for _ in 0..10 {
        open(&keyring, &value).unwrap();
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}
