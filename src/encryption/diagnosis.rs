//! The reason when a value does not open, and what is said of one that is plain.

use crate::convert::to_u64;
use crate::encryption::decrypt::{Attempt, NO_PREFIX, Recognize, Tried};
use crate::encryption::identity;
use crate::encryption::keyring::Keyring;
use crate::encryption::name_guess::{exact_name, guess_name};
use crate::encryption::policy::{Rules, Write};
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
    let rules = resource.and_then(|resource| keyring.rules(Some(resource)));
    let should = matches!(rules.map(Rules::writes), Some(Write::Key(_)));
    // Only `identity` reads it.
    let readable = rules.is_none_or(Rules::reads_plain);
    let mut api_server_message = (!readable).then(|| NO_PREFIX.to_owned());
    // Nothing that Kubernetes stores holds a whole header, changed or not; of
    // what is left of one, text may happen to remind.
    let damage = damaged_header(value)
        .filter(|damage| matches!(damage, Damage::Changed(_)) || !recognize(value));
    let Some(damage) = damage else {
        return Ok(Opened {
            plaintext: Plaintext::Stored(value),
            info: Info {
                policy: should.then_some(Policy::PlainButShouldBeEncrypted),
                out_of_policy: !readable,
                api_server_message,
                ..Info::default()
            },
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
    let message = match keyring.rules(resource) {
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
            if let Some(key) = tried.key
                && longer_name(attempt, &key.name).is_none()
            {
                let payload = prefix.rest().get(key.name.len().saturating_add(1)..);
                info = Info::with_name(prefix, &key.name, payload.unwrap_or_default());
            }
            offset = offset.saturating_add(tried.name).saturating_add(1);
            (tried.fault.reason(), describe(attempt, tried))
        }
        None if attempt.keyring.is_empty() => (
            Reason::NoKeys,
            with_name("no key was given", attempt.provider, prefix.rest()),
        ),
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

fn describe(attempt: &Attempt<'_, '_, '_>, tried: &Tried<'_>) -> String {
    let provider = attempt.provider;
    let mut text = match tried.key {
        Some(key) => format!(
            "{} {:?} ({}): {}",
            if provider.is_kms() { "provider" } else { "key" },
            key.name,
            tried.path,
            tried.fault.detail()
        ),
        None => tried.fault.detail().into_owned(),
    };
    let reason = tried.fault.reason();
    if provider == Provider::AesCbc
        && matches!(reason, Reason::WrongPadding | Reason::NotRecognized)
    {
        text.push_str(" (another secret, or changed bytes)");
    }
    if reason == Reason::AuthenticationFailed {
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
    if let Some(longer) = tried.key.and_then(|key| longer_name(attempt, &key.name)) {
        text.push_str(&format!("; or the name in the value goes on: {longer:?}"));
    }
    text
}

/// What the name in the value may be, if a configured one is only its beginning.
fn longer_name<'v>(attempt: &Attempt<'_, 'v, '_>, configured: &str) -> Option<&'v str> {
    let (provider, rest) = (attempt.provider, attempt.prefix.rest());
    if exact_name(provider, rest).is_some() {
        return None;
    }
    guess_name(provider, rest).filter(|guess| guess.len() > configured.len())
}

/// A name that the value, which ends within it, may have had.
fn cut_name<'k>(attempt: &Attempt<'k, '_, '_>) -> Option<&'k str> {
    let rest = attempt.prefix.rest();
    attempt.keyring.begun_name(attempt.provider, rest)
}

fn name_not_configured(attempt: &Attempt<'_, '_, '_>) -> String {
    let provider = attempt.provider;
    let what = if provider.is_kms() { "provider" } else { "key" };
    let keys = match attempt.keyring.count(provider) {
        0 => format!("no {} {what} is configured", full_name(provider)),
        1 => format!("the one {} {what} has another name", full_name(provider)),
        n => format!("none of {n} {} {what}s has the name", full_name(provider)),
    };
    with_name(&keys, provider, attempt.prefix.rest())
}

/// A reason, and what the value says of the name.
fn with_name(reason: &str, provider: Provider, rest: &[u8]) -> String {
    match (exact_name(provider, rest), guess_name(provider, rest)) {
        (Some((name, _)), _) => format!("{reason}; the value says {name:?}"),
        (None, Some(name)) => {
            format!("{reason}; the value says {name:?}, but the name may end before or go on")
        }
        (None, None) => reason.to_owned(),
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
