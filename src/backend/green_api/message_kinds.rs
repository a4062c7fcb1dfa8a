//! Kinds of messages on GREEN-API, and their text.

use serde_json::Value;

use crate::backend::showing;

/// A message's kind, where it is more than text.
pub(super) fn kind(message: &Value) -> Option<&str> {
    if is_gone(message) {
        return Some("deleted");
    }
    match message.get("typeMessage")?.as_str()? {
        "textMessage" | "extendedTextMessage" | "quotedMessage" | "editedMessage" => None,
        "contactsArrayMessage" => Some("contact"),
        "pollUpdateMessage" => Some("poll"),
        "groupInviteMessage" => Some("invitation"),
        // `imageMessage` is an image.
        other => Some(other.trim_end_matches("Message")),
    }
}

/// A message's text, else its location, contacts or poll.
pub(super) fn words(message: &Value) -> String {
    const TEXTS: [&str; 4] = [
        "/textMessage",
        "/caption",
        "/extendedTextMessage/text",
        "/extendedTextMessageData/text",
    ];
    if is_gone(message) {
        return String::new();
    }
    let text = |at: &&str| message.pointer(at).and_then(Value::as_str);
    if let Some(text) = TEXTS
        .iter()
        .filter_map(text)
        .find(|text| !text.trim().is_empty())
    {
        return text.to_owned();
    }
    place(message)
        .or_else(|| poll(message))
        .unwrap_or_else(|| cards(message))
}

/// The types of messages that a person writes. The other ones are notices, or changes of
/// earlier messages.
const WRITTEN: &[&str] = &[
    "textMessage",
    "extendedTextMessage",
    "quotedMessage",
    "imageMessage",
    "videoMessage",
    "documentMessage",
    "audioMessage",
    "stickerMessage",
    "locationMessage",
    "contactMessage",
    "contactsArrayMessage",
    "pollMessage",
    "groupInviteMessage",
    "interactiveButtonsResponse",
    "buttonsResponseMessage",
    "listResponseMessage",
    "templateButtonsReplyMessage",
];

/// Whether a message was written by a person other than this account, and is still there.
pub(super) fn is_incoming(message: &Value) -> bool {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let is_written = text("typeMessage").is_some_and(|kind| WRITTEN.contains(&kind));
    text("type") == Some("incoming") && is_written && !is_gone(message)
}

/// Whether its author deleted a message for everyone.
fn is_gone(message: &Value) -> bool {
    message.get("isDeleted").and_then(Value::as_bool) == Some(true)
}

/// A field by its name in journals, or by its name in notifications.
fn part<'a>(message: &'a Value, name: &str) -> Option<&'a Value> {
    let in_notifications = format!("{name}MessageData");
    message.get(name).or_else(|| message.get(in_notifications))
}

fn place(message: &Value) -> Option<String> {
    showing::place(part(message, "location")?, &["nameLocation", "address"])
}

/// A poll's question, with its options.
fn poll(message: &Value) -> Option<String> {
    let poll = part(message, "poll")?;
    let question = poll.get("name")?.as_str()?;
    let options = poll.get("options").and_then(Value::as_array);
    let options = options
        .into_iter()
        .flatten()
        .filter_map(|option| option.get("optionName")?.as_str());
    let options: Vec<&str> = options.collect();
    Some(format!("{question} ({})", options.join("; ")))
}

fn cards(message: &Value) -> String {
    let many = message.get("contacts").and_then(Value::as_array);
    let contacts = part(message, "contact")
        .into_iter()
        .chain(many.into_iter().flatten());
    showing::cards(contacts.filter_map(|contact| contact.get("vcard")?.as_str()))
}
