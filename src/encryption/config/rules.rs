//! What the releases of Kubernetes refuse, and since when.
//!
//! Source: `k8s.io/apiserver` v0.22.17 to v0.37.2, `validation_encryption.go` and
//! `encryptionconfig/config.go` of each.

use std::fmt;
use std::str::FromStr;

use crate::error::{Category, Error};

/// A release of Kubernetes, by whose rules an EncryptionConfiguration is checked.
///
/// ```
/// use k8s_etcd::encryption::Release;
///
/// assert_eq!("1.24".parse::<Release>()?.to_string(), "1.24");
/// # Ok::<(), k8s_etcd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release(u16);

impl Release {
    /// The newest release whose rules are known. Later ones are taken to have them, too.
    pub const LATEST: Release = Release(37);

    /// All releases that are supported have had this.
    pub(super) const ALWAYS: Release = Release(0);
    /// `apiVersion` of a KMS provider; a v2 name without `:`.
    pub(super) const KMS_V2: Release = Release(25);
    /// A v2 provider's name is its own.
    pub(super) const KMS_NAMES: Release = Release(26);
    /// Wildcards, and what else a resource may be; no `cachesize` of v2; KMS v2
    /// without a feature gate.
    pub(super) const WILDCARDS: Release = Release(27);
    /// KMS v1 only with a feature gate.
    pub(super) const KMS_V1_GATE: Release = Release(29);
    /// Unknown and duplicate fields are errors.
    pub(super) const STRICT: Release = Release(31);
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for Release {
    type Err = Error;

    /// `1.24`, also `v1.24` and `1.24.17`.
    fn from_str(text: &str) -> Result<Release, Error> {
        let version = text.strip_prefix('v').unwrap_or(text);
        let mut parts = version.split('.');
        let number = |part: Option<&str>| {
            let digits = part.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<u16>().ok()
        };
        let (major, minor) = (number(parts.next()), number(parts.next()));
        let (patch, rest) = (parts.next(), parts.next());
        match (major, minor) {
            (Some(1), Some(minor))
                if rest.is_none() && (patch.is_none() || number(patch).is_some()) =>
            {
                Ok(Release(minor))
            }
            _ => Err(Error::new(
                Category::Configuration,
                "release",
                "no release such as 1.24",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn a_release_is_named_by_its_minor_version() {
        for text in ["1.24", "v1.24", "1.24.17"] {
            assert_eq!(text.parse::<Release>().unwrap(), Release(24), "{text}");
        }
        for text in ["", "1", "2.24", "1.x", "1.+24", "1.24.", "1.24.1.1", "24"] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }
}
