//! What can be done to a message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    BadId, CallContent, ChangeOutcome, ChatId, Emoji, FromChange, MessageId, MessageText,
    OfMessage, Operation, Reads, Risk, TargetRole, Targets, Topic, outcome::outcomes,
};

/// Replace the text of a message from this account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
    /// New text.
    pub text: MessageText,
}

/// Delete a message for everyone in the chat. Irreversible.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
}

/// React to a message with an emoji.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct React {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
    /// One emoji; empty removes the reaction.
    pub emoji: Emoji,
}

/// Star a message, on this account only.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StarMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
}

/// Remove the star from a message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnstarMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
}

/// Pin a message at the top of its chat, for everyone in it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
    /// How long (default week).
    #[serde(default)]
    pub duration: PinDuration,
}

/// Unpin a message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnpinMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
}

/// Forward a message to another chat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardMessage {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
    /// Chat id or phone number to forward to.
    pub to: ChatId,
    /// Forward even if the same was forwarded within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

/// How long a message stays pinned; WhatsApp knows these three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum PinDuration {
    /// 24 hours.
    Day,
    /// 7 days.
    #[default]
    Week,
    /// 30 days.
    Month,
}

impl PinDuration {
    /// The time in seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_592_000,
        }
    }
}

/// An operation on a message of a chat, which touches nothing else.
macro_rules! on_message {
    ($op:ident, $name:literal, $risk:ident, $part:ident, $effect:literal, $known_as:literal) => {
        impl Operation for $op {
            const NAME: &'static str = $name;
            const RISK: Risk = Risk::$risk;
            const TOPIC: Topic = Topic::Messages;
            const READS: Reads = Reads::Nothing;
            const INTENT: &'static str = $effect;
            const IDEMPOTENT: bool = true;
            const KNOWN_AS: &'static [&'static str] = &[$known_as];
            type Output = ChangedMessage;

            fn targets(&self) -> Targets {
                Targets::$part(&self.chat)
            }

            fn check(&self) -> Result<(), BadId> {
                self.message.is_of(&self.chat)
            }
        }
    };
}

on_message!(
    EditMessage,
    "edit_message",
    Write,
    recipient,
    "change a WhatsApp message",
    "waha_edit_message"
);
on_message!(
    DeleteMessage,
    "delete_message",
    Destructive,
    noticing,
    "delete a WhatsApp message for everyone",
    "waha_delete_message"
);
on_message!(
    React,
    "react",
    Write,
    recipient,
    "react to a WhatsApp message",
    "waha_react_to_message"
);
on_message!(
    StarMessage,
    "star_message",
    Write,
    chat,
    "mark a WhatsApp message with a star",
    "waha_star_message"
);
on_message!(
    UnstarMessage,
    "unstar_message",
    Write,
    chat,
    "take the star off a WhatsApp message",
    "waha_star_message"
);
on_message!(
    PinMessage,
    "pin_message",
    Write,
    noticing,
    "pin a WhatsApp message",
    "waha_pin_message"
);
on_message!(
    UnpinMessage,
    "unpin_message",
    Write,
    noticing,
    "unpin a WhatsApp message",
    "waha_unpin_message"
);

impl Operation for ForwardMessage {
    const NAME: &'static str = "forward_message";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "forward a WhatsApp message to another chat";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &[];
    type Output = ChangedMessage;

    fn targets(&self) -> Targets {
        Targets::source(&self.chat).with(&self.to, TargetRole::Recipient)
    }

    fn check(&self) -> Result<(), BadId> {
        self.message.is_of(&self.chat)
    }

    fn content(&self) -> Option<CallContent> {
        let content = CallContent::of(json!([self.chat, self.message.key(), self.to]));
        Some(content.repeated(self.allow_repeat))
    }
}

outcomes! {
    /// What came of a change to a message.
    ChangingMessage of OfMessage, next: true {
        Done = verified "done; the message shows the change",
        Accepted = accepted "accepted by WhatsApp; this API cannot confirm it",
        Unchanged = failed "the API accepted it, but the message has not changed"
            => "check with get_message in a minute",
        Unknown = failed "unknown whether it was done"
            => "check with get_message first; do not repeat the call before that",
    }
}

/// The outcome of a change to a message.
pub type ChangedMessage = ChangeOutcome<ChangingMessage>;

impl FromChange for ChangingMessage {
    const CHANGED: Self = Self::Done;
    const ACCEPTED: Self = Self::Accepted;
    const UNCHANGED: Self = Self::Unchanged;
    const UNKNOWN: Self = Self::Unknown;
}
