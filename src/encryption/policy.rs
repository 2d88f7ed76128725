//! Which rule holds for a resource, where several configurations are given.
//!
//! There is a configuration for each API server: one in most clusters, three in
//! OpenShift. Those that name no resource in common are all policies; for each
//! resource the earliest that has a rule for it is, a wildcard counted, and of its
//! rules the one that the API server would choose. One that names a resource which
//! an earlier policy names is no policy, and does not come here.

use std::collections::HashMap;

use crate::encryption::Provider;
use crate::encryption::config::GroupResource;
use crate::encryption::keyring::NamedKey;
use crate::encryption::names::{Names, Place};

/// What a rule writes with: its first provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// `identity`.
    Plain,
    /// This one of the keyring's keys; none if the provider has no usable key.
    Key(Option<usize>),
    /// The rule has no provider, which no API server takes.
    Nothing,
}

/// One provider of a rule.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Identity,
    /// Keys, by their index in the keyring, with their paths.
    Keys(Provider, Vec<(usize, Option<String>)>),
}

/// The providers for a list of resources.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) writes: Write,
    /// Whether it reads plain values.
    pub(super) reads_plain: bool,
    /// The numbers of each provider's steps.
    steps: Vec<(Provider, Vec<usize>)>,
    pub(super) names: Names,
}

impl Rule {
    pub(super) fn new<'s>(steps: impl IntoIterator<Item = &'s Step>, keys: &[NamedKey]) -> Rule {
        let mut writes = None;
        let mut reads_plain = false;
        let mut of_providers: Vec<(Provider, Vec<usize>)> = Vec::new();
        let mut places = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let Step::Keys(provider, of_step) = step else {
                writes.get_or_insert(Write::Plain);
                reads_plain = true;
                continue;
            };
            writes.get_or_insert(Write::Key(of_step.first().map(|(key, _)| *key)));
            match of_providers.iter_mut().find(|(of, _)| of == provider) {
                Some((_, numbers)) => numbers.push(number),
                None => of_providers.push((*provider, vec![number])),
            }
            places.extend(of_step.iter().map(|(key, path)| Place {
                key: *key,
                step: number,
                path: path.clone(),
            }));
        }
        let writes = writes.unwrap_or(Write::Nothing);
        Rule {
            writes,
            reads_plain: reads_plain || writes == Write::Nothing,
            steps: of_providers,
            names: Names::new(places, keys),
        }
    }

    /// The numbers of a provider's steps, in order.
    pub(super) fn steps_of(&self, provider: Provider) -> &[usize] {
        let found = self.steps.iter().find(|(of, _)| *of == provider);
        found.map_or(&[], |(_, numbers)| numbers)
    }
}

/// The rules for one resource, in order.
#[derive(Clone, Copy)]
pub(super) struct Rules<'k> {
    rules: &'k [Rule],
    /// Indices into `rules`.
    chosen: &'k [usize],
}

impl<'k> Rules<'k> {
    pub(super) fn of_one(rule: &'k Rule) -> Rules<'k> {
        Rules {
            rules: std::slice::from_ref(rule),
            chosen: &[0],
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'k Rule> {
        self.chosen.iter().filter_map(move |&at| self.rules.get(at))
    }

    /// What values of the resource are written with.
    pub(super) fn writes(self) -> Write {
        self.iter()
            .next()
            .map_or(Write::Nothing, |rule| rule.writes)
    }

    pub(super) fn reads_plain(self) -> bool {
        self.iter().any(|rule| rule.reads_plain)
    }
}

/// The rules of all configurations that are a policy for something.
#[derive(Debug, Default)]
pub(super) struct Policies {
    rules: Vec<Rule>,
    /// The rules' providers, in order.
    pub(super) steps: Vec<Step>,
    by_resource: HashMap<String, HashMap<String, Chosen>>,
}

/// The rules that one configuration has for a resource, or for a wildcard.
#[derive(Debug)]
struct Chosen {
    configuration: usize,
    rules: Vec<usize>,
}

impl Policies {
    /// Adds a rule of the configuration of this number, which is not lower than
    /// that of any rule before it.
    pub(super) fn add(
        &mut self,
        configuration: usize,
        resources: &[String],
        steps: Vec<Step>,
        keys: &[NamedKey],
    ) {
        let number = self.rules.len();
        let mut is_policy = false;
        for resource in resources {
            let resource = GroupResource::parse(resource);
            let earlier = self.earliest(resource);
            if earlier.is_some_and(|chosen| chosen.configuration < configuration) {
                continue;
            }
            is_policy = true;
            let GroupResource { resource, group } = resource;
            let of_group = self
                .by_resource
                .entry(group_key(group).to_owned())
                .or_default();
            let chosen = of_group
                .entry(resource.to_owned())
                .or_insert_with(|| Chosen {
                    configuration,
                    rules: Vec::new(),
                });
            // A list may hold a resource twice, which no API server takes.
            if chosen.rules.last() != Some(&number) {
                chosen.rules.push(number);
            }
        }
        if is_policy {
            self.rules.push(Rule::new(&steps, keys));
            self.steps.extend(steps);
        }
    }

    /// Whether a policy names this resource, or this very wildcard.
    pub(super) fn names(&self, resource: &str) -> bool {
        let GroupResource { resource, group } = GroupResource::parse(resource);
        let of_group = self.by_resource.get(group_key(group));
        of_group.is_some_and(|of_group| of_group.contains_key(resource))
    }

    /// The rules for a resource: of the earliest configuration that has any,
    /// those for the resource itself, `*.<group>`, `*.*`.
    pub(super) fn rules(&self, resource: &str) -> Option<Rules<'_>> {
        let chosen = self.earliest(GroupResource::parse(resource))?;
        Some(Rules {
            rules: &self.rules,
            chosen: &chosen.rules,
        })
    }

    fn earliest(&self, resource: GroupResource<'_>) -> Option<&Chosen> {
        let order = resource.lookup_order();
        let found = order
            .iter()
            .filter_map(|r| self.by_resource.get(group_key(r.group))?.get(r.resource));
        // Of several with the same number the first, which is the closest.
        found.min_by_key(|chosen| chosen.configuration)
    }
}

/// The core group, which has no name, by one that no group has: to compare empty
/// text, which is nowhere in memory, costs hundreds of cycles on some machines.
fn group_key(group: &str) -> &str {
    if group.is_empty() { "." } else { group }
}
