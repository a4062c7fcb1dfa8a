//! Sets of chats as policies write them, and groups by name.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::op::{ChatId, GroupId, Identities, PersonId};

/// Where a rule stands, as `file:line:column (key)`.
pub type RuleLocation = Arc<str>;

/// The groups of each name that a policy uses, and the people behind the hidden
/// identities in it.
#[derive(Debug, Clone, Default)]
pub struct GroupNames {
    groups: HashMap<String, Vec<GroupId>>,
    unknown: bool,
    people: Identities,
}

impl GroupNames {
    /// Before they are looked up: any group may have any name.
    pub fn unknown() -> Self {
        Self {
            unknown: true,
            ..Self::default()
        }
    }

    /// Takes note of a group's name.
    pub fn learn(&mut self, name: impl Into<String>, group: GroupId) {
        self.groups.entry(name.into()).or_default().push(group);
    }

    /// Takes over who is behind hidden identities.
    pub fn identify(&mut self, people: &Identities) {
        self.people.clone_from(people);
    }

    /// The groups of this name.
    fn of(&self, name: &str) -> &[GroupId] {
        self.groups.get(name).map_or(&[], Vec::as_slice)
    }
}

/// What a group's name counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// For the one group of that name: two of a name are in doubt.
    One,
    /// For every group of that name.
    All,
}

/// A set of chats.
#[derive(Debug, Clone, Default)]
pub(super) struct Chats {
    pub(super) parts: Vec<(ChatPattern, RuleLocation)>,
    pub(super) exact: HashMap<ChatId, RuleLocation>,
    /// Where it first names somebody by number, who may have a hidden identity too.
    people: Option<RuleLocation>,
    /// Those that it names by a hidden identity.
    hidden: Vec<(PersonId, RuleLocation)>,
    /// Where it first has a group by its name.
    named: Option<RuleLocation>,
}

/// What a set is made of, besides single chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChatPattern {
    /// Every chat.
    Everybody,
    /// Every group.
    AnyGroup,
    /// Every channel.
    AnyChannel,
    /// The group of a name.
    Named(String),
    /// A list.
    List(Arc<People>),
}

/// A list of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct People {
    /// What the list is called.
    pub(super) name: String,
    pub(super) exact: HashSet<ChatId>,
    pub(super) names: Vec<String>,
}

impl Chats {
    pub(super) fn add(&mut self, part: ChatPattern, place: RuleLocation) {
        let named = match &part {
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
        self.parts.push((part, place));
    }

    pub(super) fn add_chat(&mut self, chat: ChatId, place: RuleLocation) {
        self.note(&chat, &place);
        self.exact.entry(chat).or_insert(place);
    }

    /// Takes note of somebody who has two identities.
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

    /// Where it names by a hidden identity whom a call names by number.
    fn find_hidden(&self, chat: &ChatId, groups: &GroupNames) -> Option<&RuleLocation> {
        let ChatId::Person(person) = chat else {
            return None;
        };
        let mut hidden = self.hidden.iter();
        hidden
            .find(|(hidden, _)| groups.people.get(hidden) == Some(person))
            .map(|(_, place)| place)
    }

    /// The hidden identities in it.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &PersonId> {
        self.hidden.iter().map(|(person, _)| person)
    }

    /// Where it says that a chat may be in it, for all that is known: whoever is
    /// behind a hidden identity, or whatever a group is called.
    pub(super) fn doubt(&self, chat: &ChatId, groups: &GroupNames) -> Option<&RuleLocation> {
        match chat {
            ChatId::Person(person) if person.is_hidden() => self.people.as_ref(),
            ChatId::Group(_) if groups.unknown => self.named.as_ref(),
            _ => None,
        }
    }

    /// Where it says that a chat is in it.
    pub(super) fn find(
        &self,
        chat: &ChatId,
        groups: &GroupNames,
        names: Names,
    ) -> Option<&RuleLocation> {
        let is_named = |name: &String| match (chat, groups.of(name), names) {
            (ChatId::Group(group), [one], Names::One) => one == group,
            (ChatId::Group(group), all, Names::All) => all.contains(group),
            _ => false,
        };
        let single = self.exact.get(chat);
        single
            .or_else(|| self.find_hidden(chat, groups))
            .or_else(|| {
                self.parts
                    .iter()
                    .find(|(part, _)| match part {
                        ChatPattern::Everybody => true,
                        ChatPattern::AnyGroup => matches!(chat, ChatId::Group(_)),
                        ChatPattern::AnyChannel => matches!(chat, ChatId::Channel(_)),
                        ChatPattern::Named(name) => is_named(name),
                        ChatPattern::List(list) => {
                            list.exact.contains(chat) || list.names.iter().any(is_named)
                        }
                    })
                    .map(|(_, place)| place)
            })
    }

    /// The single chats in it.
    pub(super) fn chats(&self) -> impl Iterator<Item = &ChatId> {
        let listed = self.parts.iter().flat_map(|(part, _)| match part {
            ChatPattern::List(list) => Some(list.exact.iter()).into_iter().flatten(),
            _ => None.into_iter().flatten(),
        });
        self.exact.keys().chain(listed)
    }

    /// Whether every chat is in it.
    pub(super) fn is_everybody(&self) -> bool {
        self.parts
            .iter()
            .any(|(part, _)| *part == ChatPattern::Everybody)
    }

    /// Whether a chat is in it, whatever groups are called.
    pub(super) fn has(&self, chat: &ChatId) -> bool {
        self.find(chat, &GroupNames::default(), Names::All)
            .is_some()
    }

    /// Whether all of a part is in it.
    pub(super) fn has_part(&self, other: &ChatPattern) -> bool {
        let named = |name: &String| {
            self.parts.iter().any(|(part, _)| match part {
                ChatPattern::Everybody | ChatPattern::AnyGroup => true,
                ChatPattern::Named(known) => known == name,
                ChatPattern::List(list) => list.names.contains(name),
                ChatPattern::AnyChannel => false,
            })
        };
        self.is_everybody()
            || self.parts.iter().any(|(part, _)| part == other)
            || match other {
                ChatPattern::Named(name) => named(name),
                ChatPattern::List(list) => {
                    let people = list.exact.len() + list.names.len();
                    people > 0
                        && list.exact.iter().all(|chat| self.has(chat))
                        && list.names.iter().all(named)
                }
                ChatPattern::Everybody | ChatPattern::AnyGroup | ChatPattern::AnyChannel => false,
            }
    }

    /// Whether groups have to be looked up by name before it can be used.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|(part, _)| match part {
            ChatPattern::Named(name) => std::slice::from_ref(name).iter().map(String::as_str),
            ChatPattern::List(list) => list.names.iter().map(String::as_str),
            _ => [].iter().map(String::as_str),
        })
    }
}
