//! Whether a permitted call may still be sent, asked right before each request.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::{
    Caller, Course, Gate, Refusal,
    call_claim::CallClaim,
    evaluate,
    kill_switch::{check_epoch, check_kill_switch},
};
use crate::{
    audit::WriteAhead,
    kill_switch::SHARED_LEASE,
    ledger::SwitchEpoch,
    op::{BackendError, Clearance, ClearanceCheck, Facts, Hold, RequestKind, Risk},
    policy::{Code, Policy},
};

/// On what a permit depends, before its call is started.
pub(super) struct ClearanceTerms {
    pub(super) gate: Arc<Gate>,
    /// The policy that permits the call.
    pub(super) policy: Arc<Policy>,
    pub(super) facts: Facts,
    pub(super) caller: Caller,
    /// Whether a person has approved the call.
    pub(super) approved: bool,
    /// The epoch of the kill switch in which the call was decided on.
    pub(super) epoch: SwitchEpoch,
    /// When the kill switch was asked.
    pub(super) asked: Instant,
    /// What other servers do not send meanwhile.
    pub(super) claim: Option<Arc<CallClaim>>,
}

/// A permit, which the gate takes back if the call may no longer be sent.
pub(super) struct GateClearance {
    gate: Arc<Gate>,
    facts: Facts,
    caller: Caller,
    approved: bool,
    epoch: SwitchEpoch,
    write_ahead: WriteAhead,
    /// What other servers do not send meanwhile.
    claim: Option<Arc<CallClaim>>,
    state: Mutex<ClearanceState>,
}

struct ClearanceState {
    /// The policy that permitted the call last.
    policy: Arc<Policy>,
    /// When a shared kill switch was asked last.
    asked: Instant,
    /// Why the permit was taken back.
    refusal: Option<Refusal>,
}

impl ClearanceTerms {
    /// The clearance of the call, which is started. Its line is written before its
    /// first request.
    pub(super) fn admitted_by(self, write_ahead: WriteAhead) -> Arc<GateClearance> {
        Arc::new(GateClearance {
            gate: self.gate,
            facts: self.facts,
            caller: self.caller,
            approved: self.approved,
            epoch: self.epoch,
            write_ahead,
            claim: self.claim,
            state: Mutex::new(ClearanceState {
                policy: self.policy,
                asked: self.asked,
                refusal: None,
            }),
        })
    }
}

impl GateClearance {
    /// Why the permit was taken back, if it was.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.lock().refusal.clone()
    }

    /// Why a call that only reads was stopped, if it was: an answer without the rest is none.
    pub(super) fn refusal_of_read(&self) -> Option<Refusal> {
        match self.facts.risk {
            Risk::Read => self.refusal(),
            _ => None,
        }
    }

    /// Takes steps 3 to 6 of a decision again.
    async fn decide(&self) -> Result<(), Refusal> {
        self.gate.check_open()?;
        if let Some(claim) = &self.claim {
            claim.renew_if_due().await?;
        }
        let (gate, facts, now) = (&self.gate, &self.facts, Instant::now());
        let policy = gate.policy();
        {
            let state = self.lock();
            let fresh = gate.ledger.is_shared() && state.asked.elapsed() < SHARED_LEASE / 4;
            if fresh && Arc::ptr_eq(&policy, &state.policy) {
                return Ok(());
            }
        }
        let snapshot = gate.snapshot(&policy, facts, &self.caller).await;
        match evaluate(&policy, facts, &self.caller, &snapshot, self.approved).course? {
            Course::Permit(_) => {}
            Course::Confirm => {
                let reason = format!(
                    "While `{}` waited, the policy or what it depends on changed; now a person has to approve it.",
                    facts.tool
                );
                return Err(Refusal::new(Code::PolicyChanged, reason));
            }
        }
        check_epoch(snapshot.switch, self.epoch)?;
        let mut state = self.lock();
        state.asked = now;
        state.policy = policy;
        Ok(())
    }

    /// Records that the call is sent now. Reading goes on without the audit.
    async fn admit(&self) -> Result<(), Refusal> {
        match self.write_ahead.write().await {
            Err(error) if self.facts.risk != Risk::Read => Err(Refusal::audit_unavailable(&error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What can be checked without waiting before a change.
    fn hold(&self) -> Result<Hold, Refusal> {
        self.gate.check_open()?;
        if self.facts.risk != Risk::Read && !self.write_ahead.is_written() {
            let error = io::Error::other("the call was not begun");
            return Err(Refusal::audit_unavailable(&error));
        }
        if let Some(claim) = &self.claim {
            claim.check()?;
        }
        let permitting = self.lock().policy.clone();
        if !Arc::ptr_eq(&self.gate.policy(), &permitting) {
            let reason = "The policy was changed at the moment at which the call was sent.";
            return Err(Refusal::new(Code::PolicyChanged, reason));
        }
        self.hold_switch(RequestKind::Change)
    }

    /// Checks the kill switch, which stays as it is while the result is held.
    fn hold_switch(&self, request: RequestKind) -> Result<Hold, Refusal> {
        let is_shared = self.gate.ledger.is_shared();
        let (switch, held) = self.gate.kill_switch.hand_over(is_shared, request)?;
        check_kill_switch(switch.state, self.facts.risk)?;
        check_epoch(switch, self.epoch)?;
        Ok(Box::new(held))
    }

    fn withdrawn(&self, refusal: Refusal) -> BackendError {
        let refusal = self.gate.naming_account(refusal);
        let withdrawal = refusal.withdrawal();
        self.lock().refusal = Some(refusal);
        withdrawal
    }

    fn lock(&self) -> MutexGuard<'_, ClearanceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clearance for GateClearance {
    fn begin(&self) -> ClearanceCheck<'_> {
        Box::pin(async {
            let begun = async {
                self.decide().await?;
                self.admit().await
            };
            begun.await.map_err(|refusal| self.withdrawn(refusal))
        })
    }

    fn check(&self) -> ClearanceCheck<'_> {
        Box::pin(async {
            let decided = self.decide().await;
            decided.map_err(|refusal| self.withdrawn(refusal))
        })
    }

    fn check_read(&self) -> ClearanceCheck<'_> {
        Box::pin(async {
            let heard = self.gate.hear_of_switch().await;
            heard.map_err(|error| self.withdrawn(Refusal::ledger_unavailable(&error)))
        })
    }

    fn hand_over(&self, request: RequestKind) -> Result<Hold, BackendError> {
        let hold = match request {
            RequestKind::Read => self.hold_switch(request),
            RequestKind::Change => self.hold(),
        };
        hold.map_err(|refusal| self.withdrawn(refusal))
    }
}
