//! Reads the values of a policy file and reports each mistake at its place.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use super::{accounts::suspected_secrets, keys::KeyName};
use crate::{
    config::BackendSpecs,
    policy::{
        Accounts, Action, Diagnostic, Limit, Problem, RuleLocation,
        chats::NamedList,
        document::{Node, NodeValue, Positions, Span, shorten},
        problem::one_of,
        source::SourceFile,
    },
    text::nearest,
};

/// What the files of a policy share while they are read.
#[derive(Default)]
pub(super) struct Common {
    /// The back ends of accounts and account states.
    pub(super) backends: BackendSpecs,
    pub(super) limits: Vec<Limit>,
    pub(super) lists: BTreeMap<String, Arc<NamedList>>,
    pub(super) used_lists: BTreeSet<String>,
    /// The scopes of all grants, each with its grant.
    pub(super) scopes: BTreeMap<String, String>,
    pub(super) has_oauth: bool,
    /// Whether the first file enables confirmation. An included file that disables it must
    /// not end the asking: it can only restrict.
    pub(super) asks: bool,
    pub(super) accounts: Accounts,
}

/// Reads one file of a policy and collects what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) origin: &'a str,
    pub(super) positions: Positions<'a>,
    pub(super) found: Vec<Diagnostic>,
    /// Ranges that may hold a secret and are never shown.
    pub(super) masked: Vec<Span>,
    pub(super) common: &'a mut Common,
    /// The start of the names of counters and rules in this part of the file.
    pub(super) prefix: String,
}

/// An action as a policy writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenAction {
    Always(Action),
    /// `confirm` while confirmation is enabled, otherwise nothing.
    ConfirmIfEnabled,
}

/// The word for [`WrittenAction::ConfirmIfEnabled`].
pub(super) const CONFIRM_IF_ENABLED: &str = "confirm_if_enabled";

impl WrittenAction {
    /// What it means in a policy that asks, or does not ask.
    pub(super) const fn in_policy(self, asks: bool) -> Action {
        match self {
            Self::Always(action) => action,
            Self::ConfirmIfEnabled if asks => Action::Confirm,
            Self::ConfirmIfEnabled => Action::Allow,
        }
    }
}

/// The values of a table by their keys.
pub(super) type Fields<'n> = HashMap<&'n str, &'n Node>;

impl Reader<'_> {
    /// Reads a file, if its syntax is right, and keeps the diagnostics with it.
    pub(super) fn read<T>(
        source: &mut SourceFile,
        common: &mut Common,
        read: impl FnOnce(&mut Reader<'_>, &Node) -> T,
    ) -> Option<T> {
        let root = source.root.as_ref()?;
        let mut reader = Reader {
            origin: &source.origin,
            positions: Positions::new(&source.text),
            found: Vec::new(),
            masked: suspected_secrets(root),
            common,
            prefix: String::new(),
        };
        let result = read(&mut reader, root);
        let Reader { found, masked, .. } = reader;
        source.problems.extend(found);
        source.masked.extend(masked);
        Some(result)
    }

    pub(super) fn action(&mut self, node: &Node) -> Option<Action> {
        let written = self.written_action(node)?;
        Some(written.in_policy(self.common.asks))
    }

    pub(super) fn written_action(&mut self, node: &Node) -> Option<WrittenAction> {
        let [allow, confirm, deny] =
            Action::ALL.map(|action| (action.name(), WrittenAction::Always(action)));
        let if_enabled = (CONFIRM_IF_ENABLED, WrittenAction::ConfirmIfEnabled);
        self.choice(node, [allow, if_enabled, confirm, deny])
    }

    pub(super) fn count(&mut self, node: &Node) -> Option<NonZeroU32> {
        let count = match node.value {
            NodeValue::Integer(count) => u32::try_from(count).ok().and_then(NonZeroU32::new),
            _ => None,
        };
        count.or_else(|| self.invalid(node, "between 1 and 4294967295"))
    }

    /// A time from a second to a day.
    pub(super) fn duration(&mut self, node: &Node) -> Option<Duration> {
        read_duration(node).or_else(|| {
            let message = format!("invalid duration {}", self.shown(node));
            let hint = format!(
                "{} takes \"second\", \"minute\", \"hour\", \"day\", a number with its unit such as \
                 \"30s\", \"5m\" or \"2h\", or seconds; from 1 second to 1 day",
                node.key
            );
            self.wrong(&node.span, "bad-value", &message, &hint);
            None
        })
    }

    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            NodeValue::Text(text) => Some(text.clone()),
            _ => self.invalid(node, "text"),
        }
    }

    pub(super) fn boolean(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            NodeValue::Boolean(value) => Some(value),
            _ => self.invalid(node, "true or false"),
        }
    }

    /// The entries of a list; none, and an error, if it is no list.
    pub(super) fn list<'n>(&mut self, node: &'n Node, of: &str) -> &'n [Node] {
        match &node.value {
            NodeValue::List(items) => items,
            _ => {
                self.invalid::<()>(node, of);
                &[]
            }
        }
    }

    /// The values of a table with keys that the author chooses.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, of: &str) -> &'n [Node] {
        let fields = node.fields().or_else(|| self.invalid(node, of));
        fields.unwrap_or_default()
    }

    /// The values of a table; an unknown key is an error.
    pub(super) fn table<'n>(
        &mut self,
        node: &'n Node,
        known: &[impl KeyName],
    ) -> Option<Fields<'n>> {
        let known: Vec<&str> = known.iter().map(KeyName::key_name).collect();
        let fields = node.fields().or_else(|| self.invalid(node, "a table"))?;
        for field in fields.iter().filter(|field| !known.contains(&&*field.key)) {
            let hint = match nearest(&field.key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its keys are {}", known.join(", ")),
            };
            let message = format!(
                "{} has no key `{}`",
                shorten(&node.key),
                shorten(&field.key)
            );
            self.wrong(&field.key_span, "unknown-key", &message, &hint);
        }
        Some(fields.iter().map(|field| (&*field.key, field)).collect())
    }

    /// The value of a key that a table has to have.
    pub(super) fn required<'n>(
        &mut self,
        fields: &Fields<'n>,
        table: &Node,
        key: &str,
    ) -> Option<&'n Node> {
        let found = fields.get(key).copied();
        if found.is_none() {
            let message = format!("{} needs `{key}`", shorten(&table.key));
            self.wrong(
                &table.span,
                "missing-key",
                &message,
                &format!("write {key} = …"),
            );
        }
        found
    }

    /// One of several words, each with what it stands for.
    pub(super) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        known: impl AsRef<[(&'static str, T)]>,
    ) -> Option<T> {
        let known = known.as_ref();
        let found = known.iter().find(|(word, _)| node.text() == Some(word));
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        let near = node
            .text()
            .and_then(|word| nearest(word, words.iter().copied()));
        self.invalid::<()>(node, &one_of(&words));
        if let (Some(near), Some(problem)) = (near, self.found.last_mut()) {
            problem.hint = Some(format!("did you mean `{near}`?"));
        }
        None
    }

    /// Reports a value that its key does not take; always `None`.
    pub(super) fn invalid<T>(&mut self, node: &Node, allowed: &str) -> Option<T> {
        let message = format!(
            "{} must be {allowed}, got {}",
            shorten(&node.key),
            self.shown(node)
        );
        self.error(&node.span, "bad-value", message);
        None
    }

    /// A value for a message, unless it may be a secret.
    pub(super) fn shown(&self, node: &Node) -> String {
        if self.masked.contains(&node.span) {
            return node.value.kind().to_owned();
        }
        node.shown()
    }

    pub(super) fn error(&mut self, span: &Span, code: &'static str, message: String) {
        self.found
            .push(Diagnostic::error(code, span.clone(), message));
    }

    pub(super) fn wrong(&mut self, span: &Span, code: &'static str, message: &str, hint: &str) {
        self.found
            .push(Diagnostic::error(code, span.clone(), message.to_owned()).hint(hint));
    }

    /// Reports something that may not do what its author expects.
    pub(super) fn warn(&mut self, span: &Span, code: &'static str, message: &str, hint: &str) {
        self.found
            .push(Diagnostic::warning(code, span.clone(), message.to_owned()).hint(hint));
    }

    /// Reports what is wrong with a value of a table.
    pub(super) fn problem(&mut self, fields: &Fields<'_>, table: &Node, problem: &Problem) {
        let node = fields.get(problem.key).copied().unwrap_or(table);
        self.wrong(&node.span, problem.code, &problem.message, &problem.hint);
    }

    pub(super) fn place(&self, span: &Span, path: &str) -> RuleLocation {
        let (line, column) = self.positions.of(span.start);
        format!("{}:{line}:{column} ({}{path})", self.origin, self.prefix).into()
    }
}

/// A time from a second to a day: `minute`, `30s`, `5m`, `1h`, or whole seconds.
pub(crate) fn read_duration(node: &Node) -> Option<Duration> {
    let seconds = match &node.value {
        NodeValue::Integer(seconds) => u64::try_from(*seconds).ok()?,
        NodeValue::Text(text) => match text.as_str() {
            "second" => 1,
            "minute" => 60,
            "hour" => 3600,
            "day" => 86400,
            text => {
                let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
                let unit = match unit {
                    "s" => 1,
                    "m" => 60,
                    "h" => 3600,
                    _ => return None,
                };
                number.parse::<u64>().ok()?.checked_mul(unit)?
            }
        },
        _ => return None,
    };
    (1..=86400)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}
