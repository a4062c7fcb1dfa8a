//! Test cases for a policy: calls with expected effects.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Code, Context, Diagnostics, Effect, KnownNames, Policy, ReadChat, RuleLocation, document,
    parse, source::SourceFile,
};
use crate::op::{ChatId, Facts, LastIncoming, TargetRole};

/// A call with its context, and the expected outcome.
#[derive(Debug, Clone)]
pub struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) facts: Facts,
    pub(super) grant: String,
    pub(super) at: Option<Timestamp>,
    pub(super) known: Vec<ChatId>,
    pub(super) has_read: Vec<ReadChat>,
    pub(super) groups: KnownNames,
    pub(super) wrote: Vec<(ChatId, Timestamp)>,
    pub(super) expect: CaseOutcome,
}

/// The effect of a policy on a call, or what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseOutcome {
    /// `allow`, `confirm`, `deny` or `hidden`.
    pub verdict: &'static str,
    /// The code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The rule that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
    /// The detail of the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A case whose outcome is not the expected one.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The line of the case, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The name of the case.
    pub name: String,
    /// The tool.
    pub tool: &'static str,
    /// The expected outcome.
    pub expected: CaseOutcome,
    /// The actual outcome.
    pub came: CaseOutcome,
}

impl Case {
    /// Reads a file of cases. Times without a zone are in the time zone of the policy's hours.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn load(path: &Path, policy: &Policy) -> Result<Vec<Self>, Diagnostics> {
        let origin = path.display().to_string();
        match document::read_file(path) {
            Ok(text) => {
                let source = SourceFile::new(&origin, &text, document::toml(&text));
                parse::cases(source, policy)
            }
            Err(error) => Err(Diagnostics::unreadable(origin, &error)),
        }
    }

    /// The failure, if the outcome is not the expected one.
    pub fn fails(&self, policy: &Policy) -> Option<Failure> {
        let recipients = self.facts.targets.of(TargetRole::Recipient);
        let newcomers: Vec<ChatId> = recipients
            .filter(|chat| policy.asks_who_is_new(&self.grant) && !self.known.contains(chat))
            .cloned()
            .collect();
        // Whoever the case does not name has never written.
        let mut incoming = LastIncoming::default();
        for chat in self.facts.targets.chats() {
            let wrote = self.wrote.iter().filter(|(writer, _)| writer == chat);
            incoming.insert(chat.clone(), wrote.map(|(_, at)| *at).max());
        }
        let context = Context {
            grant: &self.grant,
            now: self.at,
            groups: &self.groups,
            newcomers: &newcomers,
            has_read: &self.has_read,
            incoming: &incoming,
        };
        let decision = policy.decide(&self.facts, &context);
        let came = CaseOutcome::of(decision.effect());
        (!self.expect.matches(&came)).then(|| Failure {
            line: self.line,
            column: self.column,
            name: self.name.clone(),
            tool: self.facts.tool,
            expected: self.expect.clone(),
            came,
        })
    }
}

impl CaseOutcome {
    fn of(effect: &Effect) -> Self {
        let reason = effect.reason();
        let refusal = reason.filter(|_| !effect.admits());
        Self {
            verdict: effect.name(),
            code: refusal.map(|reason| reason.code.name().to_owned()),
            rule: reason.and_then(|reason| reason.rule.clone()),
            reason: reason.and_then(|reason| reason.detail.clone()),
        }
    }

    /// Whether an outcome is the expected one. The expected rule is a key; the start of a
    /// key stands for all keys below it.
    fn matches(&self, came: &Self) -> bool {
        self.verdict == came.verdict
            && (self.code.is_none() || self.code == came.code)
            && self.rule.as_deref().is_none_or(|wanted| {
                let place = came.rule.as_deref().unwrap_or_default();
                let key = place.rsplit_once(" (").map_or("", |(_, key)| key);
                let key = key.strip_suffix(')').unwrap_or(key);
                // An included file's keys begin with its number.
                let key = key.split_once(": ").map_or(key, |(_, key)| key);
                key.strip_prefix(wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            })
    }
}

/// The codes that a decision of a policy can have.
pub(super) const CODES: [Code; 14] = [
    Code::DeniedByRule,
    Code::NotAdmitted,
    Code::Hidden,
    Code::ConfirmationOff,
    Code::ConditionNotMet,
    Code::RecipientDenied,
    Code::RecipientUnlisted,
    Code::RecipientNew,
    Code::NoRecentMessage,
    Code::ChatNotReadable,
    Code::FileNotAllowed,
    Code::QuietHours,
    Code::CrossChat,
    Code::ReadOnly,
];
