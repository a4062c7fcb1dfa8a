//! What a policy says beside its rules about tools, for agents: lists by name and by
//! how many they are, never who is on them.

use std::fmt;

use jiff::Timestamp;

use super::{
    Policy,
    layer::{Action, Chosen, Hours, Layer, Recipients, ToolRules},
    people::{ChatPattern, Chats},
};
use crate::op::{ChatId, Risk};

impl Policy {
    /// What holds of all tools for a caller, a line each.
    pub fn general(&self, grant: &str, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(place) = &self.mode.shadow {
            lines.push(format!(
                "the policy is tried out: what it refuses is written down and let through, unless it cannot be undone [{place}]"
            ));
        }
        if let Some(place) = &self.mode.read_only {
            lines.push(format!("nothing but reading is allowed [{place}]"));
        }
        for layer in self.layers_of(grant) {
            self.tell(layer, now, &mut lines);
        }
        lines
    }

    /// What a tool's rules ask for beside limits, for a caller.
    pub fn demands(&self, tool: &str, grant: &str) -> Vec<String> {
        let tool_rules = self
            .layers_of(grant)
            .filter_map(|layer| layer.tool_rules.get(tool));
        tool_rules.flat_map(ToolRules::demands).collect()
    }

    fn tell(&self, layer: &Layer, now: Timestamp, lines: &mut Vec<String>) {
        let limit = |index: Option<usize>| index.and_then(|index| self.limits.get(index));
        if let Some(recipients) = &layer.recipients {
            lines.extend(recipients.words());
            if let Some(new) = &recipients.newcomers {
                let mut line = format!("first messages to somebody: {}", word(new.action));
                if let Some(limit) = limit(new.limit) {
                    line += &format!("; at most {limit}");
                }
                lines.push(format!("{line} [{}]", new.place));
            }
        }
        lines.extend(layer.reading.as_ref().and_then(Chosen::words));
        if let Some(limit) = limit(layer.budget) {
            lines.push(format!("reading: at most {limit} [{}]", limit.rule));
        }
        lines.extend(layer.hours.as_ref().map(|hours| hours.words(now)));
        if let Some((action, place)) = &layer.flow {
            lines.push(format!(
                "carrying on what was read in one chat to another: {} [{place}]",
                word(*action)
            ));
        }
    }
}

impl Recipients {
    /// Nothing where anybody may be written to.
    fn words(&self) -> Option<String> {
        let (action, place) = &self.unlisted;
        let mut parts = Vec::new();
        parts.extend(self.allow.as_ref().map(ToString::to_string));
        if !self.deny.is_empty() {
            parts.push(format!("never {}", self.deny));
        }
        if self.allow.is_some() || *action != Action::Allow {
            parts.push(format!("others: {}", word(*action)));
        }
        (!parts.is_empty()).then(|| format!("recipients: {} [{place}]", parts.join("; ")))
    }
}

impl Chosen {
    /// Nothing where every chat may be read.
    fn words(&self) -> Option<String> {
        let mut parts = Vec::new();
        parts.extend(self.allow.as_ref().map(|allow| format!("only {allow}")));
        if !self.deny.is_empty() {
            parts.push(format!("never {}", self.deny));
        }
        (!parts.is_empty()).then(|| format!("reading: {} [{}]", parts.join("; "), self.place))
    }
}

impl Hours {
    fn words(&self, now: Timestamp) -> String {
        let classes: Vec<&str> = self
            .applies_to
            .iter()
            .map(|risk| Risk::name(*risk))
            .collect();
        let now = match self.quiet.ends(now) {
            Some(end) => format!(", now until {end:.0}"),
            None => String::new(),
        };
        format!(
            "quiet hours {}{now}: {}: {} [{}]",
            self.quiet,
            classes.join(", "),
            word(self.action),
            self.place
        )
    }
}

impl ToolRules {
    fn demands(&self) -> Vec<String> {
        let mut demands: Vec<String> = self
            .conditional
            .iter()
            .map(|rule| {
                let what = match rule.action {
                    Action::Allow => "only under conditions",
                    Action::Confirm => "a person is asked under conditions",
                    Action::Deny => "refused under conditions",
                };
                format!("{what} [{}]", rule.place)
            })
            .collect();
        let paces = self.paces.iter();
        demands.extend(paces.map(|rule| format!("a gap of {} [{}]", rule.pace, rule.rule)));
        demands
    }
}

impl Chats {
    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.exact.is_empty()
    }
}

impl fmt::Display for Chats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Vec::new();
        let mut named = 0;
        for (part, _) in &self.parts {
            all.push(match part {
                ChatPattern::Everybody => "anybody".to_owned(),
                ChatPattern::AnyGroup => "any group".to_owned(),
                ChatPattern::AnyChannel => "any channel".to_owned(),
                ChatPattern::List(list) => {
                    let many = list.exact.len() + list.names.len();
                    format!("@{} ({many})", list.name)
                }
                ChatPattern::Named(_) => {
                    named += 1;
                    continue;
                }
            });
        }
        let count = |of: fn(&ChatId) -> bool| self.exact.keys().filter(|chat| of(chat)).count();
        for (many, one, several) in [
            (
                count(|chat| matches!(chat, ChatId::Person(_))),
                "person",
                "people",
            ),
            (
                named + count(|chat| matches!(chat, ChatId::Group(_))),
                "group",
                "groups",
            ),
            (
                count(|chat| matches!(chat, ChatId::Channel(_))),
                "channel",
                "channels",
            ),
        ] {
            match many {
                0 => {}
                1 => all.push(format!("1 {one}")),
                many => all.push(format!("{many} {several}")),
            }
        }
        if all.is_empty() {
            all.push("nobody".to_owned());
        }
        f.write_str(&all.join(", "))
    }
}

const fn word(action: Action) -> &'static str {
    match action {
        Action::Allow => "allowed",
        Action::Confirm => "a person is asked each time",
        Action::Deny => "refused",
    }
}
