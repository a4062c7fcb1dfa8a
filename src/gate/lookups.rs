//! What has to be looked up before a call is decided, and what becomes of the findings.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    Caller, Gate, Refusal,
    attributes::{KnownRecipients, LookupCall, Wanted},
    authorize::evaluate,
    flight::Flight,
    permit::in_shadow,
    quota::Uncounted,
    quota_request::QuotaRequest,
};
use crate::{
    ledger::SwitchEpoch,
    op::{ChatId, Facts, TargetRole},
    policy::{Code, Policy},
    toolset::{FileBound, FilePermit, HistoryPart, LookupPermit, Prepared, Resolved},
};

/// What a call has to wait for before it can be decided.
pub struct PendingLookups {
    own: Option<(LookupPermit, Flight)>,
    awaited: Vec<CancellationToken>,
}

impl PendingLookups {
    /// The look-ups that nobody has begun yet, if there are any. They have to be made
    /// whether or not this call still waits: others may.
    pub fn begin(&mut self) -> Option<(LookupPermit, Flight)> {
        self.own.take()
    }

    /// Waits until everything was looked up that the call depends on.
    pub async fn ended(&self) {
        for ended in &self.awaited {
            ended.cancelled().await;
        }
    }
}

impl Gate {
    /// The look-ups that the decision on a call depends on; `None` if there are none.
    /// `answered` says whether the call brings a person's answer.
    ///
    /// # Errors
    /// With the refusal of a call that is refused whatever they would find, or that needs
    /// more look-ups than are made.
    pub async fn pending_lookups(
        self: &Arc<Self>,
        call: &mut Prepared,
        caller: &Caller,
        answered: bool,
    ) -> Result<Option<PendingLookups>, Refusal> {
        let facts = call.facts();
        let policy = self.policy();
        let effect = policy.effect(facts.tool, facts.risk, &caller.grant);
        if !effect.admits() {
            return Ok(None);
        }
        let lookups = LookupCall {
            policy: &policy,
            facts,
            caller,
            recipients: self.known_recipients(&policy, facts, caller).await,
            prepared_at: call.prepared_at(),
            now: self.clock.elapsed(),
            wall: self.clock.timestamp(),
        };
        let Some(due) = self.attributes.due(lookups) else {
            return Ok(None);
        };
        // An answer has to use up its ticket, whatever follows; its epoch is that of the question.
        let epoch = match answered {
            true => None,
            false => Some(
                self.check_best_case(&policy, facts, caller, &due)
                    .await
                    .map_err(|refusal| self.naming_account(refusal))?,
            ),
        };
        let reserve = |amount| self.lookup_limits.reserve(&caller.grant, amount);
        let begun = self
            .attributes
            .begin(lookups, reserve)
            .map_err(|refusal| self.naming_account(refusal))?;
        let (flight, awaited) = begun;
        let own = flight.map(|flight| {
            let permit = self
                .authority
                .permit_lookup(flight.request().clone(), self.lookup_progress());
            (permit, flight)
        });
        if let Some(epoch) = epoch {
            call.begin_in(epoch);
        }
        Ok((!awaited.is_empty()).then_some(PendingLookups { own, awaited }))
    }

    /// What the ledger knows of the recipients of a call, if its caller's rules ask for that.
    async fn known_recipients(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
    ) -> KnownRecipients {
        if !policy.asks_who_is_new(&caller.grant) {
            return KnownRecipients::default();
        }
        let mut targets = facts.targets.clone();
        targets.identify(&self.attributes.identities());
        let recipients: Vec<&ChatId> = targets.of(TargetRole::Recipient).collect();
        let names = recipients.iter().map(|chat| chat.key().into_owned());
        let Ok(glance) = self.ledger.glance(names.collect(), None).await else {
            return KnownRecipients::default();
        };
        let newcomers = self.newcomers(&recipients, glance.as_ref()).await;
        let all = newcomers.is_ok_and(|newcomers| newcomers.is_empty());
        KnownRecipients {
            all,
            seeded: !all && self.ledger.seeded().await.unwrap_or(false),
        }
    }

    /// Refuses a call that is refused whatever the look-ups would find. The epoch of the kill
    /// switch in which that is so.
    async fn check_best_case(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
        due: &Wanted,
    ) -> Result<SwitchEpoch, Refusal> {
        let mut facts = facts.clone();
        facts.targets.identify(&self.attributes.identities());
        let mut clear = facts.clone();
        clear.targets.forget_hidden();
        let mut snapshot = self.snapshot(policy, &facts, caller).await;
        let mut groups = snapshot.groups.in_best_case();
        for kind in &due.lacks_names {
            groups = groups.without_names(*kind);
        }
        snapshot.groups = Arc::new(groups);
        snapshot.incoming = snapshot.incoming.assuming(snapshot.now);
        if let Ok(newcomers) = &mut snapshot.newcomers {
            newcomers.retain(|chat| {
                !due.lacks_history && clear.targets.chats().any(|clear| clear == chat)
            });
        }
        let epoch = snapshot.switch.epoch;
        let evaluation = evaluate(policy, &facts, caller, &snapshot, false);
        let quota = QuotaRequest::of(policy, &evaluation.decision, &clear, caller, &snapshot);
        match evaluation.course {
            // Two chats with a hidden person may be one.
            Err(refusal) if refusal.code == Code::CrossChat && clear.targets != facts.targets => {
                return Ok(epoch);
            }
            course => course?,
        };
        self.check_audit(&facts).await?;
        match self.quotas.probe(&quota).await {
            Err(Uncounted::Refused(refusal)) => in_shadow(refusal, policy, &facts).map(|_| epoch),
            Ok(()) | Err(Uncounted::PolicyReplaced | Uncounted::Duplicate(_)) => Ok(epoch),
        }
    }

    /// Permission to load the file of a call. `None` if the call needs none, or if it is
    /// refused whatever the file contains. `answered` says whether the call brings a
    /// person's answer.
    pub async fn pending_file(
        self: &Arc<Self>,
        call: &mut Prepared,
        caller: &Caller,
        answered: bool,
    ) -> Option<FilePermit> {
        if call.is_complete() {
            return None;
        }
        let mut facts = call.facts().clone();
        let incoming = self.attributes.incoming(&facts, call.prepared_at());
        facts.incoming.extend(incoming);
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
        call.begin_in(snapshot.switch.epoch);
        let bound = policy.max_file_bytes(&caller.grant);
        let bound = bound.filter(|_| !policy.passes_in_shadow(facts.risk));
        let bound = bound.and_then(|(max_bytes, _)| usize::try_from(*max_bytes).ok());
        Some(self.authority.permit_file(self.lookup_progress(), bound))
    }

    /// The refusal of a call whose file turned out to be larger than a bound.
    pub fn file_too_large(&self, bound: FileBound, tool: &str, caller: &Caller) -> Refusal {
        match bound {
            FileBound::Room => Refusal::new(Code::Busy, "Too many files are loaded to be sent."),
            FileBound::Permit => {
                let reason = self.policy().file_too_large(&caller.grant);
                let refusal = Refusal::by_rule(tool, &reason, self.clock.timestamp());
                self.naming_account(refusal)
            }
        }
    }

    /// Takes over what a flight has found out, and lets go on who waits for it.
    pub async fn land(&self, flight: Flight, mut found: Resolved) {
        let tried = std::mem::take(&mut found.tried);
        self.apply(found).await;
        self.attributes.land(&flight, &tried, self.clock.elapsed());
    }

    /// Takes over what was found out.
    pub async fn apply(&self, found: Resolved) {
        if let Some(part) = found.history {
            self.add_history(part).await;
        }
        self.attributes.apply(
            found.identities,
            found.groups,
            found.contacts,
            self.clock.elapsed(),
        );
        self.attributes.apply_incoming(found.incoming);
        let policy = self.policy();
        for state in &found.states {
            self.health.apply_state(&policy, state).await;
        }
    }

    /// Gives the list of existing chats to the ledger once it is complete; later the newest
    /// of them, with whoever has written since, or was written to on the phone.
    async fn add_history(&self, part: HistoryPart) {
        let Some(chats) = self.attributes.add_history(part) else {
            return;
        };
        let now = self.clock.elapsed();
        match self.ledger.seed(chats.iter().map(ChatId::key)).await {
            Ok(_) => self.attributes.history_is_known(now),
            Err(error) => tracing::error!(%error, "the ledger cannot be written"),
        }
    }
}
