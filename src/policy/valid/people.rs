//! Lists, and who may be written to or read.

use std::sync::Arc;

use super::{
    keys::{BUDGET, CHATS, NEWCOMERS, READ, RECIPIENTS},
    reader::Reader,
};
use crate::{
    op::ChatId,
    policy::{
        Counted, Diagnostic, RuleLocation,
        layer::{Action, Chosen, Newcomers, Recipients},
        people::{ChatPattern, Chats, People},
        raw::{Node, Raw, Span},
    },
    text::nearest,
};

/// The most entries of a list.
const LONGEST_LIST: usize = 100_000;

/// What an entry stands for.
enum Entry {
    Chat(ChatId),
    ChatPattern(ChatPattern),
    List(String),
    /// What nothing here can write to anyway.
    Nobody,
}

impl Reader<'_> {
    /// `[lists]`: what `@name` stands for.
    pub(super) fn lists(&mut self, node: &Node) {
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table of lists");
            return;
        };
        for (key, node) in entries {
            let mut people = People {
                name: key.name.clone(),
                ..People::default()
            };
            for item in self.entries(node) {
                match self.entry(item) {
                    Some(Entry::Chat(chat)) => {
                        people.exact.insert(chat);
                    }
                    Some(Entry::ChatPattern(ChatPattern::Named(name))) => people.names.push(name),
                    Some(Entry::Nobody) | None => {}
                    Some(Entry::ChatPattern(_) | Entry::List(_)) => self.wrong(
                        &item.span,
                        "bad-value",
                        "a list holds single people, groups and channels",
                        "write patterns and other lists where the list is used",
                    ),
                }
            }
            let people = Arc::new(people);
            if self.common.lists.insert(key.name.clone(), people).is_some() {
                let message = format!("the list `{}` stands in another file too", key.name);
                self.wrong(
                    &key.span,
                    "list-twice",
                    &message,
                    "give one of them another name",
                );
            }
        }
    }

    /// Says which lists nothing uses.
    pub(super) fn unused_lists(&mut self, node: &Node) {
        let Raw::Table(entries) = &node.value else {
            return;
        };
        for (key, _) in entries {
            if !self.common.used_lists.contains(&key.name) {
                let message = format!("the list `{}` is used by no rule", key.name);
                let hint = format!("write \"@{}\" where it belongs, or leave it out", key.name);
                self.odd(&key.span, "unused-list", &message, &hint);
            }
        }
    }

    pub(super) fn recipients(&mut self, span: &Span, node: &Node) -> Option<Recipients> {
        let fields = self.table(node, "`recipients`", &RECIPIENTS)?;
        let allow = fields
            .get("allow")
            .map(|(_, node)| self.chats(node, "recipients.allow"));
        let deny = fields
            .get("deny")
            .map(|(_, node)| self.chats(node, "recipients.deny"))
            .unwrap_or_default();
        if let Some((_, node)) = fields.get("allow") {
            self.denied_anyway(node, &deny);
        }
        let unlisted = match fields.get("unlisted") {
            Some((key, node)) => {
                let place = self.place(&key.span, "recipients.unlisted");
                if allow.as_ref().is_some_and(Chats::is_everybody) {
                    let message = "everybody is listed: `allow` has \"*\"";
                    let hint = "leave it out, or list only some";
                    self.odd(&key.span, "rule-without-effect", message, hint);
                }
                (self.action(node)?, place)
            }
            None if allow.is_some() => (Action::Deny, self.place(span, "recipients")),
            None => (Action::Allow, self.place(span, "recipients")),
        };
        let newcomers = match fields.get("new") {
            Some((key, node)) => {
                let place = self.place(&key.span, "recipients.new");
                Some(self.newcomers(node, place)?)
            }
            None => None,
        };
        Some(Recipients {
            allow,
            deny,
            unlisted,
            newcomers,
        })
    }

    /// `{ action = "confirm", max = 10, window = "day" }`.
    fn newcomers(&mut self, node: &Node, place: RuleLocation) -> Option<Newcomers> {
        let fields = self.table(node, "`recipients.new`", &NEWCOMERS)?;
        let action = match fields.get("action") {
            Some((_, node)) => self.action(node)?,
            None => Action::Allow,
        };
        let limited = fields.contains_key("max") || fields.contains_key("window");
        let path = "recipients.new";
        let limit = if limited {
            Some(self.limit_of(&fields, node, path, path, Counted::Newcomers)?)
        } else {
            None
        };
        Some(Newcomers {
            action,
            place,
            limit,
        })
    }

    /// `[read]`: the chats that may be read, and how much of them.
    pub(super) fn reading(&mut self, node: &Node) -> (Option<Chosen>, Option<usize>) {
        let Some(fields) = self.table(node, "`read`", &READ) else {
            return (None, None);
        };
        let chosen = fields.get("chats").and_then(|(key, node)| {
            let inner = self.table(node, "`read.chats`", &CHATS)?;
            let place = self.place(&key.span, "read.chats");
            let mut of = |name: &str| {
                let path = format!("read.chats.{name}");
                inner.get(name).map(|(_, node)| self.chats(node, &path))
            };
            let (allow, deny) = (of("allow"), of("deny").unwrap_or_default());
            if let Some((_, node)) = inner.get("allow") {
                self.denied_anyway(node, &deny);
            }
            Some(Chosen { allow, deny, place })
        });
        let budget = fields.get("budget").and_then(|(_, node)| {
            let path = "read.budget";
            let inner = self.table(node, "`read.budget`", &BUDGET)?;
            self.limit_of(&inner, node, path, path, Counted::Messages)
        });
        (chosen, budget)
    }

    fn chats(&mut self, node: &Node, path: &str) -> Chats {
        let mut chats = Chats::default();
        for (index, item) in self.entries(node).iter().enumerate() {
            let place = self.place(&item.span, &format!("{path}[{index}]"));
            match self.entry(item) {
                Some(Entry::Chat(chat)) => chats.add_chat(chat, place),
                Some(Entry::ChatPattern(part)) => chats.add(part, place),
                Some(Entry::List(name)) => match self.common.lists.get(&name) {
                    Some(list) => {
                        chats.add(ChatPattern::List(list.clone()), place);
                        self.common.used_lists.insert(name);
                    }
                    None => {
                        let known = self.common.lists.keys().map(String::as_str);
                        let hint = match nearest(&name, known) {
                            Some(near) => format!("did you mean `@{near}`?"),
                            None => "write it below [lists]".to_owned(),
                        };
                        let message = format!("there is no list `{name}`");
                        self.wrong(&item.span, "unknown-list", &message, &hint);
                    }
                },
                Some(Entry::Nobody) | None => {}
            }
        }
        chats
    }

    /// Says which entries are allowed in vain.
    fn denied_anyway(&mut self, allow: &Node, deny: &Chats) {
        let Raw::List(items) = &allow.value else {
            return;
        };
        for item in items {
            // What is wrong with an entry was told when it was read.
            let told = self.found.len();
            let entry = self.entry(item);
            self.found.truncate(told);
            let denied = match entry {
                Some(Entry::Chat(chat)) => deny.has(&chat),
                Some(Entry::ChatPattern(part)) => deny.has_part(&part),
                Some(Entry::List(name)) => {
                    let list = self.common.lists.get(&name);
                    list.is_some_and(|list| deny.has_part(&ChatPattern::List(list.clone())))
                }
                Some(Entry::Nobody) | None => false,
            };
            if denied {
                let message = "`deny` has all that this allows; the strictest wins";
                let hint = "leave it out here, or take it out of `deny`";
                self.odd(&item.span, "denied-anyway", message, hint);
            }
        }
    }

    fn entries<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        let items = self.list(node, "a list of numbers, ids, groups and @lists");
        if items.len() > LONGEST_LIST {
            let message = format!("a list of more than {LONGEST_LIST} entries");
            self.found
                .push(Diagnostic::error("bad-value", node.span.clone(), message));
            return &[];
        }
        items
    }

    fn entry(&mut self, node: &Node) -> Option<Entry> {
        let text = self.text(node)?;
        let text = text.trim();
        Some(match (text, text.split_once(':')) {
            ("*", _) => Entry::ChatPattern(ChatPattern::Everybody),
            ("group:*", _) => Entry::ChatPattern(ChatPattern::AnyGroup),
            ("channel:*", _) => Entry::ChatPattern(ChatPattern::AnyChannel),
            ("status@broadcast", _) => Entry::Nobody,
            (_, Some(("group", name))) if !name.trim().is_empty() => {
                Entry::ChatPattern(ChatPattern::Named(name.trim().to_owned()))
            }
            _ => match (text.strip_prefix('@'), ChatId::parse(text)) {
                (Some(list), _) => Entry::List(list.to_owned()),
                (None, Ok(chat)) => Entry::Chat(chat),
                (None, Err(problem)) => {
                    self.wrong(
                        &node.span,
                        "bad-recipient",
                        &problem.to_string(),
                        "write a number with its country code, an id, \"group:Name\", \"group:*\" or \"@list\"",
                    );
                    return None;
                }
            },
        })
    }
}
