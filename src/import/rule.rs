//! What is said of one tool, in the shape of either program.

use std::collections::HashMap;

use super::{
    draft::{Action, Rule},
    read::{Reader, below},
    tree::{Key, Kind, Node},
};

/// The counters of a tool, by their names.
pub(super) type Counters<'n> = HashMap<&'n str, &'n Node>;

/// A rule of Intercept, as its parts need to know it.
pub(super) struct Within<'n> {
    pub(super) from: String,
    /// What is said when it refuses.
    pub(super) reason: Option<String>,
    /// How conditions name the counters of this tool.
    pub(super) scope: &'n str,
    pub(super) counters: &'n Counters<'n>,
}

impl Within<'_> {
    /// Where it came from, with the words that have no place beside a limit.
    pub(super) fn said(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{} ({reason})", self.from),
            None => self.from.clone(),
        }
    }
}

impl Reader<'_> {
    pub(super) fn rule(&mut self, key: &Key, node: &Node, path: &str, scope: &str) -> Rule {
        let mut rule = Rule::new(format!("{}: {}", key.at, key.name));
        let fields = match &node.kind {
            Kind::Table(fields) => fields.as_slice(),
            Kind::Null => &[],
            other => {
                let why = format!("this is {}", other.name());
                self.refuse(&mut rule, node.at, path, &why);
                return rule;
            }
        };
        let reason = node.get("reason").and_then(Node::text).map(str::to_owned);
        for (key, node) in fields {
            let path = below(path, key);
            match key.name.as_str() {
                "rules" => self.rules(node, &path, scope, &mut rule),
                "action" => match node.text() {
                    Some("allow") => {}
                    Some("confirm") => rule.tighten(Action::Confirm, reason.clone()),
                    Some("deny") => rule.tighten(Action::Deny, reason.clone()),
                    _ => self.refuse(&mut rule, node.at, &path, "this action is not known"),
                },
                "reason" if node.text().is_some() => {}
                "description" => {}
                "limits" => self.limits(node, &path, &mut rule),
                "rate_limit" => {
                    let from = node.at.to_string();
                    self.rate_limit(node, &path, from, "grant", &mut rule);
                }
                "require" => self.conditions(node, &path, false, &mut rule),
                "deny_if" => self.conditions(node, &path, true, &mut rule),
                _ => self.refuse(&mut rule, key.at, &path, "this key is not known"),
            }
        }
        rule
    }

    fn rules(&mut self, node: &Node, path: &str, scope: &str, rule: &mut Rule) {
        let Some(items) = node.items() else {
            return self.refuse(rule, node.at, path, "this has to be a list of rules");
        };
        let counters = items
            .iter()
            .filter_map(|item| {
                let state = item.get("state")?;
                Some((state.get("counter")?.text()?, state))
            })
            .collect();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(fields) = item.fields() else {
                self.refuse(rule, item.at, &path, "a rule has to be a table");
                continue;
            };
            let name = item.get("name").and_then(Node::text);
            let within = Within {
                from: match name {
                    Some(name) => format!("{}: {name}", item.at),
                    None => item.at.to_string(),
                },
                reason: item.get("on_deny").and_then(Node::text).map(str::to_owned),
                scope,
                counters: &counters,
            };
            self.one_rule(item, fields, &path, &within, rule);
        }
    }

    fn one_rule(
        &mut self,
        item: &Node,
        fields: &[(Key, Node)],
        path: &str,
        within: &Within<'_>,
        rule: &mut Rule,
    ) {
        let decides = ["action", "rate_limit", "conditions"];
        if decides.iter().all(|key| item.get(key).is_none()) {
            self.lose(item.at, path, "a rule without conditions decides nothing");
        }
        for (key, node) in fields {
            let path = below(path, key);
            match key.name.as_str() {
                "action" => match node.text() {
                    Some("evaluate") => {}
                    Some("deny") => {
                        rule.from.push(within.from.clone());
                        rule.tighten(Action::Deny, within.reason.clone());
                    }
                    _ => self.refuse(rule, node.at, &path, "this action is not known"),
                },
                "rate_limit" => {
                    self.rate_limit(node, &path, within.said(), "account", rule);
                }
                "conditions" => match node.items() {
                    Some(items) => {
                        for (index, item) in items.iter().enumerate() {
                            let path = format!("{path}[{index}]");
                            self.condition(item, &path, within, rule);
                        }
                    }
                    None => self.refuse(rule, node.at, &path, "this has to be a list"),
                },
                // A counter limits nothing by itself; conditions look it up.
                "state" | "name" | "description" | "on_deny" => {}
                _ => self.refuse(rule, key.at, &path, "this key is not known"),
            }
        }
    }
}
