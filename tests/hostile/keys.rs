//! Many keys, rules, configurations and values that do not open.

use std::fmt::Write;

use k8s_etcd::encryption::{EncryptionConfiguration, Keyring, MoveTries, Moved};
use k8s_etcd::{Decoder, Limits};

use crate::growth::{linear, linear_time};

/// A rule for `resources` with a key of each name, each with a secret of its own
/// where `secrets` says so.
fn rule(
    resources: &str,
    names: impl Iterator<Item = String>,
    secrets: fn(usize) -> usize,
) -> String {
    let mut keys = String::new();
    for (at, name) in names.enumerate() {
        let secret = format!("{:016}", secrets(at));
        let secret = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, secret);
        write!(keys, r#"{{"name":"{name}","secret":"{secret}"}},"#).unwrap();
    }
    let keys = keys.trim_end_matches(',');
    format!(r#"{{"resources":[{resources}],"providers":[{{"aesgcm":{{"keys":[{keys}]}}}}]}}"#)
}

fn configuration(rules: &[String]) -> EncryptionConfiguration {
    let text = format!(
        r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration","resources":[{}]}}"#,
        rules.join(",")
    );
    EncryptionConfiguration::parse(text.as_bytes()).expect("a configuration")
}

fn with(change: impl Fn(&mut Limits)) -> Limits {
    let mut limits = Limits::DEFAULT;
    change(&mut limits);
    limits
}

fn name(at: usize) -> String {
    format!("key{at}")
}

/// Opens values that begin with `head` and a name, which no key opens.
fn open(keyring: &Keyring, resource: Option<&str>, names: impl Iterator<Item = String>) {
    for name in names {
        let value = [b"k8s:enc:aesgcm:v1:", name.as_bytes(), b":", &[0; 28]].concat();
        let result = keyring.decrypt(&value, resource, Some(b"/registry/secrets/a/b"), &|_| true);
        assert!(result.is_err());
    }
}

#[test]
fn keys_are_known_again_whether_name_or_secret_tells_them_apart() {
    let different: fn(usize) -> usize = |at| at;
    let same: fn(usize) -> usize = |_| 0;
    for (named, secrets) in [
        ((|_| "key".to_owned()) as fn(usize) -> String, different),
        (name, same),
        (|at| name(at % 7), |at| at % 7),
    ] {
        let make = |size| configuration(&[rule(r#""secrets""#, (0..size).map(named), secrets)]);
        let add = |configuration: &EncryptionConfiguration| {
            let keyring = Keyring::new().with_configuration(configuration);
            std::hint::black_box(keyring);
        };
        linear(2_000, make, |configuration| {
            add(configuration);
            0
        });
        linear_time(10_000, make, add);
    }
}

#[test]
fn a_value_finds_its_keys_among_many() {
    // As many values as keys: no value may look at each key.
    let make = |size: usize| {
        let rules = [rule(r#""secrets""#, (0..size).map(name), |at| at)];
        let keyring = Keyring::new().with_configuration(&configuration(&rules));
        (keyring, size)
    };
    for resource in [None, Some("secrets"), Some("configmaps")] {
        linear_time(1_500, make, |(keyring, size)| {
            open(keyring, resource, (0..*size).map(|at| format!("other{at}")));
        });
    }
}

#[test]
fn names_that_are_the_beginning_of_each_other_cost_their_length() {
    // `a`, `a:a`, `a:a:a`: all of them fit.
    let make = |size: usize| {
        let names = (1..=size).map(|at| vec!["a"; at].join(":"));
        let limits = with(|limits| limits.keys_tried = 4);
        let rules = [rule(r#""secrets""#, names, |at| at)];
        let keyring = Keyring::new().with_configuration(&configuration(&rules));
        (keyring.with_limits(&limits), vec!["a"; size].join(":"))
    };
    linear_time(500, make, |(keyring, name)| {
        open(keyring, Some("secrets"), [name.clone()].into_iter());
    });
}

#[test]
fn resources_of_one_rule_share_its_keys() {
    let make = |size: usize| {
        let resources: Vec<_> = (0..size)
            .map(|at| format!("\"r{at}.example.com\""))
            .collect();
        configuration(&[rule(&resources.join(","), (0..size).map(name), |at| at)])
    };
    linear(500, make, |configuration| {
        std::hint::black_box(Keyring::new().with_configuration(configuration));
        0
    });
}

#[test]
fn many_configurations_are_looked_up_as_one() {
    let make = |size: usize| {
        let configurations: Vec<_> = (0..size)
            .map(|at| {
                let resource = format!("\"r{at}.example.com\"");
                configuration(&[rule(&resource, [name(at)].into_iter(), |_| 0)])
            })
            .collect();
        configurations
    };
    linear_time(500, make, |configurations| {
        let keyring = configurations
            .iter()
            .fold(Keyring::new(), Keyring::with_configuration);
        for resource in [None, Some("r0.example.com"), Some("secrets")] {
            let names = (0..configurations.len()).map(|at| format!("other{at}"));
            open(&keyring, resource, names);
        }
    });
}

/// A database of values that open under no key, each of a resource of its own.
struct Closed {
    decoder: Decoder,
    keys: Vec<Vec<u8>>,
    value: Vec<u8>,
}

impl Closed {
    fn new(count: usize, length: usize, limits: Limits) -> Closed {
        let rules = [rule(r#""*.*""#, [name(0)].into_iter(), |at| at)];
        let keyring = Keyring::new().with_configuration(&configuration(&rules));
        let head = b"k8s:enc:aesgcm:v1:key0:";
        Closed {
            decoder: Decoder::new().keyring(keyring).limits(limits),
            keys: (0..count)
                .map(|at| format!("/registry/g{at:07}.io/r/n/x").into_bytes())
                .collect(),
            value: [&head[..], &vec![0; length]].concat(),
        }
    }

    /// Looks for all values; gives how many searches were cut off.
    fn search(&self, tries: &MoveTries) -> usize {
        let mut cut_off = 0;
        for key in &self.keys {
            let others = self.keys.iter().map(Vec::as_slice);
            let moved = self.decoder.find_moved(key, &self.value, others, tries);
            match moved {
                Moved::CutOff(_) => cut_off += 1,
                Moved::NotFound(_) => {}
                other => panic!("{other}"),
            }
        }
        cut_off
    }
}

#[test]
fn moved_values_are_looked_for_within_the_run_s_tries() {
    let few = with(|limits| limits.moved_tries = 500);
    let make = |size| Closed::new(size, 28, few);
    linear(1_000, make, |closed| {
        let tries = MoveTries::default();
        assert_eq!(closed.search(&tries), closed.keys.len());
        assert_eq!(tries.made(), 500);
        u64::from(tries.made())
    });
    // A bound of the caller's own holds as well, if it is lower.
    let closed = make(20);
    for (own, made) in [(100, 100), (1_000, 500)] {
        let tries = MoveTries::new(own);
        closed.search(&tries);
        assert_eq!(tries.made(), made);
    }
    let none = with(|limits| limits.moved_tries = 0);
    let (closed, tries) = (Closed::new(20, 28, none), MoveTries::default());
    assert_eq!((closed.search(&tries), tries.made()), (20, 0));
}

#[test]
fn looking_for_moved_values_reads_no_more_bytes_than_allowed() {
    const LENGTH: usize = 10_000;
    let limits = with(|limits| limits.moved_bytes = 1_000_000);
    for count in [50, 100] {
        let closed = Closed::new(count, LENGTH, limits);
        let tries = MoveTries::default();
        assert!(closed.search(&tries) >= count - 3);
        assert!((80..=100).contains(&tries.made()), "{}", tries.made());
    }
    // Long etcd keys are read too, tried or not.
    let mut closed = Closed::new(100, 28, limits);
    for key in &mut closed.keys {
        key.extend_from_slice(&[b'x'; LENGTH]);
    }
    let tries = MoveTries::default();
    assert_eq!(closed.search(&tries), 100);
    assert!(tries.made() <= 100);
}

#[test]
fn a_renamed_prefix_is_learnt_once() {
    let rules = [rule(r#""secrets""#, [name(0)].into_iter(), |at| at)];
    let keyring = || Keyring::new().with_configuration(&configuration(&rules));
    let sealer = keyring();
    let limits = with(|limits| limits.moved_tries = 50);
    let decoder = Decoder::new().keyring(keyring()).limits(limits);
    let tries = MoveTries::default();
    for at in 0..1_000 {
        let before = format!("/tenant-00/secrets/default/s{at}");
        let now = format!("/default_tenant-00/secrets/default/s{at}");
        let value = sealer
            .seal(b"k8s\0...", Some("secrets"), before.as_bytes(), &[1; 24])
            .expect("sealed");
        let moved = decoder.find_moved(now.as_bytes(), &value, std::iter::empty(), &tries);
        let Moved::From { etcd_key, .. } = moved else {
            panic!("{moved}");
        };
        assert_eq!(&*etcd_key, before.as_bytes());
    }
    assert!(tries.made() < 50);
}
