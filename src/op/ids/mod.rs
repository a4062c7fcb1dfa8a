//! Ids, each in one spelling, parsed once when they arrive.

mod chat;
mod invite;
mod message;
mod numbers;
mod people;
mod person;
mod phone;

pub use chat::{ChannelId, ChatId, GroupId};
pub use invite::InviteCode;
pub use message::MessageId;
pub use people::People;
pub use person::PersonId;
pub use phone::PhoneNumber;

use thiserror::Error;

use super::arguments::shown;

/// Why an argument is wrong, and what is right. Callers see it as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadId(String);

impl BadId {
    /// What is wrong, and what is right.
    pub(in crate::op) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// The error for a text that is not `wanted`; `hint` is where to find one. An id of
/// another kind is named as such.
fn not_an_id(text: &str, wanted: &str, hint: &str) -> BadId {
    let digits = |local: &str| {
        local
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b':'))
    };
    let kind = match text.split_once('@') {
        Some((_, "broadcast")) => "a broadcast list",
        Some((local, "g.us")) if digits(local) => "a group id",
        Some((local, "c.us" | "s.whatsapp.net" | "lid")) if digits(local) => "a person id",
        Some((local, "newsletter")) if digits(local) => "a channel id",
        _ => wanted,
    };
    let is = match kind == wanted {
        true => format!("is not {wanted}"),
        false => format!("is {kind}, not {wanted}"),
    };
    BadId(format!("`{}` {is}; {hint}", shown(text)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Makes an id a string in JSON and in schemas, with this format, and in text.
macro_rules! text_id {
    ($id:ident, $format:literal) => {
        impl TryFrom<String> for $id {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                Self::parse(&text)
            }
        }

        impl From<$id> for String {
            fn from(id: $id) -> Self {
                id.as_str().to_owned()
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl JsonSchema for $id {
            fn schema_name() -> Cow<'static, str> {
                stringify!($id).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}
use text_id;

#[cfg(test)]
mod tests;
