//! `[lists]`, `[recipients]` and `[read]`: sets of chats.

use std::sync::Arc;

use super::{
    keys::{ANSWERS, BUDGET, CHATS, Key, NEW, READ, RECIPIENTS},
    reader::Reader,
};
use crate::{
    op::ChatId,
    policy::{
        Action, Counted, EntryName, NameKind, RuleLocation,
        chats::{ChatPattern, ChatSet, NamedList},
        document::{Node, NodeValue, shorten},
        layer::ReadableChats,
        recipients::{AnswersRule, NewRecipients, Recipients},
    },
    text::nearest,
};

/// The most entries of a list.
const MAX_ENTRIES: usize = 100_000;

/// What an entry stands for.
enum ListEntry {
    Chat(ChatId),
    Pattern(ChatPattern),
    /// The name of a list.
    List(String),
    /// A chat that no tool can write to, such as the status broadcast.
    Nothing,
}

/// What `[read]` says.
#[derive(Default)]
pub(super) struct ParsedReading {
    pub(super) chats: Option<ReadableChats>,
    pub(super) hidden: ChatSet,
    pub(super) hides_others: Option<RuleLocation>,
    pub(super) budget: Option<usize>,
}

impl Reader<'_> {
    /// Reads `[lists]`.
    pub(super) fn lists(&mut self, node: &Node) {
        for node in self.entries(node, "a table of lists") {
            let mut list = NamedList {
                name: node.key.to_string(),
                ..NamedList::default()
            };
            for item in self.chat_entries(node) {
                match self.entry(item) {
                    Some(ListEntry::Chat(chat)) => {
                        list.exact.insert(chat);
                    }
                    Some(ListEntry::Pattern(ChatPattern::Named(name))) => list.names.push(name),
                    Some(ListEntry::Nothing) | None => {}
                    Some(ListEntry::Pattern(_) | ListEntry::List(_)) => {
                        self.invalid::<()>(item, "a single person, group or channel");
                    }
                }
            }
            let known = self.common.lists.insert(list.name.clone(), Arc::new(list));
            if known.is_some() {
                let message = format!("another file also has the list `{}`", node.key);
                let hint = "rename one of them";
                self.wrong(&node.key_span, "list-twice", &message, hint);
            }
        }
    }

    /// Warns of lists that no rule uses.
    pub(super) fn unused_lists(&mut self, node: &Node) {
        for node in node.fields().unwrap_or_default() {
            if !self.common.used_lists.contains(&*node.key) {
                let message = format!("no rule uses the list `{}`", node.key);
                let hint = format!("write \"@{}\" in a rule, or remove the list", node.key);
                self.warn(&node.key_span, "unused-list", &message, &hint);
            }
        }
    }

    pub(super) fn recipients(&mut self, node: &Node) -> Option<Recipients> {
        let fields = self.table(node, &RECIPIENTS)?;
        let [allow, deny] = CHATS.map(|Key { name, .. }| {
            let node = fields.get(name)?;
            Some(self.chats(node, &format!("recipients.{name}")))
        });
        let deny = deny.unwrap_or_default();
        self.lint_denied(fields.get("allow").copied(), &deny);
        let unlisted = match fields.get("unlisted") {
            Some(node) => {
                if allow.as_ref().is_some_and(ChatSet::is_everybody) {
                    let message = "everybody is listed: `allow` has \"*\"";
                    let hint = "remove `unlisted`, or list only some in `allow`";
                    self.warn(&node.key_span, "rule-without-effect", message, hint);
                }
                let place = self.place(&node.key_span, "recipients.unlisted");
                (self.action(node)?, place)
            }
            None => {
                let place = self.place(&node.key_span, "recipients");
                (
                    if allow.is_some() {
                        Action::Deny
                    } else {
                        Action::Allow
                    },
                    place,
                )
            }
        };
        let new = match fields.get("new") {
            Some(node) => Some(self.new_recipients(node)?),
            None => None,
        };
        let answers = match fields.get("answers") {
            Some(node) => Some(self.answers(node)?),
            None => None,
        };
        Some(Recipients {
            allow,
            deny,
            unlisted,
            new,
            answers,
        })
    }

    /// `{ within = "24h" }`.
    fn answers(&mut self, node: &Node) -> Option<AnswersRule> {
        let fields = self.table(node, &ANSWERS)?;
        let within = self.required(&fields, node, "within")?;
        Some(AnswersRule {
            within: self.duration(within)?,
            place: self.place(&node.key_span, "recipients.answers"),
        })
    }

    /// `{ action = "confirm", max = 10, window = "day" }`.
    fn new_recipients(&mut self, node: &Node) -> Option<NewRecipients> {
        let fields = self.table(node, &NEW)?;
        let action = match fields.get("action") {
            Some(node) => self.action(node)?,
            None => Action::Allow,
        };
        let path = "recipients.new";
        let place: RuleLocation = self.place(&node.key_span, path);
        let limit = if fields.contains_key("max") || fields.contains_key("window") {
            Some(self.limit_of(&fields, node, path, path, Counted::Newcomers)?)
        } else {
            None
        };
        Some(NewRecipients {
            action,
            place,
            limit,
        })
    }

    /// `[read]`: the chats that may be read, those that do not exist, and the limit on messages.
    pub(super) fn reading(&mut self, node: &Node) -> ParsedReading {
        let Some(fields) = self.table(node, &READ) else {
            return ParsedReading::default();
        };
        let hidden = match fields.get("hide") {
            Some(node) => self.chats(node, "read.hide"),
            None => ChatSet::default(),
        };
        let hides_others = fields.get("others").and_then(|node| {
            let hides = self.choice(node, [("show", false), ("hide", true)])?;
            if hides && !fields.contains_key("chats") {
                let message = "every chat may be read, so `others` hides nothing";
                let hint = "name the chats that may be read in `read.chats`";
                self.warn(&node.key_span, "rule-without-effect", message, hint);
            }
            hides.then(|| self.place(&node.key_span, "read.others"))
        });
        let chats = fields.get("chats").and_then(|node| {
            let inner = self.table(node, &CHATS)?;
            let [allow, deny] = CHATS.map(|Key { name, .. }| {
                let node = inner.get(name)?;
                Some(self.chats(node, &format!("read.chats.{name}")))
            });
            let deny = deny.unwrap_or_default();
            self.lint_denied(inner.get("allow").copied(), &deny);
            let place = self.place(&node.key_span, "read.chats");
            Some(ReadableChats { allow, deny, place })
        });
        let budget = fields.get("budget").and_then(|node| {
            let path = "read.budget";
            let inner = self.table(node, &BUDGET)?;
            self.limit_of(&inner, node, path, path, Counted::Messages)
        });
        ParsedReading {
            chats,
            hidden,
            hides_others,
            budget,
        }
    }

    fn chats(&mut self, node: &Node, path: &str) -> ChatSet {
        let mut chats = ChatSet::default();
        for (index, item) in self.chat_entries(node).iter().enumerate() {
            let place = self.place(&item.span, &format!("{path}[{index}]"));
            match self.entry(item) {
                Some(ListEntry::Chat(chat)) => chats.add_chat(chat, place),
                Some(ListEntry::Pattern(pattern)) => chats.add(pattern, place),
                Some(ListEntry::List(name)) => match self.common.lists.get(&name) {
                    Some(list) => {
                        chats.add(ChatPattern::List(list.clone()), place);
                        self.common.used_lists.insert(name);
                    }
                    None => {
                        let known = self.common.lists.keys().map(String::as_str);
                        let hint = match nearest(&name, known) {
                            Some(near) => format!("did you mean `@{near}`?"),
                            None => format!("write {name} = [\"…\"] below [lists]"),
                        };
                        let message = format!("there is no list `{name}`");
                        self.wrong(&item.span, "unknown-list", &message, &hint);
                    }
                },
                Some(ListEntry::Nothing) | None => {}
            }
        }
        chats
    }

    /// Warns of entries of `allow` that `deny` has, too.
    fn lint_denied(&mut self, allow: Option<&Node>, deny: &ChatSet) {
        let Some(NodeValue::List(items)) = allow.map(|allow| &allow.value) else {
            return;
        };
        for item in items {
            let denied = match item.text().and_then(|text| read_entry(text).ok()) {
                Some(ListEntry::Chat(chat)) => deny.has(&chat),
                Some(ListEntry::Pattern(pattern)) => deny.has_pattern(&pattern),
                Some(ListEntry::List(name)) => {
                    let list = self.common.lists.get(&name);
                    list.is_some_and(|list| deny.has_pattern(&ChatPattern::List(list.clone())))
                }
                Some(ListEntry::Nothing) | None => false,
            };
            if denied {
                let message = "`deny` has everything that this allows; the strictest rule wins";
                let hint = "remove it here, or from `deny`";
                self.warn(&item.span, "denied-anyway", message, hint);
            }
        }
    }

    fn chat_entries<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        let items = self.list(node, "a list of numbers, ids, groups and @lists");
        if items.len() > MAX_ENTRIES {
            let (key, got) = (&node.key, items.len());
            let message = format!("{key} must have at most {MAX_ENTRIES} entries, got {got}");
            self.error(&node.span, "bad-value", message);
            return &[];
        }
        items
    }

    fn entry(&mut self, node: &Node) -> Option<ListEntry> {
        let Some(text) = node.text() else {
            return self.invalid(node, "a number, an id, a group or a list, as text");
        };
        match read_entry(text) {
            Ok(entry) => Some(entry),
            Err(hint) => {
                let message = format!(
                    "{} must be a person, group, channel or list, got {}",
                    node.key,
                    node.shown()
                );
                self.wrong(&node.span, "bad-recipient", &message, &hint);
                None
            }
        }
    }
}

/// Reads an entry.
///
/// # Errors
/// A hint on how to write what the text looks like.
fn read_entry(text: &str) -> Result<ListEntry, String> {
    let text = text.trim();
    Ok(match (text, text.split_once(':')) {
        ("*", _) => ListEntry::Pattern(ChatPattern::Everybody),
        ("group:*", _) => ListEntry::Pattern(ChatPattern::AnyGroup),
        ("channel:*", _) => ListEntry::Pattern(ChatPattern::AnyChannel),
        ("status@broadcast", _) => ListEntry::Nothing,
        ("contact:*", _) => return Err(how_to_write(text)),
        (_, Some((word @ ("group" | "contact"), name))) => {
            let mut kinds = NameKind::ALL.into_iter();
            let kind = kinds.find(|kind| kind.word() == word);
            match kind.and_then(|kind| EntryName::parse(kind, name)) {
                Some(name) => ListEntry::Pattern(ChatPattern::Named(name)),
                None => return Err(how_to_write(text)),
            }
        }
        _ => match (text.strip_prefix('@'), ChatId::parse(text)) {
            (Some(list), _) => ListEntry::List(list.to_owned()),
            (None, Ok(chat)) => ListEntry::Chat(chat),
            (None, Err(_)) => return Err(how_to_write(text)),
        },
    })
}

/// How to write an entry that cannot be read, by what it looks like.
fn how_to_write(text: &str) -> String {
    let forms = "entries are numbers with their country code such as \"+15551230000\", ids, \
                 \"group:Name\", \"contact:Name\", \"group:*\", \"channel:*\", \"*\" and \"@list\"";
    let is_name = text.chars().any(char::is_alphabetic) && !text.contains('@');
    let split = text.split_once(':');
    let named = split.and_then(|(word, name)| {
        let (word, name) = (word.trim(), name.trim());
        let mut kinds = NameKind::ALL.into_iter();
        let kind = kinds.find(|kind| kind.word().eq_ignore_ascii_case(word))?;
        (!name.is_empty() && name != "*").then_some((kind, name))
    });
    match (named, split) {
        (Some((kind, name)), _) => {
            format!("write \"{}:{}\"; {forms}", kind.word(), shorten(name))
        }
        (None, None) if is_name => format!(
            "write a group as \"group:{0}\", a person in the address book as \"contact:{0}\" and a list as \"@{0}\"; {forms}",
            shorten(text)
        ),
        _ => forms.to_owned(),
    }
}
