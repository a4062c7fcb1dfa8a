//! Tools: whether they may be called, how often and how fast.

use std::collections::HashSet;

use super::{Change, Direction, Grouped, Pair, Side};
use crate::{
    op::{self, Entry},
    policy::{Effect, Limit, PaceRule, Policy, RuleLocation},
};

impl Policy {
    /// The first rule that allows a tool, for a caller.
    pub fn allowed_by(&self, tool: &str, grant: &str) -> Option<&RuleLocation> {
        let layers = self.layers_of(grant);
        layers
            .filter_map(|layer| {
                let ruling = layer.tool_rules.get(tool);
                let plain = ruling.and_then(|ruling| {
                    let mut plain = ruling.plain.iter();
                    let rule = plain.find(|(effect, _)| *effect == Effect::Allow);
                    rule.and_then(|(_, place)| place.as_ref())
                });
                let conditional =
                    || ruling.and_then(|ruling| Some(&ruling.conditional.first()?.place));
                let default = || {
                    let (_, place) = layer.default.as_ref().filter(|_| ruling.is_none())?;
                    place.as_ref()
                };
                plain.or_else(conditional).or_else(default)
            })
            .next()
    }
}

impl Pair<'_> {
    /// Whether calls may be made at all, whatever the arguments are.
    pub(super) fn standings(self) -> Vec<Change> {
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

    /// The tools that may be called under both.
    pub(super) fn tools_of_both(self) -> impl Iterator<Item = &'static Entry> {
        op::catalogue().iter().filter(move |entry| {
            [self.old, self.new].iter().all(|policy| {
                let effect = policy.effect(entry.name, entry.risk, self.grant);
                effect.admits()
            })
        })
    }

    /// How often they may be made.
    pub(super) fn limits(self) -> Vec<Change> {
        let mut found = Grouped::default();
        for (from, to, direction) in [
            (self.old, self.new, Direction::Looser),
            (self.new, self.old, Direction::Tighter),
        ] {
            let mut tell = |name: &str, limit: &Limit, others: &[&Limit]| {
                let gone = Side::new(format!("at most {limit}"), Some(&limit.rule));
                let near = others.iter().find(|other| {
                    (other.scope, other.of, other.window) == (limit.scope, limit.of, limit.window)
                });
                let instead = match near {
                    Some(other) => Side::new(format!("at most {other}"), Some(&other.rule)),
                    None => Side::new("no such limit", None),
                };
                match direction {
                    Direction::Looser => found.add(direction, name, gone, instead),
                    Direction::Tighter => found.add(direction, name, instead, gone),
                }
            };
            for entry in self.tools_of_both() {
                let others = to.limits_of(entry.name, self.grant);
                for limit in from.limits_of(entry.name, self.grant) {
                    let counted = from.counted_by(limit, self.grant);
                    let keeps = |other: &&Limit| {
                        other.covers(limit) && counted.is_subset(&to.counted_by(other, self.grant))
                    };
                    if !others.iter().any(keeps) {
                        tell(entry.name, limit, &others);
                    }
                }
            }
            let others = to.limits_besides(self.grant);
            for limit in from.limits_besides(self.grant) {
                if !others.iter().any(|other| other.covers(limit)) {
                    let name = match limit.of {
                        crate::policy::Counted::Messages => "reading",
                        _ => "new recipients",
                    };
                    tell(name, limit, &others);
                }
            }
        }
        found.changes()
    }

    /// The gaps between them.
    pub(super) fn paces(self) -> Vec<Change> {
        let mut found = Grouped::default();
        for (from, to, direction) in [
            (self.old, self.new, Direction::Looser),
            (self.new, self.old, Direction::Tighter),
        ] {
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
                        Side::new(format!("gaps of {}", rule.pace), Some(&rule.rule))
                    };
                    let gone = side(rule);
                    let instead = others
                        .first()
                        .map_or(Side::new("no gap", None), |rule| side(rule));
                    match direction {
                        Direction::Looser => found.add(direction, entry.name, gone, instead),
                        Direction::Tighter => found.add(direction, entry.name, instead, gone),
                    }
                }
            }
        }
        found.changes()
    }
}

impl Policy {
    /// The tools whose calls a limit counts together.
    fn counted_by(&self, limit: &Limit, grant: &str) -> HashSet<&'static str> {
        let counts = |tool: &&Entry| {
            let mut limits = self.limits_of(tool.name, grant).into_iter();
            limits.any(|other| other.counter == limit.counter && other.window == limit.window)
        };
        let tools = op::catalogue().iter().filter(counts);
        tools.map(|entry| entry.name).collect()
    }

    /// The limits that are about no tool.
    fn limits_besides(&self, grant: &str) -> Vec<&Limit> {
        let found = self.layers_of(grant).flat_map(|layer| {
            let newcomers = layer.recipients.as_ref();
            let newcomers = newcomers.and_then(|recipients| recipients.newcomers.as_ref()?.limit);
            [layer.budget, newcomers]
        });
        found
            .flatten()
            .filter_map(|index| self.limits.get(index))
            .collect()
    }

    fn paces_of(&self, tool: &str, grant: &str) -> Vec<&PaceRule> {
        let tool_rules = self.layers_of(grant);
        let tool_rules = tool_rules.filter_map(|layer| layer.tool_rules.get(tool));
        tool_rules.flat_map(|ruling| &ruling.paces).collect()
    }
}
