//! Rules for tools: action, conditions, limits, pace and examples.

use std::{collections::HashSet, num::NonZeroU32};

use serde_json::{Map, Value};

use super::{
    examples::Example,
    keys::{LIMIT, PACE, WHEN},
    reader::{Fields, Reader, WrittenAction},
    selection::{Breadth, Selection},
};
use crate::{
    op::{self, Schemas},
    policy::{
        Action, Code, Condition, Counted, Effect, FAILURES_COUNTER, LONG, Limit, Operator,
        PROMPTS_COUNTER, Pace, PaceRule, Reason, RuleLocation, Scope,
        document::{Node, Span},
        problem::one_of,
        tool_rules::{Conditional, RuleCondition},
    },
};

/// A rule, with the tools that it is for.
pub(super) struct Rule {
    pub(super) tools: HashSet<&'static str>,
    pub(super) breadth: Breadth,
    /// Whether it says that its tools are allowed.
    says_allow: bool,
    /// Whether its conditions are requirements: it allows where they hold, and refuses where
    /// they do not. Otherwise they say when it applies.
    pub(super) requires: bool,
    pub(super) span: Span,
    pub(super) place: RuleLocation,
    pub(super) action: Action,
    reason: Option<String>,
    pub(super) when: Vec<RuleCondition>,
    /// Indexes of `Policy::limits`; with the place if the counter has no name.
    pub(super) limits: Vec<(usize, Option<Span>)>,
    pub(super) pace: Option<PaceRule>,
    pub(super) examples: Vec<Example>,
}

impl Rule {
    /// The effect of the rule where it applies.
    pub(super) fn effect(&self) -> Effect {
        let code = Code::DeniedByRule;
        self.action.effect(code, &self.place, self.reason.clone())
    }

    /// The rule, if it has conditions.
    pub(super) fn conditional(&self) -> Option<Conditional> {
        (!self.when.is_empty()).then(|| Conditional {
            action: self.action,
            requires: self.requires,
            admits: self.admits(),
            effect: self.effect(),
            place: self.place.clone(),
            when: self.when.clone(),
        })
    }

    /// Whether `default` has no say where it applies: it names the tool, or it says that its
    /// tools are allowed.
    pub(super) fn admits(&self) -> bool {
        match (self.action, self.breadth) {
            (Action::Deny, _) | (Action::Confirm, Breadth::Many) => false,
            (_, Breadth::Named) => true,
            (Action::Allow, Breadth::Many) => self.says_allow,
        }
    }

    /// Whether it only has limits, delays and requirements.
    pub(super) fn only_restricts(&self) -> bool {
        self.action == Action::Allow && !self.admits()
    }

    /// Whether it has an action only.
    pub(super) fn is_bare(&self) -> bool {
        self.when.is_empty() && self.limits.is_empty() && self.pace.is_none()
    }
}

impl Reader<'_> {
    /// Reads a rule for these tools, whose key, or that of the list that it is in, stands
    /// at `key_span`.
    pub(super) fn rule(
        &mut self,
        fields: &Fields<'_>,
        key_span: &Span,
        path: &str,
        mut selection: Selection,
    ) -> Option<Rule> {
        if let Some(node) = fields.get("except") {
            self.except(node, &mut selection);
        }
        let (written, span, place) = match fields.get("action") {
            Some(node) => {
                let place = self.place(&node.key_span, &format!("{path}.action"));
                let written = Some(self.written_action(node)?);
                (written, node.key_span.clone(), place)
            }
            None => (None, key_span.clone(), self.place(key_span, path)),
        };
        let allows = WrittenAction::Always(Action::Allow);
        let action = written.unwrap_or(allows).in_policy(self.common.asks);
        let reason = fields.get("reason").and_then(|node| self.text(node));
        let Selection {
            tools,
            breadth,
            counted_as,
        } = selection;
        let mut limits = Vec::new();
        if let Some(node) = fields.get("limits") {
            for (index, item) in self.list(node, "a list of limits").iter().enumerate() {
                let place = format!("{path}.limits[{index}]");
                limits.extend(self.limit(item, &place, &counted_as));
            }
        }
        if let Some(node) = fields.get("rate_limit") {
            limits.extend(self.limit(node, &format!("{path}.rate_limit"), &counted_as));
        }
        let pace = fields.get("pace").and_then(|node| self.pace(node, path));
        let mut rule = Rule {
            tools,
            breadth,
            says_allow: written == Some(allows),
            requires: written.is_none_or(|written| written == allows),
            span,
            place,
            action,
            reason,
            when: Vec::new(),
            limits,
            pace,
            examples: Vec::new(),
        };
        if let Some(node) = fields.get("when") {
            rule.when = self.conditions(node, path, &rule);
        }
        if let Some(node) = fields.get("examples") {
            rule.examples = self.examples(node, &rule.tools);
        }
        Some(rule)
    }

    fn conditions(&mut self, node: &Node, path: &str, rule: &Rule) -> Vec<RuleCondition> {
        // Schemas are only made here, since most policies have no conditions.
        let schemas: Vec<(&str, Schemas)> = op::catalogue()
            .iter()
            .filter(|entry| rule.tools.contains(entry.name))
            .map(|entry| (entry.name, (entry.schemas)()))
            .collect();
        let inputs: Vec<_> = schemas
            .iter()
            .map(|(name, schemas)| (*name, &*schemas.input))
            .collect();
        let items = self.list(node, "a list of conditions");
        let mut all: Vec<RuleCondition> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}.when[{index}]");
            let Some(fields) = self.table(item, &WHEN) else {
                continue;
            };
            if let Some(when) = self.condition(item, &fields, &path, rule, &inputs) {
                self.lint_contradiction(&when, &all, &item.span);
                all.push(when);
            }
        }
        all
    }

    fn condition(
        &mut self,
        item: &Node,
        fields: &Fields<'_>,
        path: &str,
        rule: &Rule,
        inputs: &[(&str, &Map<String, Value>)],
    ) -> Option<RuleCondition> {
        let [arg, op] = ["arg", "op"].map(|key| self.required(fields, item, key));
        let operator = op.and_then(Node::text).and_then(Operator::named);
        let value = match operator.is_some_and(Operator::takes_value) {
            true => Some(self.required(fields, item, "value")),
            false => fields.get("value").copied().map(Some),
        };
        let (arg, op) = (self.text(arg?)?, op?);
        let each = match fields.get("each") {
            Some(node) => Some(self.choice(node, ["any", "all"].map(|word| (word, word)))?),
            None => None,
        };
        let Some(op) = op.text() else {
            return self.invalid(op, &one_of(&Operator::NAMES.map(|(name, _)| name)));
        };
        let value = match value {
            None => Value::Null,
            Some(node) => match (node?, node?.json()) {
                (node, Value::Null | Value::Object(_)) => {
                    return self.invalid(node, "text, a number, true, false or a list of them");
                }
                (_, value) => value,
            },
        };
        let reason = fields.get("reason").and_then(|node| self.text(node));
        match Condition::new(&arg, op, &value, each, inputs) {
            Ok(condition) => {
                let condition = match rule.requires {
                    true => condition,
                    false => condition.restricting(),
                };
                let place = self.place(&item.span, path);
                let detail = reason
                    .or_else(|| rule.reason.clone())
                    .unwrap_or_else(|| format!("it is only allowed where {condition}"));
                let reason = Reason::new(Code::ConditionNotMet, Some(place.clone()));
                Some(RuleCondition {
                    condition,
                    place,
                    otherwise: Effect::Deny(reason.with_detail(detail)),
                })
            }
            Err(problems) => {
                let problems = problems.iter();
                problems.for_each(|problem| self.problem(fields, item, problem));
                None
            }
        }
    }

    /// `{ min = "3s", max = "8s" }`.
    fn pace(&mut self, node: &Node, path: &str) -> Option<PaceRule> {
        let fields = self.table(node, &PACE)?;
        let [min, max] = PACE.map(|key| self.required(&fields, node, key.name));
        let (min, max) = (self.duration(min?)?, self.duration(max?)?);
        let rule = self.place(&node.key_span, &format!("{path}.pace"));
        let pace = Pace::new(min, max).map_err(|problem| self.problem(&fields, node, &problem));
        Some(PaceRule {
            pace: pace.ok()?,
            rule,
        })
    }

    /// A limit as an index of the list; with its place if its counter has no name.
    fn limit(&mut self, node: &Node, path: &str, owner: &str) -> Option<(usize, Option<Span>)> {
        let fields = self.table(node, &LIMIT)?;
        let own = (!fields.contains_key("counter")).then(|| node.span.clone());
        let index = self.limit_of(&fields, node, path, owner, Counted::Calls)?;
        Some((index, own))
    }

    /// The index of a limit in the list; the same limit is added once.
    pub(super) fn limit_of(
        &mut self,
        fields: &Fields<'_>,
        node: &Node,
        path: &str,
        owner: &str,
        of: Counted,
    ) -> Option<usize> {
        let key = match of {
            Counted::Messages => "messages",
            Counted::Calls | Counted::Newcomers => "max",
        };
        let max = self.required(fields, node, key);
        let max = max.and_then(|node| self.count(node));
        let window = self.required(fields, node, "window");
        let window = window.and_then(|node| self.duration(node));
        let (max, window) = (max?, window?);
        let burst = match fields.get("burst") {
            Some(node) if window >= LONG => {
                let message = "burst has no effect with a window of an hour or more, which is counted exactly";
                let hint = "remove it, or add a limit with a shorter window";
                self.wrong(&node.key_span, "bad-value", message, hint);
                max
            }
            Some(node) => self.burst(node, max)?,
            None => max,
        };
        let scope = match (fields.get("scope"), of) {
            (Some(node), _) => self.choice(node, Scope::ALL.map(|scope| (scope.name(), scope)))?,
            (None, Counted::Newcomers) => Scope::Account,
            (None, _) => Scope::Grant,
        };
        let named = match fields.get("counter") {
            Some(node) => {
                let name = self.text(node)?;
                if is_reserved(&name) {
                    let message =
                        format!("counter must not be \"{name}\", which the server uses itself");
                    self.wrong(&node.span, "bad-value", &message, "choose another name");
                }
                Some((name, node.span.clone()))
            }
            None => None,
        };
        let limit = Limit {
            counter: match &named {
                Some((name, _)) => name.clone(),
                None => format!("{}{owner}/{}", self.prefix, scope.name()),
            },
            max,
            burst,
            window,
            scope,
            of,
            rule: self.place(&node.span, path),
        };
        Some(self.shared(limit, &node.span, named.as_ref()))
    }

    fn burst(&mut self, node: &Node, max: NonZeroU32) -> Option<NonZeroU32> {
        let burst = self.count(node)?;
        if burst > max {
            self.invalid::<()>(node, &format!("at most max, which is {max}"));
        }
        Some(burst)
    }

    fn shared(&mut self, limit: Limit, span: &Span, named: Option<&(String, Span)>) -> usize {
        let known = &self.common.limits;
        let same = |known: &Limit| {
            (&known.counter, known.window, known.scope, known.of)
                == (&limit.counter, limit.window, limit.scope, limit.of)
        };
        if let Some(index) = known.iter().position(same) {
            let Some(known) = self.common.limits.get_mut(index) else {
                return index;
            };
            if (known.max, known.burst) == (limit.max, limit.burst) {
                return index;
            }
            // Both apply, so the stricter number does.
            let message = format!("`{limit}` and `{known}` are for the same window");
            let here = known.rule.starts_with(&format!("{}:", self.origin));
            if limit.max < known.max {
                known.rule = limit.rule;
            }
            known.max = known.max.min(limit.max);
            known.burst = known.burst.min(limit.burst);
            match named {
                Some((name, span)) => self.wrong(
                    span,
                    "counter-conflict",
                    &format!(
                        "the counter `{name}` has other numbers for this window in another limit"
                    ),
                    "limits of one counter count together: give them the same numbers or two names",
                ),
                // A file that is included is there to be stricter than another one.
                None if here => {
                    self.warn(span, "looser-limit", &message, "remove the looser one");
                }
                None => {}
            }
            return index;
        }
        let looser = known
            .iter()
            .find(|known| limit.is_looser_than(known) || known.is_looser_than(&limit));
        if let Some(other) = looser {
            let (loose, tight) = if limit.is_looser_than(other) {
                (&limit, other)
            } else {
                (other, &limit)
            };
            let message = format!("`{loose}` has no effect: `{tight}` is stricter");
            self.warn(span, "looser-limit", &message, "remove the looser one");
        }
        self.common.limits.push(limit);
        self.common.limits.len() - 1
    }
}

/// Whether a name is that of a counter that the server names itself.
fn is_reserved(name: &str) -> bool {
    let scope = name.rsplit_once('/').map(|(_, scope)| scope);
    [FAILURES_COUNTER, PROMPTS_COUNTER].contains(&name)
        || Scope::ALL.iter().any(|known| Some(known.name()) == scope)
}
