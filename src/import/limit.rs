//! Limits and counters.

use super::{
    draft::{Action, Limit, Rule, Window},
    read::{Reader, below},
    rule::Within,
    tree::{Kind, Node, Place},
};
use crate::policy::Scope;

/// The longest time that is counted in, in seconds.
const LONGEST: i64 = 86400;

impl Reader<'_> {
    /// A list of limits, as PolicyLayer writes them.
    pub(super) fn limits(&mut self, node: &Node, path: &str, rule: &mut Rule) {
        let Some(items) = node.items() else {
            return self.refuse(rule, node.at, path, "this has to be a list of limits");
        };
        for (index, item) in items.iter().enumerate() {
            self.limit(item, &format!("{path}[{index}]"), rule);
        }
    }

    fn limit(&mut self, node: &Node, path: &str, rule: &mut Rule) {
        let Some(fields) = node.fields() else {
            return self.refuse(rule, node.at, path, "a limit has to be a table");
        };
        let mut limit = Limit {
            from: node.at.to_string(),
            max: 0,
            burst: None,
            window: Window::Seconds(0),
            scope: "grant",
            counter: None,
            at: node.at,
        };
        for (key, node) in fields {
            let known = match key.name.as_str() {
                "max" => count(node).map(|max| limit.max = max),
                "burst" => count(node).map(|burst| limit.burst = Some(burst)),
                "window" => window(node).map(|window| limit.window = window),
                "scope" => node.text().and_then(|word| {
                    let (name, _) = Scope::NAMES.iter().find(|(name, _)| *name == word)?;
                    limit.scope = name;
                    Some(())
                }),
                "counter" => node
                    .text()
                    .map(|name| limit.counter = Some(name.to_owned())),
                "name" | "description" => Some(()),
                _ => None,
            };
            if known.is_none() {
                return self.refuse(rule, key.at, &below(path, key), "no such limit is known");
            }
        }
        if limit.max == 0 || limit.window == Window::Seconds(0) {
            return self.refuse(rule, node.at, path, "a limit needs `max` and `window`");
        }
        if limit.burst.is_some_and(|burst| burst > limit.max) {
            return self.refuse(rule, node.at, path, "`burst` is larger than `max`");
        }
        if let Some(name) = &limit.counter {
            let known = self.counters.entry(name.clone()).or_insert(limit.clone());
            let same = (known.max, known.burst, &known.window, known.scope)
                == (limit.max, limit.burst, &limit.window, limit.scope);
            if !same {
                let why = "the counter has other numbers elsewhere";
                return self.refuse(rule, node.at, path, why);
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
        scope: &'static str,
        rule: &mut Rule,
    ) {
        let Some(text) = node.text() else {
            return self.limit(node, path, rule);
        };
        let parts = text.split_once('/').and_then(|(count, window)| {
            let max = count.trim().parse().ok().filter(|max| *max > 0)?;
            Some((max, calendar(window.trim())?))
        });
        match parts {
            Some((max, window)) => rule.limits.push(plain(from, max, window, scope, node.at)),
            None => {
                let why = "a limit in short is a number, a slash, and minute, hour or day";
                self.refuse(rule, node.at, path, why);
            }
        }
    }

    /// A condition on a counter.
    pub(super) fn counted(
        &mut self,
        node: &Node,
        counter: &str,
        path: &str,
        within: &Within<'_>,
        rule: &mut Rule,
    ) {
        let found = within
            .scope_of(counter)
            .and_then(|name| within.counters.get(name));
        let Some(state) = found else {
            return self.refuse(rule, node.at, path, "no such counter is kept for this tool");
        };
        let known = ["counter", "window", "increment"];
        let odd = state.fields().and_then(|fields| {
            fields
                .iter()
                .find(|(key, _)| !known.contains(&key.name.as_str()))
        });
        if let Some((key, _)) = odd {
            let why = match key.name.as_str() {
                "increment_from" => "calls are counted, not amounts",
                _ => "this key of a counter is not known",
            };
            return self.refuse(rule, key.at, path, why);
        }
        let step = match state.get("increment").map(|node| &node.kind) {
            None | Some(Kind::Null | Kind::Integer(0)) => Some(1),
            Some(Kind::Integer(step)) if *step > 0 => Some(*step),
            Some(_) => None,
        };
        let window = state.get("window").and_then(Node::text).and_then(calendar);
        let most = match (node.get("op").and_then(Node::text), node.get("value")) {
            (Some(op), Some(value)) => match (op, &value.kind) {
                ("lte", Kind::Integer(most)) => Some(*most),
                ("lt", Kind::Integer(above)) => above.checked_sub(1),
                _ => None,
            },
            _ => None,
        };
        let (Some(step), Some(window), Some(most)) = (step, window, most) else {
            let why =
                "only `lt` and `lte` with a whole number, in a minute, an hour or a day, count";
            return self.refuse(rule, node.at, path, why);
        };
        match u32::try_from(most / step) {
            Ok(max) if max > 0 => {
                let from = within.said();
                rule.limits
                    .push(plain(from, max, window, "account", node.at));
            }
            // None may ever pass.
            _ if most / step <= 0 => rule.tighten(Action::Deny, within.reason.clone()),
            _ => self.refuse(rule, node.at, path, "the number is too large"),
        }
    }
}

impl<'n> Within<'n> {
    /// The counter's own name, if it is one of this tool.
    fn scope_of<'c>(&self, counter: &'c str) -> Option<&'c str> {
        counter.strip_prefix(self.scope)?.strip_prefix('.')
    }
}

fn plain(from: String, max: u32, window: Window, scope: &'static str, at: Place) -> Limit {
    Limit {
        from,
        max,
        burst: None,
        window,
        scope,
        counter: None,
        at,
    }
}

fn count(node: &Node) -> Option<u32> {
    match node.kind {
        Kind::Integer(count) => u32::try_from(count).ok().filter(|count| *count > 0),
        _ => None,
    }
}

fn calendar(word: &str) -> Option<Window> {
    matches!(word, "minute" | "hour" | "day").then(|| Window::Word(word.to_owned()))
}

fn window(node: &Node) -> Option<Window> {
    match &node.kind {
        Kind::Integer(seconds) => (1..=LONGEST)
            .contains(seconds)
            .then_some(Window::Seconds(*seconds)),
        Kind::Text(word) if word == "second" => Some(Window::Seconds(1)),
        Kind::Text(word) => calendar(word).or_else(|| {
            let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
            let unit = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            let seconds = number.parse::<i64>().ok()?.checked_mul(unit)?;
            (1..=LONGEST)
                .contains(&seconds)
                .then_some(Window::Seconds(seconds))
        }),
        _ => None,
    }
}
