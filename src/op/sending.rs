//! Sending.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BadId, ChatId, MessageId, Operation, Output, PersonId, Risk, Targets, Topic};

/// The longest text that is sent, in characters; GREEN-API takes no more.
const LONGEST: usize = 20_000;

/// A text to be sent: not empty, and not longer than every back end takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

impl MessageText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MessageText {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        if text.trim().is_empty() {
            return Err(BadId::new("there is nothing to send"));
        }
        match text.chars().count() {
            0..=LONGEST => Ok(Self(text)),
            length => Err(BadId::new(format!(
                "this text has {length} characters; a message takes 1 to {LONGEST}"
            ))),
        }
    }
}

impl From<MessageText> for String {
    fn from(text: MessageText) -> Self {
        text.0
    }
}

impl JsonSchema for MessageText {
    fn schema_name() -> Cow<'static, str> {
        "MessageText".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// Send a text message. The same text to the same chat within 30 s is not sent again:
/// the first answer comes back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Chat to send to: a chat's id, or a phone number.
    pub chat: ChatId,
    /// What to send.
    pub text: MessageText,
    /// Message to answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// People to mention; their numbers have to stand in the text as @number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<PersonId>,
    /// Whether links are shown with a preview (default true).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_preview: Option<bool>,
    /// Send even if the same was sent just now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

impl Operation for SendMessage {
    const NAME: &'static str = "send_message";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const INTENT: &'static str = "send a WhatsApp message";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] =
        &["matrix_send_message", "send_text", "waha_send_message"];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat)
    }

    fn check(&self) -> Result<(), BadId> {
        reply_is_of(self.reply_to.as_ref(), &self.chat)
    }

    fn content(&self) -> Option<Value> {
        (!self.allow_repeat).then(|| json!([self.chat, self.text]))
    }
}

/// Holds the message that is answered to against the chat: one answers in its chat.
pub(super) fn reply_is_of(reply_to: Option<&MessageId>, chat: &ChatId) -> Result<(), BadId> {
    reply_to.map_or(Ok(()), |message| message.is_of(chat))
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Delivery {
    /// The API accepted it; WhatsApp has not confirmed it yet.
    Accepted,
    /// WhatsApp has it.
    Sent,
    /// The recipient's phone has it.
    Delivered,
    /// The recipient has read it.
    Read,
    /// WhatsApp rejected it.
    Failed,
}

/// A message that was sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Sent {
    /// How far it has come.
    pub delivery: Delivery,
    /// Whether WhatsApp has confirmed it.
    pub verified: bool,
    /// The message's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub message: Option<MessageId>,
    /// The chat that it went to.
    #[schemars(with = "String")]
    pub chat: ChatId,
    /// When it was handed over (RFC 3339).
    #[schemars(with = "String")]
    pub sent_at: Timestamp,
}

impl Sent {
    /// A message that has come so far.
    pub fn new(delivery: Delivery, message: Option<MessageId>, chat: ChatId) -> Self {
        let now = Timestamp::now();
        Self {
            delivery,
            verified: !matches!(delivery, Delivery::Accepted | Delivery::Failed),
            message,
            chat,
            sent_at: Timestamp::from_second(now.as_second()).unwrap_or(now),
        }
    }
}

impl Output for Sent {
    fn text(&self) -> String {
        let (chat, id) = (&self.chat, self.message.as_ref());
        let words = match self.delivery {
            Delivery::Accepted => "accepted for",
            Delivery::Sent => "sent to",
            Delivery::Delivered => "delivered to",
            Delivery::Read => "read by",
            Delivery::Failed => "rejected by WhatsApp for",
        };
        match id {
            Some(id) => format!("{words} {chat}; message {id}"),
            None => format!("{words} {chat}"),
        }
    }

    fn failed(&self) -> bool {
        self.delivery == Delivery::Failed
    }
}
