//! A policy in words, for agents and for people. Lists are shown by name and size; who is
//! on them is not shown.

use std::fmt;

use jiff::Timestamp;

use super::{
    Policy, RuleLocation,
    chats::{ChatPattern, ChatSet},
    decide::Effect,
    health::Health,
    layer::{Action, Hours, HoursScope, Layer, ReadableChats},
    media::SendableFiles,
    names::NameKind,
    recipients::Recipients,
    tool_rules::Conditional,
};
use crate::{
    op::ChatId,
    text::{for_people, in_bytes, per},
};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Whether the policy is enforced.
    Mode,
    /// Who may be reached.
    Recipients,
    /// What may be read.
    Reading,
    /// Where what was read may go.
    Flow,
    /// Which files may be sent.
    Media,
    /// Quiet hours.
    Hours,
    /// When the account is paused.
    Health,
    /// The arguments of calls.
    Conditions,
    /// The delay between calls.
    Pace,
    /// Anything else.
    Other,
}

/// What one rule says, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What the rule is about.
    pub subject: Subject,
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
            subject: Subject::Other,
            text: text.into(),
            rule: rule.clone(),
        }
    }

    fn about(self, subject: Subject) -> Self {
        Self { subject, ..self }
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
        let mode = shadow
            .chain(read_only)
            .map(|term| term.about(Subject::Mode));
        let health = health.map(|term| term.about(Subject::Health));
        mode.chain(layers).chain(health).collect()
    }

    /// The conditions and delays for a caller's calls of one tool.
    pub fn describe_tool(&self, tool: &str, grant: &str) -> Vec<Term> {
        let rules = self.tool_rules(tool, grant);
        let terms = rules.flat_map(|rules| {
            let conditional = rules.conditional.iter().map(Conditional::describe);
            let paces = rules.paces.iter();
            let paces =
                paces.map(|pace| Term::new(format!("a delay of {}", pace.pace), &pace.rule));
            let conditional = conditional.map(|term| term.about(Subject::Conditions));
            conditional.chain(paces.map(|term| term.about(Subject::Pace)))
        });
        terms.collect()
    }

    fn describe_layer(&self, layer: &Layer, now: Option<Timestamp>) -> Vec<Term> {
        let limit = |index: Option<usize>| index.and_then(|index| self.limits.get(index));
        let recipients = layer.recipients.as_ref().and_then(Recipients::describe);
        let first_time = layer.new_recipients().map(|new| {
            let most = limit(new.limit).map(|limit| format!("; at most {limit}"));
            let (action, most) = (new.action.in_words(), most.unwrap_or_default());
            let text = format!("first-time recipients: {action}{most}");
            Term::new(text, &new.place)
        });
        let answers = layer.answers().map(|answers| {
            let within = for_people(answers.within);
            let text = format!("answers only: refused unless the recipient wrote within {within}");
            Term::new(text, &answers.place)
        });
        let reading = layer.reading.as_ref().and_then(ReadableChats::describe);
        let budget = limit(layer.budget)
            .map(|limit| Term::new(format!("reading: at most {limit}"), &limit.rule));
        let media = layer.media.as_ref().and_then(SendableFiles::describe);
        let flow = layer.flow.as_ref().map(|flow| {
            let (action, time) = (flow.cross_chat.in_words(), for_people(flow.window));
            let text = format!("sending to another chat than was read within {time}: {action}");
            Term::new(text, &flow.place)
        });
        let hours = layer.hours.iter().map(|hours| hours.describe(now));
        let before = [
            (Subject::Recipients, recipients),
            (Subject::Recipients, first_time),
            (Subject::Recipients, answers),
            (Subject::Reading, reading),
            (Subject::Reading, budget),
            (Subject::Media, media),
        ];
        let hours = hours.map(|term| (Subject::Hours, term));
        let all = before
            .into_iter()
            .chain(hours)
            .chain([(Subject::Flow, flow)]);
        all.filter_map(|(subject, term)| Some(term?.about(subject)))
            .collect()
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

impl SendableFiles {
    /// `None` if all files may be sent.
    fn describe(&self) -> Option<Term> {
        let listed = |names: Vec<&str>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let types = self.types.as_ref().map(|(types, _)| {
            let names = types.iter().map(|one| &*one.0).collect();
            format!("by their content {}", listed(names))
        });
        let most = self.max_bytes.as_ref();
        let most = most.map(|(max_bytes, _)| format!("at most {}", in_bytes(*max_bytes)));
        let sources = self.sources.as_ref().map(|(sources, _)| {
            let names = sources.iter().map(|origin| origin.name()).collect();
            format!("from {}", listed(names))
        });
        let parts: Vec<String> = [types, most, sources].into_iter().flatten().collect();
        let text = format!("files that are sent: {}", parts.join("; "));
        (!parts.is_empty()).then(|| Term::new(text, &self.place))
    }
}

impl Hours {
    /// `None` if they apply to no call.
    fn describe(&self, now: Option<Timestamp>) -> Option<Term> {
        let scopes = self.applies_to.iter().map(|scope| match scope {
            HoursScope::Class(risk) => risk.name(),
            HoursScope::FirstTime => "first-time recipients",
        });
        let scopes: Vec<&str> = scopes.collect();
        let until = now.and_then(|now| self.quiet.ends(now));
        let until = until
            .map(|end| format!(", now until {end:.0}"))
            .unwrap_or_default();
        let (quiet, scopes, action) = (&self.quiet, scopes.join(", "), self.action.in_words());
        let text = format!("quiet hours {quiet}{until}: {scopes}: {action}");
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
            Action::Allow if self.requires => "only under conditions",
            Action::Allow => "allowed under conditions",
            Action::Confirm => "a person is asked under conditions",
            Action::Deny => "refused under conditions",
        };
        Term::new(text, &self.place)
    }
}

impl ChatSet {
    fn is_empty(&self) -> bool {
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
