//! Tools: effects, limits and paces.

use std::collections::HashSet;

use super::{Grouped, Pair, PolicyChange, Side};
use crate::{
    op::{self, Entry},
    policy::{Counted, Limit, PaceRule, Policy},
};

impl Pair<'_> {
    /// The effects of the tools, whatever the arguments are.
    pub(super) fn effects(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        for entry in op::catalogue() {
            let [old, new] = [self.old, self.new].map(|policy| {
                let effect = policy.effect(entry.name, entry.risk, self.grant);
                let rule = policy.allowed_by(entry.name, self.grant);
                (effect.strictness(), Side::of(&effect, rule))
            });
            found.compare(entry.name, old, new);
        }
        found.changes()
    }

    /// The tools that may be called under both policies.
    pub(super) fn tools_of_both(self) -> impl Iterator<Item = &'static Entry> {
        op::catalogue().iter().filter(move |entry| {
            [self.old, self.new].iter().all(|policy| {
                let effect = policy.effect(entry.name, entry.risk, self.grant);
                effect.admits()
            })
        })
    }

    /// The limits of these tools.
    pub(super) fn limits(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        for (from, to, direction) in self.both_ways() {
            let mut add = |name: &str, limit: &Limit, others: &[&Limit]| {
                let side = |limit: &Limit| Side::new(format!("at most {limit}"), Some(&limit.rule));
                let near = others.iter().find(|other| {
                    (other.scope, other.of, other.window) == (limit.scope, limit.of, limit.window)
                });
                let near = near.map_or_else(|| Side::new("no such limit", None), |near| side(near));
                found.restriction(direction, name, side(limit), near);
            };
            for entry in self.tools_of_both() {
                let others = to.limits_of(entry.name, self.grant);
                for limit in from.limits_of(entry.name, self.grant) {
                    let counted = from.counted_by(limit, self.grant);
                    let keeps = |other: &&Limit| {
                        other.covers(limit) && counted.is_subset(&to.counted_by(other, self.grant))
                    };
                    if !others.iter().any(keeps) {
                        add(entry.name, limit, &others);
                    }
                }
            }
            let others = to.limits_besides(self.grant);
            for limit in from.limits_besides(self.grant) {
                if !others.iter().any(|other| other.covers(limit)) {
                    let name = match limit.of {
                        Counted::Messages => "reading",
                        Counted::Calls | Counted::Newcomers => "first-time recipients",
                    };
                    add(name, limit, &others);
                }
            }
        }
        found.changes()
    }

    /// The delays between their calls.
    pub(super) fn paces(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        for (from, to, direction) in self.both_ways() {
            for entry in self.tools_of_both() {
                let others = to.paces_of(entry.name, self.grant);
                for rule in from.paces_of(entry.name, self.grant) {
                    let keeps = |other: &&PaceRule| {
                        other.pace.min() >= rule.pace.min() && other.pace.max() >= rule.pace.max()
                    };
                    if others.iter().any(keeps) {
                        continue;
                    }
                    let side = |rule: &PaceRule| {
                        Side::new(format!("delays of {}", rule.pace), Some(&rule.rule))
                    };
                    let other = others.first();
                    let other = other.map_or(Side::new("no delay", None), |rule| side(rule));
                    found.restriction(direction, entry.name, side(rule), other);
                }
            }
        }
        found.changes()
    }
}

impl Policy {
    /// The tools whose calls a limit counts.
    fn counted_by(&self, limit: &Limit, grant: &str) -> HashSet<&'static str> {
        let counts = |tool: &&Entry| {
            let mut limits = self.limits_of(tool.name, grant).into_iter();
            limits.any(|other| other.counter == limit.counter && other.window == limit.window)
        };
        let tools = op::catalogue().iter().filter(counts);
        tools.map(|entry| entry.name).collect()
    }

    /// The limits that are not about a tool.
    fn limits_besides(&self, grant: &str) -> Vec<&Limit> {
        let found = self.layers_of(grant).flat_map(|layer| {
            let new = layer.new_recipients().and_then(|new| new.limit);
            [layer.budget, new]
        });
        found
            .flatten()
            .filter_map(|index| self.limits.get(index))
            .collect()
    }

    fn paces_of(&self, tool: &str, grant: &str) -> Vec<&PaceRule> {
        let rules = self.tool_rules(tool, grant);
        rules.flat_map(|rules| &rules.paces).collect()
    }
}
