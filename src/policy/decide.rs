//! What a policy says of a call.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{GroupNames, Place};
use crate::{gate::Code, op::ChatId};

/// Whether a call may be made, mildest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Allow,
    /// A person has to say yes each time.
    Confirm(Because),
    /// It is refused.
    Deny(Because),
    /// It is refused, and its tool is not even listed.
    Hidden(Because),
}

/// The rule behind a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// The kind of refusal that it leads to.
    pub code: Code,
    /// Where the rule stands, as `file:line:column (key)`.
    pub rule: Option<Place>,
    /// The operator's own words, or what was looked at.
    pub reason: Option<String>,
    /// When the rule no longer speaks against it.
    pub until: Option<Timestamp>,
}

impl Because {
    /// A reason of this kind.
    pub fn new(code: Code, rule: Option<Place>) -> Self {
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

impl Standing {
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
    pub fn because(&self) -> Option<&Because> {
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
pub struct Situation<'a> {
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
    pub standing: Cow<'p, Standing>,
    /// Where.
    pub rule: Option<&'p Place>,
}

impl<'p> Finding<'p> {
    pub(super) fn of(standing: &'p Standing, rule: Option<&'p Place>) -> Self {
        Self {
            standing: Cow::Borrowed(standing),
            rule,
        }
    }

    pub(super) fn new(standing: Standing, rule: &'p Place) -> Self {
        Self {
            standing: Cow::Owned(standing),
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
static NOTHING: Standing = Standing::Hidden(Because {
    code: Code::NotAdmitted,
    rule: None,
    reason: None,
    until: None,
});

impl Decision<'_> {
    /// What comes of it all: the strictest.
    pub fn standing(&self) -> &Standing {
        let all = self.findings.iter().map(|finding| &*finding.standing);
        Standing::strictest(all).unwrap_or(&NOTHING)
    }

    /// Why a person has to be asked, one sentence each.
    pub fn reasons_to_ask(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for finding in &self.findings {
            if let Standing::Confirm(because) = &*finding.standing
                && let Some(reason) = &because.reason
                && !reasons.contains(reason)
            {
                reasons.push(reason.clone());
            }
        }
        reasons
    }
}
