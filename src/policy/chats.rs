//! Sets of chats in policies, and groups by name.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::op::{ChatId, GroupId, Identities, PersonId};

/// Where a rule is written, as `file:line:column (key)`.
pub type RuleLocation = Arc<str>;

/// The groups of each name that a policy uses, and the people behind the hidden ids in it.
#[derive(Debug, Clone, Default)]
pub struct GroupNames {
    groups: HashMap<String, Vec<GroupId>>,
    unknown: bool,
    people: Identities,
    best_case: bool,
}

impl GroupNames {
    /// Before the names are fetched: any group may have any name.
    pub fn unknown() -> Self {
        Self {
            unknown: true,
            ..Self::default()
        }
    }

    /// The same, where what is not known is as the caller would have it: what is refused
    /// even then is refused whatever a look-up would show.
    #[must_use]
    pub fn in_best_case(&self) -> Self {
        Self {
            best_case: true,
            ..self.clone()
        }
    }

    /// Adds a group with its name.
    pub fn learn(&mut self, name: impl Into<String>, group: GroupId) {
        self.groups.entry(name.into()).or_default().push(group);
    }

    /// Sets the people behind hidden ids.
    pub fn identify(&mut self, people: &Identities) {
        self.people.clone_from(people);
    }

    /// The groups of this name.
    fn of(&self, name: &str) -> &[GroupId] {
        self.groups.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Which groups a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameMatch {
    /// The only group of that name; none if there are several.
    Unique,
    /// Every group of that name.
    Any,
}

/// A set of chats, such as `allow` or `deny`.
#[derive(Debug, Clone, Default)]
pub(super) struct ChatSet {
    pub(super) patterns: Vec<(ChatPattern, RuleLocation)>,
    pub(super) exact: HashMap<ChatId, RuleLocation>,
    /// The first entry with a person's number; that person may have a hidden id, too.
    people: Option<RuleLocation>,
    /// The entries with a hidden id.
    hidden: Vec<(PersonId, RuleLocation)>,
    /// The first entry with a group's name.
    named: Option<RuleLocation>,
}

/// An entry that stands for several chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChatPattern {
    /// Every chat.
    Everybody,
    /// Every group.
    AnyGroup,
    /// Every channel.
    AnyChannel,
    /// The groups of a name.
    Named(String),
    /// The chats of a list.
    List(Arc<NamedList>),
}

/// A list below `[lists]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NamedList {
    /// The list's name.
    pub(super) name: String,
    pub(super) exact: HashSet<ChatId>,
    pub(super) names: Vec<String>,
}

impl NamedList {
    /// The number of its entries.
    pub(super) fn size(&self) -> usize {
        self.exact.len() + self.names.len()
    }
}

impl ChatSet {
    pub(super) fn add(&mut self, pattern: ChatPattern, place: RuleLocation) {
        let named = match &pattern {
            ChatPattern::List(list) => {
                list.exact.iter().for_each(|chat| self.note(chat, &place));
                !list.names.is_empty()
            }
            ChatPattern::Named(_) => true,
            ChatPattern::Everybody | ChatPattern::AnyGroup | ChatPattern::AnyChannel => false,
        };
        if named {
            self.named.get_or_insert_with(|| place.clone());
        }
        self.patterns.push((pattern, place));
    }

    pub(super) fn add_chat(&mut self, chat: ChatId, place: RuleLocation) {
        self.note(&chat, &place);
        self.exact.entry(chat).or_insert(place);
    }

    /// Notes an entry with a person, who may have a number and a hidden id.
    fn note(&mut self, chat: &ChatId, place: &RuleLocation) {
        match chat {
            ChatId::Person(person) if person.is_hidden() => {
                self.hidden.push((person.clone(), place.clone()));
            }
            ChatId::Person(_) => {
                self.people.get_or_insert_with(|| place.clone());
            }
            ChatId::Group(_) | ChatId::Channel(_) => {}
        }
    }

    /// The entry that has the hidden id of a person whom a call names by number.
    fn find_hidden(&self, chat: &ChatId, groups: &GroupNames) -> Option<&RuleLocation> {
        let ChatId::Person(person) = chat else {
            return None;
        };
        let mut hidden = self.hidden.iter();
        hidden
            .find(|(hidden, _)| groups.people.get(hidden) == Some(person))
            .map(|(_, place)| place)
    }

    /// The hidden ids in it.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &PersonId> {
        self.hidden.iter().map(|(person, _)| person)
    }

    /// An entry that a chat may belong to as far as is known: the person behind a hidden
    /// id, or the name of a group, may be unknown.
    pub(super) fn may_have(&self, chat: &ChatId, groups: &GroupNames) -> Option<&RuleLocation> {
        match chat {
            _ if groups.best_case => None,
            ChatId::Person(person) if person.is_hidden() => self.people.as_ref(),
            ChatId::Group(_) if groups.unknown => self.named.as_ref(),
            _ => None,
        }
    }

    /// Whether a chat that is not found in it may belong to it once more is known, in the
    /// best case.
    pub(super) fn may_gain(&self, chat: &ChatId, groups: &GroupNames) -> bool {
        let mut hidden = self.hidden.iter();
        groups.best_case
            && match chat {
                ChatId::Person(person) if person.is_hidden() => self.people.is_some(),
                ChatId::Person(_) => hidden.any(|(known, _)| groups.people.get(known).is_none()),
                ChatId::Group(_) => groups.unknown && self.named.is_some(),
                ChatId::Channel(_) => false,
            }
    }

    /// The entry that a chat belongs to.
    pub(super) fn find(
        &self,
        chat: &ChatId,
        groups: &GroupNames,
        names: NameMatch,
    ) -> Option<&RuleLocation> {
        let is_named = |name: &String| match (chat, groups.of(name), names) {
            (ChatId::Group(group), [one], NameMatch::Unique) => one == group,
            (ChatId::Group(group), all, NameMatch::Any) => all.contains(group),
            _ => false,
        };
        let matches = |pattern: &ChatPattern| match pattern {
            ChatPattern::Everybody => true,
            ChatPattern::AnyGroup => matches!(chat, ChatId::Group(_)),
            ChatPattern::AnyChannel => matches!(chat, ChatId::Channel(_)),
            ChatPattern::Named(name) => is_named(name),
            ChatPattern::List(list) => list.exact.contains(chat) || list.names.iter().any(is_named),
        };
        let by_pattern = || {
            let mut patterns = self.patterns.iter();
            let found = patterns.find(|(pattern, _)| matches(pattern));
            found.map(|(_, place)| place)
        };
        let single = self.exact.get(chat);
        single
            .or_else(|| self.find_hidden(chat, groups))
            .or_else(by_pattern)
    }

    /// The single chats in it.
    pub(super) fn chats(&self) -> impl Iterator<Item = &ChatId> {
        let listed = self
            .patterns
            .iter()
            .filter_map(|(pattern, _)| match pattern {
                ChatPattern::List(list) => Some(&list.exact),
                _ => None,
            });
        self.exact.keys().chain(listed.flatten())
    }

    /// Whether every chat is in it.
    pub(super) fn is_everybody(&self) -> bool {
        self.patterns
            .iter()
            .any(|(pattern, _)| *pattern == ChatPattern::Everybody)
    }

    /// Whether a chat is in it, without regard to group names.
    pub(super) fn has(&self, chat: &ChatId) -> bool {
        self.find(chat, &GroupNames::default(), NameMatch::Any)
            .is_some()
    }

    /// Whether all chats of a pattern are in it.
    pub(super) fn has_pattern(&self, other: &ChatPattern) -> bool {
        let named = |name: &String| {
            self.patterns.iter().any(|(pattern, _)| match pattern {
                ChatPattern::Everybody | ChatPattern::AnyGroup => true,
                ChatPattern::Named(known) => known == name,
                ChatPattern::List(list) => list.names.contains(name),
                ChatPattern::AnyChannel => false,
            })
        };
        self.is_everybody()
            || self.patterns.iter().any(|(pattern, _)| pattern == other)
            || match other {
                ChatPattern::Named(name) => named(name),
                ChatPattern::List(list) => {
                    list.size() > 0
                        && list.exact.iter().all(|chat| self.has(chat))
                        && list.names.iter().all(named)
                }
                ChatPattern::Everybody | ChatPattern::AnyGroup | ChatPattern::AnyChannel => false,
            }
    }

    /// The group names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.patterns
            .iter()
            .flat_map(|(pattern, _)| match pattern {
                ChatPattern::Named(name) => std::slice::from_ref(name),
                ChatPattern::List(list) => &list.names,
                _ => &[],
            })
            .map(String::as_str)
    }
}
