//! What would happen to a call, as it follows from the gate's own evaluation.

use serde::Serialize;

use crate::{
    gate::{Course, PermitBasis, Refusal},
    policy::{Code, Effect, RuleLocation},
};

/// What would happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It would be run.
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
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: Some(refusal.code),
            rule: refusal.rule,
            reason: Some(refusal.reason),
        }
    }
}

/// The outcome of a call, why, and whether only shadow mode lets the call pass.
pub(super) fn outcome(
    course: Result<Course, Refusal>,
    effect: &Effect,
) -> (Outcome, Option<Why>, bool) {
    let question = || {
        effect.reason().map(|because| Why {
            code: None,
            rule: because.rule.clone(),
            reason: because.detail.clone(),
        })
    };
    match course {
        Ok(Course::Permit(PermitBasis::Shadow(refusal))) if refusal.code == Code::CannotAsk => {
            (Outcome::Allowed, question(), true)
        }
        Ok(Course::Permit(PermitBasis::Shadow(refusal))) => {
            (Outcome::Allowed, Some((*refusal).into()), true)
        }
        Ok(Course::Permit(_)) => (Outcome::Allowed, None, false),
        Ok(Course::Confirm) => (Outcome::Asked, question(), false),
        Err(refusal) => (Outcome::Refused, Some(refusal.into()), false),
    }
}
