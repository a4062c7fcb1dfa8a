//! Invite links to groups.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, text_id};

/// The code of an invite link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InviteCode(String);

/// The host of invite links.
const HOST: &str = "chat.whatsapp.com/";

impl InviteCode {
    /// Parses a code or an invite link.
    ///
    /// # Errors
    /// For any other text. The error does not repeat it: it can be a secret link.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let text = ["https://", "http://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .unwrap_or(text);
        let code = match text.strip_prefix(HOST) {
            Some(path) => {
                let path = path.strip_prefix("invite/").unwrap_or(path);
                let path = path.split(['?', '#']).next().unwrap_or(path);
                path.strip_suffix('/').unwrap_or(path)
            }
            None => text,
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // Real codes have 22 characters; nine would admit `undefined`.
        if (10..=64).contains(&code.len()) && code.bytes().all(fits) {
            Ok(Self(code.to_owned()))
        } else {
            Err(BadId(
                "this is not an invite link to a group; an invite link is `https://chat.whatsapp.com/` and a code of letters and digits"
                    .into(),
            ))
        }
    }

    /// The code without the link.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The invite link.
    pub fn link(&self) -> String {
        format!("https://{HOST}{}", self.0)
    }
}

text_id!(InviteCode, "invite");
