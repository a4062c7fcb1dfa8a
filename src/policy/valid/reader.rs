//! Values of a policy file, each complained of where it stands.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use crate::{
    config::BackendSpecs,
    policy::{
        Accounts, Diagnostic, Limit, RuleLocation, Scope,
        diagnostics::position,
        layer::Action,
        people::People,
        raw::{Key, Node, Raw, Span},
    },
    text::nearest,
};

pub(super) const ACTIONS: [&str; 3] = ["allow", "confirm", "deny"];
const WINDOWS: [(&str, u64); 4] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3600),
    ("day", 86400),
];

/// What all files of a policy have in common while they are read.
#[derive(Default)]
pub(super) struct Common {
    /// The back ends that accounts and states may be of.
    pub(super) backends: BackendSpecs,
    pub(super) limits: Vec<Limit>,
    pub(super) lists: BTreeMap<String, Arc<People>>,
    pub(super) used_lists: BTreeSet<String>,
    /// The scopes of all grants, each with its grant.
    pub(super) scopes: BTreeMap<String, String>,
    pub(super) has_oauth: bool,
    pub(super) accounts: Accounts,
}

/// Reads one file of a policy and collects what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) origin: &'a str,
    pub(super) text: &'a str,
    pub(super) found: Vec<Diagnostic>,
    /// What is not to be shown of it.
    pub(super) covered: Vec<Span>,
    pub(super) common: &'a mut Common,
    /// What the counters of this part of the file begin with.
    pub(super) prefix: String,
}

/// The fields of a table, by name.
pub(super) type Fields<'n> = HashMap<&'n str, (&'n Key, &'n Node)>;

impl Reader<'_> {
    pub(super) fn action(&mut self, node: &Node) -> Option<Action> {
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

    pub(super) fn scope(&mut self, node: &Node) -> Option<Scope> {
        let word = self.text(node)?;
        let found = Scope::NAMES.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            self.one_of(node, &word, &Scope::NAMES.map(|(name, _)| name));
        }
        found.map(|(_, scope)| *scope)
    }

    pub(super) fn count(&mut self, node: &Node) -> Option<NonZeroU32> {
        let count = match node.value {
            Raw::Integer(count) => u32::try_from(count).ok().and_then(NonZeroU32::new),
            _ => None,
        };
        if count.is_none() {
            self.kind(node, "a whole number from 1 to 4294967295");
        }
        count
    }

    /// `minute`, `30s`, `5m`, `1h`, or whole seconds.
    pub(super) fn duration(&mut self, node: &Node) -> Option<Duration> {
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

    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Raw::Text(text) => Some(text.clone()),
            _ => {
                self.kind(node, "text");
                None
            }
        }
    }

    /// The fields of a table; complains of those that nobody knows.
    pub(super) fn table<'n>(
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

    pub(super) fn required<'n>(
        &mut self,
        fields: &Fields<'n>,
        node: &Node,
        key: &str,
    ) -> Option<&'n Node> {
        let found = fields.get(key).map(|(_, node)| *node);
        if found.is_none() {
            self.wrong(
                &node.span,
                "missing-key",
                &format!("`{key}` is missing"),
                &format!("write {key} = …"),
            );
        }
        found
    }

    pub(super) fn one_of(&mut self, node: &Node, word: &str, known: &[&'static str]) {
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

    pub(super) fn kind(&mut self, node: &Node, wanted: &str) {
        let message = format!("this is {}", node.value.kind());
        self.wrong(
            &node.span,
            "bad-value",
            &message,
            &format!("write {wanted}"),
        );
    }

    pub(super) fn wrong(&mut self, span: &Span, code: &'static str, message: &str, hint: &str) {
        self.found
            .push(Diagnostic::error(code, span.clone(), message.to_owned()).hint(hint));
    }

    /// Something that may not be what was meant.
    pub(super) fn odd(&mut self, span: &Span, code: &'static str, message: &str, hint: &str) {
        self.found
            .push(Diagnostic::warning(code, span.clone(), message.to_owned()).hint(hint));
    }

    pub(super) fn place(&self, span: &Span, path: &str) -> RuleLocation {
        let (line, column) = position(self.text, span.start);
        format!("{}:{line}:{column} ({}{path})", self.origin, self.prefix).into()
    }

    pub(super) fn yes_or_no(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            Raw::Boolean(value) => Some(value),
            _ => {
                self.kind(node, "true or false");
                None
            }
        }
    }

    /// The entries of a list.
    pub(super) fn list<'n>(&mut self, node: &'n Node, of: &str) -> &'n [Node] {
        match &node.value {
            Raw::List(items) => items,
            _ => {
                self.kind(node, of);
                &[]
            }
        }
    }

    /// One of a few words.
    pub(super) fn word(&mut self, node: &Node, known: &[&'static str]) -> Option<&'static str> {
        let word = self.text(node)?;
        let found = known.iter().find(|known| **known == word).copied();
        if found.is_none() {
            self.one_of(node, &word, known);
        }
        found
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
