//! Names of resources in rules: what they may be, and which rules hide others.

use std::collections::{HashMap, HashSet};

use crate::encryption::config::problems::Problems;
use crate::encryption::config::rules::Release;

/// A resource and its API group, each possibly `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::encryption) struct GroupResource<'a> {
    pub(in crate::encryption) resource: &'a str,
    pub(in crate::encryption) group: &'a str,
}

const ANY: GroupResource<'static> = GroupResource {
    resource: "*",
    group: "*",
};

impl<'a> GroupResource<'a> {
    /// As `schema.ParseGroupResource`: the first `.` divides.
    pub(in crate::encryption) fn parse(text: &'a str) -> GroupResource<'a> {
        let (resource, group) = text.split_once('.').unwrap_or((text, ""));
        GroupResource { resource, group }
    }

    /// What a rule may be for to hold for this resource, the closest first.
    pub(in crate::encryption) fn lookup_order(self) -> [GroupResource<'a>; 3] {
        let of_group = GroupResource {
            resource: "*",
            group: self.group,
        };
        [self, of_group, ANY]
    }
}

/// Problems of one rule's list.
pub(super) fn check(resources: &[(String, String)], list: &str, problems: &mut Problems) {
    check_overlap(resources, list, problems);
    for (path, resource) in resources {
        if let Some(detail) = check_name(resource) {
            problems.add(Release::WILDCARDS, path, detail);
        }
    }
}

fn check_overlap(resources: &[(String, String)], list: &str, problems: &mut Problems) {
    let parsed: Vec<_> = resources
        .iter()
        .map(|(_, resource)| GroupResource::parse(resource))
        .collect();
    let distinct: HashSet<_> = parsed.iter().copied().collect();
    if distinct.len() < parsed.len() {
        problems.add(Release::WILDCARDS, list, "a resource stands in it twice");
    }
    // A wildcard hides others of its group; `*.*` hides all.
    let wildcards = distinct.iter().filter(|one| one.resource == "*");
    let groups: HashSet<_> = wildcards.map(|one| one.group).collect();
    let hidden = (distinct.contains(&ANY) && distinct.len() > 1)
        || distinct
            .iter()
            .any(|one| one.resource != "*" && groups.contains(one.group));
    if hidden {
        problems.add(
            Release::WILDCARDS,
            list,
            "a wildcard hides another resource in it",
        );
    }
}

fn check_name(text: &str) -> Option<&'static str> {
    let GroupResource { resource, group } = GroupResource::parse(text);
    if text.chars().any(|c| !c.to_lowercase().eq([c])) {
        return Some("has capital letters");
    }
    if text == "*" {
        return Some("use *. for the core group or *.* for all resources");
    }
    if [
        "apiserveripinfo",
        "serviceipallocations",
        "servicenodeportallocations",
    ]
    .contains(&text)
    {
        return Some("has no REST API and cannot be encrypted");
    }
    if group == "events.k8s.io" {
        return Some("stored in the core group, use events");
    }
    if group == "extensions" {
        return Some("the group extensions has been removed");
    }
    if group == "*" && resource != "*" {
        return Some("one resource across all groups is not supported");
    }
    None
}

/// What earlier rules are for, to find later ones that they mask.
#[derive(Default)]
pub(super) struct Seen<'a>(HashMap<GroupResource<'a>, Place>);

/// A rule, and a resource in its list.
type Place = (usize, usize);

impl<'a> Seen<'a> {
    /// The earlier wildcard that masks `resource`, if there is one. Notes
    /// `resource` itself.
    pub(super) fn mask(&mut self, resource: &'a str, place: Place) -> Option<Place> {
        let parsed = GroupResource::parse(resource);
        let [_, of_group, any] = parsed.lookup_order();
        let masks = [of_group, any];
        let mask = masks.iter().find_map(|mask| self.0.get(mask)).copied();
        self.0.entry(parsed).or_insert(place);
        mask
    }
}
