//! What is known of a value's encryption, whether it opened or not.

use serde::Serialize;

use crate::encryption::kms::guess_names;
use crate::encryption::name_guess::{exact_name, guess_name};
use crate::encryption::{KmsInfo, Prefix, Provider};

/// What is known of a value's encryption, in the order in which it is reported.
///
/// Serializes as the member `encryption` of a record; what is absent does not
/// apply. Of `keyName` and `header` there is never more than one.
///
/// ```json
/// {"provider":"aesgcm","keyName":"key1","keyPath":"resources[0].providers[0].aesgcm.keys[0]"}
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
    /// The name of the key, or of the KMS provider, if it is known: a key of that
    /// name opened the value, a configured name is what the value begins with, or
    /// the layout says where a name ends, as that of KMS v2 does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// Where the name is not known: what it may be. The value's printable text up
    /// to the last `:` after which a payload may begin; as names may contain `:`,
    /// the name may end before, or go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name_guess: Option<String>,
    /// Where the name is not known: the value's head through the provider's `v1:`
    /// or `v2:`. The name follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Where the key stands that opened the value:
    /// `resources[0].providers[1].aescbc.keys[0]`, with `configuration 2, ` before
    /// it where that is not the first. `None` for KMS providers that no
    /// configuration has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_path: Option<String>,
    /// The API server, with the policy for the value's resource, cannot read it: a
    /// key that the policy does not have opened it, or it is plain and the policy
    /// has no `identity` for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub out_of_policy: bool,
    /// The API server can read the value, but would write it otherwise: with
    /// another key, or plain.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// Nothing authenticates the bytes of this encrypted value: AES-CBC opened it,
    /// as it does all of `aescbc`, and of KMS v1 what is in the form of before 1.25
    /// or pretends to be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unauthenticated: bool,
    /// Where the stored value is not what the policy says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// What the API server logs where it, with the policy, cannot read a value
    /// that is open here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_server_message: Option<String>,
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
    /// assert_eq!(
    ///     json,
    ///     r#"{"provider":"secretbox","keyNameGuess":"key1","header":"k8s:enc:secretbox:v1:"}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of(prefix: &Prefix<'_>) -> Info {
        let Some(provider) = prefix.provider() else {
            return Info {
                header: Some(prefix.header().to_owned()),
                ..Info::default()
            };
        };
        if let Some((name, payload)) = exact_name(provider, prefix.rest()) {
            return Info::with_name(prefix, name, payload);
        }
        let kms = Some(provider).filter(|provider| provider.is_kms());
        let guess = guess_name(provider, prefix.rest());
        Info {
            provider: Some(provider.name()),
            version: kms.map(Provider::version),
            key_name_guess: guess.map(str::to_owned),
            header: Some(prefix.header().to_owned()),
            kms: kms.and_then(|provider| {
                let after = |name: &str| prefix.rest().get(name.len().checked_add(1)?..);
                let of_guess = guess.and_then(after).into_iter();
                let of_others = guess_names(provider, prefix.rest()).map(|(_, payload)| payload);
                of_guess
                    .chain(of_others)
                    .find_map(|payload| KmsInfo::of_payload(provider, payload))
            }),
            ..Info::default()
        }
    }

    /// Nothing to report: a plain value where plain is right.
    pub fn is_empty(&self) -> bool {
        *self == Info::default()
    }

    /// As [`Info::with_name`], of a value that was opened: its wrapped key is of no
    /// more use.
    pub(super) fn of_opened(prefix: &Prefix<'_>, name: &str, payload: &[u8]) -> Info {
        let mut info = Info::with_name(prefix, name, payload);
        if let Some(kms) = &mut info.kms {
            kms.wrapped = Vec::new();
        }
        info
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
