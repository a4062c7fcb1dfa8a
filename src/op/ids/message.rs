//! Messages.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, ChatId, not_an_id, text_id};

/// The longest id that is accepted, in bytes.
const MAX_BYTES: usize = 160;

/// A message id as the back end writes it: `true_<chat>_<id>` on WAHA, only `<id>` on
/// GREEN-API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl MessageId {
    /// Parses a message id.
    ///
    /// # Errors
    /// For text that is longer than any id, or has characters other than letters, digits and
    /// `_@.-:`: an id becomes a segment of a path.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | ':');
        let named = text.chars().any(|c| c.is_ascii_alphanumeric());
        if named && text.len() <= MAX_BYTES && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(not_an_id(
                text,
                "a message id",
                "`list_messages` returns message ids",
            ))
        }
    }

    /// The chat that a full id names.
    fn chat(&self) -> Option<ChatId> {
        let mut parts = self.0.splitn(3, '_');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("true" | "false"), Some(chat), Some(_)) => ChatId::parse(chat).ok(),
            _ => None,
        }
    }

    /// Checks that the message is in this chat: a permit for one chat must not act in
    /// another. A bare id names no chat and passes.
    ///
    /// # Errors
    /// When the id names another chat.
    pub fn is_of(&self, chat: &ChatId) -> Result<(), BadId> {
        match self.chat() {
            Some(own) if own != *chat => Err(BadId::new(format!(
                "the message id names the chat `{own}`, not `{chat}`; give both from the same answer"
            ))),
            _ => Ok(()),
        }
    }

    /// The id as the API writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id!(MessageId, "message-id");
