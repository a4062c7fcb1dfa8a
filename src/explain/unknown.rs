//! What only a running server looks up.

use super::{AccountRecord, LimitStatus};
use crate::{
    gate::signals_danger,
    op::{ChatId, Facts, TargetRole},
    policy::{Decision, NameKind, Policy},
};

/// What is not known without a server, and what is assumed instead.
pub(super) fn of(
    policy: &Policy,
    facts: &Facts,
    grant: &str,
    account: &AccountRecord,
    limits: &[LimitStatus],
    decision: &Decision<'_>,
) -> Vec<String> {
    let mut unknown = Vec::new();
    let effect = policy.effect(facts.tool, facts.risk, grant);
    if !effect.admits() && !decision.effect().admits() {
        // Whatever a server looked up, it would refuse the call.
        return unknown;
    }
    let is_person = |chat: &ChatId| matches!(chat, ChatId::Person(_));
    let is_group = |chat: &ChatId| matches!(chat, ChatId::Group(_));
    let names = |kind| {
        let names = policy.names_for(grant).into_iter();
        let names = names.filter(|name| name.kind() == kind);
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let groups = names(NameKind::Group);
    if !groups.is_empty() && facts.targets.chats().any(is_group) {
        unknown.push(format!(
            "group names: a server asks the API which group is {groups}; here no group is assumed to be"
        ));
    }
    let contacts = names(NameKind::Contact);
    if !contacts.is_empty() && facts.targets.chats().any(is_person) {
        unknown.push(format!(
            "the address book: a server asks the API who is {contacts}; here nobody is on a list \
             by that name, and anybody may be denied by it"
        ));
    }
    let denied = policy.denied_without_number(grant);
    for person in denied.filter(|_| facts.targets.chats().any(is_person)) {
        unknown.push(format!(
            "who is behind {person}, who is denied: a server asks the API; here it may be anybody"
        ));
    }
    for person in facts.targets.hidden() {
        unknown.push(format!(
            "who is behind {person}: a server asks the API; here no number is assumed"
        ));
    }
    if policy.asks_who_is_new(grant)
        && facts.targets.of(TargetRole::Recipient).next().is_some()
        && !account.seeded
    {
        unknown.push(
            "recipients from before this account had a ledger: a server takes over the existing \
             chats; here none is assumed"
                .to_owned(),
        );
    }
    if policy.asks_who_wrote(grant) {
        let roles = facts.targets.roles();
        for (chat, _) in roles.filter(|(_, role)| role.is_reached()) {
            unknown.push(format!(
                "when {chat} wrote last: a server asks the API; here nobody is assumed to have \
                 written, so the call is refused"
            ));
        }
    }
    if policy.asks_what_was_read(grant)
        && (facts.targets.is_public() || facts.targets.of(TargetRole::Recipient).next().is_some())
    {
        unknown.push("what the caller has read before: here nothing is assumed".to_owned());
    }
    if facts.outgoing.is_some() && facts.file.is_none() && policy.asks_for_content(grant) {
        unknown.push(
            "the file: a server loads it and looks at its size and content; here both are assumed \
             to be allowed"
                .to_owned(),
        );
    }
    if !policy.health.is_empty() && signals_danger(facts) {
        unknown.push(
            "the account's state: a server asks the API; here it is assumed to be good".to_owned(),
        );
    }
    if limits.iter().any(|limit| limit.left.is_empty()) {
        unknown.push(
            "limits below an hour: a server counts them in memory; here they are assumed to be \
             unused"
                .to_owned(),
        );
    }
    if !decision.paces.is_empty() {
        unknown.push("the delay between calls: here it is assumed to be over".to_owned());
    }
    if facts.content.is_some() && !facts.repeats {
        unknown
            .push("duplicates: here the same is assumed not to have been sent before".to_owned());
    }
    unknown
}
