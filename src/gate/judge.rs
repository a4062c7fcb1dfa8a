//! A call is decided, before anybody is asked and after.

use std::sync::PoisonError;

use super::{Caller, Gate, Refusal, Reply, Verdict, permit::Grounds};
use crate::{
    policy::{Code, Effect},
    toolset::Prepared,
};

impl Gate {
    /// Decides a call that comes without a person's answer.
    pub fn judge(&self, call: Prepared, caller: &Caller) -> Verdict {
        self.naming(self.decide(call, caller, None))
    }

    /// Decides a call again, now with what came back for its question.
    pub fn judge_again(
        &self,
        call: Prepared,
        caller: &Caller,
        ticket: &str,
        reply: Reply,
    ) -> Verdict {
        // The ticket is burned first: an answer counts once, whatever comes of it.
        let tool = call.facts().tool;
        let spent = self.lock().approvals.redeem(ticket, call.facts(), caller);
        let heard = spent
            .and_then(|spent| spent.burn(&self.ledger, tool))
            .and_then(|()| reply.heard(tool));
        self.naming(match heard {
            Ok(()) => self.decide(call, caller, Some(Grounds::Approval)),
            Err(refusal) => refusal.into(),
        })
    }

    fn decide(&self, mut call: Prepared, caller: &Caller, yes: Option<Grounds>) -> Verdict {
        let _turn = self.turn.read().unwrap_or_else(PoisonError::into_inner);
        let policy = {
            let state = self.lock();
            call.identify(&state.known.identities);
            state.policy.clone()
        };
        let weighed = match self.weigh(&policy, &call, caller) {
            Ok(weighed) => weighed,
            Err(refusal) => return refusal.into(),
        };
        let facts = call.facts();
        if weighed.decision.effect().admits()
            && let Err(refusal) = self.healthy(&policy, facts, weighed.seen.as_ref())
        {
            if refusal.code == Code::LedgerUnavailable || !policy.passes_in_shadow(facts) {
                return refusal.into();
            }
            let grounds = Grounds::Shadow(refusal.code);
            return self.admit(&policy, &weighed, call, caller, grounds);
        }
        let grounds = match (weighed.decision.effect(), yes) {
            (Effect::Allow, yes) => yes.unwrap_or(Grounds::Policy),
            (effect, None) if policy.passes_in_shadow(facts) => Grounds::Shadow(code_of(effect)),
            (Effect::Confirm(_), Some(yes)) => yes,
            (Effect::Confirm(because), None) if !caller.can_ask => {
                return Refusal::cannot_ask(facts.tool, because).into();
            }
            (Effect::Confirm(_), None) => return self.ask(&policy, &weighed, call, caller),
            (Effect::Deny(because) | Effect::Hidden(because), _) => {
                let now = self.clock.timestamp();
                return Refusal::by_rule(facts.tool, because, now).into();
            }
        };
        self.admit(&policy, &weighed, call, caller, grounds)
    }
}

fn code_of(effect: &Effect) -> Code {
    effect
        .reason()
        .map_or(Code::NotAdmitted, |because| because.code)
}
