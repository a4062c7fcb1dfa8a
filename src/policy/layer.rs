//! What one file says, or the part of it that is about one caller.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Context, Decision, Effect, Finding, GroupNames, PaceRule, Reason, RuleLocation,
    condition::Condition,
    hours::Quiet,
    people::{Chats, Names},
};
use crate::{
    op::{ChatId, Facts, PersonId, Risk, TargetRole},
    policy::Code,
};

/// What a rule does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Allow,
    Confirm,
    Deny,
}

impl Action {
    /// The standing that an action leads to.
    pub(super) fn effect(self, code: Code, rule: &RuleLocation, reason: Option<String>) -> Effect {
        let because = |code| Reason {
            reason,
            ..Reason::new(code, Some(rule.clone()))
        };
        match self {
            Self::Allow => Effect::Allow,
            Self::Confirm => Effect::Confirm(because(Code::CannotAsk)),
            Self::Deny => Effect::Deny(because(code)),
        }
    }
}

/// What one file says, or the part of it that is about one caller.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) tool_rules: HashMap<&'static str, ToolRules>,
    /// For tools that no rule speaks of; without one this sheet has no say then.
    pub(super) default: Option<(Effect, Option<RuleLocation>)>,
    pub(super) recipients: Option<Recipients>,
    pub(super) reading: Option<Chosen>,
    /// The limit on messages that are read.
    pub(super) budget: Option<usize>,
    pub(super) hours: Option<Hours>,
    pub(super) flow: Option<(Action, RuleLocation)>,
}

/// What the rules of a sheet say of one tool.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolRules {
    /// Whatever the arguments are.
    pub(super) plain: Vec<(Effect, Option<RuleLocation>)>,
    /// Depending on the arguments.
    pub(super) conditional: Vec<Conditional>,
    pub(super) limits: Vec<usize>,
    pub(super) paces: Vec<PaceRule>,
}

/// A rule that looks at the arguments.
#[derive(Debug, Clone)]
pub(super) struct Conditional {
    pub(super) action: Action,
    /// What comes of it where it applies.
    pub(super) effect: Effect,
    pub(super) place: RuleLocation,
    pub(super) when: Vec<When>,
}

/// One condition of a rule.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) condition: Condition,
    pub(super) place: RuleLocation,
    /// What comes of a rule that allows, where the condition does not hold.
    pub(super) otherwise: Effect,
}

/// Whom sends and invitations may reach.
#[derive(Debug, Clone)]
pub(super) struct Recipients {
    pub(super) allow: Option<Chats>,
    pub(super) deny: Chats,
    pub(super) unlisted: (Action, RuleLocation),
    pub(super) newcomers: Option<Newcomers>,
}

/// What holds for recipients that were never written to.
#[derive(Debug, Clone)]
pub(super) struct Newcomers {
    pub(super) action: Action,
    pub(super) place: RuleLocation,
    pub(super) limit: Option<usize>,
}

/// Chats that may be read.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) allow: Option<Chats>,
    pub(super) deny: Chats,
    pub(super) place: RuleLocation,
}

/// When less is allowed.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    pub(super) quiet: Quiet,
    pub(super) applies_to: Vec<Risk>,
    pub(super) action: Action,
    pub(super) place: RuleLocation,
}

impl ToolRules {
    /// What the rules say whatever the arguments are; `None` where none speaks. A rule
    /// that allows under conditions counts as one that allows.
    pub(super) fn effect(&self) -> Option<&Effect> {
        let plain = self.plain.iter().map(|(effect, _)| effect);
        let conditional = self
            .conditional
            .iter()
            .filter(|rule| rule.action == Action::Allow)
            .map(|rule| &rule.effect);
        Effect::strictest(plain.chain(conditional))
    }
}

impl Layer {
    /// What it says of a tool, whatever the arguments are.
    pub(super) fn effect(&self, tool: &str) -> Option<&Effect> {
        let ruling = self.tool_rules.get(tool);
        if let Some(said) = ruling.and_then(ToolRules::effect) {
            return Some(said);
        }
        // Rules that only speak of some arguments may admit what the default refuses.
        let (default, _) = self.default.as_ref()?;
        let admits = |rule: &&Conditional| rule.effect.admits();
        let sometimes = ruling.and_then(|ruling| ruling.conditional.iter().find(admits));
        match sometimes {
            Some(rule) if !default.admits() => Some(&rule.effect),
            _ => Some(default),
        }
    }

    /// Whether any of its rules looks at who is new.
    pub(super) fn asks_who_is_new(&self) -> bool {
        self.recipients
            .as_ref()
            .is_some_and(|recipients| recipients.newcomers.is_some())
    }

    /// The group names that it uses.
    pub(super) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.chosen().flat_map(Chats::names)
    }

    /// The people that it names by a hidden identity.
    pub(super) fn hidden_people(&self) -> impl Iterator<Item = &PersonId> {
        self.chosen().flat_map(Chats::hidden)
    }

    /// Every set of chats in it.
    fn chosen(&self) -> impl Iterator<Item = &Chats> {
        let recipients = self.recipients.iter();
        let reading = self.reading.iter();
        recipients
            .flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
            .chain(reading.flat_map(|rule| rule.allow.iter().chain([&rule.deny])))
    }

    pub(super) fn decide<'p>(
        &'p self,
        facts: &Facts,
        context: &Context<'_>,
        decision: &mut Decision<'p>,
    ) {
        self.rule(facts.tool, &facts.arguments, decision);
        if let Some(ruling) = self.tool_rules.get(facts.tool) {
            decision.limits.extend(&ruling.limits);
            decision.paces.extend(&ruling.paces);
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
        if let Some(hours) = &self.hours {
            decision.findings.extend(hours.decide(facts, context));
        }
        if let Some((action, place)) = &self.flow
            && let Some(read) = leaves(facts, context.has_read)
        {
            let reason = format!("what was read in {read} could leave with it");
            let effect = action.effect(Code::CrossChat, place, Some(reason));
            decision.findings.push(Finding::new(effect, place));
        }
    }

    /// What its rules about tools say of a call with these arguments.
    pub(super) fn rule<'p>(&'p self, tool: &str, arguments: &Value, decision: &mut Decision<'p>) {
        let before = decision.findings.len();
        if let Some(ruling) = self.tool_rules.get(tool) {
            for (effect, place) in &ruling.plain {
                let finding = Finding::of(effect, place.as_ref());
                decision.findings.push(finding);
            }
            for rule in &ruling.conditional {
                decision.findings.extend(rule.decide(arguments));
            }
        }
        if decision.findings.len() == before
            && let Some((effect, place)) = &self.default
        {
            let finding = Finding::of(effect, place.as_ref());
            decision.findings.push(finding);
        }
    }

    /// Whether what is written in a chat may be read.
    pub(super) fn may_read(&self, chat: &ChatId, context: &Context<'_>) -> bool {
        self.reading
            .as_ref()
            .is_none_or(|reading| reading.decide(chat, context).is_none())
    }
}

/// A chat that was read, or is by this call, and that the call could carry something
/// out of.
fn leaves<'a>(facts: &'a Facts, has_read: &'a [ChatId]) -> Option<&'a ChatId> {
    let public = facts.targets.is_public();
    let mut read = has_read.iter().chain(facts.targets.of(TargetRole::Source));
    read.find(|read| {
        let mut recipients = facts.targets.of(TargetRole::Recipient);
        public || recipients.any(|recipient| recipient != *read)
    })
}

impl Conditional {
    /// What the rule says of these arguments, if it has a say.
    fn decide(&self, arguments: &Value) -> Option<Finding<'_>> {
        let fails = |when: &&When| match self.action {
            Action::Allow => !when.condition.holds(arguments),
            Action::Confirm | Action::Deny => !when.condition.may_hold(arguments),
        };
        match (self.action, self.when.iter().find(fails)) {
            (_, None) => Some(Finding::of(&self.effect, Some(&self.place))),
            // What is allowed under a condition is not allowed otherwise.
            (Action::Allow, Some(when)) => Some(Finding::of(&when.otherwise, Some(&when.place))),
            (Action::Confirm | Action::Deny, Some(_)) => None,
        }
    }
}

impl Recipients {
    fn decide<'p>(&'p self, facts: &Facts, context: &Context<'_>, decision: &mut Decision<'p>) {
        for chat in facts.targets.of(TargetRole::Recipient) {
            decision.findings.push(self.find(chat, context.groups));
        }
        let (Some(rule), [first, ..]) = (&self.newcomers, context.newcomers) else {
            return;
        };
        let who = match context.newcomers.len() {
            1 => first.to_string(),
            many => format!("{first} and {} more", many - 1),
        };
        let reason = format!("this account has never written to {who}");
        let effect = rule
            .action
            .effect(Code::RecipientNew, &rule.place, Some(reason));
        decision.findings.push(Finding::new(effect, &rule.place));
        decision.limits.extend(rule.limit);
    }
}

impl Recipients {
    /// What is said of writing to a chat.
    pub(super) fn find(&self, chat: &ChatId, groups: &GroupNames) -> Finding<'_> {
        if let Some(place) = self.deny.find(chat, groups, Names::All) {
            let because = Reason::new(Code::RecipientDenied, Some(place.clone()))
                .saying(format!("{chat} is not to be written to"));
            return Finding::new(Effect::Deny(because), place);
        }
        if let Some(place) = self.deny.doubt(chat, groups) {
            let because = Reason::new(Code::RecipientDenied, Some(place.clone())).saying(format!(
                "nobody could tell whether {chat} is one of those who are not to be written to"
            ));
            return Finding::new(Effect::Deny(because), place);
        }
        let listed = self.allow.as_ref();
        if let Some(place) = listed.and_then(|allow| allow.find(chat, groups, Names::One)) {
            return Finding::new(Effect::Allow, place);
        }
        let (action, place) = &self.unlisted;
        let reason = format!("{chat} is not among the recipients that the policy lists");
        let effect = action.effect(Code::RecipientUnlisted, place, Some(reason));
        Finding::new(effect, place)
    }
}

impl Chosen {
    /// What speaks against reading a chat.
    pub(super) fn decide(&self, chat: &ChatId, context: &Context<'_>) -> Option<Finding<'_>> {
        let groups = context.groups;
        let denied = self.deny.find(chat, groups, Names::All);
        let denied = denied.or_else(|| self.deny.doubt(chat, groups));
        let place = match (denied, &self.allow) {
            (Some(place), _) => place,
            (None, Some(allow)) if allow.find(chat, groups, Names::One).is_none() => &self.place,
            (None, _) => return None,
        };
        let because = Reason::new(Code::ChatNotReadable, Some(place.clone()))
            .saying(format!("what is written in {chat} is not to be read"));
        Some(Finding::new(Effect::Deny(because), place))
    }
}

impl Hours {
    fn decide(&self, facts: &Facts, context: &Context<'_>) -> Option<Finding<'_>> {
        if !self.applies_to.contains(&facts.risk) {
            return None;
        }
        let end = self.quiet.ends(context.now?)?;
        let mut effect = self.action.effect(
            Code::QuietHours,
            &self.place,
            Some("these are quiet hours".to_owned()),
        );
        if let Effect::Deny(because) = &mut effect {
            because.until = Some(end);
        }
        Some(Finding::new(effect, &self.place))
    }
}
