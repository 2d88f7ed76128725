//! What Kubernetes says of a stored value, held against what the library says.
//!
//! `tools/differential` compiles this file too, so that a class of difference
//! has the same name there and here.

use k8s_etcd::{Category, Object, envelope::Envelope};

/// What Kubernetes makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs<'a> {
    /// The JSON that it prints.
    Accepted(&'a [u8]),
    /// The error's text.
    Refused(&'a str),
    /// The value names a kind that the release does not have.
    Unregistered,
}

/// How the two stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Both accept it, and print the same bytes.
    Accepted,
    /// Both refuse it.
    Refused,
    /// Neither knows the kind.
    UnknownKind,
    /// They differ; the class of the difference.
    Differs(String),
}

/// Holds the library against Kubernetes.
pub fn judge(value: &[u8], theirs: Theirs<'_>) -> Outcome {
    let ours = Envelope::parse(value)
        .and_then(|envelope| Object::of_envelope(&envelope))
        .and_then(|object| Ok((object.to_json()?.0, object.is_known_kind())));
    let class = match (theirs, ours) {
        (Theirs::Accepted(theirs), Ok((ours, _))) if theirs == ours => return Outcome::Accepted,
        (Theirs::Accepted(_), Ok((_, true))) => "the JSON differs".to_owned(),
        (Theirs::Accepted(_), Ok((_, false))) => "only Kubernetes has the kind".to_owned(),
        (Theirs::Accepted(_), Err(error)) => {
            let detail = match error.category() {
                Category::Truncated => "truncated".to_owned(),
                _ => without_numbers(error.detail()),
            };
            format!("only Kubernetes accepts: {}: {detail}", error.what())
        }
        (Theirs::Refused(_), Err(_)) => return Outcome::Refused,
        (Theirs::Refused(error), Ok(_)) => {
            format!("only Kubernetes refuses: {}", class_of_error(error))
        }
        (Theirs::Unregistered, Ok((_, false))) => return Outcome::UnknownKind,
        (Theirs::Unregistered, Ok((_, true))) => "only the library has the kind".to_owned(),
        // The library knows it, or some of it.
        (Theirs::Unregistered, Err(_)) => return Outcome::Refused,
    };
    Outcome::Differs(class)
}

/// The error without what varies from value to value.
fn class_of_error(error: &str) -> String {
    let end = error
        .find(['"', '\'', '`'])
        .or_else(|| error.find(" for field "))
        .unwrap_or(error.len());
    without_numbers(error.get(..end).unwrap_or(error).trim_end())
}

/// Each run of digits as one `N`.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_ascii_digit() {
            true if out.ends_with('N') => {}
            true => out.push('N'),
            false => out.push(character),
        }
    }
    out
}

/// The classes of difference that are known and meant, with the reason of each.
pub fn exceptions() -> Vec<(&'static str, &'static str)> {
    include_str!("../../testdata/differential/exceptions.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('\t').unwrap_or((line, "")))
        .collect()
}
