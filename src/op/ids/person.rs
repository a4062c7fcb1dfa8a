//! People.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, PhoneNumber, is_digits, kind, text_id, wrong_kind};

/// A person, in one spelling for each identity.
///
/// A phone number, `@c.us`, `@s.whatsapp.net` and a device suffix (`:12`) are the
/// same person; a `@lid` is a hidden identity that only the API can resolve.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonId(String);

impl PersonId {
    /// Reads a person's id or phone number.
    ///
    /// # Errors
    /// For anything else, saying what it looks like and what would be right.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let Some((local, server)) = text.split_once('@') else {
            return PhoneNumber::parse(text).map(|number| Self::from(&number));
        };
        let local = local
            .split_once(':')
            .map_or(local, |(local, _device)| local);
        let server = match server {
            "c.us" | "s.whatsapp.net" => "c.us",
            "lid" => "lid",
            _ => return Err(wrong_person(text, kind(text))),
        };
        if is_digits(local) && local.len() <= 25 {
            Ok(Self(format!("{local}@{server}")))
        } else {
            Err(wrong_person(text, "is no id"))
        }
    }

    /// Whether the phone number behind it is hidden.
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

fn wrong_person(text: &str, is: &str) -> BadId {
    wrong_kind(
        text,
        is,
        "a person is a phone number with its country code, or an id such as `4915112345678@c.us`",
    )
}

text_id!(PersonId);

impl From<&PhoneNumber> for PersonId {
    fn from(number: &PhoneNumber) -> Self {
        Self(format!("{}@c.us", number.digits()))
    }
}
