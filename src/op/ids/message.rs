//! Messages.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, ChatId, text_id, wrong_kind};

/// The longest id that is read.
const LONGEST: usize = 160;

/// A message's id, as the back end gives it: `true_<chat>_<id>` on WAHA, bare on
/// GREEN-API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl MessageId {
    /// Reads a message's id.
    ///
    /// # Errors
    /// For what could not be one, or could not stand in a path.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | ':');
        let named = text.chars().any(|c| c.is_ascii_alphanumeric());
        if named && text.len() <= LONGEST && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(wrong_kind(
                text,
                "is no message id",
                "take it from the answer that showed the message",
            ))
        }
    }

    /// The chat that a full id names; a bare id names none.
    fn chat(&self) -> Option<ChatId> {
        let mut parts = self.0.splitn(3, '_');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("true" | "false"), Some(chat), Some(_)) => ChatId::parse(chat).ok(),
            _ => None,
        }
    }

    /// Holds a message against the chat that is named beside it: what is decided for
    /// one chat must not be done in another.
    ///
    /// # Errors
    /// When the id names another chat.
    pub fn is_of(&self, chat: &ChatId) -> Result<(), BadId> {
        match self.chat() {
            Some(own) if own != *chat => Err(BadId::new(format!(
                "the message is in the chat `{own}`, not in `{chat}`; name the chat that it is in"
            ))),
            _ => Ok(()),
        }
    }

    /// The id as the API writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id!(MessageId);
