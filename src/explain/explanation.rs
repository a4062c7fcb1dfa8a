//! What would happen to a call, and which rules decided.

use jiff::Timestamp;
use serde::Serialize;

use super::{AccountRecord, LimitStatus, Outcome, Why, outcome::outcome};
use crate::{
    gate::{Caller, Course, Evaluation, evaluate, in_shadow},
    ledger::LedgerError,
    op::{ChatId, Facts, Risk, TargetRole},
    policy::{Decision, Finding, Policy},
};

/// What would happen to a call.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The tool.
    pub tool: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// Who would call.
    pub grant: String,
    /// When.
    pub at: Timestamp,
    /// What would happen to it.
    pub outcome: Outcome,
    /// Why it would be refused or asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Why>,
    /// Whether it would be run only because the policy is in shadow mode.
    pub shadow: bool,
    /// Each rule that applies.
    pub findings: Vec<RuleFinding>,
    /// The chats that the call reaches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chats: Vec<Target>,
    /// How many messages it may read.
    pub reads: u32,
    /// The limits that would count it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitStatus>,
    /// The delays that it would have to keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paces: Vec<String>,
    /// What only a running server looks up, and what is assumed instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// What one rule says.
#[derive(Debug, Clone, Serialize)]
pub struct RuleFinding {
    /// `allow`, `confirm`, `deny` or `hidden`.
    pub says: &'static str,
    /// Whether it is as strict as the decision.
    pub decides: bool,
    #[serde(flatten)]
    why: Why,
}

/// A chat that the call reaches.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// Its id.
    pub chat: String,
    /// What the call does with it.
    pub part: &'static str,
    /// For recipients, whether the account has never written to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
}

impl RuleFinding {
    /// Where the rule stands, and its reason.
    pub fn why(&self) -> &Why {
        &self.why
    }

    fn of(finding: &Finding<'_>, decision: &Decision<'_>) -> Self {
        let because = finding.effect.reason();
        Self {
            says: finding.effect.name(),
            decides: finding.effect.name() == decision.effect().name(),
            why: Why {
                code: because
                    .map(|because| because.code)
                    .filter(|_| !finding.effect.admits()),
                rule: finding.rule.cloned(),
                reason: because.and_then(|because| because.detail.clone()),
            },
        }
    }
}

impl Explanation {
    /// Explains a call by a policy and the record of an account.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn of(
        policy: &Policy,
        facts: &Facts,
        grant: &str,
        at: Timestamp,
        account: &AccountRecord,
    ) -> Result<Self, LedgerError> {
        let snapshot = account.snapshot(policy, facts, grant, at).await?;
        let caller = Caller {
            grant: grant.to_owned(),
            session: "stdio".to_owned(),
            can_ask: true,
        };
        let Evaluation { decision, course } = evaluate(policy, facts, &caller, &snapshot, false);
        let newcomers = snapshot.newcomers.as_deref().unwrap_or_default();
        let limits = decision.limits.iter();
        let limits = limits.filter_map(|index| policy.limits.get(*index));
        let (mut full, mut statuses) = (None, Vec::new());
        for limit in limits {
            let status = LimitStatus::of(account, limit, facts, &caller, newcomers.len());
            if let Some(status) = status.await? {
                if full.is_none() && status.is_full() {
                    full = Some(status.refusal(facts.tool, limit));
                }
                statuses.push(status);
            }
        }
        let course = match (course, full) {
            (Ok(_), Some(full)) => in_shadow(full, policy, facts).map(Course::Permit),
            (course, _) => course,
        };
        let (outcome, because, shadow) = outcome(course, decision.effect());
        let findings = decision.findings.iter();
        let mut chats = targets(facts, TargetRole::Subject, "changes", |_| None);
        chats.extend(targets(facts, TargetRole::Source, "reads", |_| None));
        chats.extend(targets(facts, TargetRole::Recipient, "writes to", |chat| {
            policy
                .asks_who_is_new(grant)
                .then(|| newcomers.contains(chat))
        }));
        chats.extend(targets(facts, TargetRole::Noticing, "shows to", |_| None));
        chats.extend(targets(facts, TargetRole::Named, "names", |_| None));
        Ok(Self {
            tool: facts.tool,
            risk: facts.risk,
            grant: grant.to_owned(),
            at,
            outcome,
            because,
            shadow,
            findings: findings
                .map(|finding| RuleFinding::of(finding, &decision))
                .collect(),
            chats,
            reads: facts.reads,
            paces: decision
                .paces
                .iter()
                .map(|rule| format!("{} between calls [{}]", rule.pace, rule.rule))
                .collect(),
            unknown: super::unknown::of(policy, facts, grant, account, &statuses, &decision),
            limits: statuses,
        })
    }
}

fn targets(
    facts: &Facts,
    part: TargetRole,
    words: &'static str,
    new: impl Fn(&ChatId) -> Option<bool>,
) -> Vec<Target> {
    let chats = facts.targets.of(part);
    chats
        .map(|chat| Target {
            chat: chat.to_string(),
            part: words,
            new: new(chat),
        })
        .collect()
}
