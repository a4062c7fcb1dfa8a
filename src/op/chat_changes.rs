//! Marking, archiving, clearing and deleting chats.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ChangeOutcome, ChatId, FromChange, OfChat, Operation, Reads, Risk, Targets, Topic,
    outcome::outcomes,
};

/// Mark the newest messages of a chat as read. Senders may see it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkChatRead {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for MarkChatRead {
    const NAME: &'static str = "mark_chat_read";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "mark a WhatsApp chat as read, which its senders may see";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_mark_chat_read", "mark_message_as_read"];
    type Output = ChangedChat;

    fn targets(&self) -> Targets {
        Targets::noticing(&self.chat)
    }
}

/// Mark a chat as unread on this account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkChatUnread {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for MarkChatUnread {
    const NAME: &'static str = "mark_chat_unread";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "mark a WhatsApp chat as unread";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_mark_chat_unread"];
    type Output = ChangedChat;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

/// Archive a chat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveChat {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for ArchiveChat {
    const NAME: &'static str = "archive_chat";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "archive a WhatsApp chat";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_archive_chat"];
    type Output = ChangedChat;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

/// Move a chat out of the archive.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnarchiveChat {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for UnarchiveChat {
    const NAME: &'static str = "unarchive_chat";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "take a WhatsApp chat out of the archive";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_unarchive_chat"];
    type Output = ChangedChat;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

/// Delete all messages of a chat on this account; others keep theirs. Irreversible.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearChat {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for ClearChat {
    const NAME: &'static str = "clear_chat";
    const RISK: Risk = Risk::Destructive;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "delete all messages of a WhatsApp chat on this account";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_clear_chat_messages"];
    type Output = ChangedChat;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

/// Delete a chat with its messages on this account; others keep theirs. Irreversible.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteChat {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for DeleteChat {
    const NAME: &'static str = "delete_chat";
    const RISK: Risk = Risk::Destructive;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "delete a WhatsApp chat with its messages on this account";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_delete_chat"];
    type Output = ChangedChat;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

outcomes! {
    /// What came of changing a chat.
    ChangingChat of OfChat, next: false {
        Done = verified "done for {} and verified",
        Accepted = accepted "accepted by the API for {}; the effect was not observed",
        StillThere = failed "the API accepted it, but nothing is gone from {}; check with get_chat in a minute",
        Unknown = failed "unknown whether it was done for {}; check with get_chat",
    }
}

/// The outcome of changing a chat.
pub type ChangedChat = ChangeOutcome<ChangingChat>;

impl FromChange for ChangingChat {
    const CHANGED: Self = Self::Done;
    const ACCEPTED: Self = Self::Accepted;
    const UNCHANGED: Self = Self::StillThere;
    const UNKNOWN: Self = Self::Unknown;
}
