//! What has to be looked up before a call is decided, and what becomes of the findings.

use super::{
    Caller, Gate, authorize::evaluate, caller::check_caller, kill_switch::check_kill_switch,
    permit::in_shadow, quota::Uncounted, quota_request::QuotaRequest,
};
use crate::{
    op::{ChatId, Facts},
    toolset::{FilePermit, LookupPermit, Prepared, Resolved},
};

impl Gate {
    /// Permission for the look-ups that the decision on a call depends on. `None` if there
    /// are none, or if the call is refused whatever they would find.
    pub async fn pending_lookups(&self, call: &Prepared, caller: &Caller) -> Option<LookupPermit> {
        let facts = call.facts();
        let policy = self.policy();
        let effect = policy.effect(facts.tool, facts.risk, &caller.grant);
        if !effect.admits() || check_caller(&policy, caller, self.account()).is_err() {
            return None;
        }
        let now = self.clock.elapsed();
        let mut request = self.attributes.due(&policy, facts, caller, now);
        if request.is_empty() || self.is_stopped(facts).await {
            return None;
        }
        self.attributes.requested(&request, facts, now);
        if request.history && self.ledger.seeded().await.unwrap_or(false) {
            self.attributes.history_is_known();
            request.history = false;
        }
        (!request.is_empty()).then(|| self.authority.permit_lookup(request))
    }

    /// Permission to load the file of a call. `None` if the call needs none, or if it is
    /// refused whatever the file contains. `answered` says whether the call brings a
    /// person's answer.
    pub async fn pending_file(
        &self,
        call: &Prepared,
        caller: &Caller,
        answered: bool,
    ) -> Option<FilePermit> {
        if call.is_complete() {
            return None;
        }
        let mut facts = call.facts().clone();
        facts.targets.identify(&self.attributes.identities());
        let policy = self.policy();
        let snapshot = self.snapshot(&policy, &facts, caller).await;
        let evaluation = evaluate(&policy, &facts, caller, &snapshot, answered);
        let quota = QuotaRequest::of(&policy, &evaluation.decision, &facts, caller, &snapshot);
        evaluation.course.ok()?;
        self.check_audit(&facts).await.ok()?;
        if let Err(Uncounted::Refused(refusal)) = self.quotas.probe(&quota).await {
            in_shadow(refusal, &policy, &facts).ok()?;
        }
        Some(self.authority.permit_file())
    }

    /// Takes over what was found out.
    pub async fn apply(&self, found: Resolved) {
        if let Some(history) = &found.history
            && let Err(error) = self.ledger.seed(history.iter().map(ChatId::as_str)).await
        {
            tracing::error!(%error, "the ledger cannot be written");
        }
        let policy = self.policy();
        self.attributes
            .apply(&policy, found.identities, found.groups);
        for state in &found.states {
            self.health.apply_state(&policy, state).await;
        }
    }

    /// Records that a caller reads messages in these chats.
    pub(super) fn record_reading<'a>(&self, grant: &str, chats: impl Iterator<Item = &'a ChatId>) {
        let identities = self.attributes.identities();
        self.read_history.record(grant, chats, &identities);
    }

    /// Whether the kill switch stops a call; a change is stopped too by a ledger that does
    /// not answer.
    async fn is_stopped(&self, facts: &Facts) -> bool {
        match self.glance(facts.risk, Vec::new()).await {
            Ok(glance) => {
                let stopped = self.stopped_with(glance.as_ref()).await;
                check_kill_switch(stopped, facts.risk).is_err()
            }
            Err(_) => true,
        }
    }
}
