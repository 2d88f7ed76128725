//! Lists every type of k8s-openapi that is a kind, from its sources, so that
//! none can be missed: `kinds.rs` calls `kind!(path, group, version, kind)` for each.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut list = String::new();
    if let Some(version) =
        (33..=37).find(|v| env::var_os(format!("CARGO_FEATURE_V1_{v}")).is_some())
    {
        let folder = sources().join(format!("v1_{version}"));
        let mut kinds = Vec::new();
        collect(&folder, &folder, &mut kinds);
        kinds.sort();
        assert!(kinds.len() > 50, "no kinds found in k8s-openapi's sources");
        list = kinds.concat();
    }
    fs::write(
        out.join("kinds.rs"),
        format!("macro_rules! for_each_kind {{ ($kind:ident) => {{\n{list}}} }}\n"),
    )
    .expect("OUT_DIR is writable");
}

fn sources() -> PathBuf {
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let output = Command::new(env::var_os("CARGO").expect("cargo sets CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--all-features",
        ])
        // Packages of other platforms need not be there.
        .args(["--filter-platform", &target])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "k8s-openapi")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("k8s-openapi is a dependency");
    Path::new(manifest).with_file_name("src")
}

fn collect(root: &Path, folder: &Path, kinds: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("folder is readable") {
        let path = entry.expect("entry is readable").path();
        if path.is_dir() {
            collect(root, &path, kinds);
            continue;
        }
        let source = fs::read_to_string(&path).expect("source is readable");
        let Some((_, rest)) = source.split_once("\nimpl crate::Resource for ") else {
            continue;
        };
        let name = rest.split([' ', '<']).next().unwrap_or_default();
        // `List<T>` is generic.
        if rest.starts_with("List<") || source.contains("impl<T> crate::Resource for") {
            continue;
        }
        let constant = |name: &str| {
            rest.split_once(&format!("const {name}: &'static str = \""))
                .and_then(|(_, rest)| rest.split_once('"'))
                .map(|(value, _)| value.to_owned())
                .unwrap_or_else(|| panic!("{name} of {}", path.display()))
        };
        let module = folder.strip_prefix(root).expect("below the root");
        let module: Vec<_> = module.iter().map(|part| part.to_string_lossy()).collect();
        kinds.push(format!(
            "    $kind!(k8s_openapi::{}::{name}, {:?}, {:?}, {:?});\n",
            module.join("::"),
            constant("GROUP"),
            constant("VERSION"),
            constant("KIND"),
        ));
    }
}
