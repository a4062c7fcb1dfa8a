//! People.

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{
    BadId, PhoneNumber, is_digits, not_an_id,
    numbers::{optional_digit, with_optional_digit},
    text_id,
};

/// The longest name before the `@`, in bytes: a country and 128 letters and digits.
const MAX_NAME_BYTES: usize = 135;

/// A person, in one spelling for each identity.
///
/// A phone number, `@c.us`, `@s.whatsapp.net` and a device suffix (`:12`) name the same
/// person, and so does a number with and without the digit that WhatsApp writes for some
/// accounts only. Two ids are equal if they name the same person; each keeps its own
/// digits, since an API may know no others. Only the API can resolve a hidden identity
/// (`@lid`), a username or a business-scoped id (`US.1349…`).
#[derive(Debug, Clone, Serialize, Deserialize)]
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
            if is_business_scoped(text) {
                return Ok(Self(format!("{text}@c.us")));
            }
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
        // Numbers of E.164 and hidden ids have no leading zero.
        let digits = is_digits(local) && local.len() <= 25 && !local.starts_with('0');
        if digits || is_name(local) {
            Ok(Self(format!("{local}@{server}")))
        } else {
            Err(wrong())
        }
    }

    /// Whether it is an identity without the phone number: a hidden one, a username or a
    /// business-scoped id.
    pub fn is_hidden(&self) -> bool {
        self.0.ends_with("@lid") || !is_digits(self.local())
    }

    /// Whether it is a hidden identity (`@lid`), whose person an API may know.
    pub fn is_lid(&self) -> bool {
        self.0.ends_with("@lid") && is_digits(self.local())
    }

    /// What stands before the `@`; the digits of a person with a number.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// The number with and without the digit that WhatsApp writes for some accounts only;
    /// every other id as it is.
    pub fn spellings(&self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        if !self.is_hidden() {
            let short: String = self.parts().into_iter().collect();
            all.extend(with_optional_digit(&short).map(|long| Self(format!("{long}@c.us"))));
            all.push(Self(format!("{short}@c.us")));
            all.dedup_by(|one, other| one.0 == other.0);
        }
        all
    }

    /// One text for each person, whatever the spelling.
    pub fn key(&self) -> Cow<'_, str> {
        match self.parts() {
            [name, ""] if !is_digits(name) => {
                Cow::Owned(format!("{}@c.us", name.to_ascii_lowercase()))
            }
            [_, ""] => Cow::Borrowed(&self.0),
            [head, tail] => Cow::Owned(format!("{head}{tail}@c.us")),
        }
    }

    /// The id with `@c.us` or `@lid`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@` without the optional digit of a number.
    fn parts(&self) -> [&str; 2] {
        let local = self.local();
        let digit = match self.is_hidden() {
            true => None,
            false => optional_digit(local),
        };
        let parts = digit.and_then(|at| Some([local.get(..at)?, local.get(at + 1..)?]));
        parts.unwrap_or([local, ""])
    }

    /// The bytes that are the same for two ids of one person, and for no other two.
    fn identity(&self) -> impl Iterator<Item = u8> {
        let server = match self.is_lid() {
            true => "@lid",
            false => "",
        };
        let parts = self.parts().into_iter().chain([server]);
        parts
            .flat_map(str::bytes)
            .map(|byte| byte.to_ascii_lowercase())
    }
}

/// Whether a text is a username or a business-scoped id: letters, digits, dots and
/// underscores, and among them a letter. It becomes a segment of a path.
fn is_name(local: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    (2..=MAX_NAME_BYTES).contains(&local.len())
        && local.bytes().all(fits)
        && local.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

/// Whether a text is a business-scoped id: a country in two capital letters, a dot, and
/// letters and digits, such as `US.13491208655302741918` or `US.ENT.118157`.
fn is_business_scoped(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else {
        return false;
    };
    // Without a digit it could be somebody's name.
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && id.bytes().any(|byte| byte.is_ascii_digit())
        && !id.contains('_')
        && is_name(text)
}

impl PartialEq for PersonId {
    fn eq(&self, other: &Self) -> bool {
        self.identity().eq(other.identity())
    }
}

impl Eq for PersonId {}

impl PartialOrd for PersonId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PersonId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(other.identity())
    }
}

impl Hash for PersonId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xff);
    }
}

text_id!(PersonId, "person-id");

impl From<&PhoneNumber> for PersonId {
    fn from(number: &PhoneNumber) -> Self {
        Self(format!("{}@c.us", number.digits()))
    }
}
