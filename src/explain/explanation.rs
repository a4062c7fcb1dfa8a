//! What would happen to a call, and which rules decided.

use jiff::Timestamp;
use serde::Serialize;

use super::{Account, LimitStatus, Outcome, Why, outcome::outcome};
use crate::{
    gate::Caller,
    ledger::LedgerError,
    op::{ChatId, Facts, Risk, TargetRole},
    policy::{Context, Decision, Finding, GroupNames, Policy},
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
    /// What would come of it.
    pub outcome: Outcome,
    /// Why it would be refused or asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Why>,
    /// Whether it would be let through only since the policy is tried out.
    pub shadow: bool,
    /// Each rule that applies.
    pub findings: Vec<Said>,
    /// The chats that the call reaches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chats: Vec<Person>,
    /// How many messages it may read out.
    pub reads: u32,
    /// The limits that would count it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitStatus>,
    /// The gaps that it would have to keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paces: Vec<String>,
    /// What only a running server finds out, and what it means here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// What one rule says.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// `allow`, `confirm`, `deny` or `hidden`.
    pub says: &'static str,
    /// Whether it is as strict as what comes of it all.
    pub decides: bool,
    #[serde(flatten)]
    why: Why,
}

/// A chat that the call reaches.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// Its id.
    pub chat: String,
    /// What the call means for it.
    pub part: &'static str,
    /// Whether it was never written to, where it gets something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
}

impl Said {
    /// Where the rule stands, and what is said of it.
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
    /// Asks a policy of a call, with what is remembered of the account.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn of(
        policy: &Policy,
        facts: &Facts,
        grant: &str,
        at: Timestamp,
        account: &Account,
    ) -> Result<Self, LedgerError> {
        let mut newcomers: Vec<ChatId> = Vec::new();
        if policy.asks_who_is_new(grant) {
            for chat in facts.targets.of(TargetRole::Recipient) {
                if account.is_new(chat)? && !newcomers.contains(chat) {
                    newcomers.push(chat.clone());
                }
            }
        }
        let groups = GroupNames::unknown();
        let context = Context {
            grant,
            now: Some(at),
            groups: &groups,
            newcomers: &newcomers,
            has_read: &[],
        };
        let decision = policy.decide(facts, &context);
        let caller = Caller {
            grant: grant.to_owned(),
            session: "stdio".to_owned(),
            can_ask: true,
        };
        let limits: Vec<LimitStatus> = decision
            .limits
            .iter()
            .filter_map(|index| policy.limits.get(*index))
            .filter_map(|limit| LimitStatus::of(account, limit, facts, &caller, newcomers.len()))
            .collect();
        let (outcome, because, shadow) = outcome(policy, facts, &decision, account, &limits);
        let findings = decision.findings.iter();
        let mut chats = people(facts, TargetRole::Subject, "changes", |_| None);
        chats.extend(people(facts, TargetRole::Source, "reads", |_| None));
        chats.extend(people(facts, TargetRole::Recipient, "writes to", |chat| {
            policy
                .asks_who_is_new(grant)
                .then(|| newcomers.contains(chat))
        }));
        Ok(Self {
            tool: facts.tool,
            risk: facts.risk,
            grant: grant.to_owned(),
            at,
            outcome,
            because,
            shadow,
            findings: findings
                .map(|finding| Said::of(finding, &decision))
                .collect(),
            chats,
            reads: facts.reads,
            paces: decision
                .paces
                .iter()
                .map(|rule| format!("{} between calls [{}]", rule.pace, rule.rule))
                .collect(),
            unknown: super::unknown::of(policy, facts, grant, account, &limits, &decision),
            limits,
        })
    }
}

fn people(
    facts: &Facts,
    part: TargetRole,
    words: &'static str,
    new: impl Fn(&ChatId) -> Option<bool>,
) -> Vec<Person> {
    let chats = facts.targets.of(part);
    chats
        .map(|chat| Person {
            chat: chat.to_string(),
            part: words,
            new: new(chat),
        })
        .collect()
}
