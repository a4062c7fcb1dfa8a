//! Messages.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, ChatId, PersonId, not_an_id, text_id};

/// The longest id that is accepted, in bytes.
const MAX_BYTES: usize = 160;

/// A message id: `true_<chat>_<key>` or `false_<chat>_<key>`, in groups with `_<participant>`
/// behind it, or only `<key>`. WAHA has full ids, GREEN-API keys.
///
/// Its text is made from what was parsed, so that no API reads another chat in it than was
/// checked here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId {
    text: String,
    place: Option<Place>,
    key: String,
}

/// Where a message is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    own: bool,
    chat: ChatId,
    suffix: Option<IdSuffix>,
}

/// What follows the key of a full id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum IdSuffix {
    /// Who wrote it, in a group.
    Participant(PersonId),
    /// WEBJS marks messages of an account to itself (wwebjs/whatsapp-web.js#4092).
    ToItself(&'static str),
}

impl MessageId {
    /// Parses a message id.
    ///
    /// # Errors
    /// For any other text, and for one that is longer than any id.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let wrong = || not_an_id(text, "a message id", "`list_messages` returns message ids");
        if text.len() > MAX_BYTES {
            return Err(wrong());
        }
        let parts: Vec<&str> = text.split('_').collect();
        let parsed = match parts.as_slice() {
            [key] => Self::bare(key),
            [own, chat, key] => Self::full(own, chat, key, None),
            [own, chat, key, suffix] => {
                IdSuffix::parse(suffix).and_then(|suffix| Self::full(own, chat, key, Some(suffix)))
            }
            _ => None,
        };
        parsed.ok_or_else(wrong)
    }

    /// The id of a message of this chat with this key; `own` if this account wrote it.
    ///
    /// # Errors
    /// For text that is no key.
    pub fn of_chat(chat: &ChatId, own: bool, key: &str) -> Result<Self, BadId> {
        Self::parse(&format!("{own}_{chat}_{key}"))
    }

    fn bare(key: &str) -> Option<Self> {
        is_key(key).then(|| Self {
            text: key.to_owned(),
            place: None,
            key: key.to_owned(),
        })
    }

    fn full(own: &str, chat: &str, key: &str, suffix: Option<IdSuffix>) -> Option<Self> {
        let own = match own {
            "true" => true,
            "false" => false,
            _ => return None,
        };
        // A number alone is a chat as well, but in no id.
        let chat = ChatId::parse(chat).ok().filter(|_| chat.contains('@'))?;
        let text = match (is_key(key), &suffix) {
            (false, _) => return None,
            (true, None) => format!("{own}_{chat}_{key}"),
            (true, Some(suffix)) => format!("{own}_{chat}_{key}_{suffix}"),
        };
        Some(Self {
            text,
            place: Some(Place { own, chat, suffix }),
            key: key.to_owned(),
        })
    }

    /// Checks that the message is in this chat: a permit for one chat must not act in
    /// another. A key alone names no chat and passes.
    ///
    /// # Errors
    /// When the id names another chat, with what to give.
    pub fn is_of(&self, chat: &ChatId) -> Result<(), BadId> {
        let named = match self.chat() {
            Some(named) if named != chat => named,
            _ => return Ok(()),
        };
        let hidden = |chat: &ChatId| matches!(chat, ChatId::Person(one) if one.is_hidden());
        let give = match (named, chat) {
            // Only the API knows whether both are one person.
            (ChatId::Person(_), ChatId::Person(_)) if hidden(named) != hidden(chat) => {
                format!("if this is the same person, give `{named}` as the chat")
            }
            _ => "give both from the same answer".to_owned(),
        };
        Err(BadId::new(format!(
            "the message id names the chat `{named}`, not `{chat}`; {give}"
        )))
    }

    /// The chat that a full id names.
    pub fn chat(&self) -> Option<&ChatId> {
        self.place.as_ref().map(|place| &place.chat)
    }

    /// The id without its chat.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Who wrote it, by a full id of a message in a group.
    pub fn participant(&self) -> Option<&PersonId> {
        match self.place.as_ref()?.suffix.as_ref()? {
            IdSuffix::Participant(person) => Some(person),
            IdSuffix::ToItself(_) => None,
        }
    }

    /// The key alone, as an id.
    #[must_use]
    pub fn bare_key(&self) -> Self {
        Self {
            text: self.key.clone(),
            place: None,
            key: self.key.clone(),
        }
    }

    /// The id, full or the key alone.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl IdSuffix {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "in" => Some(Self::ToItself("in")),
            "out" => Some(Self::ToItself("out")),
            _ => PersonId::parse(text)
                .ok()
                .filter(|_| text.contains('@'))
                .map(Self::Participant),
        }
    }
}

impl fmt::Display for IdSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Participant(person) => person.fmt(f),
            Self::ToItself(mark) => f.write_str(mark),
        }
    }
}

/// Whether a text can be the key of a message: letters and digits, and `.`, `-` and `:`
/// among them. A key becomes a segment of a path.
fn is_key(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    text.chars().any(|c| c.is_ascii_alphanumeric()) && text.chars().all(fits)
}

text_id!(MessageId, "message-id");
