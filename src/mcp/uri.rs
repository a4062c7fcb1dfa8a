//! The addresses of resources, read strictly.

use crate::op::{ChatId, Untrusted};

pub(super) const SESSION: &str = "whatsapp://session";
pub(super) const CHATS: &str = "whatsapp://chats";
pub(super) const POLICY: &str = "whatsapp://policy";
pub(super) const MESSAGES: &str = "whatsapp://chat/{id}/messages";

const SCHEME: &str = "whatsapp://";

/// No id is longer, however it is encoded.
const LONGEST: usize = 300;

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Session,
    Chats,
    Messages(ChatId),
    Policy,
}

/// An address of one of several accounts, which comes first in it.
pub(super) fn of(account: &str, uri: &str) -> String {
    match uri.strip_prefix(SCHEME) {
        Some(rest) if !account.is_empty() => format!("{SCHEME}{account}/{rest}"),
        _ => uri.to_owned(),
    }
}

/// Takes the account out of an address of one of several.
pub(super) fn split(uri: &str) -> Option<(&str, String)> {
    let (account, rest) = uri.strip_prefix(SCHEME)?.split_once('/')?;
    Some((account, format!("{SCHEME}{rest}")))
}

/// Reads an address; what is wrong with it where it names nothing.
pub(super) fn read(uri: &str) -> Result<Place, String> {
    match uri {
        SESSION => return Ok(Place::Session),
        CHATS => return Ok(Place::Chats),
        POLICY => return Ok(Place::Policy),
        _ => {}
    }
    let id = uri
        .strip_prefix("whatsapp://chat/")
        .and_then(|rest| rest.strip_suffix("/messages"))
        .filter(|id| id.len() <= LONGEST)
        .ok_or_else(|| format!("there is no resource `{}`", Untrusted::new(uri)))?;
    let id = decode(id).ok_or_else(|| {
        format!(
            "`{}` is no percent-encoded id of a chat",
            Untrusted::new(id)
        )
    })?;
    ChatId::parse(&id)
        .map(Place::Messages)
        .map_err(|wrong| wrong.to_string())
}

/// Undoes percent-encoding, once; nothing for what an address may not hold.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            b'-' | b'.' | b'_' | b'~' | b'@' | b'+' => byte,
            _ if byte.is_ascii_alphanumeric() => byte,
            _ => return None,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_may_be_encoded_or_not() {
        for id in ["15552220001@c.us", "15552220001%40c.us", "%2b15552220001"] {
            let place = read(&format!("whatsapp://chat/{id}/messages"));
            let chat = ChatId::parse("15552220001@c.us").unwrap();
            assert_eq!(place, Ok(Place::Messages(chat)), "{id}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_an_id(id in any::<String>()) {
            if let Ok(place) = read(&format!("whatsapp://chat/{id}/messages")) {
                let Place::Messages(chat) = place else { unreachable!() };
                prop_assert_eq!(ChatId::parse(chat.as_str()), Ok(chat.clone()));
            }
        }
    }
}
