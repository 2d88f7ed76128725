//! The EncryptionConfiguration: what the API server accepts and refuses.

use k8s_etcd::Category;
use k8s_etcd::encryption::{EncryptionConfiguration, Provider, ProviderConfiguration};

/// 32 bytes.
const SECRET: &str = "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=";

fn parse(yaml: &str) -> Result<EncryptionConfiguration, k8s_etcd::Error> {
    EncryptionConfiguration::parse(yaml.as_bytes())
}

/// A document with these rules.
fn document(rules: &str) -> String {
    format!(
        "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n\
         resources:\n{rules}"
    )
}

/// A document with one rule for secrets and these providers, in YAML's flow style.
fn providers(providers: &str) -> String {
    document(&format!(
        "- {{resources: [secrets], providers: {providers}}}\n"
    ))
}

/// A document that encrypts these resources, one list a rule.
fn resources(lists: &[&str]) -> String {
    let rule = |list: &&str| format!("- {{resources: {list}, providers: [identity: {{}}]}}\n");
    document(&lists.iter().map(rule).collect::<String>())
}

#[track_caller]
fn refused(document: &str, path: &str, detail: &str) {
    let error = parse(document).unwrap_err();
    assert_eq!((error.path(), error.detail()), (path, detail));
    assert_eq!(error.category(), Category::Configuration);
}

#[track_caller]
fn accepted(document: &str) -> EncryptionConfiguration {
    parse(document).unwrap_or_else(|e| panic!("{document}: {e}"))
}

#[test]
fn the_model_holds_what_the_document_says() {
    let configuration = accepted(&document(&format!(
        "- resources: [secrets, '*.apps']
  providers:
  - aesgcm: {{keys: [{{name: 'a:b', secret: {SECRET}}}, {{name: 'a:b', secret: {SECRET}}}]}}
  - kms: {{apiVersion: v2, name: kms, endpoint: 'unix:///run/kms.sock', timeout: 1m30s}}
  - kms: {{name: old:kms, endpoint: 'unix:///run/old.sock', cachesize: -1}}
  - identity: {{}}
"
    )));
    let [rule] = configuration.resources() else {
        panic!("one rule");
    };
    assert_eq!(rule.resources(), ["secrets", "*.apps"]);
    let of: Vec<_> = rule.providers().iter().map(|p| p.provider()).collect();
    let expected = [
        Some(Provider::AesGcm),
        Some(Provider::KmsV2),
        Some(Provider::KmsV1),
        None,
    ];
    assert_eq!(of, expected);
    let ProviderConfiguration::AesGcm(keys) = &rule.providers()[0] else {
        panic!("aesgcm");
    };
    assert_eq!(keys[1].name(), "a:b");
    assert_eq!(keys[1].path(), "resources[0].providers[0].aesgcm.keys[1]");
    assert_eq!(keys[1].secret().len(), 32);
    let ProviderConfiguration::Kms(kms) = &rule.providers()[1] else {
        panic!("kms");
    };
    assert_eq!((kms.name(), kms.timeout().as_secs()), ("kms", 90));
    assert_eq!(kms.cache_size(), None);
    let ProviderConfiguration::Kms(kms) = &rule.providers()[2] else {
        panic!("kms");
    };
    assert_eq!((kms.name(), kms.timeout().as_secs()), ("old:kms", 3));
    assert_eq!(kms.cache_size(), Some(-1));
}

#[test]
fn secrets_are_not_printed() {
    let configuration = accepted(&providers(&format!(
        "[aescbc: {{keys: [{{name: key1, secret: {SECRET}}}]}}]"
    )));
    let printed = format!("{configuration:?}");
    assert!(printed.contains("key1") && printed.contains("redacted"));
    assert!(!printed.contains("198, 65") && !printed.contains(SECRET));
}

/// The example of the contract.
#[test]
fn a_key_of_31_bytes_is_named_by_its_path() {
    let bad = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
    let document = document(&format!(
        "- {{resources: [secrets], providers: [identity: {{}}]}}
- resources: [configmaps]
  providers:
  - aescbc:
      keys:
      - {{name: a, secret: {SECRET}}}
      - {{name: b, secret: {SECRET}}}
      - {{name: c, secret: {bad}}}
"
    ));
    let path = "resources[1].providers[0].aescbc.keys[2].secret";
    refused(&document, path, "31 bytes, need 16, 24 or 32");
    assert_eq!(
        parse(&document).unwrap_err().to_string(),
        "configuration: EncryptionConfiguration: \
         resources[1].providers[0].aescbc.keys[2].secret: 31 bytes, need 16, 24 or 32"
    );
}

#[test]
fn key_sizes() {
    use base64::Engine;
    for (provider, sound, need) in [
        ("aesgcm", &[16, 24, 32][..], "16, 24 or 32"),
        ("aescbc", &[16, 24, 32], "16, 24 or 32"),
        ("secretbox", &[32], "32"),
    ] {
        for length in 1..=64 {
            let secret = base64::engine::general_purpose::STANDARD.encode(vec![0; length]);
            let yaml = providers(&format!(
                "[{provider}: {{keys: [{{name: k, secret: {secret:?}}}]}}]"
            ));
            if sound.contains(&length) {
                accepted(&yaml);
            } else {
                let path = format!("resources[0].providers[0].{provider}.keys[0].secret");
                refused(&yaml, &path, &format!("{length} bytes, need {need}"));
            }
        }
    }
}

#[test]
fn keys() {
    let at = |rest: &str| format!("resources[0].providers[0].aesgcm.keys{rest}");
    let keys = |keys: &str| providers(&format!("[aesgcm: {{keys: {keys}}}]"));
    refused(&keys("[]"), &at(""), "at least one is needed");
    refused(&keys("null"), &at(""), "at least one is needed");
    refused(&keys("x"), &at(""), "a string, need a list");
    refused(
        &keys("[{name: a}]"),
        &at("[0].secret"),
        "a secret is needed",
    );
    refused(
        &keys("[{name: a, secret: ''}]"),
        &at("[0].secret"),
        "a secret is needed",
    );
    refused(
        &keys("[{name: a, secret: '?'}]"),
        &at("[0].secret"),
        "not base64",
    );
    refused(
        &keys("[{name: a, secret: 'QUJD-_=='}]"),
        &at("[0].secret"),
        "not base64",
    );
    refused(
        &keys("[{name: a, secret: 12}]"),
        &at("[0].secret"),
        "a number, need a string",
    );
    refused(
        &keys("[{name: yes, secret: x}]"),
        &at("[0].name"),
        "a boolean, need a string",
    );
    refused(
        &keys(&format!("[{{secret: {SECRET}}}]")),
        &at("[0].name"),
        "a name is needed",
    );
    let unpadded = SECRET.trim_end_matches('=');
    refused(
        &keys(&format!("[{{name: a, secret: {unpadded}}}]")),
        &at("[0].secret"),
        "not base64",
    );
    // Go's base64 passes over line ends and left-over bits.
    accepted(&keys(&format!(
        "[{{name: a, secret: \"{}\\n{}\\r\\n\"}}]",
        &SECRET[..9],
        &SECRET[9..]
    )));
    accepted(&keys(&format!(
        "[{{name: a, secret: {}J=}}]",
        &SECRET[..42]
    )));
}

#[test]
fn exactly_one_provider() {
    let at = "resources[0].providers";
    refused(&providers("[]"), at, "at least one is needed");
    let none = "no provider, need one of aesgcm, aescbc, secretbox, identity, kms";
    refused(&providers("[{}]"), "resources[0].providers[0]", none);
    refused(
        &providers("[{identity: null}]"),
        "resources[0].providers[0]",
        none,
    );
    refused(
        &providers("[{identity: {}, kms: {name: a, endpoint: 'unix:///a'}}]"),
        "resources[0].providers[0]",
        "more than one provider, each needs an element of its own",
    );
}

#[test]
fn kms() {
    let kms = |fields: &str| providers(&format!("[kms: {{{fields}}}]"));
    let at = |field: &str| format!("resources[0].providers[0].kms.{field}");
    let sound = "name: a, endpoint: 'unix:///a'";
    accepted(&kms(sound));
    refused(
        &kms("endpoint: 'unix:///a'"),
        &at("name"),
        "a name is needed",
    );
    refused(&kms("name: a"), &at("endpoint"), "an endpoint is needed");
    refused(
        &kms("name: a, endpoint: 'tcp://a'"),
        &at("endpoint"),
        "not a URL of scheme unix",
    );
    refused(
        &kms(&format!("{sound}, apiVersion: v3")),
        &at("apiVersion"),
        "need v1 or v2",
    );
    refused(
        &kms("name: 'a:b', endpoint: 'unix:///a', apiVersion: v2"),
        &at("name"),
        "holds a ':'",
    );
    accepted(&kms("name: 'a:b', endpoint: 'unix:///a', apiVersion: v1"));
    refused(
        &kms(&format!("{sound}, timeout: 0s")),
        &at("timeout"),
        "need more than zero",
    );
    refused(
        &kms(&format!("{sound}, timeout: -1s")),
        &at("timeout"),
        "need more than zero",
    );
    refused(
        &kms(&format!("{sound}, timeout: 3")),
        &at("timeout"),
        "a number, need a string",
    );
    refused(
        &kms(&format!("{sound}, timeout: 3x")),
        &at("timeout"),
        "not a duration",
    );
    refused(
        &kms(&format!("{sound}, cachesize: 0")),
        &at("cachesize"),
        "0, need another, negative for no cache",
    );
    refused(
        &kms(&format!("{sound}, cachesize: 2147483648")),
        &at("cachesize"),
        "does not fit 32 bits",
    );
    refused(
        &kms(&format!("{sound}, apiVersion: v2, cachesize: 5")),
        &at("cachesize"),
        "only v1 has one",
    );
    let two = |first: &str, second: &str| {
        let one = |version| format!("kms: {{{sound}, apiVersion: {version}}}");
        providers(&format!("[{{{}}}, {{{}}}]", one(first), one(second)))
    };
    accepted(&two("v1", "v1"));
    accepted(&two("v2", "v1"));
    for first in ["v1", "v2"] {
        refused(
            &two(first, "v2"),
            "resources[0].providers[1].kms.name",
            "is the name of another KMS provider",
        );
    }
}

#[test]
fn names_of_resources() {
    let first = "resources[0].resources[0]";
    for (name, detail) in [
        ("Secrets", "has capital letters"),
        ("*", "use *. for the core group or *.* for all resources"),
        ("apiserveripinfo", "has no REST API and cannot be encrypted"),
        (
            "serviceipallocations",
            "has no REST API and cannot be encrypted",
        ),
        (
            "servicenodeportallocations",
            "has no REST API and cannot be encrypted",
        ),
        (
            "events.events.k8s.io",
            "stored in the core group, use events",
        ),
        ("*.events.k8s.io", "stored in the core group, use events"),
        (
            "ingresses.extensions",
            "the group extensions has been removed",
        ),
        ("*.extensions", "the group extensions has been removed"),
        (
            "secrets.*",
            "one resource across all groups is not supported",
        ),
    ] {
        let yaml = resources(&[&format!("['{name}']")]);
        refused(&yaml, first, detail);
    }
    refused(
        &resources(&["[]"]),
        "resources[0].resources",
        "at least one is needed",
    );
    // To Go a null in a list of strings is an empty one, which no rule forbids.
    accepted(&resources(&["[null, secrets]"]));
    for name in [
        "secrets",
        "*.",
        "*.*",
        "*.apps",
        "deployments.apps",
        "events",
        "a.extensions.b",
    ] {
        accepted(&resources(&[&format!("['{name}']")]));
    }
}

#[test]
fn rules_that_hide_others() {
    let list = "resources[0].resources";
    let twice = "a resource stands in it twice";
    refused(&resources(&["[secrets, secrets]"]), list, twice);
    // `secrets.` is the core group's too.
    refused(&resources(&["[secrets, secrets.]"]), list, twice);
    let hidden = "a wildcard hides another resource in it";
    for names in [
        "[secrets, '*.']",
        "['*.', secrets]",
        "[deployments.apps, '*.apps']",
        "[secrets, '*.*']",
        "['*.*', '*.apps']",
    ] {
        refused(&resources(&[names]), list, hidden);
    }
    accepted(&resources(&[
        "[secrets, '*.apps', deployments.stable.apps]",
    ]));

    for (earlier, later) in [
        ("*.", "secrets"),
        ("*.apps", "deployments.apps"),
        ("*.*", "secrets"),
        ("*.*", "*.apps"),
        ("*.*", "*.*"),
        ("*.apps", "*.apps"),
    ] {
        let yaml = resources(&[&format!("['{earlier}']"), &format!("['{later}']")]);
        let masked = "is masked by resources[0].resources[0]";
        refused(&yaml, "resources[1].resources[0]", masked);
    }
    // Closer rules first, and one resource in two rules.
    accepted(&resources(&["[secrets]", "[secrets]", "['*.']", "['*.*']"]));
}

#[test]
fn kind_and_api_version() {
    let rules = "resources: [{resources: [secrets], providers: [identity: {}]}]";
    let with = |head: &str| format!("{head}\n{rules}");
    accepted(&with("apiVersion: v1\nkind: EncryptionConfig"));
    for head in [
        "",
        "kind: EncryptionConfiguration",
        "apiVersion: apiserver.config.k8s.io/v1",
        "apiVersion: v1\nkind: EncryptionConfiguration",
        "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfig",
        "apiVersion: apiserver.config.k8s.io/v1beta1\nkind: EncryptionConfiguration",
    ] {
        let error = parse(&with(head)).unwrap_err();
        assert_eq!(error.path(), "kind", "{head}");
    }
    refused(&document("  []"), "resources", "at least one is needed");
}

#[test]
fn unknown_duplicate_and_wrong_fields() {
    refused(
        &providers("[{identity: {a: 1}}]"),
        "resources[0].providers[0].identity",
        "unknown field of 1 characters at line 4, column 50",
    );
    refused(
        &providers("[{Identity: {}}]"),
        "resources[0].providers[0]",
        "unknown field of 8 characters at line 4, column 39",
    );
    refused(
        &(document("  []\n") + "metadata: {}\n"),
        "",
        "unknown field of 8 characters at line 5, column 1",
    );
    let twice = format!("[aesgcm: {{keys: [{{name: a, name: b, secret: {SECRET}}}]}}]");
    let path = "resources[0].providers[0].aesgcm.keys[0].name";
    refused(&providers(&twice), path, "duplicate field");
    let json = format!(
        r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration","resources":
        [{{"resources":["secrets"],"resources":["pods"],"providers":[{{"secretbox":
        {{"keys":[{{"name":"a","secret":"{SECRET}"}}]}}}}]}}]}}"#
    );
    refused(&json, "resources[0].resources", "duplicate field");
    accepted(&json.replace(r#""resources":["pods"],"#, ""));
    refused(
        &providers("[identity]"),
        "resources[0].providers[0]",
        "a string, need a mapping",
    );
    refused(&document("  x: 1\n"), "resources", "a mapping, need a list");
    refused("- 1", "", "a list, need a mapping");
}

#[test]
fn what_is_no_yaml_or_json_is_told_by_its_place() {
    for (text, detail) in [
        ("{\"a\": ", "JSON at line 1, column 7: no JSON"),
        ("{\n \"é\": x}", "JSON at line 2, column 7: no JSON"),
        (
            "a: 'x\n",
            "YAML at line 2, column 1: a quoted string without an end",
        ),
        (
            "a: [b\nc: }\n",
            "YAML at line 2, column 2: no ',' or ']' in a list",
        ),
        (
            "a: b: c",
            "YAML at line 1, column 5: no value may stand here",
        ),
        ("", "YAML at line 1, column 1: no document"),
    ] {
        let detail = format!("not readable as {detail}");
        let error = parse(text).unwrap_err();
        assert_eq!(error.detail(), detail, "{text:?}");
    }
    assert!(EncryptionConfiguration::parse(b"\xff\xfe\xff").is_err());
    // Deep nesting neither overflows the stack nor takes long.
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{a: ", "}")] {
        let deep = open.repeat(100_000) + &close.repeat(100_000);
        assert!(parse(&deep).is_err());
        assert!(parse(&format!("a: {deep}")).is_err());
    }
    // Nor do aliases that multiply.
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for n in 1..30 {
        let last = n - 1;
        bomb += &format!(
            "a{n}: &a{n} [{}]\n",
            vec![format!("*a{last}"); 10].join(",")
        );
    }
    assert!(parse(&bomb).is_err());
}

#[test]
fn the_lenient_way_keeps_what_can_be_used() {
    let yaml = document(&format!(
        "- resources: [Secrets, secrets]
  providers:
  - aesgcm:
      keys:
      - {{name: good, secret: {SECRET}}}
      - {{name: short, secret: QUJD}}
      - {{secret: {SECRET}}}
    identity: {{}}
  - rot13: {{}}
  - kms: {{apiVersion: v2, name: kms}}
- resources: ['*.*']
  providers: [secretbox: {{keys: [{{name: box, secret: {SECRET}, more: 1}}]}}]
"
    ));
    let (configuration, problems) = EncryptionConfiguration::parse_lenient(yaml.as_bytes());
    let paths: Vec<_> = problems.iter().map(|p| p.path()).collect();
    let expected = [
        "resources[0].resources[0]",
        "resources[0].providers[0].aesgcm.keys[1].secret",
        "resources[0].providers[0].aesgcm.keys[2].name",
        "resources[0].providers[0]",
        "resources[0].providers[1]",
        "resources[0].providers[1]",
        "resources[0].providers[2].kms.endpoint",
        "resources[1].providers[0].secretbox.keys[0]",
    ];
    assert_eq!(paths, expected);
    let [first, second] = configuration.resources() else {
        panic!("two rules");
    };
    let of: Vec<_> = first.providers().iter().map(|p| p.provider()).collect();
    assert_eq!(of, [Some(Provider::AesGcm), None, Some(Provider::KmsV2)]);
    let ProviderConfiguration::AesGcm(keys) = &first.providers()[0] else {
        panic!("aesgcm");
    };
    let names: Vec<_> = keys.iter().map(|key| key.name()).collect();
    assert_eq!(names, ["good", ""]);
    assert_eq!(second.providers().len(), 1);
    assert_eq!(
        EncryptionConfiguration::parse(yaml.as_bytes())
            .unwrap_err()
            .path(),
        expected[0]
    );
}

/// A key may stand in any wrong place.
#[test]
fn no_text_of_a_configuration_is_in_an_error_or_warning() {
    const MARK: &str = "c3VwZXJzZWNyZXQ";
    let sound = document(&format!(
        "- resources: [secrets, pods]
  providers:
  - identity: {{}}
  - aescbc: {{keys: [{{name: key1, secret: {SECRET}}}]}}
  - kms: {{apiVersion: v2, name: kms, endpoint: 'unix:///a', timeout: 3s, cachesize: 1}}
- {{resources: ['*.*'], providers: [secretbox: {{keys: [{{name: a, secret: {SECRET}}}]}}]}}
- {{resources: [secrets], providers: [kms: {{name: 'b', endpoint: 'unix:///b'}}]}}
"
    ));
    let is_word = |c: char| c.is_alphanumeric() || "./*+=".contains(c);
    let mut tried = 0;
    for (start, _) in sound.char_indices() {
        let (before, rest) = sound.split_at(start);
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if length == 0 || before.ends_with(is_word) {
            continue;
        }
        let (word, after) = rest.split_at(length);
        for new in [
            MARK.to_owned(),
            format!("{word}{MARK}"),
            format!("{MARK}.{word}"),
            format!("'{MARK}:{word}'"),
            format!("tcp://{MARK}:x/{MARK}"),
            format!("!!int {MARK}"),
            format!("*{MARK}"),
            format!("\"{MARK}"),
        ] {
            let file = [before, &new, after].concat();
            for release in ["1.24", "1.26", "1.30", "1.37"] {
                let release = release.parse().expect("a release");
                let (configuration, problems) =
                    EncryptionConfiguration::check(file.as_bytes(), release);
                for error in problems.iter().chain(configuration.warnings()) {
                    let printed = format!("{error} {error:?} {}", error.message());
                    assert!(!printed.contains(MARK), "{printed}\n{file}");
                }
            }
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}
