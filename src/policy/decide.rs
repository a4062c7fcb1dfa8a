//! What a policy says of a call.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{GroupNames, RuleLocation};
use crate::{op::ChatId, policy::Code};

/// Whether a call may be made, mildest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It may.
    Allow,
    /// A person has to say yes each time.
    Confirm(Reason),
    /// It is refused.
    Deny(Reason),
    /// It is refused, and its tool is not even listed.
    Hidden(Reason),
}

/// The rule behind a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The kind of refusal that it leads to.
    pub code: Code,
    /// Where the rule stands, as `file:line:column (key)`.
    pub rule: Option<RuleLocation>,
    /// The operator's own words, or what was looked at.
    pub reason: Option<String>,
    /// When the rule no longer speaks against it.
    pub until: Option<Timestamp>,
}

impl Reason {
    /// A reason of this kind.
    pub fn new(code: Code, rule: Option<RuleLocation>) -> Self {
        Self {
            code,
            rule,
            reason: None,
            until: None,
        }
    }

    #[must_use]
    pub(super) fn saying(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl Effect {
    pub(super) const fn strictness(&self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Confirm(_) => 1,
            Self::Deny(_) => 2,
            Self::Hidden(_) => 3,
        }
    }

    /// The strictest of several; the first of those that are equally strict.
    pub(super) fn strictest<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        all.into_iter().reduce(|kept, next| {
            if next.strictness() > kept.strictness() {
                next
            } else {
                kept
            }
        })
    }

    /// The rule behind it; none for a plain yes.
    pub fn because(&self) -> Option<&Reason> {
        match self {
            Self::Allow => None,
            Self::Confirm(because) | Self::Deny(because) | Self::Hidden(because) => Some(because),
        }
    }

    /// The word for it, as policies write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Confirm(_) => "confirm",
            Self::Deny(_) => "deny",
            Self::Hidden(_) => "hidden",
        }
    }

    /// Whether the call may be made, at once or after a yes.
    pub const fn admits(&self) -> bool {
        matches!(self, Self::Allow | Self::Confirm(_))
    }
}

/// What a policy cannot know of a call by itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who calls.
    pub grant: &'a str,
    /// The time of day; without one hours have no say.
    pub now: Option<Timestamp>,
    /// The groups that the policy names.
    pub groups: &'a GroupNames,
    /// Recipients that this account has never written to.
    pub newcomers: &'a [ChatId],
    /// Chats that the caller has read in.
    pub has_read: &'a [ChatId],
}

/// Something that a policy says of a call.
#[derive(Debug, Clone)]
pub struct Finding<'p> {
    /// What it says.
    pub effect: Cow<'p, Effect>,
    /// Where.
    pub rule: Option<&'p RuleLocation>,
}

impl<'p> Finding<'p> {
    pub(super) fn of(effect: &'p Effect, rule: Option<&'p RuleLocation>) -> Self {
        Self {
            effect: Cow::Borrowed(effect),
            rule,
        }
    }

    pub(super) fn new(effect: Effect, rule: &'p RuleLocation) -> Self {
        Self {
            effect: Cow::Owned(effect),
            rule: Some(rule),
        }
    }
}

/// Everything that a policy says of a call.
#[derive(Debug, Default)]
pub struct Decision<'p> {
    /// Each rule that applies.
    pub findings: Vec<Finding<'p>>,
    /// The limits that count it, as positions in the policy's list.
    pub limits: Vec<usize>,
    /// The gaps that have to be kept.
    pub paces: Vec<&'p super::PaceRule>,
}

/// Where no rule speaks at all, nothing is allowed.
static NOTHING: Effect = Effect::Hidden(Reason {
    code: Code::NotAdmitted,
    rule: None,
    reason: None,
    until: None,
});

impl Decision<'_> {
    /// What comes of it all: the strictest.
    pub fn effect(&self) -> &Effect {
        let all = self.findings.iter().map(|finding| &*finding.effect);
        Effect::strictest(all).unwrap_or(&NOTHING)
    }

    /// Why a person has to be asked, one sentence each.
    pub fn reasons_to_ask(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for finding in &self.findings {
            if let Effect::Confirm(because) = &*finding.effect
                && let Some(reason) = &because.reason
                && !reasons.contains(reason)
            {
                reasons.push(reason.clone());
            }
        }
        reasons
    }
}
