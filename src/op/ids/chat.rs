//! Chats with people, groups and channels.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, PersonId, is_digits, not_an_id, text_id};

/// A group: `<digits>@g.us`, or the older `<digits>-<digits>@g.us`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupId(String);

impl GroupId {
    /// Parses a group id.
    ///
    /// # Errors
    /// For any other text, with what it is and where to find the right id.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        match text.split_once('@') {
            Some((local, "g.us")) if is_group_number(local) => Ok(Self(text.to_owned())),
            _ => Err(not_an_id(
                text,
                "a group id",
                "`list_groups` returns group ids, such as `120363025246125486@g.us`",
            )),
        }
    }

    /// The id as the APIs write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_group_number(local: &str) -> bool {
    let digits = |part: &str| (5..=25).contains(&part.len()) && is_digits(part);
    match local.split_once('-') {
        Some((creator, time)) => digits(creator) && digits(time),
        None => digits(local),
    }
}

text_id!(GroupId, "group-id");

/// A channel: `<digits>@newsletter`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelId(String);

impl ChannelId {
    /// Parses a channel id.
    ///
    /// # Errors
    /// For any other text, with what it is and where to find the right id.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        match text.split_once('@') {
            Some((local, "newsletter")) if is_digits(local) && local.len() <= 25 => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(not_an_id(
                text,
                "a channel id",
                "a channel id looks like `120363025246125486@newsletter`",
            )),
        }
    }

    /// The id as the APIs write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id!(ChannelId, "channel-id");

/// A chat; two are equal if they are one, whatever the spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ChatId {
    /// The chat with one person.
    Person(PersonId),
    /// The chat of a group.
    Group(GroupId),
    /// A channel.
    Channel(ChannelId),
}

impl ChatId {
    /// Parses a chat id, or the phone number of a person.
    ///
    /// # Errors
    /// For any other text, with what it is and where to find the right id.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        match text.trim().split_once('@') {
            Some((_, "g.us")) => GroupId::parse(text).map(Self::Group),
            Some((_, "newsletter")) => ChannelId::parse(text).map(Self::Channel),
            _ => PersonId::parse(text).map(Self::Person).map_err(|_| {
                not_an_id(
                    text.trim(),
                    "a chat id or a phone number with country code",
                    "`list_chats` with `query` finds a chat by name",
                )
            }),
        }
    }

    /// One text for each chat, whatever the spelling: what is counted and remembered of it.
    pub fn key(&self) -> Cow<'_, str> {
        match self {
            Self::Person(id) => id.key(),
            Self::Group(_) | Self::Channel(_) => Cow::Borrowed(self.as_str()),
        }
    }

    /// The id as the APIs write it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Person(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
            Self::Channel(id) => id.as_str(),
        }
    }
}

text_id!(ChatId, "chat-id");

impl From<&GroupId> for ChatId {
    fn from(id: &GroupId) -> Self {
        Self::Group(id.clone())
    }
}

impl From<&PersonId> for ChatId {
    fn from(id: &PersonId) -> Self {
        Self::Person(id.clone())
    }
}

impl From<&ChatId> for ChatId {
    fn from(id: &ChatId) -> Self {
        id.clone()
    }
}
