//! A policy in words, for agents and for people. Lists are shown by name and size; who is
//! on them is not shown.

use std::fmt;

use jiff::Timestamp;

use super::{
    Policy, RuleLocation,
    chats::{ChatPattern, ChatSet},
    decide::Effect,
    health::Health,
    layer::{Action, Hours, Layer, ReadableChats},
    names::NameKind,
    recipients::Recipients,
    tool_rules::Conditional,
};
use crate::{
    op::{ChatId, Risk},
    text::{for_people, per},
};

/// What one rule says, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The words.
    pub text: String,
    /// The rule.
    pub rule: RuleLocation,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.rule)
    }
}

impl Term {
    fn new(text: impl Into<String>, rule: &RuleLocation) -> Self {
        Self {
            text: text.into(),
            rule: rule.clone(),
        }
    }
}

impl Policy {
    /// The rules for a caller that are not about one tool. With `now`, quiet hours say
    /// until when they last.
    pub fn describe(&self, grant: &str, now: Option<Timestamp>) -> Vec<Term> {
        let shadow =
            "shadow mode: what is refused is audited and then allowed, unless it is irreversible";
        let shadow = self.mode.shadow.iter().map(|rule| Term::new(shadow, rule));
        let read_only = self.mode.read_only.iter();
        let read_only = read_only.map(|rule| Term::new("only reading is allowed", rule));
        let layers = self.layers_of(grant);
        let layers = layers.flat_map(|layer| self.describe_layer(layer, now));
        let health = self.health.iter().filter_map(Health::describe);
        shadow
            .chain(read_only)
            .chain(layers)
            .chain(health)
            .collect()
    }

    /// The conditions and delays for a caller's calls of one tool.
    pub fn describe_tool(&self, tool: &str, grant: &str) -> Vec<Term> {
        let rules = self.tool_rules(tool, grant);
        let terms = rules.flat_map(|rules| {
            let conditional = rules.conditional.iter().map(Conditional::describe);
            let paces = rules.paces.iter();
            let paces =
                paces.map(|pace| Term::new(format!("a delay of {}", pace.pace), &pace.rule));
            conditional.chain(paces)
        });
        terms.collect()
    }

    fn describe_layer(&self, layer: &Layer, now: Option<Timestamp>) -> Vec<Term> {
        let limit = |index: Option<usize>| index.and_then(|index| self.limits.get(index));
        let mut terms = Vec::new();
        terms.extend(layer.recipients.as_ref().and_then(Recipients::describe));
        if let Some(new) = layer.new_recipients() {
            let most = limit(new.limit).map(|limit| format!("; at most {limit}"));
            let (action, most) = (new.action.in_words(), most.unwrap_or_default());
            terms.push(Term::new(
                format!("first-time recipients: {action}{most}"),
                &new.place,
            ));
        }
        if let Some(answers) = layer.answers() {
            let within = for_people(answers.within);
            let text = format!("answers only: refused unless the recipient wrote within {within}");
            terms.push(Term::new(text, &answers.place));
        }
        terms.extend(layer.reading.as_ref().and_then(ReadableChats::describe));
        // An agent is not told of chats that do not exist for it.
        if let Some(place) = &layer.hides_others {
            terms.push(Term::new("reading: other chats are not shown", place));
        }
        if let Some(limit) = limit(layer.budget) {
            terms.push(Term::new(format!("reading: at most {limit}"), &limit.rule));
        }
        terms.extend(layer.hours.as_ref().and_then(|hours| hours.describe(now)));
        if let Some(flow) = &layer.flow {
            let (action, time) = (flow.cross_chat.in_words(), for_people(flow.window));
            let text = format!("sending to another chat than was read within {time}: {action}");
            terms.push(Term::new(text, &flow.place));
        }
        terms
    }
}

impl Effect {
    /// The effect in words.
    pub(crate) const fn in_words(&self) -> &'static str {
        match self {
            Self::Allow => Action::Allow.in_words(),
            Self::Confirm(_) => Action::Confirm.in_words(),
            Self::Deny(_) => Action::Deny.in_words(),
            Self::Hidden(_) => "hidden",
        }
    }
}

impl Action {
    /// The action in words.
    const fn in_words(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::Confirm => "a person is asked each time",
            Self::Deny => "refused",
        }
    }
}

impl Recipients {
    /// `None` if everybody may be written to.
    fn describe(&self) -> Option<Term> {
        let (action, place) = &self.unlisted;
        let mut parts = Vec::new();
        parts.extend(self.allow.as_ref().map(ToString::to_string));
        if !self.deny.is_empty() {
            parts.push(format!("never {}", self.deny));
        }
        if self.allow.is_some() || *action != Action::Allow {
            parts.push(format!("others: {}", action.in_words()));
        }
        (!parts.is_empty()).then(|| Term::new(format!("recipients: {}", parts.join("; ")), place))
    }
}

impl ReadableChats {
    /// `None` if every chat may be read.
    fn describe(&self) -> Option<Term> {
        let mut parts = Vec::new();
        parts.extend(self.allow.as_ref().map(|allow| format!("only {allow}")));
        if !self.deny.is_empty() {
            parts.push(format!("never {}", self.deny));
        }
        let text = format!("reading: {}", parts.join("; "));
        (!parts.is_empty()).then(|| Term::new(text, &self.place))
    }
}

impl Hours {
    /// `None` if they apply to no class of tools.
    fn describe(&self, now: Option<Timestamp>) -> Option<Term> {
        let classes: Vec<&str> = self.applies_to.iter().copied().map(Risk::name).collect();
        let until = now.and_then(|now| self.quiet.ends(now));
        let until = until
            .map(|end| format!(", now until {end:.0}"))
            .unwrap_or_default();
        let (quiet, classes, action) = (&self.quiet, classes.join(", "), self.action.in_words());
        let text = format!("quiet hours {quiet}{until}: {classes}: {action}");
        (!self.applies_to.is_empty()).then(|| Term::new(text, &self.place))
    }
}

impl Health {
    /// `None` if nothing pauses the account.
    fn describe(&self) -> Option<Term> {
        let failures = self
            .failures
            .map(|(max, window)| format!("{max} failed changes per {}", per(window)));
        let on: Vec<String> = self.pause_on.iter().cloned().chain(failures).collect();
        let text = format!(
            "the account is paused for {} on {}",
            for_people(self.cooldown),
            on.join(", ")
        );
        (!on.is_empty()).then(|| Term::new(text, &self.rule))
    }
}

impl Conditional {
    fn describe(&self) -> Term {
        let text = match self.action {
            Action::Allow => "only under conditions",
            Action::Confirm => "a person is asked under conditions",
            Action::Deny => "refused under conditions",
        };
        Term::new(text, &self.place)
    }
}

impl ChatSet {
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.exact.is_empty()
    }
}

impl fmt::Display for ChatSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut shown, mut people, mut groups, mut channels) = (Vec::new(), 0, 0, 0);
        for (pattern, _) in &self.patterns {
            match pattern {
                ChatPattern::Everybody => shown.push("anybody".to_owned()),
                ChatPattern::AnyGroup => shown.push("any group".to_owned()),
                ChatPattern::AnyChannel => shown.push("any channel".to_owned()),
                ChatPattern::List(list) => shown.push(format!("@{} ({})", list.name, list.size())),
                ChatPattern::Named(name) if name.kind() == NameKind::Contact => people += 1,
                ChatPattern::Named(_) => groups += 1,
            }
        }
        for chat in self.exact.keys() {
            match chat {
                ChatId::Person(_) => people += 1,
                ChatId::Group(_) => groups += 1,
                ChatId::Channel(_) => channels += 1,
            }
        }
        for (count, one, several) in [
            (people, "person", "people"),
            (groups, "group", "groups"),
            (channels, "channel", "channels"),
        ] {
            match count {
                0 => {}
                1 => shown.push(format!("1 {one}")),
                count => shown.push(format!("{count} {several}")),
            }
        }
        if shown.is_empty() {
            shown.push("nobody".to_owned());
        }
        f.write_str(&shown.join(", "))
    }
}
