//! From a policy as written to a policy that can be used, or to all that is wrong with it.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::{
    Confirmation, Diagnostic, Diagnostics, Limit, Policy, Scope,
    decide::{Because, Ruling, Rulings, Standing},
    diagnostics::position,
    raw::{Key, Node, Raw, Span},
};
use crate::{
    gate::Code,
    op::{self, Entry, Risk},
    toolset::nearest,
};

const TOP: [&str; 6] = [
    "version",
    "default",
    "hide",
    "risk",
    "tools",
    "confirmation",
];
const RULE: [&str; 4] = ["action", "reason", "limits", "rate_limit"];
const LIMIT: [&str; 5] = ["counter", "window", "max", "burst", "scope"];
const CONFIRMATION: [&str; 3] = ["enabled", "expires", "prompts"];
const ACTIONS: [&str; 3] = ["allow", "confirm", "deny"];
const WINDOWS: [(&str, u64); 4] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3600),
    ("day", 86400),
];

/// Windows from here on would have to survive a restart.
const LONG: Duration = Duration::from_secs(3600);

pub(super) fn check(
    origin: &str,
    text: &str,
    parsed: Result<Node, Vec<Diagnostic>>,
) -> Result<Policy, Diagnostics> {
    let mut reader = Reader {
        origin,
        text,
        errors: Vec::new(),
        limits: Vec::new(),
    };
    let policy = match parsed {
        Ok(root) => reader.policy(&root),
        Err(errors) => {
            reader.errors = errors;
            None
        }
    };
    match policy {
        Some(policy) if reader.errors.is_empty() => Ok(policy),
        _ => Err(Diagnostics::new(origin, text, reader.errors)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Confirm,
    Deny,
}

/// A rule as it was written, for the tools that it stands for.
struct Rule {
    action: Action,
    place: String,
    reason: Option<String>,
    limits: Vec<usize>,
}

struct Reader<'a> {
    origin: &'a str,
    text: &'a str,
    errors: Vec<Diagnostic>,
    limits: Vec<Limit>,
}

type Fields<'n> = HashMap<&'n str, (&'n Key, &'n Node)>;

impl Reader<'_> {
    fn policy(&mut self, root: &Node) -> Option<Policy> {
        let top = self.table(root, "a policy", &TOP)?;
        self.version(&top, root);
        let default = top
            .get("default")
            .map_or(Some(Action::Deny), |(_, node)| self.action(node));
        let default_place = top
            .get("default")
            .map(|(key, _)| self.place(&key.span, "default"));
        let hidden = top
            .get("hide")
            .map(|(_, node)| self.hide(node))
            .unwrap_or_default();
        let classes = top
            .get("risk")
            .map(|(_, node)| self.classes(node))
            .unwrap_or_default();
        let tools = top
            .get("tools")
            .map(|(_, node)| self.tools(node))
            .unwrap_or_default();
        let (confirmation, enabled_at) =
            self.confirmation(top.get("confirmation").map(|(_, node)| *node));
        let compile = |entry: &Entry| {
            let rules: Vec<&Rule> = tools
                .iter()
                .filter(|(names, _)| names.contains(entry.name))
                .map(|(_, rule)| rule)
                .chain(classes.get(&entry.risk))
                .collect();
            let mut standings: Vec<Standing> = rules.iter().map(|rule| rule.standing()).collect();
            if let Some(place) = hidden.get(entry.name) {
                standings.push(Standing::Hidden(because(Code::Hidden, Some(place.clone()))));
            }
            if entry.risk == Risk::Destructive {
                // The floor: no rule lowers it.
                standings.push(if confirmation.enabled {
                    Standing::Confirm(because(Code::CannotAsk, enabled_at.clone()))
                } else {
                    Standing::Hidden(because(Code::ConfirmationOff, enabled_at.clone()))
                });
            }
            let unnamed = match default {
                Some(Action::Allow) => Standing::Allow,
                Some(Action::Confirm) => {
                    Standing::Confirm(because(Code::CannotAsk, default_place.clone()))
                }
                Some(Action::Deny) | None => {
                    Standing::Deny(because(Code::NotAdmitted, default_place.clone()))
                }
            };
            let ruling = Ruling {
                standing: Standing::strictest(standings).unwrap_or(unnamed),
                limits: rules
                    .iter()
                    .flat_map(|rule| rule.limits.iter().copied())
                    .collect(),
            };
            (entry.name, ruling)
        };
        let rulings = Rulings::new(op::catalogue().iter().map(compile).collect());
        Some(Policy {
            origin: self.origin.to_owned(),
            version: Sha256::digest(self.text.as_bytes())
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            confirmation,
            limits: std::mem::take(&mut self.limits),
            rulings,
        })
    }

    fn version(&mut self, top: &Fields<'_>, root: &Node) {
        match top
            .get("version")
            .map(|(_, node)| (&node.value, &node.span))
        {
            Some((Raw::Integer(1), _)) => {}
            Some((Raw::Text(version), _)) if version == "1" => {}
            Some((_, span)) => self.wrong(
                span,
                "unknown-version",
                "this version of the policy format is not known",
                "write version = \"1\"",
            ),
            None => self.wrong(
                &(root.span.start..root.span.start),
                "missing-key",
                "`version` is missing",
                "write version = \"1\"",
            ),
        }
    }

    /// The tools that are hidden, each with the place that says so.
    fn hide(&mut self, node: &Node) -> HashMap<&'static str, String> {
        let mut hidden = HashMap::new();
        let Raw::List(names) = &node.value else {
            self.kind(node, "a list of tool names");
            return hidden;
        };
        for node in names {
            let Raw::Text(name) = &node.value else {
                self.kind(node, "the name of a tool");
                continue;
            };
            let place = self.place(&node.span, "hide");
            for tool in self.named(name, &node.span) {
                hidden.entry(tool).or_insert_with(|| place.clone());
            }
        }
        hidden
    }

    fn classes(&mut self, node: &Node) -> HashMap<Risk, Rule> {
        let names = Risk::ALL.map(Risk::name);
        let Some(fields) = self.table(node, "`risk`", &names) else {
            return HashMap::new();
        };
        Risk::ALL
            .into_iter()
            .filter_map(|risk| {
                let (key, node) = fields.get(risk.name())?;
                let path = format!("risk.{risk}");
                Some((risk, self.rule(key, node, &path)?))
            })
            .collect()
    }

    fn tools(&mut self, node: &Node) -> Vec<(HashSet<&'static str>, Rule)> {
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table of tools");
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|(key, node)| {
                let names = self.named(&key.name, &key.span);
                let path = format!("tools.{}", key.name);
                let rule = self.rule(key, node, &path)?;
                Some((names, rule))
            })
            .collect()
    }

    /// The tools that a name stands for; `*` is every tool.
    fn named(&mut self, name: &str, span: &Span) -> HashSet<&'static str> {
        if name == "*" {
            return op::catalogue().iter().map(|entry| entry.name).collect();
        }
        let found: HashSet<_> = op::named(name)
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        if found.is_empty() {
            let known = op::catalogue()
                .iter()
                .flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]));
            let hint = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`whatsapp-guard tools` lists the tools".to_owned(),
            };
            self.wrong(
                span,
                "unknown-tool",
                &format!("there is no tool `{name}`"),
                &hint,
            );
        }
        found
    }

    fn rule(&mut self, key: &Key, node: &Node, path: &str) -> Option<Rule> {
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

    fn confirmation(&mut self, node: Option<&Node>) -> (Confirmation, Option<String>) {
        let mut terms = Confirmation {
            enabled: false,
            expires: Duration::from_secs(300),
            prompt_max: NonZeroU32::MIN.saturating_add(19),
            prompt_window: LONG,
            prompt_rule: "confirmation.prompts".into(),
        };
        let Some(node) = node else {
            return (terms, None);
        };
        let Some(fields) = self.table(node, "`confirmation`", &CONFIRMATION) else {
            return (terms, None);
        };
        let mut place = None;
        if let Some((key, node)) = fields.get("enabled") {
            place = Some(self.place(&key.span, "confirmation.enabled"));
            match node.value {
                Raw::Boolean(enabled) => terms.enabled = enabled,
                _ => self.kind(node, "true or false"),
            }
        }
        if let Some((_, node)) = fields.get("expires")
            && let Some(expires) = self.duration(node)
        {
            if expires > LONG {
                self.wrong(
                    &node.span,
                    "bad-value",
                    "an approval that lives longer than an hour",
                    "the default is \"5m\"",
                );
            }
            terms.expires = expires;
        }
        if let Some((key, node)) = fields.get("prompts") {
            terms.prompt_rule = self.place(&key.span, "confirmation.prompts");
            if let Some(fields) = self.table(node, "`confirmation.prompts`", &["max", "window"]) {
                let max = self
                    .required(&fields, node, "max")
                    .and_then(|node| self.count(node));
                let window = self
                    .required(&fields, node, "window")
                    .and_then(|node| self.duration(node));
                if let (Some(max), Some(window)) = (max, window) {
                    (terms.prompt_max, terms.prompt_window) = (max, window);
                }
            }
        }
        (terms, place)
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        let word = self.text(node)?;
        match word.as_str() {
            "allow" => Some(Action::Allow),
            "confirm" => Some(Action::Confirm),
            "deny" => Some(Action::Deny),
            _ => {
                self.one_of(node, &word, &ACTIONS);
                None
            }
        }
    }

    fn scope(&mut self, node: &Node) -> Option<Scope> {
        let word = self.text(node)?;
        let found = Scope::NAMES.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            self.one_of(node, &word, &Scope::NAMES.map(|(name, _)| name));
        }
        found.map(|(_, scope)| *scope)
    }

    fn count(&mut self, node: &Node) -> Option<NonZeroU32> {
        let count = match node.value {
            Raw::Integer(count) => u32::try_from(count).ok().and_then(NonZeroU32::new),
            _ => None,
        };
        if count.is_none() {
            self.kind(node, "a whole number from 1 to 4294967295");
        }
        count
    }

    fn window(&mut self, node: &Node) -> Option<Duration> {
        let window = self.duration(node)?;
        if window >= LONG {
            self.wrong(
                &node.span,
                "window-too-long",
                "a window of an hour or more would be forgotten at a restart",
                "use a window below an hour",
            );
            return None;
        }
        Some(window)
    }

    /// `minute`, `30s`, `5m`, `1h`, or whole seconds.
    fn duration(&mut self, node: &Node) -> Option<Duration> {
        let seconds = match &node.value {
            Raw::Integer(seconds) => u64::try_from(*seconds).ok(),
            Raw::Text(text) => match WINDOWS.iter().find(|(name, _)| name == text) {
                Some((_, seconds)) => Some(*seconds),
                None => with_unit(text),
            },
            _ => None,
        };
        let time = seconds.filter(|seconds| (1..=86400).contains(seconds));
        if time.is_none() {
            self.kind(
                node,
                "a time from a second to a day, such as \"minute\", \"30s\", \"5m\" or seconds",
            );
        }
        time.map(Duration::from_secs)
    }

    fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Raw::Text(text) => Some(text.clone()),
            _ => {
                self.kind(node, "text");
                None
            }
        }
    }

    /// The fields of a table; complains of those that nobody knows.
    fn table<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&'static str],
    ) -> Option<Fields<'n>> {
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table");
            return None;
        };
        for (key, _) in entries {
            if !known.contains(&key.name.as_str()) {
                let hint = match nearest(&key.name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys: {}", known.join(", ")),
                };
                let message = format!("{what} has no key `{}`", key.name);
                self.wrong(&key.span, "unknown-key", &message, &hint);
            }
        }
        Some(
            entries
                .iter()
                .map(|(key, node)| (key.name.as_str(), (key, node)))
                .collect(),
        )
    }

    fn required<'n>(&mut self, fields: &Fields<'n>, node: &Node, key: &str) -> Option<&'n Node> {
        let found = fields.get(key).map(|(_, node)| *node);
        if found.is_none() {
            self.wrong(
                &node.span,
                "missing-key",
                &format!("`{key}` is missing"),
                "a limit has max and window",
            );
        }
        found
    }

    fn one_of(&mut self, node: &Node, word: &str, known: &[&'static str]) {
        let hint = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use one of: {}", known.join(", ")),
        };
        self.wrong(
            &node.span,
            "bad-value",
            &format!("`{word}` is not known here"),
            &hint,
        );
    }

    fn kind(&mut self, node: &Node, wanted: &str) {
        let message = format!("this is {}", node.value.kind());
        self.wrong(
            &node.span,
            "bad-value",
            &message,
            &format!("write {wanted}"),
        );
    }

    fn wrong(&mut self, span: &Span, code: &'static str, message: &str, hint: &str) {
        self.errors
            .push(Diagnostic::error(code, span.clone(), message.to_owned()).hint(hint));
    }

    fn place(&self, span: &Span, path: &str) -> String {
        let (line, column) = position(self.text, span.start);
        format!("{}:{line}:{column} ({path})", self.origin)
    }
}

impl Rule {
    fn standing(&self) -> Standing {
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

fn because(code: Code, rule: Option<String>) -> Because {
    Because {
        code,
        rule,
        reason: None,
    }
}

fn with_unit(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}
