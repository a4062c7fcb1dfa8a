//! Rules and their limits.

use super::reader::{Action, Reader};
use crate::{
    gate::Code,
    policy::{
        Limit, Scope,
        decide::{Because, Standing},
        raw::{Key, Node, Raw},
    },
};

const RULE: [&str; 4] = ["action", "reason", "limits", "rate_limit"];
const LIMIT: [&str; 5] = ["counter", "window", "max", "burst", "scope"];

/// A rule as it was written, for the tools that it stands for.
pub(super) struct Rule {
    action: Action,
    place: String,
    reason: Option<String>,
    pub(super) limits: Vec<usize>,
}

impl Reader<'_> {
    pub(super) fn rule(&mut self, key: &Key, node: &Node, path: &str) -> Option<Rule> {
        let fields = self.table(node, &format!("`{path}`"), &RULE)?;
        let (action, place) = match fields.get("action") {
            Some((at, node)) => (
                self.action(node)?,
                self.place(&at.span, &format!("{path}.action")),
            ),
            None => (Action::Allow, self.place(&key.span, path)),
        };
        let reason = fields.get("reason").and_then(|(_, node)| self.text(node));
        let mut limits = Vec::new();
        if let Some((_, node)) = fields.get("limits") {
            match &node.value {
                Raw::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        limits.extend(self.limit(item, &format!("{path}.limits[{index}]")));
                    }
                }
                _ => self.kind(node, "a list of limits"),
            }
        }
        if let Some((_, node)) = fields.get("rate_limit") {
            limits.extend(self.limit(node, &format!("{path}.rate_limit")));
        }
        Some(Rule {
            action,
            place,
            reason,
            limits,
        })
    }

    /// The position of a limit in the list; one that is there already is shared.
    fn limit(&mut self, node: &Node, path: &str) -> Option<usize> {
        let fields = self.table(node, &format!("`{path}`"), &LIMIT)?;
        let max = self
            .required(&fields, node, "max")
            .and_then(|node| self.count(node));
        let window = self
            .required(&fields, node, "window")
            .and_then(|node| self.window(node));
        let (max, window) = (max?, window?);
        let burst = match fields.get("burst") {
            Some((_, node)) => {
                let burst = self.count(node)?;
                if burst > max {
                    self.wrong(
                        &node.span,
                        "bad-value",
                        "`burst` is larger than `max`",
                        "leave it out, or lower it",
                    );
                }
                burst
            }
            None => max,
        };
        let scope = match fields.get("scope") {
            Some((_, node)) => self.scope(node)?,
            None => Scope::Grant,
        };
        let named = match fields.get("counter") {
            Some((_, node)) => Some((self.text(node)?, node.span.clone())),
            None => None,
        };
        let rule = self.place(&node.span, path);
        let limit = Limit {
            counter: named
                .as_ref()
                .map_or_else(|| rule.clone(), |(name, _)| name.clone()),
            max,
            burst,
            window,
            scope,
            rule,
        };
        let known = self
            .limits
            .iter()
            .position(|known| known.counter == limit.counter);
        match (known, named) {
            (Some(index), Some((name, span))) => {
                let same = self.limits.get(index).is_some_and(|known| {
                    (known.max, known.burst, known.window, known.scope)
                        == (max, burst, window, scope)
                });
                if !same {
                    self.wrong(
                        &span,
                        "counter-conflict",
                        &format!("the counter `{name}` has other numbers elsewhere"),
                        "limits of one counter count together; give them the same numbers or two names",
                    );
                }
                Some(index)
            }
            _ => {
                self.limits.push(limit);
                Some(self.limits.len() - 1)
            }
        }
    }
}

impl Rule {
    pub(super) fn standing(&self) -> Standing {
        let because = |code| Because {
            code,
            rule: Some(self.place.clone()),
            reason: self.reason.clone(),
        };
        match self.action {
            Action::Allow => Standing::Allow,
            Action::Confirm => Standing::Confirm(because(Code::CannotAsk)),
            Action::Deny => Standing::Deny(because(Code::DeniedByRule)),
        }
    }
}
