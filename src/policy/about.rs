//! What a policy looks at, for people who ask before they call.

use jiff::tz::TimeZone;

use super::{
    Limit, Policy,
    layer::{Action, Chosen, Layer, ToolRules},
    limit::words,
};
use crate::{
    op::{Facts, Risk},
    text::for_people,
};

impl Policy {
    /// The time zone of its hours; UTC where it has none.
    pub fn zone(&self, grant: &str) -> TimeZone {
        let mut hours = self
            .layers_of(grant)
            .filter_map(|layer| layer.hours.as_ref());
        let zone = hours.next().map(|hours| hours.quiet.zone().clone());
        zone.unwrap_or(TimeZone::UTC)
    }

    /// Whether any rule looks at what was read before.
    pub fn asks_what_was_read(&self, grant: &str) -> bool {
        self.layers_of(grant).any(|layer| layer.flow.is_some())
    }

    /// The names of groups that the rules for a caller use, each once.
    pub fn group_names_for(&self, grant: &str) -> Vec<&str> {
        let layers = self.layers_of(grant);
        let mut names: Vec<&str> = layers.flat_map(|layer| layer.group_names()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether a call is let through whatever is said of it, because the policy is only
    /// tried out. What cannot be undone never is, nor what reading alone rules out.
    pub fn passes_in_shadow(&self, facts: &Facts) -> bool {
        let written = facts.risk != Risk::Read && self.mode.read_only.is_some();
        self.mode.shadow.is_some() && facts.risk != Risk::Destructive && !written
    }

    /// How a tool's calls are allowed besides, in a few words each.
    pub fn manner(&self, tool: &str, grant: &str) -> Vec<String> {
        let mut manner: Vec<String> = Vec::new();
        let tool_rules = || {
            let layers = self.layers_of(grant);
            layers.filter_map(|layer| layer.tool_rules.get(tool))
        };
        if tool_rules().any(ToolRules::is_conditional) {
            manner.push("under conditions".to_owned());
        }
        for rule in tool_rules().flat_map(|ruling| &ruling.paces) {
            manner.push(format!("with gaps of {}", rule.pace));
        }
        manner.dedup();
        manner
    }
}

impl Policy {
    /// What holds whatever the tool is, one line each.
    pub fn besides(&self, grant: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(place) = &self.mode.read_only {
            lines.push(format!("nothing but reading is allowed [{place}]"));
        }
        if let Some(place) = &self.mode.shadow {
            lines.push(format!(
                "the policy is only tried out: what is refused goes through, unless it cannot be undone [{place}]"
            ));
        }
        for layer in self.layers_of(grant) {
            layer.besides(&self.limits, &mut lines);
        }
        for health in &self.health {
            let mut on: Vec<String> = health.pause_on.clone();
            on.extend(
                health
                    .failures
                    .map(|(max, time)| format!("{max} failed calls per {}", words(time))),
            );
            if !on.is_empty() {
                let (on, time) = (on.join(", "), for_people(health.cooldown));
                let rule = &health.rule;
                lines.push(format!(
                    "the account is left alone for {time} on {on} [{rule}]"
                ));
            }
        }
        lines
    }
}

impl Layer {
    fn besides(&self, limits: &[Limit], lines: &mut Vec<String>) {
        if let Some(recipients) = &self.recipients {
            let (action, place) = &recipients.unlisted;
            let listed = match &recipients.allow {
                Some(_) => "recipients that are not listed",
                None => "recipients that are not denied",
            };
            lines.push(format!("{listed}: {} [{place}]", action.name()));
            if let Some(new) = &recipients.newcomers {
                let most = new.limit.and_then(|index| limits.get(index));
                let most = most
                    .map(|limit| format!(", at most {limit}"))
                    .unwrap_or_default();
                let (action, place) = (new.action.name(), &new.place);
                lines.push(format!(
                    "recipients never written to: {action}{most} [{place}]"
                ));
            }
        }
        if let Some(Chosen { allow, place, .. }) = &self.reading {
            let which = match allow {
                Some(_) => "only chats that are listed",
                None => "all chats that are not denied",
            };
            lines.push(format!("messages are read in {which} [{place}]"));
        }
        if let Some(budget) = self.budget.and_then(|index| limits.get(index)) {
            lines.push(format!("at most {budget} are read [{}]", budget.rule));
        }
        if let Some(hours) = self
            .hours
            .as_ref()
            .filter(|hours| !hours.applies_to.is_empty())
        {
            let classes: Vec<&str> = hours.applies_to.iter().map(|risk| risk.name()).collect();
            let (classes, action) = (classes.join(", "), hours.action.name());
            lines.push(format!(
                "{} ({classes}): {action} [{}]",
                hours.quiet, hours.place
            ));
        }
        if let Some((action, place)) = &self.flow {
            let action = action.name();
            lines.push(format!(
                "sending to another chat than was read: {action} [{place}]"
            ));
        }
    }
}

impl Action {
    /// The word for it, as policies write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Confirm => "confirm",
            Self::Deny => "deny",
        }
    }
}

impl ToolRules {
    fn is_conditional(&self) -> bool {
        !self.conditional.is_empty()
    }
}
