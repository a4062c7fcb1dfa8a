//! Identifiers, parsed once where they come in.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not the identifier that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadId(String);

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
            Some((_, "c.us" | "s.whatsapp.net" | "lid")) => Err(wrong_kind(text, "a person")),
            Some((_, "newsletter")) => Err(wrong_kind(text, "a channel")),
            Some((_, "broadcast")) => Err(wrong_kind(text, "a broadcast list")),
            _ => Err(wrong_kind(text, "not a group id")),
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

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn wrong_kind(text: &str, is: &str) -> BadId {
    let shown = super::Foreign::new(text.get(..60).unwrap_or(text));
    BadId(format!(
        "`{shown}` is {is}; a group id looks like `120363025246125486@g.us`, and `list_groups` shows them"
    ))
}

impl TryFrom<String> for GroupId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        Self::parse(&text)
    }
}

impl From<GroupId> for String {
    fn from(id: GroupId) -> Self {
        id.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for GroupId {
    fn schema_name() -> Cow<'static, str> {
        "GroupId".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^\d+(-\d+)?@g\.us$" })
    }
}

/// A telephone number in international form, digits only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads an international number; `+`, `00`, spaces, dots, hyphens and
    /// brackets are accepted.
    ///
    /// # Errors
    /// When what is left is not 7 to 15 digits or starts with a zero (E.164).
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let bare: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}'))
            .collect();
        let digits = bare
            .strip_prefix('+')
            .or_else(|| bare.strip_prefix("00"))
            .unwrap_or(&bare);
        if is_digits(digits) && (7..=15).contains(&digits.len()) && !digits.starts_with('0') {
            Ok(Self(digits.to_owned()))
        } else {
            Err(BadId(
                "this is not an international phone number; write it with its country code, like `+4915112345678`"
                    .into(),
            ))
        }
    }

    /// The number's digits, without `+`.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl JsonSchema for PhoneNumber {
    fn schema_name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A person as the APIs name one, in one spelling for each identity.
///
/// `@s.whatsapp.net`, `@c.us` and a device suffix (`:12`) are the same person; a
/// `@lid` is a hidden identity that only the API can resolve.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonId(String);

impl PersonId {
    /// Reads a person's id from an API's answer.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, server) = text.trim().split_once('@')?;
        let local = local
            .split_once(':')
            .map_or(local, |(local, _device)| local);
        let server = match server {
            "c.us" | "s.whatsapp.net" => "c.us",
            "lid" => "lid",
            _ => return None,
        };
        is_digits(local).then(|| Self(format!("{local}@{server}")))
    }

    /// Whether the phone number behind it is hidden.
    pub fn is_hidden(&self) -> bool {
        self.0.ends_with("@lid")
    }

    /// The id with `@c.us` or `@lid`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A chat that a call reaches, in the one spelling that limits count by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChatRef {
    /// A group.
    Group(GroupId),
}

impl ChatRef {
    /// The chat's id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Group(id) => id.as_str(),
        }
    }
}

impl From<&GroupId> for ChatRef {
    fn from(id: &GroupId) -> Self {
        Self::Group(id.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_read() {
        for id in ["120363025246125486@g.us", "4915112345678-1600000000@g.us"] {
            assert_eq!(GroupId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn another_kind_is_named() {
        for (id, kind) in [
            ("15552223333@c.us", "a person"),
            ("1@lid", "a person"),
            ("120363@newsletter", "a channel"),
            ("status@broadcast", "a broadcast list"),
            ("../../sessions/default/logout", "not a group id"),
            ("120363025246125486", "not a group id"),
            ("..@g.us", "not a group id"),
        ] {
            let said = GroupId::parse(id).unwrap_err().to_string();
            assert!(said.contains(&format!("is {kind};")), "{said}");
        }
    }

    #[test]
    fn numbers_are_read_in_any_spelling() {
        for text in [
            "+49 151 12345678",
            "0049-151-12345678",
            "(49) 151.12345678",
            "4915112345678",
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().digits(), "4915112345678");
        }
        for text in [
            "",
            "0151 1234567",
            "+49 abc",
            "1234",
            "1234567890123456",
            "+",
        ] {
            assert!(PhoneNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_person_has_one_spelling() {
        let one = PersonId::parse("15552223333@c.us");
        assert_eq!(one, PersonId::parse("15552223333:7@s.whatsapp.net"));
        assert_ne!(one, PersonId::parse("15552223333@lid"));
        assert_eq!(PersonId::parse("1203@g.us"), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_round_trips(text in any::<String>()) {
            if let Ok(id) = GroupId::parse(&text) {
                prop_assert_eq!(GroupId::parse(id.as_str()), Ok(id));
            }
            if let Ok(number) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(number.digits()), Ok(number));
            }
            if let Some(person) = PersonId::parse(&text) {
                prop_assert_eq!(PersonId::parse(person.as_str()), Some(person));
            }
        }

        #[test]
        fn every_number_reads_back(digits in "[1-9][0-9]{6,14}") {
            let number = PhoneNumber::parse(&format!("+{digits}")).unwrap();
            prop_assert_eq!(number.digits(), digits);
        }
    }
}
