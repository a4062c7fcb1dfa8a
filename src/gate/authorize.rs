//! The gate, read from top to bottom: the steps of "How a decision is made" in
//! docs/policy.md, by their numbers. Step 1, parsing the arguments, is the toolset's;
//! step 2 begins with [`Gate::pending_lookups`].

use std::sync::{Arc, PoisonError};

use super::{
    Caller, Gate, Refusal, Reply, Snapshot, Verdict,
    caller::check_caller,
    effect::apply_effect,
    health::check_health,
    kill_switch::check_kill_switch,
    permit::{PermitBasis, in_shadow},
    quota_request::QuotaRequest,
};
use crate::{
    op::Facts,
    policy::{Decision, Policy},
    toolset::Prepared,
};

/// What the policy says of a call, and what follows from it at this moment.
pub(crate) struct Evaluation<'p> {
    /// Each rule that applies, with limits and paces.
    pub(crate) decision: Decision<'p>,
    /// What follows; limits and pace are not part of it.
    pub(crate) course: Result<Course, Refusal>,
}

/// What happens to a call that is not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Course {
    /// It may be run.
    Permit(PermitBasis),
    /// A person has to approve it first.
    Confirm,
}

impl Gate {
    /// Decides a call that comes without a person's answer.
    pub fn authorize(self: &Arc<Self>, call: Prepared, caller: &Caller) -> Verdict {
        let decided = self.decide(call, caller, false);
        self.naming_account(decided.unwrap_or_else(|stopped| stopped))
    }

    /// Decides a call again, with what a person has answered to its question.
    pub fn authorize_with_reply(
        self: &Arc<Self>,
        call: Prepared,
        caller: &Caller,
        ticket: &str,
        reply: Reply,
    ) -> Verdict {
        let facts = call.facts();
        // The ticket is used up first: an answer counts once, whatever follows.
        let redeemed = self.approvals.redeem(ticket, facts, caller, &self.ledger);
        let decided = redeemed
            .and_then(|()| reply.check(facts.tool))
            .map_err(Verdict::from)
            .and_then(|()| self.decide(call, caller, true));
        self.naming_account(decided.unwrap_or_else(|stopped| stopped))
    }

    /// `Err` holds the verdict on a call that was stopped by a step.
    fn decide(
        self: &Arc<Self>,
        mut call: Prepared,
        caller: &Caller,
        approved: bool,
    ) -> Result<Verdict, Verdict> {
        // A reload waits: the limits are those of the policy that the decision began with.
        let _deciding = self.reload.read().unwrap_or_else(PoisonError::into_inner);
        let policy = self.policy();
        call.identify(&self.attributes.identities()); // 2
        let facts = call.facts().clone();
        let snapshot = self.snapshot(&policy, &facts, caller);
        let evaluation = evaluate(&policy, &facts, caller, &snapshot, approved); // 3 to 6
        let quota = QuotaRequest::of(&policy, &evaluation.decision, &facts, caller, &snapshot);
        match evaluation.course? {
            Course::Confirm => {
                self.check_audit(&facts)?; // 7
                self.dedup.check(&facts, caller)?; // 8
                self.quotas.probe(&quota)?; // 9
                let question = self.question(call, caller, &policy, &evaluation.decision)?; // 10
                Ok(Verdict::Confirm(Box::new(question)))
            }
            Course::Permit(basis) => {
                self.check_audit(&facts)?; // 7
                let slot = self.dedup.begin(&facts, caller)?; // 8
                let (basis, reservation) = match self.quotas.reserve(&quota) {
                    Ok(reservation) => (basis, Some(reservation)),
                    Err(refusal) => (in_shadow(refusal, &policy, &facts)?, None),
                }; // 9
                let permit = self.permit(call, caller, &policy, basis, slot, reservation); // 10
                Ok(Verdict::Permit(Box::new(permit)))
            }
        }
    }
}

/// The steps without side effects, over a snapshot: `explain` shows their result, and the
/// gate acts on it. `approved` says whether a person has approved the call.
pub(crate) fn evaluate<'p>(
    policy: &'p Policy,
    facts: &Facts,
    caller: &Caller,
    snapshot: &Snapshot,
    approved: bool,
) -> Evaluation<'p> {
    let decision = policy.decide(facts, &snapshot.context(caller));
    let course = || {
        check_caller(policy, caller, snapshot.account.as_deref())?; // 3
        check_kill_switch(snapshot.stopped, facts.risk)?; // 4
        snapshot.check_newcomers()?;
        let effect = decision.effect(); // 5
        if effect.admits()
            && let Err(refusal) = check_health(policy, facts, &snapshot.pause)
        {
            return in_shadow(refusal, policy, facts).map(Course::Permit); // 6
        }
        apply_effect(effect, policy, facts, caller, snapshot.now, approved)
    };
    let course = course();
    Evaluation { decision, course }
}
