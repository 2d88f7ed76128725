//! Which keys have the name that a value goes on with.
//!
//! Names may contain `:`, and one may be the beginning of another, so that
//! several names may fit one value. They are found in one walk along the value,
//! whatever the number of keys.

use crate::encryption::Provider;
use crate::encryption::keyring::NamedKey;

/// Where a key stands in a rule, or in the keyring.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Index into the keyring's keys.
    pub(super) key: usize,
    /// The number of the rule's provider.
    pub(super) step: usize,
    /// In the configuration, if it is another than the key's first place.
    pub(super) path: Option<String>,
}

/// A key whose name and `:` a value goes on with, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Match<'k, 'v> {
    pub(super) index: usize,
    pub(super) key: &'k NamedKey,
    pub(super) place: &'k Place,
    pub(super) payload: &'v [u8],
}

impl<'k> Match<'k, '_> {
    pub(super) fn path(&self) -> &'k str {
        self.place.path.as_deref().unwrap_or(&self.key.path)
    }
}

/// Places of keys, to be found by provider and name.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In the order in which keys are tried.
    places: Vec<Place>,
    /// Indices into `places` for each provider, by name, then by that order.
    sorted: Vec<(Provider, Vec<usize>)>,
}

/// So many names are compared one after the other.
const FEW: usize = 8;

impl Names {
    pub(super) fn new(places: Vec<Place>, keys: &[NamedKey]) -> Names {
        let mut sorted: Vec<(Provider, Vec<usize>)> = Vec::new();
        for (at, place) in places.iter().enumerate() {
            let Some(key) = keys.get(place.key) else {
                continue;
            };
            match sorted.iter_mut().find(|(of, _)| *of == key.provider) {
                Some((_, of_provider)) => of_provider.push(at),
                None => sorted.push((key.provider, vec![at])),
            }
        }
        let mut names = Names {
            places,
            sorted: Vec::new(),
        };
        for (_, of_provider) in &mut sorted {
            of_provider.sort_by_key(|&at| names.name(at, keys));
        }
        names.sorted = sorted;
        names
    }

    fn name<'k>(&self, at: usize, keys: &'k [NamedKey]) -> &'k [u8] {
        let key = self.places.get(at).and_then(|place| keys.get(place.key));
        key.map_or(&[], |key| key.name.as_bytes())
    }

    pub(super) fn of_provider(&self, provider: Provider) -> &[usize] {
        let found = self.sorted.iter().find(|(of, _)| *of == provider);
        found.map_or(&[], |(_, sorted)| sorted)
    }

    /// The first `limit` keys of a provider whose names fit `rest`, in order.
    pub(super) fn matching<'k, 'v>(
        &'k self,
        keys: &'k [NamedKey],
        provider: Provider,
        rest: &'v [u8],
        limit: usize,
    ) -> Vec<Match<'k, 'v>> {
        let mut found = Vec::new();
        let of_provider = self.of_provider(provider);
        if of_provider.len() <= FEW {
            let fits = |at: &usize| {
                let name = self.name(*at, keys);
                rest.starts_with(name) && rest.get(name.len()) == Some(&b':')
            };
            found.extend(of_provider.iter().copied().filter(fits));
        } else {
            self.walk(keys, of_provider, rest, |fitting| {
                found.extend(fitting.iter().take(limit));
            });
        }
        found.sort_unstable();
        found.truncate(limit);
        let to_match = |at: usize| {
            let place = self.places.get(at)?;
            let key = keys.get(place.key)?;
            Some(Match {
                index: place.key,
                key,
                place,
                payload: rest.get(key.name.len().checked_add(1)?..)?,
            })
        };
        found.into_iter().filter_map(to_match).collect()
    }

    /// A name of a provider that `rest` is the beginning of.
    pub(super) fn begun_by<'k>(
        &self,
        keys: &'k [NamedKey],
        provider: Provider,
        rest: &[u8],
    ) -> Option<&'k str> {
        let begun = self.walk(keys, self.of_provider(provider), rest, |_| {});
        let place = self.places.get(*begun.first()?)?;
        Some(keys.get(place.key)?.name.as_str())
    }

    /// Goes along `rest`, keeping those names that begin as it does. Calls
    /// `fits` with those that end before a `:`; gives those that go on where
    /// `rest` ends.
    fn walk<'s>(
        &self,
        keys: &[NamedKey],
        sorted: &'s [usize],
        rest: &[u8],
        mut fits: impl FnMut(&'s [usize]),
    ) -> &'s [usize] {
        let mut range = sorted;
        for (offset, byte) in rest.iter().enumerate() {
            // None, the end of a name, comes before any byte.
            let next = |at: &usize| self.name(*at, keys).get(offset);
            if *byte == b':' {
                let ending = range.partition_point(|at| next(at).is_none());
                let (ending, _) = range.split_at_checked(ending).unwrap_or_default();
                if !ending.is_empty() {
                    fits(ending);
                }
            }
            let from = range.partition_point(|at| next(at) < Some(byte));
            let to = range.partition_point(|at| next(at) <= Some(byte));
            range = range.get(from..to).unwrap_or_default();
            if range.is_empty() {
                break;
            }
        }
        range
    }
}
