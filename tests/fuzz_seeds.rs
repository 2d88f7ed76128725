//! The seeds of the fuzz targets, and inputs that once failed, with the stable
//! compiler.

#[path = "../fuzz/src/properties.rs"]
mod properties;

use std::fs;
use std::path::Path;

/// A target and its property.
type Target = (&'static str, fn(&[u8]));

/// Runs `property` on all files of a target's folder.
fn replay(target: &str, property: fn(&[u8])) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut count = 0;
    for folder in ["seeds", "regressions"] {
        let Ok(files) = fs::read_dir(root.join(folder).join(target)) else {
            continue;
        };
        for file in files {
            property(&fs::read(file.expect("an entry").path()).expect("a file"));
            count += 1;
        }
    }
    count
}

#[test]
fn every_target_holds_on_its_seeds() {
    let targets: [Target; 4] = [
        ("decoder", properties::decoder),
        ("object", properties::object),
        ("snapshot", properties::snapshot),
        ("storage_value", properties::storage_value),
    ];
    for (target, property) in targets {
        assert!(replay(target, property) > 0, "{target} has no seeds");
    }
    // None is forgotten here.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let files = fs::read_dir(folder).expect("the targets").count();
    assert_eq!(files, targets.len());
}
