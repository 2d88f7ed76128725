//! Configurations held against the API server's rules, and used in spite of them.

use crate::run::{Scratch, decode};

fn case(name: &str) -> String {
    format!("testdata/cases/encryption/{name}")
}

#[test]
fn what_a_person_should_know_is_a_warning() {
    let ran = decode(&["check-config", &case("14-identity-first.yaml")]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("valid, 1 rule\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("warning: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("new values are written plain"));
    let ran = decode(&["check-config", &case("config/kms-cacheSize-case.yaml")]);
    assert!(
        ran.stdout.contains("KMS v1: refused since 1.29"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_file_is_checked_by_the_rules_of_a_release() {
    for name in [
        "metadata",
        "creationTimestamp",
        "kms-cacheSize-case",
        "capital",
        "extensions",
    ] {
        let file = case(&format!("config/{name}.yaml"));
        assert_eq!(decode(&["check-config", &file]).code, Some(1), "{name}");
        for option in [&["--as", "1.24"][..], &["--as=1.24"]] {
            let ran = decode(&[&["check-config"], option, &[file.as_str()]].concat());
            assert_eq!(ran.code, Some(0), "{name}: {}", ran.stdout);
            assert!(ran.stdout.contains("valid"), "{name}: {}", ran.stdout);
        }
    }
    for args in [&["--as", "yesterday"][..], &["--as"], &["--at", "1.24"]] {
        let ran = decode(&[&["check-config"], args, &[&*case("aesgcm.yaml")]].concat());
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{args:?}");
    }
}

/// What the API server refuses opens values all the same.
#[test]
fn keys_of_a_configuration_with_faults_are_used_with_a_warning() {
    let scratch = Scratch::new("faults");
    let sound = std::fs::read_to_string(case("aesgcm.yaml")).expect("the case");
    let key = "/registry/secrets/payments/db-login";
    let value = case("01-print-value-only.aesgcm.bin");
    for faulty in [
        sound.replace(
            "kind: EncryptionConfiguration",
            "kind: EncryptionConfiguration\nmetadata: {}",
        ),
        sound.replacen("resources:", "extra: 1\nresources:", 1),
        format!("{sound}- resources: [Pods]\n  providers:\n  - identity: {{}}\n"),
    ] {
        let file = scratch.write("encryption.yaml", faulty.as_bytes());
        assert_eq!(decode(&["check-config", &file]).code, Some(1), "{faulty}");
        let ran = decode(&[
            "-o",
            "json",
            "--etcd-key",
            key,
            "--encryption-config",
            &file,
            &value,
        ]);
        assert_eq!(ran.code, Some(0), "{faulty}: {}", ran.stderr);
        assert!(ran.stdout.contains("db-login"));
        assert!(
            ran.stderr.contains("its keys are used all the same"),
            "{}",
            ran.stderr
        );
    }
    // Nothing is left of this one.
    let file = scratch.write("encryption.yaml", b"]");
    let ran = decode(&["--etcd-key", key, "--encryption-config", &file, &value]);
    assert_eq!((ran.code, &*ran.stdout), (Some(2), ""));
}

/// Whatever a person pastes in the wrong place is never printed.
#[test]
fn no_text_of_a_configuration_is_in_a_message() {
    const MARK: &str = "czNjcjN0a2V5bWF0ZXJpYWw";
    let scratch = Scratch::new("leaks");
    let sound = std::fs::read_to_string(case("aesgcm.yaml")).expect("the case");
    let words: Vec<&str> = sound.split_whitespace().collect();
    let mut tried = 0;
    let mut files = vec![
        std::fs::read_to_string("testdata/cases/hostile/a11_leak.yaml").expect("the case"),
        format!("{{\"{MARK}\": {MARK}"),
        format!("kind: \"{MARK}"),
        format!("{MARK}: &{MARK} *{MARK}x"),
        format!("!{MARK} {MARK}"),
        format!("%{MARK}\n---\n{MARK}"),
    ];
    for (at, word) in words.iter().enumerate() {
        let start: usize = sound
            .match_indices(word)
            .nth(words[..at].iter().filter(|other| other == &word).count())
            .map_or(0, |(start, _)| start);
        for with in [
            MARK.to_owned(),
            format!("{word}{MARK}"),
            format!("{MARK}:{word}"),
            format!("\"{MARK}"),
        ] {
            let mut file = sound.clone();
            file.replace_range(start..start + word.len(), &with);
            files.push(file);
        }
    }
    for file in files {
        let path = scratch.write("encryption.yaml", file.as_bytes());
        for args in [
            &["check-config", &path][..],
            &["check-config", "--as", "1.13", &path],
            &[
                "--encryption-config",
                &path,
                "--etcd-key",
                "/registry/secrets/a/b",
                &case("01-print-value-only.aescbc.bin"),
            ],
        ] {
            let ran = decode(args);
            for output in [&ran.stdout, &ran.stderr] {
                assert!(!output.contains("czNjcjN0"), "{file}\n{output}");
            }
            tried += 1;
        }
    }
    assert!(tried > 100);
}

#[test]
fn nested_aliases_are_refused_at_once() {
    let start = std::time::Instant::now();
    let ran = decode(&[
        "check-config",
        "testdata/cases/hostile/configuration-slow.yaml",
    ]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    // The work is counted in tests/hostile; this only sees what hangs.
    assert!(start.elapsed().as_secs() < 10);
}
