//! A person is asked.

use super::{Caller, Gate, Question, Verdict, permit::BriefPermit, repeats, weigh::Weighed};
use crate::{policy::Policy, toolset::Prepared};

impl Gate {
    pub(super) fn ask(
        &self,
        policy: &Policy,
        weighed: &Weighed<'_>,
        mut call: Prepared,
        caller: &Caller,
    ) -> Verdict {
        // Nobody is asked about a call that would be refused anyway.
        if let Err(refusal) = self.recordable(&weighed.facts) {
            return refusal.into();
        }
        let durable = self.durable(policy, weighed, caller);
        let mut state = self.lock();
        if let Some(key) = repeats::Key::of(call.facts(), caller)
            && let Some(verdict) = state.repeated(&key)
        {
            return verdict;
        }
        let looked = state.look(weighed, caller, self.clock.elapsed());
        // The ledger is asked while nobody waits for the gate.
        drop(state);
        let looked = looked.and_then(|_| match &durable {
            Some(asked) => asked.look(&self.ledger, &weighed.facts),
            None => Ok(()),
        });
        let asked = looked.and_then(|()| self.lock().approvals.ask(call.facts(), caller));
        let ticket = match asked {
            Ok(ticket) => ticket,
            Err(refusal) => return refusal.into(),
        };
        let brief = call.take_brief().map(BriefPermit);
        let reasons = weighed.decision.reasons_to_ask();
        let expires = policy.confirmation.expires;
        let question = Question::new(call, brief, reasons, ticket, expires);
        Verdict::Ask(Box::new(question.on_account(self.account.clone())))
    }
}
