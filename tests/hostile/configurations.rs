//! Configurations that are large, repeat themselves, or go on behind their end.

use k8s_etcd::encryption::EncryptionConfiguration;

use crate::growth::linear;

const HEAD: &str = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
const RULE: &str = "resources:\n- resources: [secrets]\n  providers: &p\n  - aescbc: \
                    {keys: [{name: key1, secret: QUJDQUJDQUJDQUJDQUJDQQ==}]}\n";

fn costs_its_share(n: usize, valid: bool, file: impl Fn(usize) -> String) {
    linear(n, file, |file| {
        let (_, problems) = EncryptionConfiguration::parse_lenient(file.as_bytes());
        assert_eq!(problems.is_empty(), valid);
        assert!(problems.len() <= 101, "{}", problems.len());
        0
    });
}

#[test]
fn rules_that_share_their_keys_by_an_alias() {
    costs_its_share(2_000, true, |size| {
        let rule = |at| format!("- {{resources: [r{at}], providers: *p}}\n");
        HEAD.to_owned() + RULE + &(0..size).map(rule).collect::<String>()
    });
}

#[test]
fn ninety_rules_share_sixty_keys() {
    let key = |at| format!("      - {{name: k{at}, secret: QUJDQUJDQUJDQUJDQUJDQQ==}}\n");
    let keys: String = (0..60).map(key).collect();
    let rule = |at| format!("- {{resources: [r{at}], providers: *p}}\n");
    let rules: String = (0..90).map(rule).collect();
    let head = "resources:\n- resources: [secrets]\n  providers: &p\n  - aescbc:\n      keys:\n";
    let file = [HEAD, head, &keys, &rules].concat();
    let configuration = EncryptionConfiguration::parse(file.as_bytes()).expect("valid");
    assert_eq!(configuration.resources().len(), 91);
}

#[test]
fn anchors_of_anchors() {
    costs_its_share(1_000, false, |size| {
        let anchor = |at| format!("a{at}: &a{at} [x, x]\nb{at}: [*a{at}, *a{at}]\n");
        HEAD.to_owned() + &(0..size).map(anchor).collect::<String>()
    });
}

#[test]
fn unknown_and_duplicate_fields() {
    for line in ["metadata: {}\n", "kind: EncryptionConfiguration\n"] {
        costs_its_share(2_000, false, |size| HEAD.to_owned() + &line.repeat(size));
    }
}

#[test]
fn long_text() {
    for (before, piece, after) in [
        ("\"", "a\\n", "\""),
        ("|\n", "    a\n\n", ""),
        (">\n", "    a\n", ""),
        ("a", "\n    b", ""),
        ("'", "''", "'"),
        ("!!binary '", "QUJD\n    ", "'"),
    ] {
        costs_its_share(4_000, false, |size| {
            format!("{HEAD}name: {before}{}{after}\n", piece.repeat(size))
        });
    }
}

#[test]
fn tags_and_directives() {
    costs_its_share(1_000, false, |size| {
        let directive = |at| format!("%TAG !t{at}! tag:{}\n", "x".repeat(20));
        let used = |at| format!("- !t{at}!a x\n");
        let directives: String = (0..size).map(directive).collect();
        let used: String = (0..size).map(used).collect();
        format!("{directives}---\n{used}")
    });
    // One long prefix that many nodes bear.
    costs_its_share(1_000, false, |size| {
        let prefix = "x".repeat(20 * size);
        format!("%TAG !t! tag:{prefix}\n---\n{}", "- !t!a x\n".repeat(size))
    });
}

#[test]
fn documents_behind_the_first() {
    costs_its_share(2_000, true, |size| {
        HEAD.to_owned() + RULE + &"--- {a: &a [*b]}\n".repeat(size)
    });
}
