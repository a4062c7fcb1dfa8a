//! `[recipients]`: who may be reached, and who is a first-time recipient.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    Action, Code, Context, Decision, Effect, Finding, KnownNames, RuleLocation,
    chats::{ChatSet, NameMatch},
};
use crate::{
    op::{ChatId, Facts, Incoming, TargetRole},
    text::for_people,
};

/// How far the clock of an API may be ahead of this machine's. A message of a later time does
/// not count: nobody knows when it was written.
pub const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// `[recipients]`: who may be reached.
#[derive(Debug, Clone)]
pub(super) struct Recipients {
    pub(super) allow: Option<ChatSet>,
    pub(super) deny: ChatSet,
    pub(super) unlisted: (Action, RuleLocation),
    pub(super) new: Option<NewRecipients>,
    pub(super) answers: Option<AnswersRule>,
}

/// `recipients.answers`: only who has written to this account is written to.
#[derive(Debug, Clone)]
pub(super) struct AnswersRule {
    /// How long a message counts.
    pub(super) within: Duration,
    pub(super) place: RuleLocation,
}

/// `recipients.new`: the rule for first-time recipients.
#[derive(Debug, Clone)]
pub(super) struct NewRecipients {
    pub(super) action: Action,
    pub(super) place: RuleLocation,
    /// An index of `Policy::limits`.
    pub(super) limit: Option<usize>,
}

impl AnswersRule {
    /// The finding against reaching a chat that has not written lately, or may not have.
    /// Without a time of the call, any message is a late one.
    fn find(&self, chat: &ChatId, context: &Context<'_>) -> Option<Finding<'_>> {
        let within = for_people(self.within);
        let is_recent = |at: Timestamp| {
            let age = context.now.map(|now| now.duration_since(at));
            age.is_none_or(|age| {
                let is_over = Duration::try_from(age).is_ok_and(|age| age >= self.within);
                !is_over && age >= -MAX_CLOCK_SKEW
            })
        };
        let detail = match context.incoming.of(chat) {
            Incoming::At(at) if is_recent(at) => return None,
            Incoming::At(_) | Incoming::Never => {
                format!("{chat} has sent no message within {within}")
            }
            Incoming::Unknown => {
                format!("it is not known whether {chat} has sent a message within {within}")
            }
        };
        let effect = Action::Deny.effect(Code::NoRecentMessage, &self.place, Some(detail));
        Some(Finding::new(effect, &self.place))
    }
}

impl Recipients {
    /// The findings for the targets of a call.
    pub(super) fn decide<'p>(
        &'p self,
        facts: &Facts,
        context: &Context<'_>,
        decision: &mut Decision<'p>,
    ) {
        for (chat, role) in facts.targets.roles() {
            match role {
                TargetRole::Recipient | TargetRole::Noticing => {
                    decision.findings.push(self.find(chat, context.groups));
                }
                TargetRole::Named => {
                    let denied = self.find_denied(chat, context.groups);
                    decision.findings.extend(denied);
                }
                TargetRole::Subject | TargetRole::Source => {}
            }
        }
        if let Some(rule) = &self.answers {
            let reached = facts.targets.roles().filter(|(_, role)| role.is_reached());
            let findings = reached.filter_map(|(chat, _)| rule.find(chat, context));
            decision.findings.extend(findings);
        }
        let Some(rule) = &self.new else {
            return;
        };
        let newcomers = context.newcomers.iter();
        let newcomers: Vec<_> = newcomers
            .filter(|chat| !self.names(chat, context.groups))
            .collect();
        let Some(first) = newcomers.first() else {
            return;
        };
        let who = match newcomers.len() {
            1 => first.to_string(),
            many => format!("{first} and {} more", many - 1),
        };
        let detail = format!("this account has never written to {who}");
        let effect = rule
            .action
            .effect(Code::RecipientNew, &rule.place, Some(detail));
        decision.findings.push(Finding::new(effect, &rule.place));
        decision.limits.extend(rule.limit);
    }

    /// Whether `allow` names a chat, alone or in a list; a pattern for many names nobody.
    pub(super) fn names(&self, chat: &ChatId, groups: &KnownNames) -> bool {
        let allow = self.allow.as_ref();
        allow.is_some_and(|allow| allow.names_one(chat, groups) || allow.may_gain(chat, groups))
    }

    /// The finding against a chat that is denied, or may be.
    fn find_denied(&self, chat: &ChatId, groups: &KnownNames) -> Option<Finding<'_>> {
        let denied = self.deny.find(chat, groups, NameMatch::Any);
        let denied = denied.map(|place| (place, format!("{chat} is denied")));
        let (place, detail) = denied.or_else(|| {
            let place = self.deny.may_have(chat, groups)?;
            let detail = format!("{chat} may be one of the denied recipients");
            Some((place, detail))
        })?;
        let effect = Action::Deny.effect(Code::RecipientDenied, place, Some(detail));
        Some(Finding::new(effect, place))
    }

    /// The finding for reaching a chat.
    pub(super) fn find(&self, chat: &ChatId, groups: &KnownNames) -> Finding<'_> {
        if let Some(denied) = self.find_denied(chat, groups) {
            return denied;
        }
        let allow = self.allow.as_ref();
        if let Some(place) = allow.and_then(|allow| allow.find(chat, groups, NameMatch::Unique)) {
            return Finding::new(Effect::Allow, place);
        }
        if allow.is_some_and(|allow| allow.may_gain(chat, groups)) {
            return Finding::of(&Effect::Allow, None);
        }
        let (action, place) = &self.unlisted;
        let detail = format!("{chat} is not one of the listed recipients");
        let effect = action.effect(Code::RecipientUnlisted, place, Some(detail));
        Finding::new(effect, place)
    }
}
