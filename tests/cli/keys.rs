//! Keys where people find them, and wrapped keys on their way to a KMS and back.

use serde_json::{Value, json};

use crate::run::{Ran, Scratch, decode};

const CASES: &str = "testdata/cases/encryption";
const AT: [&str; 2] = ["--etcd-key", "/registry/secrets/payments/db-login"];

fn case(name: &str) -> String {
    format!("{CASES}/{name}")
}

fn assert_is_the_secret(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let record = ran.lines().remove(0);
    let data = &record["object"]["data"];
    assert_eq!(data, &json!({"password": "czNjcjN0LTQy", "user": "YXBw"}));
    record
}

#[test]
fn a_closed_value_tells_its_wrapped_key_and_an_open_one_does_not() {
    for name in ["03-kmsv1-vault", "03-kmsv2-azure"] {
        let map = std::fs::read(case(&format!("{name}.map.json"))).unwrap();
        let map: Value = serde_json::from_slice(&map).unwrap();
        let (wrapped, _) = map.as_object().unwrap().iter().next().unwrap();
        let value = case(&format!("{name}.bin"));
        let ran = decode(&[AT[0], AT[1], &value]);
        assert_eq!(ran.code, Some(1));
        let record = ran.lines().remove(0);
        assert_eq!(record["encryption"]["kms"]["wrappedHex"], **wrapped);
        assert!(!record["error"].to_string().contains(&wrapped[..20]));
        let map = case(&format!("{name}.map.json"));
        let ran = decode(&[AT[0], AT[1], "--kms-map", &map, &value]);
        let record = assert_is_the_secret(&ran);
        assert!(record["encryption"]["kms"].get("wrappedHex").is_none());
    }
}

#[test]
fn a_list_of_requests_comes_back_filled_in() {
    let (vault, azure) = (case("03-kmsv1-vault.bin"), case("03-kmsv2-azure.bin"));
    let ran = decode(&["kms-requests", &vault, &azure, &azure]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(list[0]["provider"], "vaultprovider");
    let text = list[0]["wrappedText"].as_str().unwrap();
    assert!(text.starts_with("vault:v1:"));
    assert_eq!(list[1]["values"], 2);
    assert_eq!(list[1]["plaintext"], Value::Null);
    assert_eq!(list[1]["annotations"]["version.azure.akv.io"], "MQ==");

    // One is filled in, in base64.
    list[1]["plaintext"] = "0ifjdjke/hGT5VhdE0ywzArgSO9OaJi5/ALeI3vOjxY=".into();
    let scratch = Scratch::new("kms-requests");
    let filled = scratch.write("list.json", list.to_string().as_bytes());
    let ran = decode(&[AT[0], AT[1], "--kms-map", &filled, &azure]);
    assert_is_the_secret(&ran);
    assert!(ran.stderr.contains("1 of 2 wrapped keys have no plaintext"));
    let ran = decode(&[AT[0], AT[1], "--kms-map", &filled, &vault]);
    assert_eq!(ran.code, Some(1));
    let ran = decode(&["kms-requests", "--kms-map", &filled, &vault]);
    let left: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);

    let ran = decode(&["kms-requests", &case("12-rawkey.txt")]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "[]\n"));
}

#[test]
fn a_renamed_provider_keeps_no_map_from_opening() {
    let (configuration, map) = (
        case("04-renamed-provider.yaml"),
        case("03-kmsv2-azure.map.json"),
    );
    let value = case("03-kmsv2-azure.bin");
    let options = ["--encryption-config", &configuration, "--kms-map", &map];
    let ran = decode(&[&AT[..], &options[..], &[&value]].concat());
    let record = assert_is_the_secret(&ran);
    assert_eq!(record["encryption"]["outOfPolicy"], true);
}

#[test]
fn a_configuration_is_found_where_it_stands() {
    for (name, place) in [
        (
            "12-rke-cluster.rkestate",
            "at currentState.encryptionConfig",
        ),
        ("12-openshift-secret.yaml", "at data.encryption-config"),
    ] {
        let (file, value) = (case(name), case("12-rke.bin"));
        let at = ["--etcd-key", "/registry/secrets/default/x"];
        let ran = decode(&[&at[..], &["--encryption-config", &file, &value]].concat());
        assert_is_the_secret(&ran);
        assert!(ran.stderr.contains(place), "{}", ran.stderr);
        let ran = decode(&["check-config", &file]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.stdout.contains(place), "{}", ran.stdout);
    }
    for (name, words) in [
        ("12-talos-machine.yaml", "machine configuration of Talos"),
        ("12-talos-secrets.yaml", "secrets bundle of Talos"),
    ] {
        let ran = decode(&["check-config", &case(name)]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    for args in [&["check-config"][..], &["--encryption-config"]] {
        let ran = decode(&[args, &[&case("12-rawkey.txt"), &case("12-rke.bin")]].concat());
        assert_ne!(ran.code, Some(0));
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains("a key of 32 bytes without a name"), "{said}");
        assert!(!said.contains("AAECAwQF"), "{said}");
    }
}

#[test]
fn a_key_is_given_by_itself() {
    let value = case("12-rke.bin");
    let open = |literal: &str| {
        decode(&[
            "--etcd-key",
            "/registry/secrets/default/x",
            "--key-literal",
            literal,
            &value,
        ])
    };
    assert_is_the_secret(&open(
        "aescbc:k-abcde=MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=",
    ));
    assert_is_the_secret(&open(
        "aescbc:k-abcde=3031323334353637383941424344454630313233343536373839414243444546",
    ));
    for wrong in [
        "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=",
        "aescbc:k-abcde",
        "aescbc:=MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=",
        "aescbc:k=MDEyMzQ1Njc4OUFCQ0RFRjAx",
        "rot13:k=MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=",
    ] {
        let ran = open(wrong);
        assert_eq!(ran.code, Some(2), "{wrong}");
        assert!(!ran.stderr.contains("MDEyMzQ1"), "{}", ran.stderr);
    }
}
