//! Warnings about rules and limits that never have an effect.

use std::collections::{HashMap, HashSet};

use super::{
    ParsedFile,
    layer::{NamedRule, ParsedLayer},
    reader::Reader,
    rule::Rule,
    selection::Breadth,
};
use crate::{
    op::{self, Risk},
    policy::{
        Action, Diagnostic, Effect,
        document::Span,
        layer::Layer,
        tool_rules::{RuleCondition, ToolRules},
    },
};

const WITHOUT_EFFECT: &str = "rule-without-effect";

/// Warnings about rules for irreversible tools that are hidden, since confirmation is off;
/// each with the index of its file. Limits may be written in advance.
pub(super) fn hidden_tools(files: &[ParsedFile]) -> Vec<(usize, Diagnostic)> {
    let rules = files.iter().enumerate().flat_map(|(index, file)| {
        let grants = file.grants.iter().flat_map(|grant| &grant.layer.named);
        let rules = file.layer.named.iter().chain(grants);
        rules.map(move |rule| (index, rule))
    });
    let hidden = rules.filter(|(_, rule)| {
        let mut tools = op::catalogue().iter();
        rule.action != Action::Deny
            && !rule.has_limits
            && !rule.tools.is_empty()
            && tools.all(|tool| tool.risk == Risk::Destructive || !rule.tools.contains(tool.name))
    });
    let message = "this tool is irreversible, and hidden while confirmation is off";
    let warning = |rule: &NamedRule| {
        Diagnostic::warning(WITHOUT_EFFECT, rule.span.clone(), message.to_owned())
            .hint("write [confirmation] enabled = true, or remove the rule")
    };
    hidden.map(|(index, rule)| (index, warning(rule))).collect()
}

impl Reader<'_> {
    /// Warns of rules beside those of classes that stricter rules overrule.
    pub(super) fn lint_overruled(
        &mut self,
        rules: &[Rule],
        tool_rules: &HashMap<&'static str, ToolRules>,
    ) {
        for rule in rules.iter().filter(|rule| !rule.tools.is_empty()) {
            let all = |stricter: &dyn Fn(&Effect) -> bool| {
                rule.tools.iter().all(|tool| {
                    let effect = tool_rules.get(tool).and_then(ToolRules::effect);
                    effect.is_some_and(stricter)
                })
            };
            let message = match rule.action {
                Action::Allow if all(&|effect| !effect.admits()) => {
                    "this rule allows what another rule refuses; the strictest rule wins"
                }
                Action::Allow if rule.is_bare() && all(&|effect| *effect != Effect::Allow) => {
                    "this rule allows what another rule confirms; the strictest rule wins"
                }
                Action::Confirm if all(&|effect| !effect.admits()) => {
                    "this rule confirms what another rule refuses; the strictest rule wins"
                }
                Action::Deny if all(&|effect| matches!(effect, Effect::Hidden(_))) => {
                    "this rule refuses a tool that is hidden anyway"
                }
                _ => continue,
            };
            let hint = "remove it, or change the other rule";
            self.warn(&rule.span, WITHOUT_EFFECT, message, hint);
        }
    }

    /// Warns of rules for classes and for patterns that allow nothing, where `default` does not
    /// allow their tools either.
    pub(super) fn lint_admitting_nothing(&mut self, rules: &[Rule], layer: &Layer) {
        let Some((default, _)) = &layer.default else {
            return;
        };
        let silent = |rule: &&Rule| {
            rule.breadth == Breadth::Many && !rule.admits() && rule.action != Action::Deny
        };
        for rule in rules.iter().filter(silent) {
            let left = |entry: &&op::Entry| {
                // Irreversible tools are admitted by `confirmation.enabled`.
                entry.risk != Risk::Destructive
                    && rule.tools.contains(entry.name)
                    && default.strictness() > rule.action as u8
                    && layer.effect(entry.name) == Some(default)
            };
            let left: Vec<&str> = op::catalogue()
                .iter()
                .filter(left)
                .map(|entry| entry.name)
                .collect();
            let Some(first) = left.first() else {
                continue;
            };
            let others = match left.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more of its tools"),
            };
            let message = format!(
                "this rule does not allow its tools: `default` decides about `{first}`{others}"
            );
            let hint = match rule.action {
                Action::Confirm => {
                    "a class or a pattern allows its tools with action = \"allow\" only; to be asked, write two rules: [[risk.CLASS]] action = \"allow\", and [[risk.CLASS]] action = \"confirm\""
                }
                _ => {
                    "a class or a pattern allows its tools with action = \"allow\" only; write it, or name the tools that the rule is for"
                }
            };
            self.warn(&rule.span, "admits-nothing", &message, hint);
        }
    }

    /// Warns of rules of a grant that try to allow what everybody is refused.
    pub(super) fn lint_widening(&mut self, grant: &ParsedLayer, outer: &ParsedLayer) {
        for rule in grant.named.iter().filter(|rule| !rule.tools.is_empty()) {
            let refused = |tool: &&str| {
                let effect = outer.layer.effect(tool);
                effect.is_some_and(|effect| !effect.admits())
            };
            if rule.admits && rule.tools.iter().all(refused) {
                let message = "the policy refuses this to everybody; a grant can only restrict";
                let hint = "allow it outside of the grant, and refuse it in the other grants";
                self.warn(&rule.span, WITHOUT_EFFECT, message, hint);
            }
        }
    }

    /// Warns of a condition that cannot hold together with one before it.
    pub(super) fn lint_contradiction(
        &mut self,
        when: &RuleCondition,
        before: &[RuleCondition],
        span: &Span,
    ) {
        let other = before
            .iter()
            .find(|other| other.condition.contradicts(&when.condition));
        if let Some(other) = other {
            let message = format!(
                "no call meets both conditions: {}, and {}",
                other.condition, when.condition
            );
            let hint = "all conditions of a rule have to hold; use `in` for several values";
            self.warn(span, "contradiction", &message, hint);
        }
    }

    /// Warns of rules that allow under conditions which no call can meet together.
    pub(super) fn lint_conflicting_rules(&mut self, rules: &[Rule]) {
        let mut rest = rules.iter().filter(|rule| rule.requires);
        let mut found = Vec::new();
        while let Some(rule) = rest.next() {
            for other in rest.clone() {
                let against = |when: &RuleCondition| {
                    let mut others = other.when.iter();
                    others.any(|other| other.condition.contradicts(&when.condition))
                };
                if !rule.tools.is_disjoint(&other.tools) && rule.when.iter().any(against) {
                    found.push((other.span.clone(), rule.place.clone()));
                }
            }
        }
        for (span, place) in found {
            let message = format!("no call meets both this rule's conditions and those of {place}");
            let hint =
                "the conditions of all rules that allow have to hold; use `in` for several values";
            self.warn(&span, "contradiction", &message, hint);
        }
    }

    /// Warns of limits of single tools that are looser than those of their class.
    pub(super) fn lint_loose_limits(&mut self, rules: &[Rule], classes: usize) {
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
                        format!("`{limit}` is never reached: `{other}` also counts these calls");
                    self.warn(span, "looser-limit", &message, "remove the looser one");
                }
            }
        }
    }
}
