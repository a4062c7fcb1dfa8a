//! Sending.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    BadId, BoundedText, CallContent, ChatId, MessageId, Operation, Output, PersonId, Reads, Risk,
    TargetRole, Targets, Topic,
};

/// The text of a message; GREEN-API accepts at most 20,000 characters.
pub type MessageText = BoundedText<1, 20_000>;

/// Send a text message. The same text with the same reply_to and mentions to the same chat
/// within 30 s is not sent again; the first answer is returned.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
    /// Text to send.
    pub text: MessageText,
    /// Id of a message in this chat to reply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Person ids to mention; the text needs @number for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<PersonId>,
    /// Show previews of links (default true).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_preview: Option<bool>,
    /// Send even if the same was sent within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

impl Operation for SendMessage {
    const NAME: &'static str = "send_message";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "send a WhatsApp message";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] =
        &["matrix_send_message", "send_text", "waha_send_message"];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat).and(self.mentions.iter(), TargetRole::Noticing)
    }

    fn check(&self) -> Result<(), BadId> {
        reply_is_of(self.reply_to.as_ref(), &self.chat)
    }

    fn content(&self) -> Option<CallContent> {
        let reply_to = reply_content(self.reply_to.as_ref());
        // The order of the mentions shows nowhere.
        let content = CallContent::of(json!([self.chat, self.text, reply_to]));
        let content = content.with_people(&self.mentions);
        Some(content.repeated(self.allow_repeat))
    }
}

/// Holds the message that is answered to against the chat: one answers in its chat.
pub(super) fn reply_is_of(reply_to: Option<&MessageId>, chat: &ChatId) -> Result<(), BadId> {
    reply_to.map_or(Ok(()), |message| message.is_of(chat))
}

/// What identifies the message that is answered to, for [`Operation::content`]: the key
/// alone, as the chat and the writer in a full id may each have two ids.
pub(super) fn reply_content(reply_to: Option<&MessageId>) -> Option<&str> {
    reply_to.map(MessageId::key)
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
