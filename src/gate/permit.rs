//! A permitted call, with what has to be settled when it ends.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    Gate, Obligations, Refusal, clearance::ClearanceTerms, dedup::DedupSlot,
    health::signals_danger, quota::Reservation, read_filter::read_filter,
};
use crate::{
    audit::AuditEntry,
    op::{Clearance, Facts},
    policy::{Code, Policy},
    toolset::{Permitted, Prepared},
};

/// A permitted call that has not been started. Dropping it sends nothing; what it counted
/// stays counted.
pub struct Permit {
    tool: &'static str,
    permitted: Permitted,
    basis: PermitBasis,
    wait: Duration,
    terms: ClearanceTerms,
    slot: DedupSlot,
    reservation: Reservation,
}

/// A call that is started: from here on it may be sent, and its end has to be recorded.
pub struct Started {
    /// The call.
    pub permitted: Permitted,
    /// Whether it may still be sent, to be asked before each of its requests.
    pub clearance: Arc<dyn Clearance>,
    /// What has to be settled when it ends.
    pub obligations: Obligations,
}

/// On which basis a call is permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PermitBasis {
    /// The policy allows it.
    Policy,
    /// A person approved it.
    Approval,
    /// The policy is in shadow mode. Enforced, it would have refused the call with this, or
    /// asked a person.
    Shadow(Box<Refusal>),
}

/// Permits a call in shadow mode that is refused for another reason than a rule, unless it
/// could not be counted.
pub(crate) fn in_shadow(
    refusal: Refusal,
    policy: &Policy,
    facts: &Facts,
) -> Result<PermitBasis, Refusal> {
    match policy.passes_in_shadow(facts.risk) && refusal.code != Code::LedgerUnavailable {
        true => Ok(PermitBasis::Shadow(Box::new(refusal))),
        false => Err(refusal),
    }
}

impl Gate {
    /// The permit of a call that every step has passed.
    pub(super) fn permit(
        self: &Arc<Self>,
        call: Prepared,
        terms: ClearanceTerms,
        basis: PermitBasis,
        slot: DedupSlot,
        reservation: Reservation,
    ) -> Permit {
        let (facts, caller) = (call.facts(), &terms.caller);
        let read_filter = read_filter(self, facts, caller);
        let concealment = self.concealment(caller);
        Permit {
            tool: facts.tool,
            basis,
            wait: reservation.wait(),
            terms,
            slot,
            reservation,
            permitted: self.authority.permit(call, read_filter, concealment),
        }
    }
}

impl Permit {
    /// The basis as the audit records it: `allowed`, `confirmed` or `shadow`.
    pub fn how(&self) -> &'static str {
        match self.basis {
            PermitBasis::Policy => "allowed",
            PermitBasis::Approval => "confirmed",
            PermitBasis::Shadow(_) => "shadow",
        }
    }

    /// The code with which an enforced policy would have stopped the call.
    pub fn shadowed(&self) -> Option<Code> {
        match &self.basis {
            PermitBasis::Shadow(refusal) => Some(refusal.code),
            PermitBasis::Policy | PermitBasis::Approval => None,
        }
    }

    /// How long to wait before the call is run, to keep its pace.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Starts the call: from here on it may be sent, and its end has to be recorded.
    pub fn start(self, mut entry: AuditEntry) -> Started {
        entry.permitted(self.how(), self.shadowed());
        let (gate, grant) = (self.terms.gate.clone(), self.terms.caller.grant.clone());
        let signals_danger = signals_danger(&self.terms.facts);
        let clearance = self.terms.admitted_by(entry.write_ahead());
        Started {
            permitted: self.permitted,
            clearance: clearance.clone(),
            obligations: Obligations {
                gate,
                grant,
                signals_danger,
                clearance,
                slot: Some(self.slot),
                reservation: Some(self.reservation),
                entry: Some(entry),
            },
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.tool).finish()
    }
}
