//! Rules and limits that can never matter.

use std::collections::{HashMap, HashSet};

use super::{Draft, layer::Drafted, reader::Reader, rule::Rule};
use crate::{
    op::{self, Risk},
    policy::{
        Diagnostic, Effect,
        layer::{Action, ToolRules, When},
        raw::Span,
    },
};

const WITHOUT_EFFECT: &str = "rule-without-effect";

/// Which rules of a file are about tools that are not even offered. Limits may be there in
/// advance.
pub(super) fn unoffered(draft: &Draft) -> Vec<Diagnostic> {
    let grants = draft.grants.iter().flat_map(|grant| &grant.layer.named);
    let rules = draft.layer.named.iter().chain(grants);
    let in_vain = rules.filter(|rule| {
        let mut tools = op::catalogue().iter();
        rule.action != Action::Deny
            && !rule.counts
            && !rule.tools.is_empty()
            && tools.all(|tool| tool.risk == Risk::Destructive || !rule.tools.contains(tool.name))
    });
    let message = "this cannot be undone, and is hidden while confirmation is off";
    in_vain
        .map(|rule| {
            Diagnostic::warning(WITHOUT_EFFECT, rule.span.clone(), message.to_owned())
                .hint("write [confirmation] enabled = true, or leave the rule out")
        })
        .collect()
}

impl Reader<'_> {
    /// Says which rules about single tools can change nothing.
    pub(super) fn vain(&mut self, rules: &[Rule], tool_rules: &HashMap<&'static str, ToolRules>) {
        for rule in rules.iter().filter(|rule| !rule.tools.is_empty()) {
            let all = |stricter: &dyn Fn(&Effect) -> bool| {
                rule.tools.iter().all(|tool| {
                    let effect = tool_rules.get(tool).and_then(ToolRules::effect);
                    effect.is_some_and(stricter)
                })
            };
            let message = match rule.action {
                Action::Allow if all(&|effect| !effect.admits()) => {
                    "this rule allows what another rule refuses; the strictest wins"
                }
                Action::Allow if rule.is_bare() && all(&|effect| *effect != Effect::Allow) => {
                    "this rule allows what another rule asks about; the strictest wins"
                }
                Action::Confirm if all(&|effect| !effect.admits()) => {
                    "this rule asks about what another rule refuses; the strictest wins"
                }
                Action::Deny if all(&|effect| matches!(effect, Effect::Hidden(_))) => {
                    "this rule refuses what is hidden anyway"
                }
                _ => continue,
            };
            let hint = "leave it out, or change the other rule";
            self.odd(&rule.span, WITHOUT_EFFECT, message, hint);
        }
    }

    /// Says which rules of a grant try to allow what everybody is refused.
    pub(super) fn widening(&mut self, grant: &Drafted, outer: &Drafted) {
        for rule in grant.named.iter().filter(|rule| !rule.tools.is_empty()) {
            let refused = |tool: &&str| {
                let effect = outer.layer.effect(tool);
                effect.is_some_and(|effect| !effect.admits())
            };
            if rule.action != Action::Deny && rule.tools.iter().all(refused) {
                let message = "the policy refuses this to everybody; a grant only narrows";
                let hint = "allow it outside of the grant, and refuse it to the others";
                self.odd(&rule.span, WITHOUT_EFFECT, message, hint);
            }
        }
    }

    /// Says that a condition cannot hold where those before it do.
    pub(super) fn contradiction(&mut self, when: &When, before: &[When], span: &Span) {
        let other = before
            .iter()
            .find(|other| other.condition.contradicts(&when.condition));
        if let Some(other) = other {
            let message = format!(
                "no call keeps both: {}, and {}",
                other.condition, when.condition
            );
            let hint = "all conditions of a rule have to hold; write several values with `in`";
            self.odd(span, "contradiction", &message, hint);
        }
    }

    /// Says which rules that allow under conditions leave nothing to allow together.
    pub(super) fn at_odds(&mut self, rules: &[Rule]) {
        let mut rest = rules.iter().filter(|rule| rule.action == Action::Allow);
        let mut found = Vec::new();
        while let Some(rule) = rest.next() {
            for other in rest.clone() {
                let against = |when: &When| {
                    let mut others = other.when.iter();
                    others.any(|other| other.condition.contradicts(&when.condition))
                };
                if !rule.tools.is_disjoint(&other.tools) && rule.when.iter().any(against) {
                    found.push((other.span.clone(), rule.place.clone()));
                }
            }
        }
        for (span, place) in found {
            let message = format!("no call keeps both this rule's conditions and those of {place}");
            let hint = "all rules that allow have to hold; write several values with `in`";
            self.odd(&span, "contradiction", &message, hint);
        }
    }

    /// Says which limits of single tools are looser than those of a class.
    pub(super) fn loose(&mut self, rules: &[Rule], classes: usize) {
        let mut counted: HashMap<usize, HashSet<&'static str>> = HashMap::new();
        for rule in rules {
            for (index, _) in &rule.limits {
                counted.entry(*index).or_default().extend(&rule.tools);
            }
        }
        let limits = self.common.limits.clone();
        for rule in rules.iter().skip(classes) {
            for (index, own) in &rule.limits {
                let (Some(limit), Some(span)) = (limits.get(*index), own) else {
                    continue;
                };
                let wider = counted
                    .iter()
                    .filter(|(_, tools)| rule.tools.is_subset(tools));
                let tighter = wider
                    .filter_map(|(other, _)| limits.get(*other))
                    .filter(|other| other.counter != limit.counter && other.covers(limit))
                    .filter(|other| !limit.covers(other))
                    .min_by_key(|other| other.rule.clone());
                if let Some(other) = tighter {
                    let message =
                        format!("`{limit}` is never reached: `{other}` counts these calls too");
                    self.odd(span, "looser-limit", &message, "leave out the looser one");
                }
            }
        }
    }
}
