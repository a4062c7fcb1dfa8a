//! Messages.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, text_id, wrong_kind};

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

    /// The id as the API writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id!(MessageId);
