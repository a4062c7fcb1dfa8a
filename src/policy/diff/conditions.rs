//! Conditions: calls on both sides of each border, judged under both policies.

use std::collections::HashSet;

use serde_json::Value;

use super::{Change, Direction, Grouped, Pair, Side, probes::short};
use crate::{
    op::{self, Entry, Risk},
    policy::{
        Decision, Effect, Finding, Policy, RuleLocation,
        layer::{Action, Conditional},
    },
};

impl Policy {
    /// What the rules about tools say of these arguments.
    fn ruled(&self, entry: &Entry, arguments: &Value, grant: &str) -> (u8, Side) {
        let mut decision = Decision::default();
        for layer in self.layers_of(grant) {
            layer.rule(entry.name, arguments, &mut decision);
        }
        let (floor, place) = &self.floor;
        if entry.risk == Risk::Destructive {
            decision.findings.push(Finding::of(floor, place.as_ref()));
        }
        let effect = decision.effect();
        let rule = self.allowed_by(entry.name, grant);
        (refusing(effect), Side::of(effect, rule))
    }

    pub(super) fn conditional(&self, tool: &str, grant: &str) -> Vec<&Conditional> {
        let tool_rules = self.layers_of(grant);
        let tool_rules = tool_rules.filter_map(|layer| layer.tool_rules.get(tool));
        tool_rules.flat_map(|ruling| &ruling.conditional).collect()
    }
}

impl Pair<'_> {
    pub(super) fn conditions(self) -> Vec<Change> {
        let mut all = Vec::new();
        for entry in op::catalogue() {
            let rules =
                [self.old, self.new].map(|policy| policy.conditional(entry.name, self.grant));
            let [old, new] = &rules;
            if !old.is_empty() || !new.is_empty() {
                all.extend(self.conditions_of(entry, old, new));
            }
        }
        all
    }

    fn conditions_of(
        self,
        entry: &'static Entry,
        old: &[&Conditional],
        new: &[&Conditional],
    ) -> Vec<Change> {
        let usual = [self.old, self.new]
            .map(|policy| refusing(&policy.effect(entry.name, entry.risk, self.grant)));
        let (calls, complete) = self.calls(entry, old, new);
        let mut found = Grouped::default();
        let mut told: HashSet<(u8, Side, u8, Side)> = HashSet::new();
        for arguments in &calls {
            let [was, is] =
                [self.old, self.new].map(|policy| policy.ruled(entry, arguments, self.grant));
            if was.0 == is.0 || [was.0, is.0] == usual {
                continue;
            }
            // One example is enough for each pair of rules.
            if told.insert((was.0, was.1.clone(), is.0, is.1.clone())) {
                let name = match short(arguments) {
                    Some(arguments) => format!("{} with {arguments}", entry.name),
                    None => format!("{} without such an argument", entry.name),
                };
                found.compare(&name, was, is);
            }
        }
        for (from, to, direction) in [
            (old, new, Direction::Looser),
            (new, old, Direction::Tighter),
        ] {
            for (rule, says) in gone(from, to, complete) {
                let shown = told.iter().any(|(_, was, _, is)| {
                    let side = if direction == Direction::Looser {
                        was
                    } else {
                        is
                    };
                    side.rule.as_ref().is_some_and(|place| *place == rule)
                });
                if shown {
                    continue;
                }
                let (gone, none) = (
                    Side::new(says, Some(&rule)),
                    Side::new("no such condition", None),
                );
                match direction {
                    Direction::Looser => found.add(direction, entry.name, gone, none),
                    Direction::Tighter => found.add(direction, entry.name, none, gone),
                }
            }
        }
        found.changes()
    }
}

/// How strict it is; what is refused may be hidden too.
fn refusing(effect: &Effect) -> u8 {
    effect.strictness().min(2)
}

/// Rules of one side that the other may not keep, as far as trying cannot tell.
fn gone<'p>(
    from: &[&'p Conditional],
    to: &[&'p Conditional],
    complete: bool,
) -> Vec<(RuleLocation, String)> {
    let mut found = Vec::new();
    for rule in from {
        let told = rule.when.iter().all(|when| when.condition.is_plain());
        if complete && told {
            continue;
        }
        let allows = |rule: &Conditional| rule.action == Action::Allow;
        if allows(rule) {
            let kept = |identity: u64| {
                let others = to.iter().filter(|other| allows(other));
                let mut others = others.flat_map(|other| &other.when);
                others.any(|other| other.condition.identity() == identity)
            };
            for when in &rule.when {
                let condition = &when.condition;
                let tried = complete && condition.is_plain();
                if !tried && !kept(condition.identity()) {
                    found.push((when.place.clone(), format!("only where {condition}")));
                }
            }
            continue;
        }
        let kept = to.iter().any(|other| {
            other.action >= rule.action
                && other.when.iter().all(|one| {
                    let mut own = rule.when.iter();
                    own.any(|own| own.condition.identity() == one.condition.identity())
                })
        });
        if !kept {
            let words: Vec<String> = rule
                .when
                .iter()
                .map(|when| when.condition.to_string())
                .collect();
            let says = format!(
                "{} where {}",
                Effect::name(&rule.effect),
                words.join(" and ")
            );
            found.push((rule.place.clone(), says));
        }
    }
    found
}
