//! What is known of a value's encryption, whether it opened or not.

use serde::Serialize;

use crate::encryption::kms::guess_names;
use crate::encryption::{KmsInfo, Prefix, Provider};

/// What is known of a value's encryption, in the order in which it is reported.
///
/// Serializes as the member `encryption` of a record; what is absent does not
/// apply. Of `keyName` and `header` there is never more than one.
///
/// ```json
/// {"provider":"aesgcm","keyName":"key1"}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Info {
    /// `aescbc`, `aesgcm`, `secretbox` or `kms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// `v1` or `v2`, with `kms` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'static str>,
    /// The name of the key, or of the KMS provider, if a configured one is what
    /// the value begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// Where no configured name matches: the value's head through the
    /// provider's `v1:` or `v2:`. A name follows, but cannot be told from what
    /// comes after it, as names may contain `:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value was opened with a key that the policy does not have for its
    /// resource: the API server could not have read it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub out_of_policy: bool,
    /// Where the stored value is not what the policy says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// What the value tells of its wrapped key, with `kms` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms: Option<KmsInfo>,
}

/// How a stored value is not what the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Policy {
    /// The value is plain, and the policy's first provider for its resource
    /// encrypts: it was written before that policy, or past the API server.
    PlainButShouldBeEncrypted,
}

impl Policy {
    /// As it stands in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Policy::PlainButShouldBeEncrypted => "plain-but-should-be-encrypted",
        }
    }
}

impl Info {
    /// What can be told without any configuration.
    ///
    /// ```
    /// use k8s_etcd::encryption::{Info, Prefix};
    ///
    /// let info = Info::of(&Prefix::parse(b"k8s:enc:secretbox:v1:key1:...").unwrap());
    /// let json = serde_json::to_string(&info)?;
    /// assert_eq!(json, r#"{"provider":"secretbox","header":"k8s:enc:secretbox:v1:"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of(prefix: &Prefix<'_>) -> Info {
        let kms = prefix.provider().filter(|provider| provider.is_kms());
        Info {
            provider: prefix.provider().map(Provider::name),
            version: kms.map(Provider::version),
            header: Some(prefix.header().to_owned()),
            kms: kms.and_then(|provider| {
                guess_names(provider, prefix.rest())
                    .find_map(|(_, payload)| KmsInfo::of_payload(provider, payload))
            }),
            ..Info::default()
        }
    }

    /// Nothing to report: a plain value where plain is right.
    pub fn is_empty(&self) -> bool {
        *self == Info::default()
    }

    /// A configured name is what the value goes on with; after it, the payload.
    pub(super) fn with_name(prefix: &Prefix<'_>, name: &str, payload: &[u8]) -> Info {
        let kms = prefix.provider().filter(|provider| provider.is_kms());
        Info {
            provider: prefix.provider().map(Provider::name),
            version: kms.map(Provider::version),
            key_name: Some(name.to_owned()),
            kms: kms.and_then(|provider| KmsInfo::of_payload(provider, payload)),
            ..Info::default()
        }
    }
}
