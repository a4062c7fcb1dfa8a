//! The rule for one tool, in the form of either program.

use std::collections::HashMap;

use super::{
    draft::ImportedRule,
    read::{Importer, below},
};
use crate::policy::{
    Action, Scope,
    document::{Node, NodeValue},
};

/// A rule of Intercept, of which a tool can have several.
pub(super) struct InterceptRule<'n> {
    /// Where it comes from, for comments.
    pub(super) from: String,
    /// The text for refused calls.
    pub(super) reason: Option<String>,
    /// How conditions name the counters of this tool.
    pub(super) scope: &'n str,
    /// The counters of the tool, by name.
    pub(super) counters: &'n HashMap<&'n str, &'n Node>,
}

impl InterceptRule<'_> {
    /// Where it comes from, with the text for refused calls, which limits cannot have.
    pub(super) fn source(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{} ({reason})", self.from),
            None => self.from.clone(),
        }
    }
}

impl Importer<'_> {
    pub(super) fn rule(&mut self, node: &Node, path: &str, scope: &str) -> ImportedRule {
        let from = format!("{}: {}", self.line_of(node.key_span.start), node.key);
        let mut rule = ImportedRule::new(from);
        let fields = match &node.value {
            NodeValue::Table(fields) => fields.as_slice(),
            NodeValue::Null => &[],
            other => {
                let why = format!("a rule must be a table, got {}", other.kind());
                self.refuse(&mut rule, node.span.start, path, &why);
                return rule;
            }
        };
        let reason = node.get("reason").and_then(Node::text).map(str::to_owned);
        for node in fields {
            let (path, at) = (below(path, node), node.span.start);
            match &*node.key {
                "rules" => self.rules(node, &path, scope, &mut rule),
                "action" => match Action::ALL
                    .iter()
                    .find(|action| node.text() == Some(action.name()))
                {
                    Some(action) => {
                        rule.says_action = true;
                        rule.tighten(*action, reason.clone());
                    }
                    None => self.refuse(&mut rule, at, &path, "this action is not supported"),
                },
                "reason" if node.text().is_some() => {}
                "description" => {}
                "limits" => self.limits(node, &path, &mut rule),
                "rate_limit" => {
                    let from = self.line_of(at);
                    self.rate_limit(node, &path, from, Scope::Grant, &mut rule);
                }
                "require" => self.conditions(node, &path, false, &mut rule),
                "deny_if" => self.conditions(node, &path, true, &mut rule),
                _ => {
                    let at = node.key_span.start;
                    self.refuse(&mut rule, at, &path, "this key is not supported");
                }
            }
        }
        rule
    }

    fn rules(&mut self, node: &Node, path: &str, scope: &str, rule: &mut ImportedRule) {
        let items = self.items(node, path, rule);
        let counters = items.iter().filter_map(|item| {
            let state = item.get("state")?;
            Some((state.get("counter")?.text()?, state))
        });
        let counters = counters.collect();
        for (index, item) in items.iter().enumerate() {
            let (path, at) = (format!("{path}[{index}]"), item.span.start);
            let Some(fields) = item.fields() else {
                self.refuse(rule, at, &path, "a rule must be a table");
                continue;
            };
            let text = |key| item.get(key).and_then(Node::text);
            let line = self.line_of(at);
            let within = InterceptRule {
                from: match text("name") {
                    Some(name) => format!("{line}: {name}"),
                    None => line,
                },
                reason: text("on_deny").map(str::to_owned),
                scope,
                counters: &counters,
            };
            let decides = ["action", "rate_limit", "conditions"];
            if decides.iter().all(|key| item.get(key).is_none()) {
                self.lose(at, &path, "a rule without conditions has no effect");
            }
            for field in fields {
                self.rule_field(field, &below(&path, field), &within, rule);
            }
        }
    }

    fn rule_field(
        &mut self,
        node: &Node,
        path: &str,
        within: &InterceptRule<'_>,
        rule: &mut ImportedRule,
    ) {
        match &*node.key {
            "action" => match node.text() {
                Some("evaluate") => {}
                Some("deny") => {
                    rule.from.push(within.from.clone());
                    rule.tighten(Action::Deny, within.reason.clone());
                }
                _ => self.refuse(rule, node.span.start, path, "this action is not supported"),
            },
            "rate_limit" => self.rate_limit(node, path, within.source(), Scope::Account, rule),
            "conditions" => {
                for (index, item) in self.items(node, path, rule).iter().enumerate() {
                    self.condition(item, &format!("{path}[{index}]"), within, rule);
                }
            }
            // A counter has no effect without a condition on it.
            "state" | "name" | "description" | "on_deny" => {}
            _ => self.refuse(rule, node.key_span.start, path, "this key is not supported"),
        }
    }
}
