//! A layer: the rules of one file, or of one grant in it. Layers combine by strictest-wins.

use std::{collections::HashMap, time::Duration};

use serde_json::Value;

use super::{
    Code, Context, Decision, Effect, EntryName, Finding, ReadChat, Reason, RuleLocation,
    chats::{ChatSet, NameMatch},
    hours::Quiet,
    media::SendableFiles,
    recipients::{AnswersRule, NewRecipients, Recipients},
    tool_rules::ToolRules,
};
use crate::op::{ChatId, Facts, PersonId, Risk, TargetRole};

/// What a rule does with a call, mildest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Allow,
    Confirm,
    #[default]
    Deny,
}

impl Action {
    /// Every action.
    pub(crate) const ALL: [Self; 3] = [Self::Allow, Self::Confirm, Self::Deny];

    /// The word that policies use for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Confirm => "confirm",
            Self::Deny => "deny",
        }
    }

    /// The effect of the action; `code` is the kind of refusal where it denies.
    pub(super) fn effect(self, code: Code, rule: &RuleLocation, detail: Option<String>) -> Effect {
        let reason = |code| Reason {
            detail,
            ..Reason::new(code, Some(rule.clone()))
        };
        match self {
            Self::Allow => Effect::Allow,
            Self::Confirm => Effect::Confirm(reason(Code::CannotAsk)),
            Self::Deny => Effect::Deny(reason(code)),
        }
    }
}

/// The rules of one file, or of one grant in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) tool_rules: HashMap<&'static str, ToolRules>,
    /// For tools without a rule; if `None`, this layer does not decide about them.
    pub(super) default: Option<(Effect, Option<RuleLocation>)>,
    pub(super) recipients: Option<Recipients>,
    pub(super) reading: Option<ReadableChats>,
    /// The limit on messages that are read, as an index of `Policy::limits`.
    pub(super) budget: Option<usize>,
    pub(super) hours: Vec<Hours>,
    pub(super) flow: Option<Flow>,
    pub(super) media: Option<SendableFiles>,
}

/// Where what was read may go.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) cross_chat: Action,
    /// How long what was read counts.
    pub(super) window: Duration,
    pub(super) place: RuleLocation,
}

/// `read.chats`: the chats that may be read.
#[derive(Debug, Clone)]
pub(super) struct ReadableChats {
    pub(super) allow: Option<ChatSet>,
    pub(super) deny: ChatSet,
    pub(super) place: RuleLocation,
}

/// `[hours]`: quiet hours, and what they do with which calls.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    pub(super) quiet: Quiet,
    pub(super) applies_to: Vec<HoursScope>,
    pub(super) action: Action,
    pub(super) place: RuleLocation,
}

/// Calls that quiet hours are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoursScope {
    /// Those of the tools of a class.
    Class(Risk),
    /// Those that reach a first-time recipient.
    FirstTime,
}

impl HoursScope {
    /// Every scope.
    pub(super) const ALL: [Self; 5] = [
        Self::Class(Risk::Read),
        Self::Class(Risk::Write),
        Self::Class(Risk::Execute),
        Self::Class(Risk::Destructive),
        Self::FirstTime,
    ];

    /// Its name in policies.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Class(risk) => risk.name(),
            Self::FirstTime => "first_time",
        }
    }
}

impl Layer {
    /// The effect for a tool, whatever the arguments are. Where some arguments admit it, it
    /// counts as admitted.
    pub(super) fn effect(&self, tool: &str) -> Option<&Effect> {
        let rules = self.tool_rules.get(tool);
        let own = rules.and_then(ToolRules::effect);
        let default = match (rules, &self.default) {
            (Some(rules), _) if rules.admits() => None,
            (_, None) => None,
            (Some(rules), Some((default, _))) if !default.admits() => {
                // A rule for some arguments may admit what the default refuses.
                Some(rules.admits_some().map_or(default, |rule| &rule.effect))
            }
            (_, Some((default, _))) => Some(default),
        };
        Effect::strictest(own.into_iter().chain(default))
    }

    /// The first rule that allows a tool.
    pub(super) fn allowed_by(&self, tool: &str) -> Option<&RuleLocation> {
        let rules = self.tool_rules.get(tool).into_iter();
        let mut plain = rules.clone().flat_map(|rules| &rules.plain);
        let plain = plain.find(|rule| rule.effect == Effect::Allow);
        let mut conditional = rules.flat_map(|rules| &rules.conditional);
        plain
            .map(|rule| &rule.place)
            .or_else(|| Some(&conditional.next()?.place))
            .or_else(|| self.default.as_ref()?.1.as_ref())
    }

    /// Whether it has a rule for first-time recipients.
    pub(super) fn has_rule_for_new(&self) -> bool {
        let mut hours = self.hours.iter();
        self.new_recipients().is_some()
            || hours.any(|hours| hours.applies_to.contains(&HoursScope::FirstTime))
    }

    /// Whether a call reaches a first-time recipient; whoever is listed by name is none.
    fn reaches_newcomer(&self, context: &Context<'_>) -> bool {
        context.newcomers.iter().any(|chat| {
            let recipients = self.recipients.as_ref();
            recipients.is_none_or(|rule| !rule.names(chat, context.groups))
        })
    }

    pub(super) fn new_recipients(&self) -> Option<&NewRecipients> {
        self.recipients.as_ref()?.new.as_ref()
    }

    pub(super) fn answers(&self) -> Option<&AnswersRule> {
        self.recipients.as_ref()?.answers.as_ref()
    }

    /// The names of groups and contacts that it uses.
    pub(super) fn names(&self) -> impl Iterator<Item = (&EntryName, &RuleLocation)> {
        let sets = self.recipient_sets().chain(self.reading_sets());
        sets.flat_map(ChatSet::names)
    }

    /// The people that it names by an id without a number, each with the entry.
    pub(super) fn people_without_number(&self) -> impl Iterator<Item = &(PersonId, RuleLocation)> {
        let sets = self.recipient_sets().chain(self.reading_sets());
        sets.flat_map(ChatSet::hidden)
    }

    /// The people that it denies by an id without a number, each with the entry.
    pub(super) fn denied_without_number(&self) -> impl Iterator<Item = &(PersonId, RuleLocation)> {
        let recipients = self.recipients.iter().map(|rule| &rule.deny);
        let reading = self.reading.iter().map(|rule| &rule.deny);
        recipients.chain(reading).flat_map(ChatSet::hidden)
    }

    /// `allow` and `deny` of `[recipients]`.
    pub(super) fn recipient_sets(&self) -> impl Iterator<Item = &ChatSet> {
        let rules = self.recipients.iter();
        rules.flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
    }

    /// `allow` and `deny` of `read.chats`.
    pub(super) fn reading_sets(&self) -> impl Iterator<Item = &ChatSet> {
        let rules = self.reading.iter();
        rules.flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
    }

    pub(super) fn decide<'p>(
        &'p self,
        facts: &Facts,
        context: &Context<'_>,
        decision: &mut Decision<'p>,
    ) {
        self.apply_rules(facts.tool, &facts.arguments, decision);
        if let Some(rules) = self.tool_rules.get(facts.tool) {
            decision.limits.extend(&rules.limits);
            decision.paces.extend(&rules.paces);
        }
        if let Some(recipients) = &self.recipients {
            recipients.decide(facts, context, decision);
        }
        if let Some(reading) = &self.reading {
            for chat in facts.targets.of(TargetRole::Source) {
                decision.findings.extend(reading.decide(chat, context));
            }
        }
        decision.limits.extend(self.budget);
        let is_first = self.reaches_newcomer(context);
        for hours in &self.hours {
            let finding = hours.decide(facts.risk, is_first, context);
            decision.findings.extend(finding);
        }
        if let Some(media) = &self.media {
            decision.findings.extend(media.decide(facts));
        }
        if let Some(flow) = &self.flow
            && let Some(read) = flow.read_elsewhere(facts, context.has_read)
        {
            let detail = format!("it could pass on what was read in {read}");
            let place = &flow.place;
            let effect = flow.cross_chat.effect(Code::CrossChat, place, Some(detail));
            decision.findings.push(Finding::new(effect, place));
        }
    }

    /// Adds the findings of the rules for a tool, and that of `default` unless a rule admits
    /// the call or refuses it.
    pub(super) fn apply_rules<'p>(
        &'p self,
        tool: &str,
        arguments: &Value,
        decision: &mut Decision<'p>,
    ) {
        let rules = self.tool_rules.get(tool);
        let is_decided = rules.is_some_and(|rules| rules.apply(arguments, decision));
        if let Some((effect, place)) = &self.default
            && !is_decided
        {
            let finding = Finding::of(effect, place.as_ref());
            decision.findings.push(finding);
        }
    }

    /// Whether the messages of a chat may be read.
    pub(super) fn may_read(&self, chat: &ChatId, context: &Context<'_>) -> bool {
        self.reading
            .as_ref()
            .is_none_or(|reading| reading.decide(chat, context).is_none())
    }
}

impl Flow {
    /// A chat whose messages were read before, or are read by this call, and which is not the
    /// recipient: the call could pass them on.
    fn read_elsewhere<'a>(&self, facts: &'a Facts, has_read: &'a [ReadChat]) -> Option<&'a ChatId> {
        let public = facts.targets.is_public();
        let before = has_read.iter().filter(|read| read.ago < self.window);
        let before = before.map(|read| &read.chat);
        let mut read = before.chain(facts.targets.of(TargetRole::Source));
        read.find(|read| {
            let mut recipients = facts.targets.of(TargetRole::Recipient);
            public || recipients.any(|recipient| recipient != *read)
        })
    }
}

impl ReadableChats {
    /// The finding against reading a chat; `None` if it may be read.
    pub(super) fn decide(&self, chat: &ChatId, context: &Context<'_>) -> Option<Finding<'_>> {
        let groups = context.groups;
        let denied = self.deny.find(chat, groups, NameMatch::Any);
        let denied = denied.or_else(|| self.deny.may_have(chat, groups));
        let allows = |allow: &ChatSet| {
            allow.find(chat, groups, NameMatch::Unique).is_some() || allow.may_gain(chat, groups)
        };
        let place = match denied {
            Some(place) => place,
            None if self.allow.as_ref().is_none_or(allows) => return None,
            None => &self.place,
        };
        let detail = format!("messages of {chat} may not be read");
        let effect = Action::Deny.effect(Code::ChatNotReadable, place, Some(detail));
        Some(Finding::new(effect, place))
    }
}

impl Hours {
    /// The finding for a call of a class, which reaches a first-time recipient or not.
    fn decide(&self, risk: Risk, is_first: bool, context: &Context<'_>) -> Option<Finding<'_>> {
        let applies = self.applies_to.iter().any(|scope| match scope {
            HoursScope::Class(class) => *class == risk,
            HoursScope::FirstTime => is_first,
        });
        if !applies {
            return None;
        }
        let end = self.quiet.ends(context.now?)?;
        let mut effect = self.action.effect(
            Code::QuietHours,
            &self.place,
            Some("it is within the quiet hours".to_owned()),
        );
        if let Effect::Deny(reason) = &mut effect {
            reason.until = Some(end);
        }
        Some(Finding::new(effect, &self.place))
    }
}
