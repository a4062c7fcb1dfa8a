//! Conditions: calls on both sides of each border, decided under both policies.

use std::collections::HashSet;

use serde_json::Value;

use super::{Direction, Grouped, Pair, PolicyChange, Side, probes::short};
use crate::{
    op::{self, Entry, Risk},
    policy::{Action, Decision, Effect, Finding, Policy, RuleLocation, tool_rules::Conditional},
};

impl Policy {
    /// The result of the rules for a tool with these arguments, and its strictness.
    fn apply_rules(&self, entry: &Entry, arguments: &Value, grant: &str) -> (u8, Side) {
        let mut decision = Decision::default();
        for layer in self.layers_of(grant) {
            layer.apply_rules(entry.name, arguments, &mut decision);
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
        let rules = self.tool_rules(tool, grant);
        rules.flat_map(|rules| &rules.conditional).collect()
    }
}

impl Pair<'_> {
    pub(super) fn conditions(self) -> Vec<PolicyChange> {
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
    ) -> Vec<PolicyChange> {
        let usual = [self.old, self.new]
            .map(|policy| refusing(&policy.effect(entry.name, entry.risk, self.grant)));
        let (calls, complete) = self.calls(entry, old, new);
        let mut found = Grouped::default();
        let mut shown: HashSet<(u8, Side, u8, Side)> = HashSet::new();
        for arguments in &calls {
            let [was, is] =
                [self.old, self.new].map(|policy| policy.apply_rules(entry, arguments, self.grant));
            if was.0 == is.0 || [was.0, is.0] == usual {
                continue;
            }
            // One example is enough for each pair of rules.
            if shown.insert((was.0, was.1.clone(), is.0, is.1.clone())) {
                let name = match short(arguments) {
                    Some(arguments) => format!("{} with {arguments}", entry.name),
                    None => format!("{} without that argument", entry.name),
                };
                found.compare(&name, was, is);
            }
        }
        for (from, to, direction) in [
            (old, new, Direction::Looser),
            (new, old, Direction::Tighter),
        ] {
            for (rule, says) in gone(from, to, complete) {
                let mut sides = shown.iter().map(|(_, was, _, is)| match direction {
                    Direction::Looser => was,
                    Direction::Tighter => is,
                });
                if sides.any(|side| side.rule.as_ref() == Some(&rule)) {
                    continue;
                }
                let lacks = Side::new("no such condition", None);
                found.restriction(direction, entry.name, Side::new(says, Some(&rule)), lacks);
            }
        }
        found.changes()
    }
}

/// How strict an effect is; hidden counts as refused.
fn refusing(effect: &Effect) -> u8 {
    effect.strictness().min(Action::Deny as u8)
}

/// The conditions of one policy that the other may lack, where trying calls cannot tell.
fn gone<'p>(
    from: &[&'p Conditional],
    to: &[&'p Conditional],
    complete: bool,
) -> Vec<(RuleLocation, String)> {
    let mut found = Vec::new();
    for rule in from {
        if complete && rule.when.iter().all(|when| when.condition.is_plain()) {
            continue;
        }
        let allows = |rule: &Conditional| rule.requires;
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
        // It restricts nothing, and what it admits is tried.
        if rule.action == Action::Allow {
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
