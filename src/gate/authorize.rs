//! The gate, read from top to bottom: the steps of "How a decision is made" in
//! docs/policy.md, by their numbers. Step 1, parsing the arguments, is the toolset's;
//! step 2 begins with [`Gate::pending_lookups`].

use std::{sync::Arc, time::Instant};

use super::{
    Caller, Gate, Refusal, Reply, Snapshot, Verdict,
    caller::check_caller,
    clearance::ClearanceTerms,
    effect::apply_effect,
    health::check_health,
    kill_switch::{check_epoch, check_kill_switch},
    permit::{PermitBasis, in_shadow},
    quota::Uncounted,
    quota_request::QuotaRequest,
};
use crate::{
    ledger::SwitchEpoch,
    op::{Facts, TargetRole},
    policy::{Code, Decision, Policy},
    toolset::Prepared,
};

/// How often a call is decided while the policy is replaced each time.
const MAX_DECISIONS: usize = 8;

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
    pub async fn authorize(self: &Arc<Self>, call: Prepared, caller: &Caller) -> Verdict {
        let decided = self.decide(call, caller, None).await;
        self.verdict(decided)
    }

    /// Decides a call again, with what a person has answered to its question.
    pub async fn authorize_with_reply(
        self: &Arc<Self>,
        call: Prepared,
        caller: &Caller,
        ticket: &str,
        reply: Reply,
    ) -> Verdict {
        let decided = self.decide_with_reply(call, caller, ticket, reply).await;
        self.verdict(decided)
    }

    fn verdict(&self, decided: Result<Verdict, Verdict>) -> Verdict {
        match decided.unwrap_or_else(|stopped| stopped) {
            Verdict::Deny(refusal) => Verdict::from(self.naming_account(*refusal)),
            verdict => verdict,
        }
    }

    async fn decide_with_reply(
        self: &Arc<Self>,
        call: Prepared,
        caller: &Caller,
        ticket: &str,
        reply: Reply,
    ) -> Result<Verdict, Verdict> {
        self.check_open()?;
        let facts = call.facts();
        // The ticket is used up first: an answer counts once, whatever follows.
        let approvals = &self.approvals;
        let asked = approvals
            .redeem(ticket, facts, caller, &self.ledger)
            .await?;
        reply.check(facts.tool, approvals.is_too_fast(asked.age))?;
        self.decide(call, caller, Some(asked.epoch)).await
    }

    /// `Err` holds the verdict on a call that was stopped by a step.
    ///
    /// A decision is made over one policy. If that policy was replaced while the ledger was
    /// asked, nothing is counted, and the call is decided again. `approved` is the epoch of
    /// the kill switch in which a person was asked who has approved the call.
    async fn decide(
        self: &Arc<Self>,
        mut call: Prepared,
        caller: &Caller,
        approved: Option<SwitchEpoch>,
    ) -> Result<Verdict, Verdict> {
        self.check_open()?;
        let incoming = self.attributes.incoming(call.facts(), call.prepared_at());
        call.add_incoming(incoming);
        call.identify(&self.attributes.identities()); // 2
        let facts = call.facts().clone();
        for _ in 0..MAX_DECISIONS {
            let (policy, asked) = (self.policy(), Instant::now());
            let snapshot = self.snapshot(&policy, &facts, caller).await;
            if !self.is_in_force(&policy) {
                continue;
            }
            let epoch = snapshot.switch.epoch;
            let is_approved = approved.is_some();
            let evaluation = evaluate(&policy, &facts, caller, &snapshot, is_approved); // 3 to 6
            let quota = QuotaRequest::of(&policy, &evaluation.decision, &facts, caller, &snapshot);
            let course = evaluation.course?;
            let begun = approved.or(call.begun_in());
            check_epoch(snapshot.switch, begun.unwrap_or(epoch))?;
            match course {
                Course::Permit(basis) if call.is_complete() => {
                    self.check_audit(&facts).await?; // 7
                    let slot = self.dedup.begin(&facts, caller)?; // 8
                    let (basis, reserved) = match self.quotas.reserve(&quota).await {
                        Err(Uncounted::Refused(refusal)) => (
                            in_shadow(refusal, &policy, &facts)?,
                            self.quotas.reserve(&quota.without_limits()).await,
                        ),
                        reserved => (basis, reserved),
                    }; // 9
                    let mut reservation = match reserved {
                        Ok(reservation) => reservation,
                        Err(Uncounted::Refused(refusal)) => return Err(refusal.into()),
                        Err(Uncounted::Duplicate(verdict)) => return Err(verdict),
                        Err(Uncounted::PolicyReplaced) => continue,
                    };
                    let sources = facts.targets.of(TargetRole::Source);
                    if let Err(refusal) = self.record_reading(&caller.grant, sources).await {
                        reservation.release().await;
                        return Err(refusal.into());
                    }
                    let slot = slot.claiming(reservation.take_claim());
                    let terms = ClearanceTerms {
                        gate: self.clone(),
                        policy: policy.clone(),
                        facts,
                        caller: caller.clone(),
                        approved: is_approved,
                        epoch,
                        asked,
                        claim: slot.claim(),
                    };
                    let permit = self.permit(call, terms, basis, slot, reservation); // 10
                    return Ok(Verdict::Permit(Box::new(permit)));
                }
                Course::Permit(_) | Course::Confirm => {
                    self.check_audit(&facts).await?; // 7
                    self.dedup.check(&facts, caller)?; // 8
                    match self.quotas.probe(&quota).await {
                        Ok(()) => {}
                        Err(Uncounted::Refused(refusal)) => return Err(refusal.into()),
                        Err(Uncounted::Duplicate(verdict)) => return Err(verdict),
                        Err(Uncounted::PolicyReplaced) => continue,
                    } // 9
                    if !call.is_complete() {
                        // It was refused when its file would have been loaded, and no longer is.
                        let reason = "The policy or a limit changed while the call was decided.";
                        return Err(Refusal::new(Code::Busy, reason).into());
                    }
                    let decision = &evaluation.decision;
                    let question = self
                        .question(call, caller, &policy, decision, epoch)
                        .await?; // 10
                    return Ok(Verdict::Confirm(Box::new(question)));
                }
            }
        }
        let reason = "The policy was replaced again and again while the call was decided.";
        Err(Refusal::new(Code::Busy, reason).into())
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
        check_kill_switch(snapshot.switch.state, facts.risk)?; // 4
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

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use serde_json::json;

    use super::*;
    use crate::{
        clock::Clock,
        ledger::{Ledger, LedgerError, Pause, SwitchReading, SwitchState},
        op::{self, LastIncoming},
        policy::{Code, KnownNames},
    };

    const RULES: &str = "version = \"1\"\n[risk.write]\naction = \"allow\"\n[[tools.archive_chat]]\naction = \"deny\"\n\
                         [tools.pin_message]\naction = \"confirm\"\n\
                         [health]\npause_on = [\"FAILED\"]\n";

    fn policy(more: &str) -> Policy {
        Policy::from_toml(
            crate::backend::specs(),
            "policy.toml",
            &format!("{RULES}{more}"),
        )
        .unwrap()
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            now: "2026-11-21T12:00:00Z".parse().unwrap(),
            account: None,
            switch: SwitchReading::default(),
            newcomers: Ok(Vec::new()),
            pause: Ok(None),
            counts_short_windows: false,
            groups: Arc::new(KnownNames::default()),
            has_read: Vec::new(),
            incoming: LastIncoming::default(),
        }
    }

    async fn unreadable() -> LedgerError {
        let folder = tempfile::tempdir().unwrap();
        let (clock, _hand) = Clock::manual();
        // A folder stands where the file should be.
        let ledger = Ledger::at(folder.path(), clock);
        ledger.seeded().await.unwrap_err()
    }

    /// `permit`, `confirm`, `shadow` or the code of the refusal.
    fn evaluated(
        policy: &Policy,
        tool: &str,
        grant: &str,
        snapshot: &Snapshot,
        approved: bool,
    ) -> &'static str {
        let message = "true_15552223333@c.us_3EB0C767D26A1B2E5C";
        let facts = op::call(
            tool,
            match tool {
                "pin_message" => json!({ "chat": "15552223333@c.us", "message": message }),
                _ => json!({ "chat": "15552223333@c.us" }),
            },
        );
        let caller = Caller {
            grant: grant.to_owned(),
            session: String::new(),
            can_ask: true,
        };
        match evaluate(policy, &facts.unwrap(), &caller, snapshot, approved).course {
            Ok(Course::Permit(PermitBasis::Shadow(_))) => "shadow",
            Ok(Course::Permit(_)) => "permit",
            Ok(Course::Confirm) => "confirm",
            Err(refusal) => refusal.code.name(),
        }
    }

    #[tokio::test]
    async fn an_earlier_step_wins() {
        let mut at = snapshot();
        let policy = policy("");
        let of =
            |tool: &str, grant: &str, at: &Snapshot| evaluated(&policy, tool, grant, at, false);
        assert_eq!(of("unarchive_chat", "local", &at), "permit");
        assert_eq!(of("pin_message", "local", &at), "confirm");
        at.pause = Ok(Some(Pause {
            remaining: Duration::from_secs(60),
            why: "its state is FAILED".to_owned(),
        }));
        assert_eq!(
            of("unarchive_chat", "local", &at),
            Code::AccountPaused.name()
        );
        assert_eq!(of("pin_message", "local", &at), Code::AccountPaused.name());
        assert_eq!(of("archive_chat", "local", &at), Code::DeniedByRule.name());
        at.pause = Err(unreadable().await);
        assert_eq!(of("archive_chat", "local", &at), Code::DeniedByRule.name());
        assert_eq!(
            of("unarchive_chat", "local", &at),
            Code::LedgerUnavailable.name()
        );
        at.newcomers = Err(unreadable().await);
        assert_eq!(
            of("archive_chat", "local", &at),
            Code::LedgerUnavailable.name()
        );
        at.switch.state = SwitchState::ReadsOnly;
        assert_eq!(of("archive_chat", "local", &at), Code::Panic.name());
        assert_eq!(of("archive_chat", "nobody", &at), Code::UnknownGrant.name());
    }

    #[tokio::test]
    async fn shadow_mode_lets_pass_what_an_enforced_policy_would_stop() {
        let shadow = policy("[mode]\nvalue = \"shadow\"\n");
        let mut at = snapshot();
        let of = |tool: &str, at: &Snapshot| evaluated(&shadow, tool, "local", at, false);
        assert_eq!(of("unarchive_chat", &at), "permit");
        assert_eq!(of("pin_message", &at), "shadow");
        assert_eq!(of("archive_chat", &at), "shadow");
        at.switch.state = SwitchState::ReadsOnly;
        assert_eq!(of("archive_chat", &at), Code::Panic.name());
        at.switch.state = SwitchState::Off;
        at.pause = Err(unreadable().await);
        assert_eq!(of("unarchive_chat", &at), Code::LedgerUnavailable.name());
    }

    #[test]
    fn an_approval_answers_a_question_and_nothing_else() {
        let (policy, at) = (policy(""), snapshot());
        let of = |tool: &str| evaluated(&policy, tool, "local", &at, true);
        assert_eq!(of("pin_message"), "permit");
        assert_eq!(of("archive_chat"), Code::DeniedByRule.name());
    }
}
