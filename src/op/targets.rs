//! The targets of a call: chats, groups and people, and what the call means for each.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use super::{ChatId, PersonId};

/// What a call means for one of its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRole {
    /// It is changed, or read without its messages.
    Subject,
    /// Its messages are read.
    Source,
    /// It receives something: a message, an invitation.
    Recipient,
    /// Those in it notice the call and receive nothing: a pin, a read mark, typing, a
    /// mention, a change of roles.
    Noticing,
    /// The call names this person to others, or takes the person out: only a rule that
    /// denies somebody speaks of that.
    Named,
}

impl TargetRole {
    /// Whether somebody there receives something or notices the call.
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Recipient | Self::Noticing)
    }
}

/// The chats, groups and people that a call is about; a person is the chat with that
/// person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    chats: Vec<(ChatId, TargetRole)>,
    public: bool,
}

impl Targets {
    /// No chat.
    pub fn none() -> Self {
        Self::default()
    }

    /// One chat in the role [`TargetRole::Subject`].
    pub fn chat(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Subject)
    }

    /// One chat in the role [`TargetRole::Source`].
    pub fn source(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Source)
    }

    /// One chat in the role [`TargetRole::Recipient`].
    pub fn recipient(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Recipient)
    }

    /// One chat in the role [`TargetRole::Noticing`].
    pub fn noticing(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Noticing)
    }

    /// No chat; everyone can see the change.
    pub fn public() -> Self {
        Self {
            chats: Vec::new(),
            public: true,
        }
    }

    /// Adds a chat.
    #[must_use]
    pub fn with(mut self, chat: impl Into<ChatId>, role: TargetRole) -> Self {
        self.chats.push((chat.into(), role));
        self
    }

    /// Adds people.
    #[must_use]
    pub fn and<'a>(mut self, people: impl Iterator<Item = &'a PersonId>, role: TargetRole) -> Self {
        self.chats
            .extend(people.map(|person| (ChatId::from(person), role)));
        self
    }

    /// All chats, in the order of the arguments.
    pub fn chats(&self) -> impl Iterator<Item = &ChatId> {
        self.chats.iter().map(|(chat, _)| chat)
    }

    /// All chats, each with its role.
    pub fn roles(&self) -> impl Iterator<Item = (&ChatId, TargetRole)> {
        self.chats.iter().map(|(chat, role)| (chat, *role))
    }

    /// The chats with this role.
    pub fn of(&self, role: TargetRole) -> impl Iterator<Item = &ChatId> {
        self.chats
            .iter()
            .filter(move |(_, has)| *has == role)
            .map(|(chat, _)| chat)
    }

    /// Whether everyone can see the change.
    pub fn is_public(&self) -> bool {
        self.public
    }

    /// The people that are named by a hidden identity.
    pub fn hidden(&self) -> impl Iterator<Item = &PersonId> {
        self.chats().filter_map(|chat| match chat {
            ChatId::Person(person) if person.is_hidden() => Some(person),
            _ => None,
        })
    }

    /// Removes the people that are named by a hidden identity.
    pub fn forget_hidden(&mut self) {
        self.chats
            .retain(|(chat, _)| !matches!(chat, ChatId::Person(person) if person.is_hidden()));
    }

    /// Replaces each chat by what `change` makes of it, if anything.
    pub fn change(&mut self, mut change: impl FnMut(&ChatId) -> Option<ChatId>) {
        for (chat, _) in &mut self.chats {
            if let Some(changed) = change(chat) {
                *chat = changed;
            }
        }
    }

    /// Replaces hidden identities by the people behind them, if known.
    pub fn identify(&mut self, known: &Identities) {
        for (chat, _) in &mut self.chats {
            if let ChatId::Person(person) = chat
                && let Some(found) = known.get(person)
            {
                *person = found.clone();
            }
        }
    }
}

/// Hidden identities and the people behind them.
#[derive(Debug, Clone, Default)]
pub struct Identities(HashMap<PersonId, PersonId>);

impl Identities {
    /// The person behind a hidden identity.
    pub fn get(&self, hidden: &PersonId) -> Option<&PersonId> {
        self.0.get(hidden)
    }

    /// The chat with the person behind a hidden identity, if known; otherwise the chat.
    pub fn of<'a>(&'a self, chat: &'a ChatId) -> Cow<'a, ChatId> {
        match chat {
            ChatId::Person(person) => match self.get(person) {
                Some(found) => Cow::Owned(ChatId::from(found)),
                None => Cow::Borrowed(chat),
            },
            _ => Cow::Borrowed(chat),
        }
    }

    /// Records the person behind a hidden identity.
    pub fn learn(&mut self, hidden: PersonId, person: PersonId) {
        self.0.insert(hidden, person);
    }

    /// Adds the entries of `others` while there are fewer than `most`.
    pub fn extend(&mut self, others: Self, most: usize) {
        for (hidden, person) in others.0 {
            if self.0.len() < most {
                self.0.insert(hidden, person);
            }
        }
    }

    /// Replaces hidden identities by the people behind them, if known, in every string that
    /// is nothing but an identity; the identity of a person gets one spelling.
    pub fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let identity = text.ends_with("@lid") || text.ends_with("@c.us");
                let person = identity.then(|| PersonId::parse(text).ok()).flatten();
                if let Some(person) = person {
                    *text = self.get(&person).unwrap_or(&person).key().into_owned();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.replace(field)),
            _ => {}
        }
    }
}
