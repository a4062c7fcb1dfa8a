//! Rules about tools: what they do, under which conditions, how often and how fast.

use std::{collections::HashSet, time::Duration};

use super::{
    examples::Example,
    keys::{LIMIT, PACE, RULE, WHEN},
    reader::{Fields, Reader},
};
use crate::{
    op::{self, Schemas},
    policy::{
        At, Code, Condition, Counted, Effect, FAILURES_COUNTER, Limit, Pace, PaceAt, PaceRule,
        Reason, RuleLocation, Scope,
        layer::{Action, Conditional, When},
        limit::LONG,
        raw::{Key, Node, Raw, Span},
    },
};

/// A rule as it was written, for the tools that it stands for.
pub(super) struct Rule {
    pub(super) tools: HashSet<&'static str>,
    pub(super) span: Span,
    pub(super) place: RuleLocation,
    pub(super) action: Action,
    reason: Option<String>,
    pub(super) when: Vec<When>,
    /// With their places, where their counters are nobody else's.
    pub(super) limits: Vec<(usize, Option<Span>)>,
    pub(super) pace: Option<PaceRule>,
    pub(super) examples: Vec<Example>,
}

impl Rule {
    /// What comes of the rule where it applies.
    pub(super) fn effect(&self) -> Effect {
        let code = Code::DeniedByRule;
        self.action.effect(code, &self.place, self.reason.clone())
    }

    /// The rule, where it looks at arguments.
    pub(super) fn conditional(&self) -> Option<Conditional> {
        (!self.when.is_empty()).then(|| Conditional {
            action: self.action,
            effect: self.effect(),
            place: self.place.clone(),
            when: self.when.clone(),
        })
    }

    /// Whether all that it says is what it does with a call.
    pub(super) fn is_bare(&self) -> bool {
        self.when.is_empty() && self.limits.is_empty() && self.pace.is_none()
    }
}

impl Reader<'_> {
    pub(super) fn rule(
        &mut self,
        key: &Key,
        node: &Node,
        path: &str,
        tools: HashSet<&'static str>,
    ) -> Option<Rule> {
        let fields = self.table(node, &format!("`{path}`"), &RULE)?;
        let (action, span, place) = match fields.get("action") {
            Some((at, node)) => (
                self.action(node)?,
                at.span.clone(),
                self.place(&at.span, &format!("{path}.action")),
            ),
            None => {
                let place = self.place(&key.span, path);
                (Action::Allow, key.span.clone(), place)
            }
        };
        let reason = fields.get("reason").and_then(|(_, node)| self.text(node));
        let mut limits = Vec::new();
        if let Some((_, node)) = fields.get("limits") {
            for (index, item) in self.list(node, "a list of limits").iter().enumerate() {
                let place = format!("{path}.limits[{index}]");
                let limit = self.limit(item, &place, path);
                limits.extend(limit.map(|limit| (limit, own(item))));
            }
        }
        if let Some((_, node)) = fields.get("rate_limit") {
            let place = format!("{path}.rate_limit");
            let limit = self.limit(node, &place, path);
            limits.extend(limit.map(|limit| (limit, own(node))));
        }
        let pace = fields
            .get("pace")
            .and_then(|(key, node)| self.pace(&key.span, node, &format!("{path}.pace")));
        let mut rule = Rule {
            tools,
            span,
            place,
            action,
            reason,
            when: Vec::new(),
            limits,
            pace,
            examples: Vec::new(),
        };
        if let Some((_, node)) = fields.get("when") {
            rule.when = self.conditions(node, path, &rule);
        }
        if let Some((_, node)) = fields.get("examples") {
            rule.examples = self.examples(node, path, &rule.tools);
        }
        Some(rule)
    }

    fn conditions(&mut self, node: &Node, path: &str, rule: &Rule) -> Vec<When> {
        // Their schemas are made for this alone: most policies have no conditions.
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
        let mut all: Vec<When> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}.when[{index}]");
            let Some(fields) = self.table(item, &format!("`{path}`"), &WHEN) else {
                continue;
            };
            if let Some(when) = self.condition(item, &fields, &path, rule, &inputs) {
                self.contradiction(&when, &all, &item.span);
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
        inputs: &[(&str, &serde_json::Map<String, serde_json::Value>)],
    ) -> Option<When> {
        let [arg, op, value] = ["arg", "op", "value"].map(|key| self.required(fields, item, key));
        let (arg, op, value) = (arg?, op?, value?);
        let (argument, operator) = (self.text(arg)?, self.text(op)?);
        let each = match fields.get("each") {
            Some((_, node)) => Some((*node, self.text(node)?)),
            None => None,
        };
        let Some(operand) = value.operand() else {
            self.kind(value, "text, a number, true or false, or a list of them");
            return None;
        };
        let reason = fields.get("reason").and_then(|(_, node)| self.text(node));
        let words = each.as_ref().map(|(_, word)| word.as_str());
        match Condition::new(&argument, &operator, operand, words, inputs) {
            Ok(condition) => {
                let place = self.place(&item.span, path);
                let reason = reason
                    .or_else(|| rule.reason.clone())
                    .unwrap_or_else(|| format!("it is only allowed where {condition}"));
                let because =
                    Reason::new(Code::ConditionNotMet, Some(place.clone())).saying(reason);
                Some(When {
                    condition,
                    place,
                    otherwise: Effect::Deny(because),
                })
            }
            Err(problems) => {
                for problem in problems {
                    let node = match problem.at {
                        At::Path => arg,
                        At::Op => op,
                        At::Value => value,
                        At::Each => each.as_ref().map_or(item, |(node, _)| node),
                    };
                    self.wrong(&node.span, problem.code, &problem.message, &problem.hint);
                }
                None
            }
        }
    }

    /// `{ min = "3s", max = "8s" }`.
    fn pace(&mut self, span: &Span, node: &Node, path: &str) -> Option<PaceRule> {
        let fields = self.table(node, &format!("`{path}`"), &PACE)?;
        let (min, max) = (
            self.required(&fields, node, "min")?,
            self.required(&fields, node, "max")?,
        );
        let (shortest, longest) = (self.duration(min)?, self.duration(max)?);
        match Pace::new(shortest, longest) {
            Ok(pace) => Some(PaceRule {
                pace,
                rule: self.place(span, path),
            }),
            Err(problem) => {
                let node = match problem.at {
                    PaceAt::Min => min,
                    PaceAt::Max => max,
                };
                self.wrong(&node.span, problem.code, &problem.message, &problem.hint);
                None
            }
        }
    }

    fn limit(&mut self, node: &Node, path: &str, owner: &str) -> Option<usize> {
        let fields = self.table(node, &format!("`{path}`"), &LIMIT)?;
        self.limit_of(&fields, node, path, owner, Counted::Calls)
    }

    /// The position of a limit in the list; one that is there already is shared.
    pub(super) fn limit_of(
        &mut self,
        fields: &Fields<'_>,
        node: &Node,
        path: &str,
        owner: &str,
        of: Counted,
    ) -> Option<usize> {
        let most = match of {
            Counted::Messages => "messages",
            Counted::Calls | Counted::Newcomers => "max",
        };
        let max = self
            .required(fields, node, most)
            .and_then(|node| self.count(node));
        let window = self
            .required(fields, node, "window")
            .and_then(|node| self.duration(node));
        let (max, window) = (max?, window?);
        let burst = match fields.get("burst") {
            Some((key, _)) if window >= LONG => {
                self.wrong(
                    &key.span,
                    "bad-value",
                    "`burst` means nothing for a window of an hour or more, which is counted exactly",
                    "leave it out, or add a limit with a shorter window",
                );
                max
            }
            Some((_, node)) => self.burst(node, max)?,
            None => max,
        };
        let scope = match (fields.get("scope"), of) {
            (Some((_, node)), _) => self.scope(node)?,
            (None, Counted::Newcomers) => Scope::Account,
            (None, _) => Scope::Grant,
        };
        let named = match fields.get("counter") {
            Some((_, node)) => {
                let name = self.text(node)?;
                if is_ours(&name) {
                    let message = format!("`{name}` may be a counter without a name");
                    self.wrong(&node.span, "bad-value", &message, "give it another name");
                }
                Some((name, node.span.clone()))
            }
            None => None,
        };
        let limit = Limit {
            // It outlives the file's lines, so it is not made of them.
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

    fn burst(&mut self, node: &Node, max: std::num::NonZeroU32) -> Option<std::num::NonZeroU32> {
        let burst = self.count(node)?;
        if burst > max {
            self.wrong(
                &node.span,
                "bad-value",
                "`burst` is larger than `max`",
                "leave it out, or lower it",
            );
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
            // Both hold, so the tighter one does.
            let message = format!("`{limit}` and `{known}` are for the same window");
            known.max = known.max.min(limit.max);
            known.burst = known.burst.min(limit.burst);
            match named {
                Some((name, span)) => self.wrong(
                    span,
                    "counter-conflict",
                    &format!("the counter `{name}` has other numbers for this window elsewhere"),
                    "limits of one counter count together; give them the same numbers or two names",
                ),
                None => self.odd(span, "looser-limit", &message, "leave out the looser one"),
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
            let message = format!("`{loose}` never counts: `{tight}` is tighter");
            self.odd(span, "looser-limit", &message, "leave out the looser one");
        }
        self.common.limits.push(limit);
        self.common.limits.len() - 1
    }
}

/// The place of a limit that no other counts together with.
fn own(node: &Node) -> Option<Span> {
    let Raw::Table(entries) = &node.value else {
        return None;
    };
    let named = entries.iter().any(|(key, _)| key.name == "counter");
    (!named).then(|| node.span.clone())
}

/// Whether a counter is called like those that nobody has named, which count other
/// things.
fn is_ours(name: &str) -> bool {
    let scope = name.rsplit_once('/').map(|(_, scope)| scope);
    name == FAILURES_COUNTER || Scope::NAMES.iter().any(|(known, _)| Some(*known) == scope)
}

/// The longest time that a question is asked about.
pub(super) const LONGEST_ASKED: Duration = LONG;
