//! One row for each tool: what a caller may do with it, and which rule decides.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::{
    cli::output::colour,
    op::{self, Risk},
    policy::{Effect, Policy, RuleLocation, Subject},
};

/// What a caller may do with a tool.
#[derive(Serialize)]
pub(super) struct EffectRow {
    pub(super) tool: &'static str,
    pub(super) risk: Risk,
    #[serde(rename = "standing")]
    pub(super) effect: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    manner: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The rule for the effect, whatever limits there are.
    #[serde(skip)]
    pub(super) decided_by: Option<RuleLocation>,
    /// The part of `manner` that is about arguments.
    #[serde(skip)]
    pub(super) conditions: Vec<String>,
    /// The part of `manner` that is about delays.
    #[serde(skip)]
    pub(super) paces: Vec<String>,
}

/// One row for each tool of the catalogue.
pub(super) fn rows(policy: &Policy, grant: &str) -> Vec<EffectRow> {
    let row = |entry: &op::Entry| {
        let effect = policy.effect(entry.name, entry.risk, grant);
        let limits = policy.limits_of(entry.name, grant);
        let reason = effect.reason();
        let terms = match effect.admits() {
            true => policy.describe_tool(entry.name, grant),
            false => Vec::new(),
        };
        let texts = |wanted: &dyn Fn(Subject) -> bool| {
            let terms = terms.iter().filter(|term| wanted(term.subject));
            let mut texts: Vec<String> = terms.map(|term| term.text.clone()).collect();
            texts.dedup();
            texts
        };
        let decided_by = reason
            .and_then(|reason| reason.rule.clone())
            .or_else(|| policy.allowed_by(entry.name, grant).cloned());
        EffectRow {
            tool: entry.name,
            risk: entry.risk,
            effect: word(&effect),
            manner: texts(&|_| true),
            limits: limits.iter().map(ToString::to_string).collect(),
            rule: reason
                .and_then(|reason| reason.rule.clone())
                .or_else(|| limits.first().map(|limit| limit.rule.clone()))
                .or_else(|| decided_by.clone()),
            reason: reason.and_then(|reason| reason.detail.clone()),
            decided_by,
            conditions: texts(&|subject| subject == Subject::Conditions),
            paces: texts(&|subject| subject == Subject::Pace),
        }
    };
    op::catalogue().iter().map(row).collect()
}

/// The name of an effect that allows at once.
pub(super) const LISTED: &str = "listed";
/// The name of an effect that asks.
pub(super) const ASKS: &str = "asks";

const fn word(effect: &Effect) -> &'static str {
    match effect {
        Effect::Allow => LISTED,
        Effect::Confirm(_) => ASKS,
        Effect::Deny(_) => "refused",
        Effect::Hidden(_) => "hidden",
    }
}

impl EffectRow {
    /// Whether calls may be made, at once or after approval.
    pub(super) fn admits(&self) -> bool {
        [LISTED, ASKS].contains(&self.effect)
    }

    /// The colour of the effect.
    pub(super) fn style(&self) -> Style {
        colour(match self.effect {
            LISTED => AnsiColor::Green,
            ASKS => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        })
    }

    /// The row of a table.
    pub(super) fn cells(&self) -> [(String, Style); 4] {
        let mut terms = self.manner.join(", ");
        if !self.limits.is_empty() {
            let comma = if terms.is_empty() { "" } else { ", " };
            terms += &format!("{comma}at most {}", self.limits.join(" and "));
        }
        if !terms.is_empty() {
            terms += "  ";
        }
        let plain = Style::new();
        [
            (self.tool.to_owned(), plain),
            (self.risk.to_string(), plain),
            (self.effect.to_owned(), self.style()),
            (terms + self.rule.as_deref().unwrap_or("(no rule)"), plain),
        ]
    }
}
