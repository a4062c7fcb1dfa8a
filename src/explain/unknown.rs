//! What only a running server finds out.

use super::{Account, LimitStatus};
use crate::{
    gate::signals_danger,
    op::{ChatId, Facts, TargetRole},
    policy::{Decision, Policy},
};

/// What cannot be known here, and what was taken instead.
pub(super) fn of(
    policy: &Policy,
    facts: &Facts,
    grant: &str,
    account: &Account,
    limits: &[LimitStatus],
    decision: &Decision<'_>,
) -> Vec<String> {
    let mut unknown = Vec::new();
    let effect = policy.effect(facts.tool, facts.risk, grant);
    if !effect.admits() && !decision.effect().admits() {
        // Whatever was found out, the call would be refused.
        return unknown;
    }
    let names = policy.group_names_for(grant);
    let is_group = |chat: &ChatId| matches!(chat, ChatId::Group(_));
    if !names.is_empty() && facts.targets.chats().any(is_group) {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        unknown.push(format!(
            "what groups are called: a server asks the API which one is {}; here none of them is",
            names.join(", ")
        ));
    }
    for person in facts.targets.hidden() {
        unknown.push(format!(
            "who is behind {person}: a server asks the API; here it is nobody's number"
        ));
    }
    if policy.asks_who_is_new(grant)
        && facts.targets.of(TargetRole::Recipient).next().is_some()
        && !account.seeded
    {
        unknown.push(
            "who was written to before this account had a ledger: a server takes over the chats \
             that there are; here nobody was"
                .to_owned(),
        );
    }
    if policy.asks_what_was_read(grant)
        && (facts.targets.is_public() || facts.targets.of(TargetRole::Recipient).next().is_some())
    {
        unknown.push("what the caller has read before: here nothing".to_owned());
    }
    if !policy.health.is_empty() && signals_danger(facts) {
        unknown.push("the account's state: a server asks the API; here it is well".to_owned());
    }
    if limits.iter().any(|limit| limit.left.is_empty()) {
        unknown.push(
            "what is left of limits below an hour: a server counts them in its memory; here all \
             is left"
                .to_owned(),
        );
    }
    if !decision.paces.is_empty() {
        unknown.push("whether the gap before this call is over: here it is".to_owned());
    }
    if facts.content.is_some() {
        unknown.push("whether the same was sent just now: here it was not".to_owned());
    }
    unknown
}
