//! What would come of a call.

use serde::Serialize;

use super::{Account, LimitStatus};
use crate::{
    gate::signals_danger,
    ledger::SwitchState,
    op::{Facts, Risk},
    policy::{Code, Decision, Effect, Finding, Policy, RuleLocation},
    text::for_people,
};

/// What would come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It would be made.
    Allowed,
    /// A person would be asked.
    Asked,
    /// It would be refused.
    Refused,
}

/// Why a call would be refused or asked about.
#[derive(Debug, Clone, Serialize)]
pub struct Why {
    /// The kind of refusal; none for a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Where the rule stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
    /// What is said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
/// The gate's questions in the gate's order.
pub(super) fn outcome(
    policy: &Policy,
    facts: &Facts,
    decision: &Decision<'_>,
    account: &Account,
    limits: &[LimitStatus],
) -> (Outcome, Option<Why>, bool) {
    let refused = |code, rule: Option<&RuleLocation>, reason: String| {
        let why = Why {
            code: Some(code),
            rule: rule.cloned(),
            reason: Some(reason),
        };
        (Outcome::Refused, Some(why), false)
    };
    if account.panic == SwitchState::Everything
        || (account.panic == SwitchState::ReadsOnly && facts.risk != Risk::Read)
    {
        let reason = "the operator has stopped the servers (`whatsapp-guard panic`)";
        return refused(Code::Panic, None, reason.to_owned());
    }
    let strange = |finding: &Finding<'_>| {
        let because = finding.effect.reason();
        because.is_some_and(|because| because.code == Code::UnknownGrant)
    };
    if decision.findings.iter().any(strange) {
        let reason = "the policy has no such caller";
        return refused(Code::UnknownGrant, None, reason.to_owned());
    }
    let effect = decision.effect();
    let shadow = policy.passes_in_shadow(facts);
    if effect.admits()
        && signals_danger(facts)
        && let (Some(pause), Some(health)) = (&account.pause, policy.health.first())
    {
        let time = for_people(pause.remaining);
        let reason = format!(
            "the account is left alone for another {time}: {}",
            pause.why
        );
        let (outcome, why, _) = refused(Code::AccountPaused, Some(&health.rule), reason);
        return (if shadow { Outcome::Allowed } else { outcome }, why, shadow);
    }
    let why = |code: bool| {
        effect.reason().map(|because| Why {
            code: code.then_some(because.code),
            rule: because.rule.clone(),
            reason: because.detail.clone(),
        })
    };
    if !effect.admits() {
        let outcome = if shadow {
            Outcome::Allowed
        } else {
            Outcome::Refused
        };
        return (outcome, why(true), shadow);
    }
    if let Some(full) = limits.iter().find(|limit| limit.is_full()) {
        let wait = match full.wait() {
            Some(wait) => format!("; there is room again in {}", for_people(wait)),
            None => String::new(),
        };
        let reason = format!("at most {}{wait}", full.limit);
        let (outcome, why, _) = refused(Code::RateLimited, Some(&full.rule), reason);
        return (if shadow { Outcome::Allowed } else { outcome }, why, shadow);
    }
    match effect {
        Effect::Confirm(_) if !shadow => (Outcome::Asked, why(false), false),
        Effect::Confirm(_) => (Outcome::Allowed, why(false), true),
        _ => (Outcome::Allowed, None, false),
    }
}
