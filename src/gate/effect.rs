//! What follows from what the policy says of a call.

use jiff::Timestamp;

use super::{Caller, Refusal, authorize::Course, permit::PermitBasis};
use crate::{
    op::Facts,
    policy::{Effect, Policy},
};

/// What follows from an effect of the policy. In shadow mode a call that would be refused or
/// asked about may be run, unless a person was asked under an enforced policy.
pub(super) fn apply_effect(
    effect: &Effect,
    policy: &Policy,
    facts: &Facts,
    caller: &Caller,
    now: Timestamp,
    approved: bool,
) -> Result<Course, Refusal> {
    let refusal = match effect {
        Effect::Allow if approved => return Ok(Course::Permit(PermitBasis::Approval)),
        Effect::Allow => return Ok(Course::Permit(PermitBasis::Policy)),
        Effect::Confirm(_) if approved => return Ok(Course::Permit(PermitBasis::Approval)),
        Effect::Confirm(reason) => Refusal::cannot_ask(facts.tool, reason),
        Effect::Deny(reason) | Effect::Hidden(reason) => Refusal::by_rule(facts.tool, reason, now),
    };
    match effect {
        _ if policy.passes_in_shadow(facts.risk) && !approved => {
            Ok(Course::Permit(PermitBasis::Shadow(Box::new(refusal))))
        }
        Effect::Confirm(_) if caller.can_ask => Ok(Course::Confirm),
        _ => Err(refusal),
    }
}
