//! Limits and counters.

use std::{num::NonZeroU32, time::Duration};

use super::{
    draft::{ImportedLimit, ImportedRule},
    read::{Importer, below},
    rule::InterceptRule,
};
use crate::policy::{
    Action, Scope,
    document::{Node, NodeValue},
    read_duration,
};

impl Importer<'_> {
    /// A list of limits, as PolicyLayer writes them.
    pub(super) fn limits(&mut self, node: &Node, path: &str, rule: &mut ImportedRule) {
        for (index, item) in self.items(node, path, rule).iter().enumerate() {
            self.limit(item, &format!("{path}[{index}]"), rule);
        }
    }

    fn limit(&mut self, node: &Node, path: &str, rule: &mut ImportedRule) {
        let at = node.span.start;
        let Some(fields) = node.fields() else {
            return self.refuse(rule, at, path, "a limit must be a table");
        };
        let (mut max, mut burst, mut window) = (None, None, None);
        let (mut scope, mut counter) = (Scope::Grant, None);
        for field in fields {
            let understood = match &*field.key {
                "max" => count(field).map(|count| max = Some(count)),
                "burst" => count(field).map(|count| burst = Some(count)),
                "window" => read_duration(field).map(|time| window = Some(time)),
                "scope" => {
                    let found = Scope::ALL
                        .iter()
                        .find(|known| field.text() == Some(known.name()));
                    found.map(|found| scope = *found)
                }
                "counter" => field.text().map(|name| counter = Some(name.to_owned())),
                "name" | "description" => Some(()),
                _ => None,
            };
            if understood.is_none() {
                let why = "this key or value of a limit is not supported";
                return self.refuse(rule, field.key_span.start, &below(path, field), why);
            }
        }
        let (Some(max), Some(window)) = (max, window) else {
            return self.refuse(rule, at, path, "a limit needs `max` and `window`");
        };
        if burst.is_some_and(|burst| burst > max) {
            return self.refuse(rule, at, path, "`burst` must be at most `max`");
        }
        let limit = ImportedLimit {
            from: self.line_of(at),
            line: self.positions.of(at).0,
            max,
            burst,
            window,
            scope,
            counter,
        };
        if let Some(name) = &limit.counter {
            let known = self.counters.entry(name.clone()).or_insert(limit.clone());
            let numbers =
                |limit: &ImportedLimit| (limit.max, limit.burst, limit.window, limit.scope);
            if numbers(known) != numbers(&limit) {
                let why = "the counter has other numbers in another limit";
                return self.refuse(rule, at, path, why);
            }
        }
        rule.limits.push(limit);
    }

    /// `5/minute`, or a table.
    pub(super) fn rate_limit(
        &mut self,
        node: &Node,
        path: &str,
        from: String,
        scope: Scope,
        rule: &mut ImportedRule,
    ) {
        let Some(text) = node.text() else {
            return self.limit(node, path, rule);
        };
        let at = node.span.start;
        let parts = text.split_once('/').and_then(|(count, window)| {
            Some((count.trim().parse().ok()?, calendar(window.trim())?))
        });
        match parts {
            Some((max, window)) => rule.limits.push(self.plain(from, max, window, scope, at)),
            None => {
                let why = "a rate limit must be a number, a slash, and minute, hour or day";
                self.refuse(rule, at, path, why);
            }
        }
    }

    /// A condition on a counter.
    pub(super) fn counter_condition(
        &mut self,
        node: &Node,
        counter: &str,
        path: &str,
        within: &InterceptRule<'_>,
        rule: &mut ImportedRule,
    ) {
        let at = node.span.start;
        let own = counter.strip_prefix(within.scope);
        let own = own.and_then(|counter| counter.strip_prefix('.'));
        let Some(state) = own.and_then(|name| within.counters.get(name)) else {
            return self.refuse(rule, at, path, "this tool has no such counter");
        };
        let known = ["counter", "window", "increment"];
        let mut fields = state.fields().unwrap_or_default().iter();
        if let Some(field) = fields.find(|field| !known.contains(&&*field.key)) {
            let why = match &*field.key {
                "increment_from" => "limits count calls, not amounts",
                _ => "this key of a counter is not supported",
            };
            return self.refuse(rule, field.key_span.start, path, why);
        }
        let step = match state.get("increment").map(|node| &node.value) {
            None | Some(NodeValue::Null | NodeValue::Integer(0)) => Some(1),
            Some(NodeValue::Integer(step)) if *step > 0 => Some(*step),
            Some(_) => None,
        };
        let window = state.get("window").and_then(Node::text).and_then(calendar);
        let op = node.get("op").and_then(Node::text);
        let most = match (op, node.get("value").map(|value| &value.value)) {
            (Some("lte"), Some(NodeValue::Integer(most))) => Some(*most),
            (Some("lt"), Some(NodeValue::Integer(above))) => above.checked_sub(1),
            _ => None,
        };
        let (Some(step), Some(window), Some(most)) = (step, window, most) else {
            let why = "a counter can only be compared by `lt` or `lte` with a whole number, in a \
                       minute, an hour or a day";
            return self.refuse(rule, at, path, why);
        };
        match u32::try_from(most / step).map(NonZeroU32::new) {
            Ok(Some(max)) => {
                let limit = self.plain(within.source(), max, window, Scope::Account, at);
                rule.limits.push(limit);
            }
            // No call is ever allowed.
            _ if most / step <= 0 => rule.tighten(Action::Deny, within.reason.clone()),
            _ => self.refuse(rule, at, path, "the number is too large"),
        }
    }

    fn plain(
        &self,
        from: String,
        max: NonZeroU32,
        window: Duration,
        scope: Scope,
        start: usize,
    ) -> ImportedLimit {
        ImportedLimit {
            from,
            line: self.positions.of(start).0,
            max,
            burst: None,
            window,
            scope,
            counter: None,
        }
    }
}

fn count(node: &Node) -> Option<NonZeroU32> {
    match node.value {
        NodeValue::Integer(count) => u32::try_from(count).ok().and_then(NonZeroU32::new),
        _ => None,
    }
}

fn calendar(word: &str) -> Option<Duration> {
    let seconds = match word {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86400,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}
