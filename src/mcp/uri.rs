//! The URIs of resources.

use percent_encoding::percent_decode_str;

use crate::op::{ChatId, Untrusted};

pub(super) const SESSION: &str = "whatsapp://session";
pub(super) const CHATS: &str = "whatsapp://chats";
pub(super) const POLICY: &str = "whatsapp://policy";
pub(super) const MESSAGES: &str = "whatsapp://chat/{id}/messages";

const SCHEME: &str = "whatsapp://";

/// No id is longer, even with every character percent-encoded.
const MAX_ID_BYTES: usize = 300;

/// The resource that a URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResourceUri {
    Session,
    Chats,
    Messages(ChatId),
    Policy,
}

/// The URI of a resource of one account; unchanged if `account` is empty.
pub(super) fn of(account: &str, uri: &str) -> String {
    match uri.strip_prefix(SCHEME) {
        Some(rest) if !account.is_empty() => format!("{SCHEME}{account}/{rest}"),
        _ => uri.to_owned(),
    }
}

/// Splits a URI with an account into the account and the URI without it.
pub(super) fn split(uri: &str) -> Option<(&str, String)> {
    let (account, rest) = uri.strip_prefix(SCHEME)?.split_once('/')?;
    Some((account, format!("{SCHEME}{rest}")))
}

/// Parses a URI without an account.
///
/// # Errors
/// A sentence for the client that says what is wrong.
pub(super) fn parse(uri: &str) -> Result<ResourceUri, String> {
    match uri {
        SESSION => return Ok(ResourceUri::Session),
        CHATS => return Ok(ResourceUri::Chats),
        POLICY => return Ok(ResourceUri::Policy),
        _ => {}
    }
    let id = uri
        .strip_prefix("whatsapp://chat/")
        .and_then(|rest| rest.strip_suffix("/messages"))
        .filter(|id| id.len() <= MAX_ID_BYTES)
        .ok_or_else(|| format!("there is no resource `{}`", Untrusted::new(uri)))?;
    let id = decode(id)
        .ok_or_else(|| format!("`{}` is not a percent-encoded chat id", Untrusted::new(id)))?;
    ChatId::parse(&id)
        .map(ResourceUri::Messages)
        .map_err(|wrong| wrong.to_string())
}

/// Decodes percent-encoding, once; `None` for text that cannot be part of a URI.
fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    let is_uri = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_uri.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_accepted_with_and_without_percent_encoding() {
        for id in ["15552220001@c.us", "15552220001%40c.us", "%2b15552220001"] {
            let uri = parse(&format!("whatsapp://chat/{id}/messages"));
            let chat = ChatId::parse("15552220001@c.us").unwrap();
            assert_eq!(uri, Ok(ResourceUri::Messages(chat)), "{id}");
        }
    }

    proptest! {
        #[test]
        fn a_parsed_uri_always_holds_a_valid_id(id in any::<String>()) {
            if let Ok(uri) = parse(&format!("whatsapp://chat/{id}/messages")) {
                let ResourceUri::Messages(chat) = uri else { unreachable!() };
                prop_assert_eq!(ChatId::parse(chat.as_str()), Ok(chat.clone()));
            }
        }
    }
}
