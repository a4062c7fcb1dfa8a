//! Calls with expected verdicts, held against a policy.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Context, Diagnostics, Effect, GroupNames, Policy, RuleLocation, raw, source::Source, valid,
};
use crate::{
    op::{ChatId, Facts, TargetRole},
    policy::Code,
};

/// A call, and what should come of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) facts: Facts,
    pub(super) grant: String,
    pub(super) at: Option<Timestamp>,
    pub(super) known: Vec<ChatId>,
    pub(super) has_read: Vec<ChatId>,
    pub(super) groups: GroupNames,
    pub(super) expect: Verdict,
}

/// A verdict, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `allow`, `confirm`, `deny` or `hidden`.
    pub verdict: &'static str,
    /// The kind of refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The rule that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
    /// What is said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A case that came out otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Where the case stands.
    pub line: usize,
    /// Where in that line.
    pub column: usize,
    /// What it is called.
    pub name: String,
    /// The tool.
    pub tool: &'static str,
    /// What was expected.
    pub expected: Verdict,
    /// What came.
    pub came: Verdict,
}

impl Case {
    /// Reads a file of cases; times on the wall are those of the policy's zone.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn load(path: &Path, policy: &Policy) -> Result<Vec<Self>, Diagnostics> {
        let origin = path.display().to_string();
        match raw::read_file(path) {
            Ok(text) => {
                let source = Source::new(&origin, &text, raw::toml(&text));
                valid::cases(source, policy)
            }
            Err(error) => Err(Diagnostics::unreadable(origin, &error)),
        }
    }

    /// What came of it, where that is not what was expected.
    pub fn fails(&self, policy: &Policy) -> Option<Failure> {
        let recipients = self.facts.targets.of(TargetRole::Recipient);
        let newcomers: Vec<ChatId> = recipients
            .filter(|chat| policy.asks_who_is_new(&self.grant) && !self.known.contains(chat))
            .cloned()
            .collect();
        let context = Context {
            grant: &self.grant,
            now: self.at,
            groups: &self.groups,
            newcomers: &newcomers,
            has_read: &self.has_read,
        };
        let decision = policy.decide(&self.facts, &context);
        let came = Verdict::of(decision.effect());
        (!self.expect.fits(decision.effect())).then(|| Failure {
            line: self.line,
            column: self.column,
            name: self.name.clone(),
            tool: self.facts.tool,
            expected: self.expect.clone(),
            came,
        })
    }
}

impl Verdict {
    fn of(effect: &Effect) -> Self {
        let because = effect.because();
        let code = because.filter(|_| !effect.admits());
        Self {
            verdict: effect.name(),
            code: code.map(|because| because.code.name().to_owned()),
            rule: because.and_then(|because| because.rule.clone()),
            reason: because.and_then(|because| because.reason.clone()),
        }
    }

    /// Whether a standing is the one that is expected. A rule is named by its key; a
    /// part of the key stands for all below it.
    fn fits(&self, effect: &Effect) -> bool {
        let came = Self::of(effect);
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

/// The codes that a verdict can have.
pub(super) const CODES: [Code; 12] = [
    Code::DeniedByRule,
    Code::NotAdmitted,
    Code::Hidden,
    Code::ConfirmationOff,
    Code::ConditionNotMet,
    Code::RecipientDenied,
    Code::RecipientUnlisted,
    Code::RecipientNew,
    Code::ChatNotReadable,
    Code::QuietHours,
    Code::CrossChat,
    Code::ReadOnly,
];
