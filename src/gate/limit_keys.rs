//! By what a limit counts a call, and how much the call takes of it.

use std::time::Duration;

use super::Caller;
use crate::{
    ledger::Window,
    op::Facts,
    policy::{Counted, FAILURES_COUNTER, Limit, PROMPTS_COUNTER, Policy, Scope},
};

/// The key of calls that name no chat, where each chat is counted. No chat has this id.
const NO_CHAT: &str = "no chat";

/// The keys under which a limit of this scope counts a call: one for each chat that the
/// call reaches, or one for the caller, the connection or the account. Never none.
pub(crate) fn limit_keys(scope: Scope, facts: &Facts, caller: &Caller) -> Vec<String> {
    match scope {
        Scope::Grant => vec![caller.grant.clone()],
        Scope::Session => vec![caller.session.clone()],
        Scope::Account => vec![String::new()],
        Scope::Chat => {
            let chats = facts.targets.chats();
            let mut chats: Vec<_> = chats.map(|chat| chat.key().into_owned()).collect();
            chats.sort_unstable();
            chats.dedup();
            if chats.is_empty() {
                chats.push(NO_CHAT.to_owned());
            }
            chats
        }
    }
}

/// The key of the ledger for a key of a limit.
pub(crate) fn ledger_key(scope: Scope, key: &str) -> String {
    format!("{}:{key}", scope.name())
}

/// The windows in which a policy's counters are looked at.
pub(crate) fn limit_windows(policy: &Policy) -> Vec<Window> {
    let limits = policy.limits.iter();
    let limits = limits.map(|limit| (limit.counter.as_str(), limit.window));
    let failures = policy.health.iter().filter_map(|health| health.failures);
    let failures = failures.map(|(_, window)| (FAILURES_COUNTER, window));
    let questions = (PROMPTS_COUNTER, policy.confirmation.prompt_window);
    let all = limits
        .chain(failures)
        .chain([questions])
        .map(|(counter, length)| Window {
            counter: counter.to_owned(),
            length,
        });
    all.collect()
}

/// The longest window in which a policy looks at a counter.
pub(super) fn longest_window(policy: &Policy, counter: &str) -> Duration {
    let limits = policy
        .limits
        .iter()
        .filter(|limit| limit.counter == counter);
    limits.map(|limit| limit.window).max().unwrap_or_default()
}

/// How much a call takes of a limit, given how many recipients are new.
pub(crate) fn limit_cost(limit: &Limit, facts: &Facts, newcomers: usize) -> u32 {
    match limit.of {
        Counted::Calls => 1,
        Counted::Newcomers => u32::try_from(newcomers).unwrap_or(u32::MAX),
        Counted::Messages => facts.reads,
    }
}
