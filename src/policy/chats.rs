//! Sets of chats in policies.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::names::{EntryName, KnownNames, NameKind};
use crate::op::{ChatId, PersonId};

/// Where a rule is written, as `file:line:column (key)`.
pub type RuleLocation = Arc<str>;

/// Which groups a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameMatch {
    /// The only group of that name; none if there are several.
    Unique,
    /// Every group of that name.
    Any,
}

impl NameMatch {
    /// Whether a name stands for a chat. All contacts of a name are meant: the address book is
    /// the account's own.
    fn matches(self, name: &EntryName, chat: &ChatId, known: &KnownNames) -> bool {
        let is_sure = self == Self::Any || name.kind() == NameKind::Contact;
        (is_sure || known.of(name).len() == 1) && known.is_named(chat, name)
    }
}

/// A set of chats, such as `allow` or `deny`.
#[derive(Debug, Clone, Default)]
pub(super) struct ChatSet {
    pub(super) patterns: Vec<(ChatPattern, RuleLocation)>,
    pub(super) exact: HashMap<ChatId, RuleLocation>,
    /// The first entry with a person's number; that person may have a hidden id, too.
    people: Option<RuleLocation>,
    /// The entries with an id without a number.
    hidden: Vec<(PersonId, RuleLocation)>,
    /// The first entry with a name, of each kind.
    named: Vec<(NameKind, RuleLocation)>,
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
    /// The groups or the contacts of a name.
    Named(EntryName),
    /// The chats of a list.
    List(Arc<NamedList>),
}

/// A list below `[lists]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NamedList {
    /// The list's name.
    pub(super) name: String,
    pub(super) exact: HashSet<ChatId>,
    pub(super) names: Vec<EntryName>,
}

impl NamedList {
    /// The number of its entries.
    pub(super) fn size(&self) -> usize {
        self.exact.len() + self.names.len()
    }
}

impl ChatSet {
    pub(super) fn add(&mut self, pattern: ChatPattern, place: RuleLocation) {
        let names = match &pattern {
            ChatPattern::List(list) => {
                list.exact.iter().for_each(|chat| self.note(chat, &place));
                &*list.names
            }
            ChatPattern::Named(name) => std::slice::from_ref(name),
            ChatPattern::Everybody | ChatPattern::AnyGroup | ChatPattern::AnyChannel => &[],
        };
        for name in names {
            if self.first_named(name.kind()).is_none() {
                self.named.push((name.kind(), place.clone()));
            }
        }
        self.patterns.push((pattern, place));
    }

    pub(super) fn add_chat(&mut self, chat: ChatId, place: RuleLocation) {
        self.note(&chat, &place);
        self.exact.entry(chat).or_insert(place);
    }

    /// The first entry with a name of this kind.
    fn first_named(&self, kind: NameKind) -> Option<&RuleLocation> {
        let mut named = self.named.iter();
        named.find(|(of, _)| *of == kind).map(|(_, place)| place)
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
    fn find_hidden(&self, chat: &ChatId, groups: &KnownNames) -> Option<&RuleLocation> {
        let ChatId::Person(person) = chat else {
            return None;
        };
        let mut hidden = self.hidden.iter();
        hidden
            .find(|(hidden, _)| groups.person(hidden) == Some(person))
            .map(|(_, place)| place)
    }

    /// The ids without a number in it.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &(PersonId, RuleLocation)> {
        self.hidden.iter()
    }

    /// An entry that a chat may belong to as far as is known: the person behind a hidden
    /// id, or the name of a group or a person, may be unknown.
    pub(super) fn may_have(&self, chat: &ChatId, groups: &KnownNames) -> Option<&RuleLocation> {
        self.in_doubt(chat, groups)
            .filter(|_| !groups.is_best_case())
    }

    /// Whether a chat that is not found in it may belong to it once more is known, in the
    /// best case.
    pub(super) fn may_gain(&self, chat: &ChatId, groups: &KnownNames) -> bool {
        groups.is_best_case() && self.in_doubt(chat, groups).is_some()
    }

    /// The first entry of which it is not known whether it stands for a chat that is not
    /// found in it. Two ids of one kind that differ are of two people.
    fn in_doubt(&self, chat: &ChatId, groups: &KnownNames) -> Option<&RuleLocation> {
        let mut hidden = self.hidden.iter();
        let by_id = match chat {
            ChatId::Person(person) if person.is_hidden() => self.people.as_ref().or_else(|| {
                let other = hidden.find(|(entry, _)| entry.is_lid() != person.is_lid());
                other.map(|(_, place)| place)
            }),
            ChatId::Person(_) => {
                let unknown = hidden.find(|(entry, _)| groups.lacks_person(entry));
                unknown.map(|(_, place)| place)
            }
            ChatId::Group(_) | ChatId::Channel(_) => None,
        };
        by_id.or_else(|| self.in_doubt_by_name(chat, groups))
    }

    /// The first entry whose name a chat may have.
    fn in_doubt_by_name(&self, chat: &ChatId, groups: &KnownNames) -> Option<&RuleLocation> {
        let kind = match chat {
            ChatId::Group(_) => NameKind::Group,
            ChatId::Person(_) => NameKind::Contact,
            ChatId::Channel(_) => return None,
        };
        if !groups.knows(chat) {
            return self.first_named(kind);
        }
        let mut names = self.names().filter(|(name, _)| name.kind() == kind);
        let has_number = !matches!(chat, ChatId::Person(person) if person.is_hidden());
        let listed = names.find(|(name, _)| has_number && groups.may_be_named(name));
        listed.map(|(_, place)| place)
    }

    /// Whether an entry names a chat, alone, in a list, as a contact, or as the only group of
    /// its name.
    pub(super) fn names_one(&self, chat: &ChatId, groups: &KnownNames) -> bool {
        let is_named = |name: &EntryName| NameMatch::Unique.matches(name, chat, groups);
        let mut patterns = self.patterns.iter();
        self.exact.contains_key(chat)
            || self.find_hidden(chat, groups).is_some()
            || patterns.any(|(pattern, _)| match pattern {
                ChatPattern::Named(name) => is_named(name),
                ChatPattern::List(list) => {
                    list.exact.contains(chat) || list.names.iter().any(is_named)
                }
                ChatPattern::Everybody | ChatPattern::AnyGroup | ChatPattern::AnyChannel => false,
            })
    }

    /// The entry that a chat belongs to.
    pub(super) fn find(
        &self,
        chat: &ChatId,
        groups: &KnownNames,
        names: NameMatch,
    ) -> Option<&RuleLocation> {
        let is_named = |name: &EntryName| names.matches(name, chat, groups);
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

    /// Whether a chat is in it, without regard to names.
    pub(super) fn has(&self, chat: &ChatId) -> bool {
        self.find(chat, &KnownNames::default(), NameMatch::Any)
            .is_some()
    }

    /// Whether all chats of a pattern are in it.
    pub(super) fn has_pattern(&self, other: &ChatPattern) -> bool {
        let named = |name: &EntryName| {
            self.patterns.iter().any(|(pattern, _)| match pattern {
                ChatPattern::Everybody => true,
                ChatPattern::AnyGroup => name.kind() == NameKind::Group,
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

    /// The names of groups and contacts in it, each with its entry.
    pub(super) fn names(&self) -> impl Iterator<Item = (&EntryName, &RuleLocation)> {
        self.patterns.iter().flat_map(|(pattern, place)| {
            let names = match pattern {
                ChatPattern::Named(name) => std::slice::from_ref(name),
                ChatPattern::List(list) => &list.names,
                _ => &[],
            };
            names.iter().map(move |name| (name, place))
        })
    }
}
