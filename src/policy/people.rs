//! Sets of chats as policies write them, and groups by name.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::op::{ChatId, GroupId};

/// Where a rule stands, as `file:line:column (key)`.
pub type Place = Arc<str>;

/// The groups of each name that a policy uses, once they are looked up.
#[derive(Debug, Clone, Default)]
pub struct GroupNames(HashMap<String, Vec<GroupId>>);

impl GroupNames {
    /// Takes note of a group's name.
    pub fn learn(&mut self, name: impl Into<String>, group: GroupId) {
        self.0.entry(name.into()).or_default().push(group);
    }

    /// The groups of this name.
    fn of(&self, name: &str) -> &[GroupId] {
        self.0.get(name).map_or(&[], Vec::as_slice)
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
    pub(super) parts: Vec<(Part, Place)>,
    pub(super) exact: HashMap<ChatId, Place>,
}

/// What a set is made of, besides single chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
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
    pub(super) fn add(&mut self, part: Part, place: Place) {
        self.parts.push((part, place));
    }

    pub(super) fn add_chat(&mut self, chat: ChatId, place: Place) {
        self.exact.entry(chat).or_insert(place);
    }

    /// Where it says that a chat is in it.
    pub(super) fn find(&self, chat: &ChatId, groups: &GroupNames, names: Names) -> Option<&Place> {
        let is_named = |name: &String| match (chat, groups.of(name), names) {
            (ChatId::Group(group), [one], Names::One) => one == group,
            (ChatId::Group(group), all, Names::All) => all.contains(group),
            _ => false,
        };
        self.exact.get(chat).or_else(|| {
            self.parts
                .iter()
                .find(|(part, _)| match part {
                    Part::Everybody => true,
                    Part::AnyGroup => matches!(chat, ChatId::Group(_)),
                    Part::AnyChannel => matches!(chat, ChatId::Channel(_)),
                    Part::Named(name) => is_named(name),
                    Part::List(list) => {
                        list.exact.contains(chat) || list.names.iter().any(is_named)
                    }
                })
                .map(|(_, place)| place)
        })
    }

    /// Whether groups have to be looked up by name before it can be used.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|(part, _)| match part {
            Part::Named(name) => std::slice::from_ref(name).iter().map(String::as_str),
            Part::List(list) => list.names.iter().map(String::as_str),
            _ => [].iter().map(String::as_str),
        })
    }
}
