//! People.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, PhoneNumber, is_digits, not_an_id, text_id};

/// A person, in one spelling for each identity.
///
/// A phone number, `@c.us`, `@s.whatsapp.net` and a device suffix (`:12`) name the same
/// person. Only the API can resolve a hidden identity (`@lid`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonId(String);

impl PersonId {
    /// Parses a person id or a phone number.
    ///
    /// # Errors
    /// For any other text, with what it is and where to find the right id.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let wrong = || {
            not_an_id(
                text,
                "a person id or a phone number with country code",
                "`list_contacts` with `query` finds a person by name",
            )
        };
        let Some((local, server)) = text.split_once('@') else {
            let number = PhoneNumber::parse(text).map_err(|_| wrong())?;
            return Ok(Self::from(&number));
        };
        let local = local
            .split_once(':')
            .map_or(local, |(local, _device)| local);
        let server = match server {
            "c.us" | "s.whatsapp.net" => "c.us",
            "lid" => "lid",
            _ => return Err(wrong()),
        };
        if is_digits(local) && local.len() <= 25 {
            Ok(Self(format!("{local}@{server}")))
        } else {
            Err(wrong())
        }
    }

    /// Whether it is a hidden identity, without the phone number.
    pub fn is_hidden(&self) -> bool {
        self.0.ends_with("@lid")
    }

    /// The digits before the `@`.
    pub fn digits(&self) -> &str {
        self.0.split_once('@').map_or("", |(digits, _)| digits)
    }

    /// The id with `@c.us` or `@lid`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id!(PersonId, "person-id");

impl From<&PhoneNumber> for PersonId {
    fn from(number: &PhoneNumber) -> Self {
        Self(format!("{}@c.us", number.digits()))
    }
}
