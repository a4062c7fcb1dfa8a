//! What would happen to a call, and which rules decided.

use jiff::Timestamp;
use serde::Serialize;

use super::{Account, Outlook, time::for_people};
use crate::{
    gate::{Caller, Code, endangers},
    ledger::LedgerError,
    op::{ChatId, Part, Risk},
    panic_switch::State,
    policy::{Decision, Finding, GroupNames, Place, Policy, Situation, Standing},
    toolset::Facts,
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
    pub limits: Vec<Outlook>,
    /// The gaps that it would have to keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paces: Vec<String>,
    /// What only a running server finds out, and what it means here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

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
    pub rule: Option<Place>,
    /// What is said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
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
        let because = finding.standing.because();
        Self {
            says: finding.standing.name(),
            decides: finding.standing.name() == decision.standing().name(),
            why: Why {
                code: because
                    .map(|because| because.code)
                    .filter(|_| !finding.standing.admits()),
                rule: finding.rule.cloned(),
                reason: because.and_then(|because| because.reason.clone()),
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
            for chat in facts.touches.of(Part::Recipient) {
                if account.is_new(chat)? && !newcomers.contains(chat) {
                    newcomers.push(chat.clone());
                }
            }
        }
        let groups = GroupNames::default();
        let situation = Situation {
            grant,
            now: Some(at),
            groups: &groups,
            newcomers: &newcomers,
            has_read: &[],
        };
        let decision = policy.decide(facts, &situation);
        let caller = Caller {
            grant: grant.to_owned(),
            session: "stdio".to_owned(),
            can_ask: true,
        };
        let limits: Vec<Outlook> = decision
            .limits
            .iter()
            .filter_map(|index| policy.limits.get(*index))
            .filter_map(|limit| Outlook::of(account, limit, facts, &caller, newcomers.len()))
            .collect();
        let (outcome, because, shadow) = outcome(policy, facts, &decision, account, &limits);
        let findings = decision.findings.iter();
        let mut chats = people(facts, Part::Subject, "changes", |_| None);
        chats.extend(people(facts, Part::Source, "reads", |_| None));
        chats.extend(people(facts, Part::Recipient, "writes to", |chat| {
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
    part: Part,
    words: &'static str,
    new: impl Fn(&ChatId) -> Option<bool>,
) -> Vec<Person> {
    let chats = facts.touches.of(part);
    chats
        .map(|chat| Person {
            chat: chat.to_string(),
            part: words,
            new: new(chat),
        })
        .collect()
}

/// The gate's questions in the gate's order.
fn outcome(
    policy: &Policy,
    facts: &Facts,
    decision: &Decision<'_>,
    account: &Account,
    limits: &[Outlook],
) -> (Outcome, Option<Why>, bool) {
    let refused = |code, rule: Option<&Place>, reason: String| {
        let why = Why {
            code: Some(code),
            rule: rule.cloned(),
            reason: Some(reason),
        };
        (Outcome::Refused, Some(why), false)
    };
    if account.panic == State::Everything
        || (account.panic == State::ReadsOnly && facts.risk != Risk::Read)
    {
        let reason = "the operator has stopped the servers (`whatsapp-guard panic`)";
        return refused(Code::Panic, None, reason.to_owned());
    }
    let standing = decision.standing();
    if standing.admits()
        && endangers(facts)
        && let (Some(pause), Some(health)) = (&account.pause, policy.health.first())
    {
        let time = for_people(pause.remaining);
        let reason = format!(
            "the account is left alone for another {time}: {}",
            pause.why
        );
        return refused(Code::AccountPaused, Some(&health.rule), reason);
    }
    let shadow = policy.lets_through(facts, standing);
    let why = |code: bool| {
        standing.because().map(|because| Why {
            code: code.then_some(because.code),
            rule: because.rule.clone(),
            reason: because.reason.clone(),
        })
    };
    if !standing.admits() {
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
    match standing {
        Standing::Confirm(_) if !shadow => (Outcome::Asked, why(false), false),
        Standing::Confirm(_) => (Outcome::Allowed, why(false), true),
        _ => (Outcome::Allowed, None, false),
    }
}
