//! Sending media on GREEN-API, which chooses how to show a file by its name's extension.

use reqwest::multipart::{Form, Part};

use super::{GreenApi, sending::cannot};
use crate::{
    backend::media,
    media::{Family, Media},
    op::{BackendError, ChatId, MediaKind, MessageId, Progress, SendMedia, SendVoice, Sent},
};

impl GreenApi {
    pub(super) async fn send_media(
        self,
        op: SendMedia,
        progress: Progress,
    ) -> Result<Sent, BackendError> {
        self.reachable(&op.chat)?;
        progress.say("loading");
        let (kind, file) = media::to_show(&op, &self.0.media).await?;
        if kind == MediaKind::Document && matches!(file.family(), Family::Image | Family::Video) {
            let what = "send a picture or video as a document";
            return Err(cannot(what, "omit kind"));
        }
        let form = Form::new();
        let form = match op.caption {
            Some(caption) => form.text("caption", caption),
            None => form,
        };
        self.upload(form, file, op.chat, op.reply_to, progress)
            .await
    }

    pub(super) async fn send_voice(
        self,
        op: SendVoice,
        progress: Progress,
    ) -> Result<Sent, BackendError> {
        self.reachable(&op.chat)?;
        progress.say("loading");
        let file = media::to_hear(&op, &self.0.media).await?;
        self.upload(Form::new(), file, op.chat, op.reply_to, progress)
            .await
    }

    async fn upload(
        &self,
        form: Form,
        file: Media,
        chat: ChatId,
        reply_to: Option<MessageId>,
        progress: Progress,
    ) -> Result<Sent, BackendError> {
        let form = form
            .text("chatId", chat.as_str().to_owned())
            .text("fileName", file.typed_name())
            .part("file", part(file)?);
        let form = match reply_to {
            Some(message) => form.text("quotedMessageId", message.as_str().to_owned()),
            None => form,
        };
        progress.say("sending");
        let reply = self.0.upload(&progress, "sendFileByUpload", form).await?;
        self.sent(&reply, chat, &progress).await
    }
}

/// A file as a part of a form.
pub(super) fn part(file: Media) -> Result<Part, BackendError> {
    let name = file.typed_name();
    Part::bytes(file.bytes)
        .file_name(name)
        .mime_str(&file.mime)
        .map_err(|error| BackendError::internal(&error))
}
