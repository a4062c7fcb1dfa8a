//! Identifiers, parsed once where they come in.

mod chat;
mod invite;
mod message;
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

/// Why a text is not the identifier that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadId(String);

impl BadId {
    /// Says what is wrong, and what would be right.
    pub(in crate::op) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// What an id is an id of, told by what stands behind its `@`.
fn kind(text: &str) -> &'static str {
    match text.split_once('@').map(|(_, server)| server) {
        Some("g.us") => "is no group id",
        Some("c.us" | "s.whatsapp.net" | "lid") => "is a person",
        Some("newsletter") => "is a channel",
        Some("broadcast") => "is a broadcast list",
        _ => "is no id",
    }
}

/// Says what a text is, and what would be right.
fn wrong_kind(text: &str, is: &str, right: &str) -> BadId {
    BadId(format!(
        "`{}` {is}; {right}",
        crate::op::Untrusted::new(text.get(..60).unwrap_or(text))
    ))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An id is a string in JSON, in schemas and on the screen, and is read by `parse`.
macro_rules! text_id {
    ($id:ident) => {
        text_id!($id, json_schema!({ "type": "string" }));
    };
    ($id:ident, $schema:expr) => {
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
                $schema
            }
        }
    };
}
use text_id;

#[cfg(test)]
mod tests;
