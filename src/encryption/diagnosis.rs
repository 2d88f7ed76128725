//! The reason when a value does not open, and what is said of one that is plain.

use crate::convert::to_u64;
use crate::encryption::decrypt::{Attempt, NO_PREFIX, Recognize, Tried};
use crate::encryption::identity;
use crate::encryption::keyring::{Keyring, Step};
use crate::encryption::prefix::{Damage, damaged_header};
use crate::encryption::{Failure, Info, Opened, Plaintext, Policy, Prefix, Provider, Reason};
use crate::error::{Buffer, Category, Error};

/// A value that does not begin as an encrypted one does.
pub(super) fn plain<'v>(
    keyring: &Keyring,
    value: &'v [u8],
    resource: Option<&str>,
    recognize: &Recognize<'_>,
) -> Result<Opened<'v>, Box<Failure>> {
    let rule = resource.and_then(|resource| keyring.rule(resource));
    let should = rule.is_some_and(|rule| rule.first().is_some_and(Step::encrypts));
    // Only `identity` reads it. An empty rule is none that the API server has.
    let readable = rule.is_none_or(|rule| !rule.iter().all(Step::encrypts));
    let info = Info {
        policy: should.then_some(Policy::PlainButShouldBeEncrypted),
        ..Info::default()
    };
    let mut api_server_message = (!readable).then(|| NO_PREFIX.to_owned());
    // Nothing that Kubernetes stores holds a whole header, changed or not; of
    // what is left of one, text may happen to remind.
    let damage = damaged_header(value)
        .filter(|damage| matches!(damage, Damage::Changed(_)) || !recognize(value));
    let Some(damage) = damage else {
        return Ok(Opened {
            plaintext: Plaintext::Stored(value),
            info,
            key_path: None,
            api_server_message,
        });
    };
    if readable {
        api_server_message = identity::undecodable(value);
    }
    let (reason, offset, detail) = match damage {
        Damage::Cut => (
            Reason::HeaderCut,
            value.len(),
            "the value ends within the header of an encrypted one",
        ),
        Damage::Changed(at) | Damage::Lost(at) => (
            Reason::HeaderDamaged,
            at,
            "the value begins almost as an encrypted one: its header was damaged here",
        ),
    };
    let error = Error::new(category_without_key(keyring), "header", detail);
    Err(Box::new(Failure {
        error: error.at(Buffer::Value, to_u64(offset)),
        reason,
        api_server_message,
        info: Info::default(),
    }))
}

/// A value with a header that Kubernetes does not have.
pub(super) fn unknown_provider(
    keyring: &Keyring,
    prefix: &Prefix<'_>,
    resource: Option<&str>,
) -> Box<Failure> {
    let header = prefix.header();
    let (reason, offset, detail) = if prefix.is_cut() {
        let detail = "the value ends within its header".to_owned();
        (Reason::HeaderCut, header.len(), detail)
    } else {
        let detail = format!("{header:?} is no provider and version that Kubernetes has");
        (Reason::UnknownProvider, 0, detail)
    };
    let rule = match resource {
        Some(resource) => keyring.rule(resource),
        None => keyring.all_rules(),
    };
    let message = match rule {
        Some(_) => NO_PREFIX,
        None => identity::REFUSAL,
    };
    let error = Error::new(category_without_key(keyring), "header", detail);
    Box::new(Failure {
        error: error.at(Buffer::Value, to_u64(offset)),
        reason,
        api_server_message: Some(message.to_owned()),
        info: Info::of(prefix),
    })
}

/// Where the value itself keeps any key from being tried.
fn category_without_key(keyring: &Keyring) -> Category {
    if keyring.is_empty() {
        Category::Encrypted
    } else {
        Category::Decryption
    }
}

/// A value that no key opened, or for which there was none to try.
pub(super) fn closed(attempt: &Attempt<'_, '_, '_>, message: Option<String>) -> Box<Failure> {
    let heaviest = attempt
        .tried
        .iter()
        .max_by_key(|tried| (tried.name, tried.fault.reason().weight()));
    let prefix = &attempt.prefix;
    let mut info = Info::of(prefix);
    let mut offset = prefix.header().len();
    let (reason, detail) = match heaviest {
        // The longest name is the value's, if one is the beginning of another.
        Some(tried) => {
            if let Some((key, payload)) = tried.key.and_then(|index| attempt.matching(index)) {
                info = Info::with_name(prefix, &key.name, payload);
            }
            offset = offset.saturating_add(tried.name).saturating_add(1);
            (tried.fault.reason(), describe(attempt, tried))
        }
        None if attempt.keyring.is_empty() => (Reason::NoKeys, "no key was given".to_owned()),
        None => match cut_name(attempt) {
            Some(name) => {
                offset = offset.saturating_add(prefix.rest().len());
                let detail = format!("cut short within its name, which may be {name:?}");
                (Reason::Truncated, detail)
            }
            None => (Reason::KeyNotConfigured, name_not_configured(attempt)),
        },
    };
    let (reason, detail) = if attempt.is_cut_off {
        let count = attempt.tried.len();
        let detail = format!("{count} keys with a matching name failed, and no more are tried");
        (Reason::TooManyKeys, detail)
    } else {
        (reason, detail)
    };
    let category = match reason {
        Reason::TooManyKeys => Category::Limit,
        Reason::NoKeys | Reason::KeyNotConfigured | Reason::KmsKeyUnknown => Category::Encrypted,
        _ => Category::Decryption,
    };
    let error = Error::new(category, value_of(attempt.provider), detail);
    Box::new(Failure {
        error: error.at(Buffer::Value, to_u64(offset)),
        reason,
        api_server_message: message,
        info,
    })
}

fn describe(attempt: &Attempt<'_, '_, '_>, tried: &Tried) -> String {
    let provider = attempt.provider;
    let mut text = match tried.key.and_then(|index| attempt.keyring.key(index)) {
        Some(key) => format!(
            "{} {:?} ({}): {}",
            if provider.is_kms() { "provider" } else { "key" },
            key.name,
            key.path,
            tried.fault.detail()
        ),
        None => tried.fault.detail().into_owned(),
    };
    if tried.fault.reason() == Reason::AuthenticationFailed {
        let etcd_key = provider.authenticates_etcd_key();
        text.push_str(match (attempt.authenticated_data, provider.is_kms()) {
            _ if !etcd_key => " (another secret, or changed bytes)",
            (None, _) => " (the etcd key, which is authenticated too, was not given)",
            (Some(_), false) => " (another secret, changed bytes, or written for another etcd key)",
            // A DEK that was unwrapped is the right one.
            (Some(_), true) => " (changed bytes, or written for another etcd key)",
        });
    }
    match attempt.tried.len() {
        0 | 1 => {}
        2 => text.push_str("; another key with a matching name failed too"),
        n => text.push_str(&format!(
            "; {} other keys with a matching name failed too",
            n.saturating_sub(1)
        )),
    }
    text
}

/// A name that the value, which ends within it, may have had.
fn cut_name<'k>(attempt: &Attempt<'k, '_, '_>) -> Option<&'k str> {
    let rest = attempt.prefix.rest();
    let begins = |name: &str| name.len() >= rest.len() && name.as_bytes().starts_with(rest);
    let keys = attempt.keyring.keys().iter();
    keys.filter(|key| key.provider == attempt.provider)
        .map(|key| key.name.as_str())
        .find(|name| begins(name))
}

fn name_not_configured(attempt: &Attempt<'_, '_, '_>) -> String {
    let provider = attempt.provider;
    let what = if provider.is_kms() { "provider" } else { "key" };
    let keys = attempt.keyring.keys();
    let keys = match keys.iter().filter(|key| key.provider == provider).count() {
        0 => format!("no {} {what} is configured", full_name(provider)),
        1 => format!("the one {} {what} has another name", full_name(provider)),
        n => format!("none of {n} {} {what}s has the name", full_name(provider)),
    };
    match shown_name(attempt.prefix.rest()) {
        Some(name) => format!("{keys}; the value says {name:?}"),
        None => keys,
    }
}

fn full_name(provider: Provider) -> &'static str {
    match provider {
        Provider::KmsV1 => "kms v1",
        Provider::KmsV2 => "kms v2",
        other => other.name(),
    }
}

fn value_of(provider: Provider) -> &'static str {
    match provider {
        Provider::AesCbc => "aescbc value",
        Provider::AesGcm => "aesgcm value",
        Provider::Secretbox => "secretbox value",
        Provider::KmsV1 => "kms v1 value",
        Provider::KmsV2 => "kms v2 value",
    }
}

/// The text up to the first `:`, if it looks like a name. A longer name cannot
/// be told from the payload.
fn shown_name(rest: &[u8]) -> Option<&str> {
    const NAME_MAX: usize = 253;
    let end = rest.iter().take(NAME_MAX).position(|&byte| byte == b':')?;
    let name = std::str::from_utf8(rest.get(..end)?).ok()?;
    let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    name.bytes().all(printable).then_some(name)
}
