//! Dependencies point one way. Which module may name which is written here,
//! and every `crate::` path of `src/` is held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules that it may name, in the order of the foundation and
/// then of the way of the data.
const MAY_NAME: [(&str, &[&str]); 21] = [
    ("convert", &[]),
    ("error", &[]),
    ("limits", &[]),
    ("room", &["limits"]),
    ("skip_fields", &[]),
    ("utf8", &[]),
    ("wire", &["convert", "error", "limits"]),
    // Knows nothing of Kubernetes.
    ("etcd", &["convert", "error", "limits", "wire"]),
    ("registry_key", &[]),
    ("envelope", &["convert", "error", "wire"]),
    ("schema", &[]),
    (
        "tree",
        &["convert", "error", "limits", "skip_fields", "utf8"],
    ),
    (
        "cbor",
        &["convert", "error", "limits", "utf8", "wire", "tree"],
    ),
    (
        "de",
        &[
            "convert",
            "error",
            "limits",
            "room",
            "skip_fields",
            "utf8",
            "wire",
            "schema",
            "tree",
            "cbor",
        ],
    ),
    (
        "json",
        &[
            "convert",
            "error",
            "limits",
            "skip_fields",
            "utf8",
            "wire",
            "schema",
            "tree",
            "de",
        ],
    ),
    (
        "yaml",
        &["convert", "error", "limits", "utf8", "wire", "tree", "json"],
    ),
    // Knows nothing of etcd and its keys, nor of Kubernetes: `yaml` reads text.
    (
        "encryption",
        &["convert", "error", "limits", "wire", "yaml"],
    ),
    (
        "report",
        &[
            "convert", "error", "limits", "room", "wire", "envelope", "de",
        ],
    ),
    (
        "object",
        &[
            "convert",
            "error",
            "limits",
            "skip_fields",
            "utf8",
            "wire",
            "schema",
            "de",
            "json",
            "yaml",
            "envelope",
            "report",
        ],
    ),
    (
        "storage_value",
        &[
            "convert",
            "error",
            "limits",
            "room",
            "skip_fields",
            "utf8",
            "wire",
            "tree",
            "cbor",
            "de",
            "json",
            "yaml",
            "envelope",
            "report",
            "object",
        ],
    ),
    (
        "typed",
        &["convert", "error", "etcd", "storage_value", "decoder"],
    ),
];

/// The one module that joins the others, and may name all of them.
const JOINS: &str = "decoder";

/// What the crate's root names again, by the module it comes from.
const ROOT: [(&str, &str); 13] = [
    ("Buffer", "error"),
    ("Category", "error"),
    ("Error", "error"),
    ("Result", "error"),
    ("Limits", "limits"),
    ("Object", "object"),
    ("SkipFields", "skip_fields"),
    ("Report", "report"),
    ("RetiredField", "report"),
    ("UnknownField", "report"),
    ("WriteError", "json"),
    ("Decoder", "decoder"),
    ("Opened", "decoder"),
];

#[test]
fn dependencies_point_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let may_name: BTreeMap<_, _> = MAY_NAME.into_iter().collect();
    let root: BTreeMap<_, _> = ROOT.into_iter().collect();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for file in files(&source) {
        let path = file.strip_prefix(&source).expect("below src").to_owned();
        let module = path.iter().next().expect("a name").to_string_lossy();
        let module = module.trim_end_matches(".rs").to_owned();
        // Tests inside a module may look around.
        let is_test = path.ends_with("conformance.rs") || path.ends_with("tests.rs");
        if module == "lib" || is_test {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for name in named(&text) {
            let name = root
                .get(name.as_str())
                .map_or(name.clone(), |module| (*module).to_owned());
            if name == module || module == JOINS {
                continue;
            }
            let allowed = may_name.get(module.as_str()).unwrap_or_else(|| {
                panic!("{module} is new: say in this test what it may name");
            });
            if !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: crate::{name}", path.display()));
            }
        }
        seen.insert(module);
    }
    assert!(
        wrong.is_empty(),
        "against the direction:\n{}",
        wrong.join("\n")
    );
    for (module, _) in MAY_NAME {
        assert!(
            seen.contains(module),
            "{module} is gone: take it out of this test"
        );
    }
}

/// The order above is one: nothing may name what stands below it.
#[test]
fn the_order_has_no_cycle() {
    let mut before = BTreeSet::new();
    for (module, names) in MAY_NAME {
        for name in names {
            assert!(
                before.contains(name) || *name == JOINS,
                "{module} before {name}"
            );
        }
        before.insert(module);
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("src") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    assert!(!found.is_empty());
    found
}

/// The first names of `crate::` paths, those in `crate::{…}` included;
/// comments and string literals do not count.
fn named(text: &str) -> Vec<String> {
    let code = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let code: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut names = Vec::new();
    for part in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        match part.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                names.extend(
                    list.split(',')
                        .map(|item| word(item.trim()))
                        .filter(|w| !w.is_empty()),
                );
            }
            None => names.push(word(part)),
        }
    }
    names
}
