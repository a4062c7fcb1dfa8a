//! What one file says, or the part of it that is about one caller.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Because, Decision, Finding, GroupNames, PaceRule, Place, Situation, Standing,
    condition::Condition,
    hours::Quiet,
    people::{Chats, Names},
};
use crate::{
    gate::Code,
    op::{ChatId, Part, PersonId, Risk},
    toolset::Facts,
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
    pub(super) fn standing(self, code: Code, rule: &Place, reason: Option<String>) -> Standing {
        let because = |code| Because {
            reason,
            ..Because::new(code, Some(rule.clone()))
        };
        match self {
            Self::Allow => Standing::Allow,
            Self::Confirm => Standing::Confirm(because(Code::CannotAsk)),
            Self::Deny => Standing::Deny(because(code)),
        }
    }
}

/// What one file says, or the part of it that is about one caller.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    pub(super) rulings: HashMap<&'static str, Ruling>,
    /// For tools that no rule speaks of; without one this sheet has no say then.
    pub(super) default: Option<(Standing, Option<Place>)>,
    pub(super) recipients: Option<Recipients>,
    pub(super) reading: Option<Chosen>,
    /// The limit on messages that are read.
    pub(super) budget: Option<usize>,
    pub(super) hours: Option<Hours>,
    pub(super) flow: Option<(Action, Place)>,
}

/// What the rules of a sheet say of one tool.
#[derive(Debug, Clone, Default)]
pub(super) struct Ruling {
    /// Whatever the arguments are.
    pub(super) plain: Vec<(Standing, Option<Place>)>,
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
    pub(super) standing: Standing,
    pub(super) place: Place,
    pub(super) when: Vec<When>,
}

/// One condition of a rule.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) condition: Condition,
    pub(super) place: Place,
    /// What comes of a rule that allows, where the condition does not hold.
    pub(super) otherwise: Standing,
}

/// Whom sends and invitations may reach.
#[derive(Debug, Clone)]
pub(super) struct Recipients {
    pub(super) allow: Option<Chats>,
    pub(super) deny: Chats,
    pub(super) unlisted: (Action, Place),
    pub(super) newcomers: Option<Newcomers>,
}

/// What holds for recipients that were never written to.
#[derive(Debug, Clone)]
pub(super) struct Newcomers {
    pub(super) action: Action,
    pub(super) place: Place,
    pub(super) limit: Option<usize>,
}

/// Chats that may be read.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) allow: Option<Chats>,
    pub(super) deny: Chats,
    pub(super) place: Place,
}

/// When less is allowed.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    pub(super) quiet: Quiet,
    pub(super) applies_to: Vec<Risk>,
    pub(super) action: Action,
    pub(super) place: Place,
}

impl Ruling {
    /// What the rules say whatever the arguments are; `None` where none speaks. A rule
    /// that allows under conditions counts as one that allows.
    pub(super) fn standing(&self) -> Option<&Standing> {
        let plain = self.plain.iter().map(|(standing, _)| standing);
        let conditional = self
            .conditional
            .iter()
            .filter(|rule| rule.action == Action::Allow)
            .map(|rule| &rule.standing);
        Standing::strictest(plain.chain(conditional))
    }
}

impl Sheet {
    /// What it says of a tool, whatever the arguments are.
    pub(super) fn standing(&self, tool: &str) -> Option<&Standing> {
        let ruling = self.rulings.get(tool);
        if let Some(said) = ruling.and_then(Ruling::standing) {
            return Some(said);
        }
        // Rules that only speak of some arguments may admit what the default refuses.
        let (default, _) = self.default.as_ref()?;
        let admits = |rule: &&Conditional| rule.standing.admits();
        let sometimes = ruling.and_then(|ruling| ruling.conditional.iter().find(admits));
        match sometimes {
            Some(rule) if !default.admits() => Some(&rule.standing),
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
        situation: &Situation<'_>,
        decision: &mut Decision<'p>,
    ) {
        self.rule(facts.tool, &facts.arguments, decision);
        if let Some(ruling) = self.rulings.get(facts.tool) {
            decision.limits.extend(&ruling.limits);
            decision.paces.extend(&ruling.paces);
        }
        if let Some(recipients) = &self.recipients {
            recipients.decide(facts, situation, decision);
        }
        if let Some(reading) = &self.reading {
            for chat in facts.touches.of(Part::Source) {
                decision.findings.extend(reading.decide(chat, situation));
            }
        }
        decision.limits.extend(self.budget);
        if let Some(hours) = &self.hours {
            decision.findings.extend(hours.decide(facts, situation));
        }
        if let Some((action, place)) = &self.flow
            && let Some(read) = leaves(facts, situation.has_read)
        {
            let reason = format!("what was read in {read} could leave with it");
            let standing = action.standing(Code::CrossChat, place, Some(reason));
            decision.findings.push(Finding::new(standing, place));
        }
    }

    /// What its rules about tools say of a call with these arguments.
    pub(super) fn rule<'p>(&'p self, tool: &str, arguments: &Value, decision: &mut Decision<'p>) {
        let before = decision.findings.len();
        if let Some(ruling) = self.rulings.get(tool) {
            for (standing, place) in &ruling.plain {
                let finding = Finding::of(standing, place.as_ref());
                decision.findings.push(finding);
            }
            for rule in &ruling.conditional {
                decision.findings.extend(rule.decide(arguments));
            }
        }
        if decision.findings.len() == before
            && let Some((standing, place)) = &self.default
        {
            let finding = Finding::of(standing, place.as_ref());
            decision.findings.push(finding);
        }
    }

    /// Whether what is written in a chat may be read.
    pub(super) fn may_read(&self, chat: &ChatId, situation: &Situation<'_>) -> bool {
        self.reading
            .as_ref()
            .is_none_or(|reading| reading.decide(chat, situation).is_none())
    }
}

/// A chat that was read, or is by this call, and that the call could carry something
/// out of.
fn leaves<'a>(facts: &'a Facts, has_read: &'a [ChatId]) -> Option<&'a ChatId> {
    let public = facts.touches.is_public();
    let mut read = has_read.iter().chain(facts.touches.of(Part::Source));
    read.find(|read| {
        let mut recipients = facts.touches.of(Part::Recipient);
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
            (_, None) => Some(Finding::of(&self.standing, Some(&self.place))),
            // What is allowed under a condition is not allowed otherwise.
            (Action::Allow, Some(when)) => Some(Finding::of(&when.otherwise, Some(&when.place))),
            (Action::Confirm | Action::Deny, Some(_)) => None,
        }
    }
}

impl Recipients {
    fn decide<'p>(&'p self, facts: &Facts, situation: &Situation<'_>, decision: &mut Decision<'p>) {
        for chat in facts.touches.of(Part::Recipient) {
            decision.findings.push(self.find(chat, situation.groups));
        }
        let (Some(rule), [first, ..]) = (&self.newcomers, situation.newcomers) else {
            return;
        };
        let who = match situation.newcomers.len() {
            1 => first.to_string(),
            many => format!("{first} and {} more", many - 1),
        };
        let reason = format!("this account has never written to {who}");
        let standing = rule
            .action
            .standing(Code::RecipientNew, &rule.place, Some(reason));
        decision.findings.push(Finding::new(standing, &rule.place));
        decision.limits.extend(rule.limit);
    }
}

impl Recipients {
    /// What is said of writing to a chat.
    pub(super) fn find(&self, chat: &ChatId, groups: &GroupNames) -> Finding<'_> {
        if let Some(place) = self.deny.find(chat, groups, Names::All) {
            let because = Because::new(Code::RecipientDenied, Some(place.clone()))
                .saying(format!("{chat} is not to be written to"));
            return Finding::new(Standing::Deny(because), place);
        }
        if let Some(place) = self.deny.doubt(chat, groups) {
            let because = Because::new(Code::RecipientDenied, Some(place.clone())).saying(format!(
                "nobody could tell whether {chat} is one of those who are not to be written to"
            ));
            return Finding::new(Standing::Deny(because), place);
        }
        let listed = self.allow.as_ref();
        if let Some(place) = listed.and_then(|allow| allow.find(chat, groups, Names::One)) {
            return Finding::new(Standing::Allow, place);
        }
        let (action, place) = &self.unlisted;
        let reason = format!("{chat} is not among the recipients that the policy lists");
        let standing = action.standing(Code::RecipientUnlisted, place, Some(reason));
        Finding::new(standing, place)
    }
}

impl Chosen {
    /// What speaks against reading a chat.
    pub(super) fn decide(&self, chat: &ChatId, situation: &Situation<'_>) -> Option<Finding<'_>> {
        let groups = situation.groups;
        let denied = self.deny.find(chat, groups, Names::All);
        let denied = denied.or_else(|| self.deny.doubt(chat, groups));
        let place = match (denied, &self.allow) {
            (Some(place), _) => place,
            (None, Some(allow)) if allow.find(chat, groups, Names::One).is_none() => &self.place,
            (None, _) => return None,
        };
        let because = Because::new(Code::ChatNotReadable, Some(place.clone()))
            .saying(format!("what is written in {chat} is not to be read"));
        Some(Finding::new(Standing::Deny(because), place))
    }
}

impl Hours {
    fn decide(&self, facts: &Facts, situation: &Situation<'_>) -> Option<Finding<'_>> {
        if !self.applies_to.contains(&facts.risk) {
            return None;
        }
        let end = self.quiet.ends(situation.now?)?;
        let mut standing = self.action.standing(
            Code::QuietHours,
            &self.place,
            Some("these are quiet hours".to_owned()),
        );
        if let Standing::Deny(because) = &mut standing {
            because.until = Some(end);
        }
        Some(Finding::new(standing, &self.place))
    }
}
