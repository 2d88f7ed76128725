//! Writes the tables of k8s-etcd from the field tables of all releases.

pub mod input;
mod overrides;
pub mod release;
pub mod rust;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use input::{Input, Schema};
use rust::Files;

/// Where the input stands, from the root of the repository.
pub const INPUT: &str = "tools/schema-gen/input";

/// The files as they should be, from the input under `root`.
pub fn expected(root: &Path) -> Result<Files, String> {
    files(Input::read(&root.join(INPUT))?)
}

/// The files that an input stands for.
pub fn files(mut input: Input) -> Result<Files, String> {
    overrides::apply(&mut input.kubernetes)?;
    rust::files(&input)
}

/// The project's schema: its file in the folder of the input, read.
pub fn schema(root: &Path, project: &str) -> Result<(PathBuf, Schema), String> {
    let file = match project {
        "kubernetes" => "schema.json",
        "openshift" => "openshift.json",
        other => return Err(format!("{other}: neither kubernetes nor openshift")),
    };
    let path = root.join(INPUT).join(file);
    let schema = input::read(&path)?;
    Ok((path, schema))
}

/// Writes the generated files under `root`, and removes those that no package
/// stands behind any more. Says what changed.
pub fn generate(root: &Path) -> Result<Vec<String>, String> {
    let expected = expected(root)?;
    let mut changed = Vec::new();
    for path in stale(root, &expected)? {
        fs::remove_file(root.join(&path)).map_err(|e| format!("{path}: {e}"))?;
        changed.push(path);
    }
    for (path, text) in &expected {
        let target = root.join(path);
        if fs::read_to_string(&target).is_ok_and(|old| old == *text) {
            continue;
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|e| format!("{path}: {e}"))?;
        }
        fs::write(&target, text).map_err(|e| format!("{path}: {e}"))?;
        changed.push(path.clone());
    }
    Ok(changed)
}

/// The generated files under `root` that are not as they should be.
pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let expected = expected(root)?;
    let mut different = stale(root, &expected)?;
    for (path, text) in &expected {
        if !fs::read_to_string(root.join(path)).is_ok_and(|old| old == *text) {
            different.push(path.clone());
        }
    }
    Ok(different)
}

/// Files in the folder of the generated tables that are not expected there.
fn stale(root: &Path, expected: &Files) -> Result<Vec<String>, String> {
    let Ok(folder) = fs::read_dir(root.join(rust::SCHEMA)) else {
        return Ok(Vec::new());
    };
    let mut stale = Vec::new();
    for entry in folder {
        let entry = entry.map_err(|e| format!("{}: {e}", rust::SCHEMA))?;
        let path = format!("{}/{}", rust::SCHEMA, entry.file_name().to_string_lossy());
        if !expected.contains_key(&path) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}
