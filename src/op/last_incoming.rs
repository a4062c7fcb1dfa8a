//! When others wrote last.

use std::collections::HashMap;

use jiff::Timestamp;

use super::ChatId;

/// When somebody else wrote last in the chats of a call, by the history of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastIncoming {
    chats: HashMap<ChatId, Option<Timestamp>>,
    /// What is assumed of the other chats.
    assumed: Option<Timestamp>,
}

/// When somebody else wrote last in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// The history was not looked up, or could not be read.
    Unknown,
    /// The history has no message of somebody else.
    Never,
    /// At this time.
    At(Timestamp),
}

impl LastIncoming {
    /// Records what the history of a chat shows: its newest message of somebody else.
    pub fn insert(&mut self, chat: ChatId, newest: Option<Timestamp>) {
        self.chats.insert(chat, newest);
    }

    /// Adds what another one has, which is newer.
    pub fn extend(&mut self, other: Self) {
        self.chats.extend(other.chats);
    }

    /// The same, where each chat that is not known wrote at this time.
    #[must_use]
    pub fn assuming(mut self, at: Timestamp) -> Self {
        self.assumed = Some(at);
        self
    }

    /// When somebody else wrote last in a chat.
    pub fn of(&self, chat: &ChatId) -> Incoming {
        match (self.chats.get(chat), self.assumed) {
            (Some(Some(at)), _) => Incoming::At(*at),
            (Some(None), _) => Incoming::Never,
            (None, Some(at)) => Incoming::At(at),
            (None, None) => Incoming::Unknown,
        }
    }
}
