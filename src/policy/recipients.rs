//! `[recipients]`: who may be reached, and who is a first-time recipient.

use super::{
    Action, Code, Context, Decision, Effect, Finding, GroupNames, RuleLocation,
    chats::{ChatSet, NameMatch},
};
use crate::op::{ChatId, Facts, TargetRole};

/// `[recipients]`: who may be reached.
#[derive(Debug, Clone)]
pub(super) struct Recipients {
    pub(super) allow: Option<ChatSet>,
    pub(super) deny: ChatSet,
    pub(super) unlisted: (Action, RuleLocation),
    pub(super) new: Option<NewRecipients>,
}

/// `recipients.new`: the rule for first-time recipients.
#[derive(Debug, Clone)]
pub(super) struct NewRecipients {
    pub(super) action: Action,
    pub(super) place: RuleLocation,
    /// An index of `Policy::limits`.
    pub(super) limit: Option<usize>,
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
    pub(super) fn names(&self, chat: &ChatId, groups: &GroupNames) -> bool {
        let allow = self.allow.as_ref();
        allow.is_some_and(|allow| allow.names_one(chat, groups) || allow.may_gain(chat, groups))
    }

    /// The finding against a chat that is denied, or may be.
    fn find_denied(&self, chat: &ChatId, groups: &GroupNames) -> Option<Finding<'_>> {
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
    pub(super) fn find(&self, chat: &ChatId, groups: &GroupNames) -> Finding<'_> {
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
