//! Kinds of messages on WAHA, and their text.

use serde_json::Value;

use crate::backend::showing;

/// A message's kind, where it is more than text.
pub(super) fn kind(message: &Value) -> Option<String> {
    if location(message).is_some() {
        Some("location".to_owned())
    } else if cards(message).next().is_some() {
        Some("contact".to_owned())
    } else {
        media_kind(message)
    }
}

/// A message's text, else its location or contacts.
pub(super) fn words(message: &Value) -> String {
    let body = message.get("body").and_then(Value::as_str);
    if let Some(body) = body.filter(|body| !body.trim().is_empty()) {
        return body.to_owned();
    }
    if let Some(place) = location(message) {
        return place;
    }
    showing::cards(cards(message))
}

/// The types of WEBJS for what a person writes. Its other types are notices, calls, and
/// messages that cannot be read.
const WRITTEN: &[&str] = &[
    "chat",
    "image",
    "video",
    "audio",
    "ptt",
    "ptv",
    "document",
    "sticker",
    "location",
    "vcard",
    "multi_vcard",
    "poll_creation",
    "list_response",
    "buttons_response",
    "template_button_reply",
    "interactive_response",
    "order",
    "product",
];

/// Whether a message was written by a person other than this account. Notices of WhatsApp
/// are not, nor are reactions; what has no content that can be seen may be one.
pub(super) fn is_incoming(message: &Value) -> bool {
    let by_other = message.get("fromMe").and_then(Value::as_bool) == Some(false);
    let of_engine = |at: &str| message.pointer(at).filter(|value| !value.is_null());
    let is_written = of_engine("/_data/type")
        .and_then(Value::as_str)
        .is_none_or(|kind| WRITTEN.contains(&kind));
    let is_notice = of_engine("/_data/messageStubType").is_some();
    by_other && is_written && !is_notice && (kind(message).is_some() || !words(message).is_empty())
}

/// A location's coordinates, with its name and address.
fn location(message: &Value) -> Option<String> {
    showing::place(message.get("location")?, &["name", "address"])
}

fn cards(message: &Value) -> impl Iterator<Item = &str> {
    let cards = message.get("vCards").and_then(Value::as_array);
    cards.into_iter().flatten().filter_map(Value::as_str)
}

/// The main part of the media type, such as `image`; `media` where there is no type.
fn media_kind(message: &Value) -> Option<String> {
    if message.get("hasMedia").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let mime = message
        .pointer("/media/mimetype")
        .and_then(Value::as_str)
        .unwrap_or("media");
    Some(
        mime.split('/')
            .next()
            .unwrap_or(mime)
            .replace("application", "document"),
    )
}
