//! Sending pictures, videos, documents and recordings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    BackendError, BackendResult, BadId, CallContent, ChatId, FileOperation, MessageId, Operation,
    OutgoingFile, Reads, Risk, Sent, Targets, Topic, arguments, file_refused,
    sending::reply_content,
};
use crate::media::{Family, Media, MediaSource, is_file_name};

/// The longest caption, in characters.
const MAX_CAPTION: usize = 1024;

/// How something is shown in the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum MediaKind {
    /// As a picture.
    Image,
    /// As a video.
    Video,
    /// As a file to be opened.
    Document,
}

/// Send a picture, video or document.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMedia {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
    /// Exactly one of url, base64 (with mime) and path.
    #[serde(deserialize_with = "arguments::media")]
    pub media: MediaSource,
    /// How to show it (default: by content).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<MediaKind>,
    /// Text below it, at most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// File name for the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Id of a message in this chat to reply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Send even if the same was sent within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

/// Send a recording as a voice message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendVoice {
    /// Chat id from list_chats, or a phone number.
    pub chat: ChatId,
    /// Recording: exactly one of url, base64 (with mime) and path.
    #[serde(deserialize_with = "arguments::media")]
    pub media: MediaSource,
    /// Id of a message in this chat to reply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Send even if the same was sent within 30 s.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_repeat: bool,
}

fn check(media: &MediaSource, reply_to: Option<&MessageId>, chat: &ChatId) -> Result<(), BadId> {
    media.check().map_err(BadId::new)?;
    reply_to.map_or(Ok(()), |message| message.is_of(chat))
}

impl Operation for SendMedia {
    const NAME: &'static str = "send_media";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "send a file on WhatsApp";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &[
        "send_document",
        "send_file",
        "send_image",
        "waha_send_media",
    ];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat)
    }

    fn check(&self) -> Result<(), BadId> {
        check(&self.media, self.reply_to.as_ref(), &self.chat)?;
        let caption = self.caption.as_deref().unwrap_or_default();
        if caption.chars().count() > MAX_CAPTION {
            let problem = format!("`caption` must have at most {MAX_CAPTION} characters");
            return Err(BadId::new(problem));
        }
        match &self.file_name {
            Some(name) if !is_file_name(name) => Err(BadId::new(
                "`file_name` must be a plain name such as plan.pdf, without folders",
            )),
            _ => Ok(()),
        }
    }

    fn outgoing(&self) -> Option<OutgoingFile> {
        Some(OutgoingFile::of(&self.media))
    }

    fn content(&self) -> Option<CallContent> {
        let reply_to = reply_content(self.reply_to.as_ref());
        let content = CallContent::of(json!([self.chat, self.kind, self.caption, reply_to]));
        Some(content.repeated(self.allow_repeat))
    }
}

impl Operation for SendVoice {
    const NAME: &'static str = "send_voice";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Messages;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "send a voice message on WhatsApp";
    const IDEMPOTENT: bool = false;
    const KNOWN_AS: &'static [&'static str] = &["send_audio_message", "waha_send_audio"];
    type Output = Sent;

    fn targets(&self) -> Targets {
        Targets::recipient(&self.chat)
    }

    fn check(&self) -> Result<(), BadId> {
        check(&self.media, self.reply_to.as_ref(), &self.chat)
    }

    fn outgoing(&self) -> Option<OutgoingFile> {
        Some(OutgoingFile::of(&self.media))
    }

    fn content(&self) -> Option<CallContent> {
        let reply_to = reply_content(self.reply_to.as_ref());
        let content = CallContent::of(json!([self.chat, reply_to]));
        Some(content.repeated(self.allow_repeat))
    }
}

/// A file of `send_media`, and how it is shown.
#[derive(Debug, Clone)]
pub struct ShownMedia {
    /// How it is shown.
    pub kind: MediaKind,
    /// The file.
    pub media: Media,
}

impl FileOperation for SendMedia {
    type File = ShownMedia;

    fn source(&mut self) -> Option<&mut MediaSource> {
        Some(&mut self.media)
    }

    fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    fn accept(&self, media: Media) -> BackendResult<ShownMedia> {
        let family = media.family();
        let kind = self.kind.unwrap_or(match family {
            Family::Image => MediaKind::Image,
            Family::Video => MediaKind::Video,
            Family::Audio | Family::Other => MediaKind::Document,
        });
        match (kind, family) {
            (MediaKind::Image, Family::Image) | (MediaKind::Video, Family::Video) => {}
            (MediaKind::Document, _) => {}
            (MediaKind::Image, _) => return Err(wrong_kind("picture")),
            (MediaKind::Video, _) => return Err(wrong_kind("video")),
        }
        Ok(ShownMedia { kind, media })
    }
}

impl FileOperation for SendVoice {
    type File = Media;

    fn source(&mut self) -> Option<&mut MediaSource> {
        Some(&mut self.media)
    }

    fn accept(&self, media: Media) -> BackendResult<Media> {
        match media.family() {
            Family::Audio => Ok(media),
            Family::Image | Family::Video | Family::Other => Err(wrong_kind("recording")),
        }
    }
}

fn wrong_kind(wanted: &str) -> BackendError {
    file_refused(
        &format!("the content of the file is not a {wanted}"),
        "send another file, or send it with send_media as kind document",
    )
}
