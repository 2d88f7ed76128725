//! Where upstream's values lie, and how they are read.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// `$K8S_ETCD_SHARED`, else `../shared` beside the repository.
///
/// # Panics
///
/// If there is no such folder: without it nothing would be tested.
pub fn shared() -> PathBuf {
    let folder = env::var_os("K8S_ETCD_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    assert!(
        folder.is_dir(),
        "{} is no folder; set K8S_ETCD_SHARED to the shared material",
        folder.display()
    );
    folder
}

/// One of upstream's stored values.
pub struct Vector {
    /// File name without ending: `group.version.Kind`.
    pub name: String,
    pub group: String,
    pub version: String,
    pub kind: String,
    pub stored: Vec<u8>,
    folder: PathBuf,
}

impl Vector {
    fn beside(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    /// The JSON that the value stands for, compacted.
    ///
    /// # Panics
    ///
    /// If it is missing or not JSON.
    pub fn json(&self) -> Vec<u8> {
        let text = fs::read(self.beside("json")).expect("a .json beside the .pb");
        compact(&text)
    }

    /// The YAML that the value stands for.
    ///
    /// # Panics
    ///
    /// If it is missing.
    pub fn yaml(&self) -> String {
        fs::read_to_string(self.beside("yaml")).expect("a .yaml beside the .pb")
    }
}

/// The vectors of a release, sorted by name.
///
/// # Panics
///
/// If there are none.
pub fn vectors(release: &str) -> Vec<Vector> {
    let folder = shared().join("vectors").join(release);
    let mut vectors: Vec<_> = fs::read_dir(&folder)
        .expect("folder of vectors")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pb"))
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let mut parts = name.rsplitn(3, '.');
            let (kind, version, group) = (parts.next(), parts.next(), parts.next());
            let group = group.filter(|group| *group != "core").unwrap_or_default();
            Vector {
                group: group.to_owned(),
                version: version.expect("a version").to_owned(),
                kind: kind.expect("a kind").to_owned(),
                stored: fs::read(&path).expect("readable"),
                folder: folder.clone(),
                name,
            }
        })
        .collect();
    assert!(!vectors.is_empty(), "{} has no vectors", folder.display());
    vectors.sort_by(|a, b| a.name.cmp(&b.name));
    vectors
}

/// Removes white space outside of strings.
pub fn compact(json: &[u8]) -> Vec<u8> {
    let (mut out, mut in_string, mut escaped) = (Vec::with_capacity(json.len()), false, false);
    for &byte in json {
        if in_string || !byte.is_ascii_whitespace() {
            out.push(byte);
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    out
}
