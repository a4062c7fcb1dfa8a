//! The result of a policy for a call: findings, effect, limits and paces.

use std::{borrow::Cow, time::Duration};

use jiff::Timestamp;

use super::{Code, KnownNames, RuleLocation, layer::Action};
use crate::op::{ChatId, LastIncoming};

/// What a policy does with a call, mildest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The call is made.
    Allow,
    /// A person is asked to approve each call.
    Confirm(Reason),
    /// The call is refused.
    Deny(Reason),
    /// The call is refused, and its tool is not listed.
    Hidden(Reason),
}

/// Why a call is refused, or why a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The kind of refusal.
    pub code: Code,
    /// The rule, as `file:line:column (key)`.
    pub rule: Option<RuleLocation>,
    /// The `reason` of the rule, or what in the call it objects to.
    pub detail: Option<String>,
    /// When the rule stops to apply, if that is known.
    pub until: Option<Timestamp>,
}

impl Reason {
    /// A reason without detail.
    pub fn new(code: Code, rule: Option<RuleLocation>) -> Self {
        Self {
            code,
            rule,
            detail: None,
            until: None,
        }
    }

    #[must_use]
    pub(super) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
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

    /// The strictest effect; of equally strict ones the first.
    pub(super) fn strictest<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        all.into_iter().reduce(|kept, next| {
            if next.strictness() > kept.strictness() {
                next
            } else {
                kept
            }
        })
    }

    /// Why; `None` for `Allow`.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Allow => None,
            Self::Confirm(reason) | Self::Deny(reason) | Self::Hidden(reason) => Some(reason),
        }
    }

    /// The word that policies, cases and JSON use for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allow => Action::Allow.name(),
            Self::Confirm(_) => Action::Confirm.name(),
            Self::Deny(_) => Action::Deny.name(),
            Self::Hidden(_) => "hidden",
        }
    }

    /// Whether the call may be made, at once or after approval.
    pub const fn admits(&self) -> bool {
        matches!(self, Self::Allow | Self::Confirm(_))
    }
}

/// The attributes of a call that are not in its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The caller.
    pub grant: &'a str,
    /// The time of the call; without it `hours` do not apply.
    pub now: Option<Timestamp>,
    /// The names of groups and the people behind hidden ids, as far as they are known.
    pub groups: &'a KnownNames,
    /// Recipients that this account has never written to.
    pub newcomers: &'a [ChatId],
    /// Chats whose messages the caller has read.
    pub has_read: &'a [ReadChat],
    /// When others wrote last in the chats of the call, as far as it was looked up for it.
    pub incoming: &'a LastIncoming,
}

/// A chat in which a caller has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadChat {
    /// The chat.
    pub chat: ChatId,
    /// How long ago it was, the last time.
    pub ago: Duration,
}

impl ReadChat {
    /// A chat that was read a moment ago.
    pub fn just_now(chat: ChatId) -> Self {
        let ago = Duration::ZERO;
        Self { chat, ago }
    }
}

/// What one rule says about a call.
#[derive(Debug, Clone)]
pub struct Finding<'p> {
    /// The effect of the rule.
    pub effect: Cow<'p, Effect>,
    /// The rule.
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

/// What all rules of a policy say about a call.
#[derive(Debug, Default)]
pub struct Decision<'p> {
    /// The rules that apply.
    pub findings: Vec<Finding<'p>>,
    /// The limits that count the call, as indexes of `Policy::limits`.
    pub limits: Vec<usize>,
    /// The delays that are kept before the call.
    pub paces: Vec<&'p super::PaceRule>,
}

/// The effect if no rule applies: nothing is allowed.
static NO_RULE: Effect = Effect::Hidden(Reason {
    code: Code::NotAdmitted,
    rule: None,
    detail: None,
    until: None,
});

impl Decision<'_> {
    /// The strictest effect of all findings.
    pub fn effect(&self) -> &Effect {
        let all = self.findings.iter().map(|finding| &*finding.effect);
        Effect::strictest(all).unwrap_or(&NO_RULE)
    }

    /// Why a person is asked: the details of all rules that confirm, each once.
    pub fn reasons_to_ask(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for finding in &self.findings {
            if let Effect::Confirm(Reason { detail, .. }) = &*finding.effect
                && let Some(detail) = detail
                && !reasons.contains(detail)
            {
                reasons.push(detail.clone());
            }
        }
        reasons
    }
}
