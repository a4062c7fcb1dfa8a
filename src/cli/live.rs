//! What only the API of an account knows of the names and ids in a policy.

use std::collections::BTreeSet;

use crate::{
    backend::{Backend, CheckResult},
    op::{Identities, PersonId, Progress},
    policy::{EntryName, KnownNames, NameKind, Policy, RuleLocation},
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
    let names = |kind| {
        let names = policy.names();
        names
            .filter(move |(name, _)| name.kind() == kind)
            .collect::<Vec<_>>()
    };
    let (groups, contacts) = (names(NameKind::Group), names(NameKind::Contact));
    if people.is_empty() && groups.is_empty() && contacts.is_empty() {
        return results;
    }
    let unique: BTreeSet<_> = people.iter().map(|(person, _)| person).collect();
    let request = LookupRequest {
        people: unique.into_iter().cloned().collect(),
        groups: !groups.is_empty(),
        contacts: !contacts.is_empty(),
        ..LookupRequest::default()
    };
    let found = tools
        .resolve(authority.permit_lookup(request, Progress::default()))
        .await;
    results.extend(unknown_people(&people, &found.identities));
    match found.groups {
        Some(found) => {
            let mut known = KnownNames::unknown();
            for (name, group) in found {
                known.learn(&name, group);
            }
            results.extend(unknown_names(&groups, &known));
        }
        None if groups.is_empty() => {}
        None => results.push(CheckResult::warning(
            "the API does not say what its groups are called",
            "until it does, no group is allowed by its name, and each is refused where a name is denied",
        )),
    }
    match found.contacts {
        Some(book) if !book.names.is_empty() => {
            let mut known = KnownNames::unknown();
            for (name, person) in book.names {
                known.learn_contact(&name, person);
            }
            results.extend(unknown_names(&contacts, &known));
        }
        _ if contacts.is_empty() => {}
        _ => results.push(CheckResult::warning(
            "the API does not say who is in the address book, or says that it is empty",
            "until it does, nobody is allowed by a contact's name, and everybody is refused where one is denied",
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

fn unknown_names(names: &[(&EntryName, &RuleLocation)], known: &KnownNames) -> Vec<CheckResult> {
    let unknown = names.iter().filter(|(name, _)| !known.has(name));
    let result = |(name, place): &(&EntryName, &RuleLocation)| {
        let (what, remedy) = match name.kind() {
            NameKind::Group => (
                "group of this account",
                "check the name, or list the group's id, which no member can change",
            ),
            NameKind::Contact => (
                "contact in the address book",
                "check the name, or list the phone number",
            ),
        };
        CheckResult::warning(format!("{place}: no {what} is called `{name}`"), remedy)
    };
    unknown.map(result).collect()
}
