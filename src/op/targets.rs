//! The chats that a call reaches, and what it means for each.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use super::{ChatId, PersonId};

/// What a call means for a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRole {
    /// It is looked at or changed.
    Subject,
    /// What is written in it is read.
    Source,
    /// It gets something: a message, an invitation.
    Recipient,
}

/// The chats that a call reaches.
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

    /// A chat that is looked at or changed.
    pub fn chat(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Subject)
    }

    /// A chat that is read.
    pub fn source(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Source)
    }

    /// A chat that gets something.
    pub fn recipient(chat: impl Into<ChatId>) -> Self {
        Self::default().with(chat, TargetRole::Recipient)
    }

    /// What everybody can see, whoever they are.
    pub fn everybody() -> Self {
        Self {
            chats: Vec::new(),
            public: true,
        }
    }

    /// This chat too.
    #[must_use]
    pub fn with(mut self, chat: impl Into<ChatId>, part: TargetRole) -> Self {
        self.chats.push((chat.into(), part));
        self
    }

    /// These people too, each as the chat with them.
    #[must_use]
    pub fn and<'a>(mut self, people: impl Iterator<Item = &'a PersonId>, part: TargetRole) -> Self {
        self.chats
            .extend(people.map(|person| (ChatId::from(person), part)));
        self
    }

    /// All of them, in the order of the arguments.
    pub fn chats(&self) -> impl Iterator<Item = &ChatId> {
        self.chats.iter().map(|(chat, _)| chat)
    }

    /// Those that the call means the same for.
    pub fn of(&self, part: TargetRole) -> impl Iterator<Item = &ChatId> {
        self.chats
            .iter()
            .filter(move |(_, has)| *has == part)
            .map(|(chat, _)| chat)
    }

    /// Whether everybody can see what is done.
    pub fn is_public(&self) -> bool {
        self.public
    }

    /// The people among them who are known by a hidden identity alone.
    pub fn hidden(&self) -> impl Iterator<Item = &PersonId> {
        self.chats().filter_map(|chat| match chat {
            ChatId::Person(person) if person.is_hidden() => Some(person),
            _ => None,
        })
    }

    /// Puts the known people in the place of their hidden identities.
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

/// Hidden identities with the people behind them.
#[derive(Debug, Clone, Default)]
pub struct Identities(HashMap<PersonId, PersonId>);

impl Identities {
    /// The person behind a hidden identity.
    pub fn get(&self, hidden: &PersonId) -> Option<&PersonId> {
        self.0.get(hidden)
    }

    /// The chat with the person behind it, where that is known.
    pub fn of<'a>(&'a self, chat: &'a ChatId) -> Cow<'a, ChatId> {
        match chat {
            ChatId::Person(person) => match self.get(person) {
                Some(found) => Cow::Owned(ChatId::from(found)),
                None => Cow::Borrowed(chat),
            },
            _ => Cow::Borrowed(chat),
        }
    }

    /// Takes note of whom an identity belongs to.
    pub fn learn(&mut self, hidden: PersonId, person: PersonId) {
        self.0.insert(hidden, person);
    }

    /// Takes over what others know, up to so many.
    pub fn extend(&mut self, others: Self, most: usize) {
        for (hidden, person) in others.0 {
            if self.0.len() < most {
                self.0.insert(hidden, person);
            }
        }
    }

    /// Puts the known people in the place of their hidden identities, where an
    /// identity stands alone in a text.
    pub fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let hidden = text.ends_with("@lid").then(|| PersonId::parse(text).ok());
                if let Some(person) = hidden.flatten().and_then(|hidden| self.get(&hidden)) {
                    *text = person.to_string();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.replace(field)),
            _ => {}
        }
    }
}
