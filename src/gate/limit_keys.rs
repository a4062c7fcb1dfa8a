//! By what a limit counts a call, and how much the call takes of it.

use super::Caller;
use crate::{
    op::Facts,
    policy::{Counted, Limit, Scope},
};

/// The keys under which a limit of this scope counts a call: one for each chat that the
/// call reaches, or one for the caller, the connection or the account.
pub(crate) fn limit_keys(scope: Scope, facts: &Facts, caller: &Caller) -> Vec<String> {
    match scope {
        Scope::Grant => vec![caller.grant.clone()],
        Scope::Session => vec![caller.session.clone()],
        Scope::Account => vec![String::new()],
        Scope::Chat => {
            let chats = facts.targets.chats();
            let mut chats: Vec<_> = chats.map(|chat| chat.as_str().to_owned()).collect();
            chats.sort_unstable();
            chats.dedup();
            chats
        }
    }
}

/// The key of the ledger for a key of a limit.
pub(crate) fn ledger_key(scope: Scope, key: &str) -> String {
    format!("{}:{key}", scope.name())
}

/// How much a call takes of a limit, given how many recipients are new.
pub(crate) fn limit_cost(limit: &Limit, facts: &Facts, newcomers: usize) -> u32 {
    match limit.of {
        Counted::Calls => 1,
        Counted::Newcomers => u32::try_from(newcomers).unwrap_or(u32::MAX),
        Counted::Messages => facts.reads,
    }
}
