//! What is wrong with a configuration, and what is only worth a word.

use std::borrow::Cow;

use crate::encryption::config::rules::Release;
use crate::error::{Category, Error};

/// How many of each are kept: enough for a person, and for no more memory than
/// the file's.
const KEPT: usize = 100;

pub(super) struct Problems {
    release: Release,
    problems: Kept,
    warnings: Kept,
}

#[derive(Default)]
struct Kept {
    errors: Vec<Error>,
    left_out: usize,
}

impl Kept {
    fn add(&mut self, error: impl FnOnce() -> Error) {
        match self.errors.len() < KEPT {
            true => self.errors.push(error()),
            false => self.left_out = self.left_out.saturating_add(1),
        }
    }

    fn finish(mut self) -> Vec<Error> {
        if self.left_out > 0 {
            let detail = format!("{} more are left out", self.left_out);
            self.errors.push(error("", detail));
        }
        self.errors
    }
}

impl Problems {
    pub(super) fn new(release: Release) -> Problems {
        Problems {
            release,
            problems: Kept::default(),
            warnings: Kept::default(),
        }
    }

    /// The release by whose rules the configuration is checked.
    pub(super) fn release(&self) -> Release {
        self.release
    }

    /// Something that the API server refuses, since this release.
    pub(super) fn add(&mut self, since: Release, path: &str, detail: impl Into<Cow<'static, str>>) {
        let detail = detail.into();
        self.add_lazily(since, path, || detail);
    }

    /// Something that strict decoding refuses.
    pub(super) fn add_strict(&mut self, path: &str, detail: impl FnOnce() -> String) {
        self.add_lazily(Release::STRICT, path, || Cow::Owned(detail()));
    }

    fn add_lazily(
        &mut self,
        since: Release,
        path: &str,
        detail: impl FnOnce() -> Cow<'static, str>,
    ) {
        match since <= self.release {
            true => self.problems.add(|| error(path, detail())),
            false => self
                .warnings
                .add(|| error(path, format!("refused since {since}: {}", detail()))),
        }
    }

    /// Something that the API server takes, and a person should know.
    pub(super) fn warn(&mut self, path: &str, detail: impl Into<Cow<'static, str>>) {
        self.warnings.add(|| error(path, detail));
    }

    /// Problems and warnings, in the document's order.
    pub(super) fn finish(self) -> (Vec<Error>, Vec<Error>) {
        (self.problems.finish(), self.warnings.finish())
    }
}

fn error(path: &str, detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Category::Configuration, "EncryptionConfiguration", detail)
        .in_path(|| path.to_owned())
}
