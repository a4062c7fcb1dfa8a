//! What only the API of an account knows of the names and ids in a policy.

use std::collections::BTreeSet;

use crate::{
    backend::{Backend, CheckResult},
    op::{Identities, PersonId, Progress},
    policy::{GroupName, GroupNames, Policy, RuleLocation},
    toolset::LookupRequest,
};

/// Looks up the groups and people that a policy names by something that only the API knows.
/// Returns a result for each that it does not know; none if the policy names nobody so.
pub(super) async fn examine(policy: &Policy, backend: &dyn Backend) -> Vec<CheckResult> {
    let mut results = Vec::new();
    let (tools, authority) = backend.toolset();
    if let Err(wrong) = policy.check_denied(|person| tools.resolves(person)) {
        let errors = wrong.errors();
        results.extend(
            errors.map(|error| {
                CheckResult::wrong(error.to_string(), "list the phone number instead")
            }),
        );
    }
    let people = policy.people_without_number();
    let people: Vec<_> = people
        .filter(|(person, _)| tools.resolves(person))
        .collect();
    let names: Vec<_> = policy.group_names().collect();
    if people.is_empty() && names.is_empty() {
        return results;
    }
    let unique: BTreeSet<_> = people.iter().map(|(person, _)| person).collect();
    let request = LookupRequest {
        people: unique.into_iter().cloned().collect(),
        groups: !names.is_empty(),
        ..LookupRequest::default()
    };
    let found = tools
        .resolve(authority.permit_lookup(request, Progress::default()))
        .await;
    results.extend(unknown_people(&people, &found.identities));
    match found.groups {
        Some(groups) => {
            let mut known = GroupNames::unknown();
            for (name, group) in groups {
                known.learn(&name, group);
            }
            results.extend(unknown_names(&names, &known));
        }
        None if names.is_empty() => {}
        None => results.push(CheckResult::warning(
            "the API does not say what its groups are called",
            "until it does, no group is allowed by its name, and each is refused where a name is denied",
        )),
    }
    results
}

fn unknown_people(people: &[&(PersonId, RuleLocation)], found: &Identities) -> Vec<CheckResult> {
    let unknown = people
        .iter()
        .filter(|(person, _)| found.get(person).is_none());
    let result = |(person, place): &&(PersonId, RuleLocation)| {
        CheckResult::warning(
            format!("{place}: the API does not say who is behind `{person}`"),
            "list the phone number instead",
        )
    };
    unknown.copied().map(|entry| result(&entry)).collect()
}

fn unknown_names(names: &[(&GroupName, &RuleLocation)], known: &GroupNames) -> Vec<CheckResult> {
    let unknown = names.iter().filter(|(name, _)| !known.has(name));
    let result = |(name, place): &(&GroupName, &RuleLocation)| {
        CheckResult::warning(
            format!("{place}: no group of this account is called `{name}`"),
            "check the name, or list the group's id, which no member can change",
        )
    };
    unknown.map(result).collect()
}
