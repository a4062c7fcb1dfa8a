//! What comes out as a file: a message's media, and a chat's picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attachment, BadId, ChatId, MessageId, Operation, Output, Reading, Reads, ReceivedFile, Risk,
    Targets, Topic,
};

/// Download the picture, recording or file of a message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DownloadMedia {
    /// Chat id of the message.
    pub chat: ChatId,
    /// Message id from list_messages.
    pub message: MessageId,
}

impl Operation for DownloadMedia {
    const NAME: &'static str = "download_media";
    const RISK: Risk = Risk::Read;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::One;
    const INTENT: &'static str = "download a file from a WhatsApp message";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &[];
    type Output = ReceivedFile;

    fn check(&self) -> Result<(), BadId> {
        self.message.is_of(&self.chat)
    }

    fn targets(&self) -> Targets {
        Targets::source(&self.chat)
    }
}

impl DownloadMedia {
    /// What names the file in an answer.
    pub fn uri(&self) -> String {
        format!("whatsapp://chat/{}/messages/{}", self.chat, self.message)
    }
}

/// Get the picture of a person, group or channel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPicture {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
}

impl Operation for GetPicture {
    const NAME: &'static str = "get_picture";
    const RISK: Risk = Risk::Read;
    const TOPIC: Topic = Topic::Chats;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "look at the picture of a WhatsApp chat";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &[
        "waha_get_chat_picture",
        "waha_get_contact_profile_picture",
        "waha_get_group_picture",
    ];
    type Output = ChatPicture;

    fn targets(&self) -> Targets {
        Targets::chat(&self.chat)
    }
}

impl GetPicture {
    /// What names the picture in an answer.
    pub fn uri(&self) -> String {
        format!("whatsapp://chat/{}/picture", self.chat)
    }
}

/// A chat's picture.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChatPicture {
    /// Whether this account is shown a picture.
    pub has_picture: bool,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<ReceivedFile>,
    #[serde(skip)]
    chat: ChatId,
}

impl ChatPicture {
    /// The picture of a chat, if this account is shown one.
    pub fn new(chat: ChatId, picture: Option<ReceivedFile>) -> Self {
        Self {
            has_picture: picture.is_some(),
            picture,
            chat,
        }
    }
}

impl Output for ChatPicture {
    fn reading(&self) -> Reading {
        let chats = self.picture.iter().map(|_| self.chat.clone());
        Reading::besides_messages(chats)
    }

    fn text(&self) -> String {
        match &self.picture {
            Some(picture) => picture.text(),
            None => "no picture: none is set, or this account is not shown it".to_owned(),
        }
    }

    fn attachments(&self) -> Vec<Attachment> {
        self.picture
            .iter()
            .flat_map(|picture| picture.attachments())
            .collect()
    }
}
