//! The EncryptionConfiguration against what k8s.io/apiserver 0.37.2 made of it.
//! `tools/transformers/check.sh` has recorded that, and holds it up to date.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_etcd::encryption::{EncryptionConfiguration, ProviderConfiguration};

/// What `tools/transformers/oddities.go` puts around a name.
const BEFORE_NAME: &str = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n\
     - resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: ";
const AFTER_NAME: &str = "\n        secret: xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=\n";

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(path)
}

/// The names of all keys and KMS providers.
fn names(configuration: &EncryptionConfiguration) -> Vec<String> {
    let rules = configuration.resources().iter();
    let providers = rules.flat_map(|rule| rule.providers());
    providers
        .flat_map(|provider| match provider {
            ProviderConfiguration::AesGcm(keys)
            | ProviderConfiguration::AesCbc(keys)
            | ProviderConfiguration::Secretbox(keys) => {
                keys.iter().map(|key| key.name().to_owned()).collect()
            }
            ProviderConfiguration::Kms(kms) => vec![kms.name().to_owned()],
            _ => Vec::new(),
        })
        .collect()
}

/// Holds the library to a table; gives how many files of it are valid, and how
/// many are not.
fn hold(table: &str, file: impl Fn(Vec<u8>) -> Vec<u8>) -> (usize, usize) {
    let decode = |text: &str| STANDARD.decode(text).expect("base64");
    let table = fs::read_to_string(testdata(table)).expect("a table");
    let (mut valid, mut refused) = (0, 0);
    for line in table.lines() {
        let [input, verdict, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let file = file(decode(input));
        let text = String::from_utf8_lossy(&file).into_owned();
        let ours = EncryptionConfiguration::parse(&file);
        match verdict {
            "VALID" => {
                let ours = names(&ours.unwrap_or_else(|error| panic!("{error}: {text:?}")));
                let ours: Vec<_> = ours.iter().map(|name| STANDARD.encode(name)).collect();
                assert_eq!(ours.join(","), expected, "{text:?}");
                valid += 1;
            }
            "REFUSED" => {
                assert!(ours.is_err(), "{text:?}");
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    (valid, refused)
}

#[test]
fn odd_names_of_keys_are_read_as_the_api_server_reads_them() {
    let (valid, refused) = hold("encryption-configuration/names.tsv", |name| {
        [BEFORE_NAME.as_bytes(), &name, AFTER_NAME.as_bytes()].concat()
    });
    assert_eq!(valid + refused, 4000);
    assert!(valid > 1000 && refused > 1000, "{valid} {refused}");
}

#[test]
fn odd_files_are_read_as_the_api_server_reads_them() {
    let (valid, refused) = hold("encryption-configuration/files.tsv", |file| file);
    assert_eq!(valid + refused, 1000);
    assert!(valid > 100 && refused > 500, "{valid} {refused}");
}

#[test]
fn the_cases_are_read_as_the_api_server_reads_them() {
    let valid = [
        ("json-latin1.yaml", "a\u{fffd}b"),
        ("name-__NaN.yaml", "+.NaN"),
        ("name-__timestamp_2020_01_01.yaml", "2020-01-01"),
        ("name-tRue.yaml", "tRue"),
        ("two-docs-second-empty.yaml", "key1"),
        ("two-docs.yaml", "key1"),
        ("utf16le-bom.yaml", "key1"),
    ];
    let folder = testdata("cases/encryption/config");
    let mut refused = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let file = path.file_name().expect("a name").to_string_lossy();
        let ours = EncryptionConfiguration::parse(&fs::read(&path).expect("a file"));
        match valid.iter().find(|(name, _)| *name == file) {
            Some((_, name)) => {
                let ours = ours.unwrap_or_else(|error| panic!("{file}: {error}"));
                assert_eq!(names(&ours), [*name], "{file}");
            }
            None => {
                assert!(ours.is_err(), "{file}");
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 19);
}

/// Kinds that the folder of cases has no file of.
#[test]
fn siblings_of_the_cases() {
    let document = |name: &str| format!("{BEFORE_NAME}{name}{AFTER_NAME}");
    let utf16be = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_be_bytes);
        [0xfe, 0xff].into_iter().chain(units).collect()
    };
    let far = format!("{}---\n{}\u{1}", document("a"), "# rest\n".repeat(200));
    for (file, name) in [
        (document("7e98765").into_bytes(), "7e98765"),
        (document("8e2527").into_bytes(), "8e2527"),
        (document("oFF").into_bytes(), "oFF"),
        (document("!foo 1").into_bytes(), "1"),
        (utf16be(&document("é🔑")), "é🔑"),
        (document("\"é\\U0001F511\"").into_bytes(), "é🔑"),
        ((document("a") + "---\n- [").into_bytes(), "a"),
        ((document("a") + "...\n]]] junk: '").into_bytes(), "a"),
        // A control character far behind the first document is never read.
        (far.into_bytes(), "a"),
        (
            br#"{"kind":"EncryptionConfig","apiVersion":"v1","resources":[{"resources":["secrets"],
            "providers":[{"aesgcm":{"keys":[{"name":"\ud83d","secret":"QUJDQUJDQUJDQUJDQUJDQQ=="}]}}]}]}"#
                .to_vec(),
            "\u{fffd}",
        ),
    ] {
        let ours = EncryptionConfiguration::parse(&file).unwrap_or_else(|error| {
            panic!("{error}: {:?}", String::from_utf8_lossy(&file));
        });
        assert_eq!(names(&ours), [name]);
    }
    for file in [
        document("0x5d9fa_"),
        document("a") + "---\u{1}",
        document("a\n\u{feff}"),
        "%YAML 1.0\n---\n".to_owned() + &document("a"),
        "\u{85}{}".to_owned() + &document("a"),
    ] {
        let ours = EncryptionConfiguration::parse(file.as_bytes());
        assert!(ours.is_err(), "{file:?}");
    }
}
