//! All that the policy says of a call, with the facts that it says it on.

use super::{Caller, Gate, Refusal};
use crate::{
    ledger::Glance,
    op::{ChatId, Facts, TargetRole},
    policy::{Context, Decision, Policy},
    toolset::Prepared,
};

/// A call with all that the policy says of it.
pub(super) struct Weighed<'p> {
    pub(super) facts: Facts,
    pub(super) decision: Decision<'p>,
    pub(super) newcomers: Vec<ChatId>,
    /// What a shared ledger told; it counts short windows too.
    pub(super) seen: Option<Glance>,
}

impl Gate {
    /// All that the policy says of a call.
    pub(super) fn weigh<'p>(
        &self,
        policy: &'p Policy,
        call: &Prepared,
        caller: &Caller,
    ) -> Result<Weighed<'p>, Refusal> {
        let facts = call.facts();
        if !policy.knows(&caller.grant) {
            return Err(Refusal::unknown(&caller.grant));
        }
        if !self.is_open_to(policy, caller) {
            return Err(Refusal::no_account(&caller.grant));
        }
        let recipients: Vec<&str> = match policy.asks_who_is_new(&caller.grant) {
            true => facts
                .targets
                .of(TargetRole::Recipient)
                .map(ChatId::as_str)
                .collect(),
            false => Vec::new(),
        };
        let seen = self.emergency(facts, &recipients)?;
        let newcomers = self.newcomers(policy, facts, caller, seen.as_ref())?;
        let decision = {
            let state = self.lock();
            let context = Context {
                grant: &caller.grant,
                now: Some(self.clock.timestamp()),
                groups: &state.known.groups,
                newcomers: &newcomers,
                has_read: state.known.has_read(&caller.grant),
            };
            policy.decide(facts, &context)
        };
        Ok(Weighed {
            facts: facts.clone(),
            decision,
            newcomers,
            seen,
        })
    }
}
