//! Phone numbers.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, is_digits};
use crate::op::arguments::shown;

/// A phone number in international form, digits only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses an international number; `+`, `00`, spaces, dots, hyphens and brackets are
    /// accepted.
    ///
    /// # Errors
    /// When the rest is not 7 to 15 digits, or starts with a zero (E.164).
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
            Err(BadId(format!(
                "`{}` is not a phone number with country code, such as `+4915112345678`",
                shown(text)
            )))
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
        json_schema!({ "type": "string", "format": "phone-number" })
    }
}
