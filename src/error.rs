//! The one error type of the crate.
//!
//! Every failure tells a stable [`Category`], what was being read, the offset
//! and which [`Buffer`] that offset counts in, and the path to the field. An
//! `Error` never holds key material or payload: neither `Display` nor `Debug`
//! can print any.

use std::borrow::Cow;
use std::fmt;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault a failure is, in a form that stays stable between releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// The bytes end before the thing they begin.
    Truncated,
    /// The bytes are all there, but do not have the form they claim.
    Malformed,
    /// A bound of [`Limits`](crate::Limits) was reached.
    Limit,
    /// The value is encrypted and no key was given that could open it.
    Encrypted,
    /// A key was given, and decryption failed.
    Decryption,
    /// The value is sound, but not of the type that was asked for.
    TypeMismatch,
    /// The key is that of a resource, and the value is no object that the API server
    /// could read there.
    NotAnObject,
    /// The value is sound protobuf, but Kubernetes itself cannot print it as JSON.
    Unrepresentable,
    /// What the caller gave (an EncryptionConfiguration, a key map) is not usable.
    Configuration,
}

impl Category {
    /// The category as it stands in reports: lower case, words joined by `-`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Truncated => "truncated",
            Category::Malformed => "malformed",
            Category::Limit => "limit",
            Category::Encrypted => "encrypted",
            Category::Decryption => "decryption",
            Category::TypeMismatch => "type-mismatch",
            Category::NotAnObject => "not-an-object",
            Category::Unrepresentable => "unrepresentable",
            Category::Configuration => "configuration",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The bytes that an offset counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Buffer {
    /// The snapshot or database file.
    Snapshot,
    /// The value as etcd stores it.
    Value,
    /// The stored value after decryption. Same bytes as the value where
    /// nothing is encrypted; offsets then still count in [`Buffer::Value`].
    Plaintext,
    /// Field `raw` of the `k8s\0` envelope: the object's own message.
    Raw,
}

impl Buffer {
    /// The buffer's name as it stands in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Buffer::Snapshot => "snapshot",
            Buffer::Value => "value",
            Buffer::Plaintext => "plaintext",
            Buffer::Raw => "raw",
        }
    }
}

impl fmt::Display for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something could not be read, parsed, decrypted or decoded.
///
/// One opaque type for the whole crate: match on [`Error::category`], show the
/// rest. It is one machine word wide, so that results stay cheap on the good path.
#[derive(Clone, thiserror::Error)]
#[error("{0}")]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    category: Category,
    what: &'static str,
    detail: Cow<'static, str>,
    position: Option<(Buffer, u64)>,
    page: Option<u64>,
    path: String,
    refusal: Option<String>,
}

/// Paths longer than this are cut in the middle of nowhere useful; an error is
/// no place for an attacker's megabyte of map key.
const PATH_MAX: usize = 1024;

impl Error {
    /// `what` names the thing that was being read, `detail` what is wrong with it.
    #[cold]
    pub(crate) fn new(
        category: Category,
        what: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Error {
        Error(Box::new(Inner {
            category,
            what,
            detail: detail.into(),
            position: None,
            page: None,
            path: String::new(),
            refusal: None,
        }))
    }

    #[cold]
    pub(crate) fn malformed(what: &'static str, detail: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Category::Malformed, what, detail)
    }

    /// A buffer of `have` bytes where `need` were announced or required.
    #[cold]
    pub(crate) fn truncated(what: &'static str, need: u64, have: u64) -> Error {
        let bytes = if need == 1 { "byte" } else { "bytes" };
        Error::new(
            Category::Truncated,
            what,
            format!("needs {need} {bytes}, {have} left"),
        )
    }

    #[cold]
    pub(crate) fn limit(what: &'static str, detail: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Category::Limit, what, detail)
    }

    /// Sets the position, unless a place further in has set it already.
    #[cold]
    pub(crate) fn at(mut self, buffer: Buffer, offset: u64) -> Error {
        self.0.position.get_or_insert((buffer, offset));
        self
    }

    /// Sets the damaged page, unless a place further in has set it already.
    #[cold]
    pub(crate) fn in_page(mut self, page: u64) -> Error {
        self.0.page.get_or_insert(page);
        self
    }

    /// Sets the path, unless a place further in has set it already.
    #[cold]
    pub(crate) fn in_path(mut self, path: impl FnOnce() -> String) -> Error {
        if self.0.path.is_empty() {
            self.0.path = path();
            if self.0.path.len() > PATH_MAX {
                let end = (0..=PATH_MAX)
                    .rev()
                    .find(|&i| self.0.path.is_char_boundary(i));
                self.0.path.truncate(end.unwrap_or(0));
                self.0.path.push('…');
            }
        }
        self
    }

    #[cold]
    pub(crate) fn with_refusal(mut self, refusal: String) -> Error {
        self.0.refusal = Some(refusal);
        self
    }

    /// The stable category.
    pub fn category(&self) -> Category {
        self.0.category
    }

    /// What was being read, for example `field tag` or `branch page`.
    pub fn what(&self) -> &'static str {
        self.0.what
    }

    /// What is wrong, without category, position and path. Never payload.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Byte offset of the failure in [`Error::buffer`], where there is one.
    pub fn offset(&self) -> Option<u64> {
        self.0.position.map(|(_, offset)| offset)
    }

    /// The buffer that [`Error::offset`] counts in.
    pub fn buffer(&self) -> Option<Buffer> {
        self.0.position.map(|(buffer, _)| buffer)
    }

    /// The page of the database file that is damaged, where one is. Pages are
    /// counted from 0; of a page with overflow it is the first.
    pub fn page(&self) -> Option<u64> {
        self.0.page
    }

    /// Path to the field, outermost first: `spec.containers[2].ports[0].hostPort`;
    /// a map's key stands in brackets too. Empty where no field is concerned.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What a type's own `Deserialize` said when it refused the value.
    ///
    /// The text comes from outside this crate and **may quote payload**, which
    /// is why it stands in neither `Display` nor `Debug`.
    pub fn refusal(&self) -> Option<&str> {
        self.0.refusal.as_deref()
    }

    /// What was read, what is wrong and the path, in one line, without category
    /// and position: the `message` of a report that has fields for those.
    pub fn message(&self) -> String {
        let Inner {
            what, detail, path, ..
        } = &*self.0;
        if path.is_empty() {
            format!("{what}: {detail}")
        } else if self.0.category == Category::Configuration {
            format!("{what}: {path}: {detail}")
        } else {
            format!("{what}: {detail}, at {path}")
        }
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.category, self.what)?;
        // Of a file that people edit, the place comes first.
        let place_first = self.category == Category::Configuration && !self.path.is_empty();
        if place_first {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.detail)?;
        if !self.path.is_empty() && !place_first {
            write!(f, ", at {}", self.path)?;
        }
        if let Some((buffer, offset)) = self.position {
            write!(f, ", offset {offset} in {buffer}")?;
        }
        Ok(())
    }
}

/// The same line as `Display`, because people meet `Debug` through `unwrap`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.0)
    }
}
