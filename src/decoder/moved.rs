//! Searching for the etcd key that a value was written for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow::{self, Break, Continue};

use crate::decoder::Decoder;
use crate::encryption::{MoveSearch, MoveTries, Moved, Opened, Search, Share, Try};
use crate::registry_key::elsewhere::{Prefixes, change};
use crate::storage_value::StorageValue;

impl Decoder {
    /// Looks for the etcd key that a value was written for, if that is why it
    /// does not open ([`Failure::may_have_moved`]): it was copied or renamed, its
    /// API server's `--etcd-prefix` was changed, or a proxy put a namespace before
    /// the keys.
    ///
    /// Tried are, in this order:
    ///
    /// - the key as it was if it was changed as those found before with `tries`;
    /// - the key without its first segments, and what is left under the usual
    ///   prefixes, the given ones ([`Decoder::etcd_prefix`]), those that are part of
    ///   its own (`/tenant-00` of `/default_tenant-00`), and none;
    /// - of `others`, the known keys, those of the value's own resource;
    /// - what is left of the key under the prefixes of the others;
    /// - the rest of `others`.
    ///
    /// [`Failure::may_have_moved`]: crate::encryption::Failure::may_have_moved
    pub fn find_moved<'v, 'k>(
        &self,
        key: &[u8],
        value: &'v [u8],
        others: impl Iterator<Item = &'k [u8]> + Clone,
        tries: &MoveTries,
    ) -> Moved<'v, Cow<'k, [u8]>> {
        let recognize = |plaintext: &[u8]| StorageValue::is_recognizable(plaintext);
        let Some(search) = self.keyring.search_moved(value, tries, &recognize) else {
            return Moved::NotApplicable;
        };
        for before in tries.unchanged(key) {
            if let Some(opened) = search.try_learnt(&before) {
                let etcd_key = Cow::Owned(before);
                return Moved::From { etcd_key, opened };
            }
        }
        let mut here = Here {
            decoder: self,
            key,
            search,
            made: HashSet::new(),
            searched: MoveSearch::default(),
        };
        let found = here.look(others);
        let Here {
            search,
            mut searched,
            ..
        } = here;
        searched.tries = search.made();
        match found {
            Break(End::Found(etcd_key, opened)) => {
                if let Some((now, before)) = change(key, &etcd_key) {
                    tries.learn(now, before);
                }
                Moved::From { etcd_key, opened }
            }
            Break(End::CutOff) => Moved::CutOff(searched),
            Continue(()) => Moved::NotFound(searched),
        }
    }
}

/// The search for one value.
struct Here<'s, 'v> {
    decoder: &'s Decoder,
    key: &'s [u8],
    search: Search<'s, 'v>,
    /// Keys made from the value's own, so that none is tried twice.
    made: HashSet<Vec<u8>>,
    searched: MoveSearch,
}

/// Why the search ends before all is tried.
enum End<'v, 'k> {
    Found(Cow<'k, [u8]>, Box<Opened<'v>>),
    CutOff,
}

type Flow<'v, 'k> = ControlFlow<End<'v, 'k>>;

impl<'v> Here<'_, 'v> {
    fn look<'k>(&mut self, others: impl Iterator<Item = &'k [u8]> + Clone) -> Flow<'v, 'k> {
        if self.search.is_used_up(Share::All) {
            return Break(End::CutOff);
        }
        let given = self.decoder.etcd_prefixes.iter();
        let mut prefixes = Prefixes::new(given.map(String::as_str));
        prefixes.add_parts_of(self.key);
        self.try_made(&prefixes)?;
        // Where none of the others may be tried, none is looked at.
        if self.search.is_used_up(Share::Half) {
            return Break(End::CutOff);
        }
        let decoder = self.decoder;
        let resource = |key| decoder.parse_key(key).group_resource();
        let (key, own) = (self.key, resource(self.key));
        let others = others.filter(|other| *other != key);
        for other in others.clone() {
            self.look_at(other)?;
            prefixes.add_of_other(other);
            if resource(other) == own {
                self.try_known(other)?;
            }
        }
        self.try_made(&prefixes)?;
        for other in others {
            self.look_at(other)?;
            if resource(other) != own {
                self.try_known(other)?;
            }
        }
        Continue(())
    }

    fn look_at<'k>(&self, other: &[u8]) -> Flow<'v, 'k> {
        match self.search.look_at(other) {
            true => Continue(()),
            false => Break(End::CutOff),
        }
    }

    /// Tries the keys that are made from the value's own.
    fn try_made<'k>(&mut self, prefixes: &Prefixes) -> Flow<'v, 'k> {
        prefixes.texts().clone_into(&mut self.searched.prefixes);
        for made in prefixes.keys(self.key) {
            if made == self.key || self.made.contains(&made) {
                continue;
            }
            self.searched.made_keys = self.searched.made_keys.saturating_add(1);
            match self.search.try_key(&made, Share::All) {
                Try::Opened(opened) => return Break(End::Found(Cow::Owned(made), opened)),
                Try::CutOff => return Break(End::CutOff),
                Try::Closed => self.made.insert(made),
            };
        }
        Continue(())
    }

    fn try_known<'k>(&mut self, other: &'k [u8]) -> Flow<'v, 'k> {
        if self.made.contains(other) {
            return Continue(());
        }
        match self.search.try_key(other, Share::Half) {
            Try::Opened(opened) => return Break(End::Found(Cow::Borrowed(other), opened)),
            Try::CutOff => return Break(End::CutOff),
            Try::Closed => {}
        }
        self.searched.known_keys = self.searched.known_keys.saturating_add(1);
        Continue(())
    }
}
