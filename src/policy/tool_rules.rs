//! The rules of a layer for one tool.

use serde_json::Value;

use super::{Action, Decision, Effect, Finding, PaceRule, RuleLocation, condition::Condition};

/// The rules of a layer for one tool.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolRules {
    /// Rules without conditions.
    pub(super) plain: Vec<Unconditional>,
    /// Rules with conditions.
    pub(super) conditional: Vec<Conditional>,
    pub(super) limits: Vec<usize>,
    pub(super) paces: Vec<PaceRule>,
}

/// A rule for every call of a tool.
#[derive(Debug, Clone)]
pub(super) struct Unconditional {
    pub(super) effect: Effect,
    pub(super) place: RuleLocation,
    /// Whether `default` has no say about the tool any more.
    pub(super) admits: bool,
}

/// A rule with conditions on the arguments.
#[derive(Debug, Clone)]
pub(super) struct Conditional {
    pub(super) action: Action,
    /// Whether the conditions are requirements. Otherwise they say when it applies.
    pub(super) requires: bool,
    /// Whether `default` has no say about a call that the rule decides about.
    pub(super) admits: bool,
    /// The effect where all conditions hold.
    pub(super) effect: Effect,
    pub(super) place: RuleLocation,
    pub(super) when: Vec<RuleCondition>,
}

/// One condition of a rule.
#[derive(Debug, Clone)]
pub(super) struct RuleCondition {
    pub(super) condition: Condition,
    pub(super) place: RuleLocation,
    /// The effect of a rule that allows where the condition does not hold.
    pub(super) otherwise: Effect,
}

impl ToolRules {
    /// The strictest effect, whatever the arguments are; `None` if no rule decides. A rule
    /// that allows under conditions counts as one that allows.
    pub(super) fn effect(&self) -> Option<&Effect> {
        let plain = self.plain.iter().map(|rule| &rule.effect);
        let conditional = self
            .conditional
            .iter()
            .filter(|rule| rule.is_always_heard());
        Effect::strictest(plain.chain(conditional.map(|rule| &rule.effect)))
    }

    /// Whether `default` has no say about any call of the tool.
    pub(super) fn admits(&self) -> bool {
        let mut conditional = self.conditional.iter();
        self.plain.iter().any(|rule| rule.admits) || conditional.any(Conditional::is_always_heard)
    }

    /// Adds the findings for these arguments. Whether `default` has no say: a rule admits the
    /// call, or refuses it.
    pub(super) fn apply<'p>(&'p self, arguments: &Value, decision: &mut Decision<'p>) -> bool {
        let mut is_decided = false;
        for rule in &self.plain {
            is_decided |= rule.admits || !rule.effect.admits();
            let finding = Finding::of(&rule.effect, Some(&rule.place));
            decision.findings.push(finding);
        }
        for rule in &self.conditional {
            if let Some(finding) = rule.decide(arguments) {
                is_decided |= rule.admits || !finding.effect.admits();
                decision.findings.push(finding);
            }
        }
        is_decided
    }

    /// The rule that admits calls with some arguments, and no others.
    pub(super) fn admits_some(&self) -> Option<&Conditional> {
        self.conditional.iter().find(|rule| rule.admits)
    }
}

impl Conditional {
    /// Whether it decides about every call: it admits those that meet its requirements, and
    /// refuses all others.
    fn is_always_heard(&self) -> bool {
        self.admits && self.requires
    }

    /// The finding for these arguments; `None` if the rule does not apply to them.
    fn decide(&self, arguments: &Value) -> Option<Finding<'_>> {
        let fails = |when: &&RuleCondition| match self.requires {
            true => !when.condition.holds(arguments),
            false => !when.condition.may_hold(arguments),
        };
        match self.when.iter().find(fails) {
            None if self.action == Action::Allow && !self.admits => None,
            None => Some(Finding::of(&self.effect, Some(&self.place))),
            Some(when) if self.requires => Some(Finding::of(&when.otherwise, Some(&when.place))),
            Some(_) => None,
        }
    }
}
