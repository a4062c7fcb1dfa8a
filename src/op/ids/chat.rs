//! Chats: with a person, in a group, or a channel.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, PersonId, is_digits, kind, text_id, wrong_kind};

/// A group: `<digits>@g.us`, or the older `<digits>-<digits>@g.us`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupId(String);

impl GroupId {
    /// Reads a group id.
    ///
    /// # Errors
    /// For anything else, saying what it looks like and what would be right.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        match text.split_once('@') {
            Some((local, "g.us")) if is_group_number(local) => Ok(Self(text.to_owned())),
            _ => Err(wrong_kind(
                text,
                kind(text),
                "a group id looks like `120363025246125486@g.us`, and `list_groups` shows them",
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

text_id!(GroupId);

/// A channel: `<digits>@newsletter`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelId(String);

impl ChannelId {
    /// Reads a channel's id.
    ///
    /// # Errors
    /// For anything else, saying what it looks like and what would be right.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        match text.split_once('@') {
            Some((local, "newsletter")) if is_digits(local) && local.len() <= 25 => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(wrong_kind(
                text,
                kind(text),
                "a channel's id looks like `120363025246125486@newsletter`",
            )),
        }
    }

    /// The id as the APIs write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id!(ChannelId);

/// A chat, in the one spelling that limits count by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ChatId {
    /// With one person.
    Person(PersonId),
    /// In a group.
    Group(GroupId),
    /// A channel.
    Channel(ChannelId),
}

impl ChatId {
    /// Reads a chat's id, or the phone number of the person it is with.
    ///
    /// # Errors
    /// For anything else, saying what it looks like and what would be right.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        match text.trim().split_once('@') {
            Some((_, "g.us")) => GroupId::parse(text).map(Self::Group),
            Some((_, "newsletter")) => ChannelId::parse(text).map(Self::Channel),
            Some((_, "broadcast")) => Err(wrong_kind(
                text,
                kind(text),
                "a chat is with a person, in a group, or a channel",
            )),
            _ => PersonId::parse(text).map(Self::Person),
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

text_id!(ChatId);

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
