//! The seeds of the fuzz targets, and inputs that once failed, with the stable
//! compiler. `fuzz/README.md` says how the seeds are made.

#[path = "../../fuzz/src/properties/mod.rs"]
mod properties;

mod sealed;
mod seeds;
mod testdata;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// Files by their names.
type Folder = BTreeMap<String, Vec<u8>>;

fn fuzz(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(path)
}

/// The files of a folder; none where there is no folder.
fn files(folder: &Path) -> Folder {
    let Ok(entries) = fs::read_dir(folder) else {
        return Folder::new();
    };
    let read = |entry: Result<fs::DirEntry, _>| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.into_owned(), fs::read(&path).expect("a file"))
    };
    entries.map(read).collect()
}

/// The names of the targets: what `cargo fuzz list` says.
fn targets() -> Vec<String> {
    let names = files(&fuzz("fuzz_targets")).into_keys();
    let mut targets: Vec<_> = names
        .map(|name| name.strip_suffix(".rs").expect("a target").to_owned())
        .collect();
    targets.sort();
    targets
}

/// Writes the seeds anew, where that is asked for, before any test reads them.
fn update() {
    static ONCE: Once = Once::new();
    if std::env::var_os("K8S_ETCD_UPDATE").is_none() {
        return;
    }
    ONCE.call_once(|| {
        for (target, seeds) in seeds::all() {
            let folder = fuzz("seeds").join(target);
            // Not there at first.
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("a folder");
            for (name, bytes) in seeds {
                fs::write(folder.join(name), bytes).expect("a file");
            }
        }
    });
}

#[test]
fn every_target_holds_on_its_seeds() {
    update();
    for target in targets() {
        let property = properties::of(&target).unwrap_or_else(|| panic!("{target}: no property"));
        let seeds = files(&fuzz("seeds").join(&target));
        assert!(!seeds.is_empty(), "{target} has no seeds");
        let regressions = files(&fuzz("regressions").join(&target));
        for (name, bytes) in seeds.iter().chain(&regressions) {
            println!("{target}: {name}");
            property(bytes);
        }
    }
}

#[test]
fn every_property_has_a_target_and_every_folder_too() {
    let targets = targets();
    let known: Vec<_> = properties::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, known);
    let manifest = fs::read_to_string(fuzz("Cargo.toml")).expect("the manifest");
    for target in &targets {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
    }
    for folder in ["seeds", "regressions"] {
        for entry in fs::read_dir(fuzz(folder)).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy();
            assert!(
                targets.iter().any(|target| *target == name),
                "{folder}/{name}"
            );
        }
    }
}

/// The seeds are what `testdata/` gives; `K8S_ETCD_UPDATE=1` writes them anew.
#[test]
fn seeds_are_made_from_the_test_data() {
    update();
    let made = seeds::all();
    for target in targets() {
        let seeds = made
            .get(&*target)
            .unwrap_or_else(|| panic!("{target}: no seeds"));
        let folder = fuzz("seeds").join(&target);
        let committed = files(&folder);
        let names = |folder: &Folder| folder.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&committed), names(seeds), "{target}");
        for (name, bytes) in seeds {
            assert!(committed[name] == *bytes, "{target}/{name} differs");
        }
    }
}
