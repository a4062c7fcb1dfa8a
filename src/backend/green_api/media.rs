//! Sending media on GREEN-API, which chooses how to show a file by its name's extension.

use reqwest::multipart::{Form, Part};

use super::{GreenApi, message_changes::SENT, sending::cannot};
use crate::{
    media::{Family, Media},
    op::{
        BackendError, BackendResult, ChatId, MediaKind, MessageId, SendMedia, SendVoice, Sent,
        ShownMedia,
    },
};

impl GreenApi {
    pub(super) async fn send_media(self, op: SendMedia, file: ShownMedia) -> BackendResult<Sent> {
        self.reachable(&op.chat)?;
        let ShownMedia { kind, media } = file;
        if kind == MediaKind::Document && matches!(media.family(), Family::Image | Family::Video) {
            let what = "send a picture or video as a document";
            return Err(cannot(what, "omit kind"));
        }
        let form = Form::new();
        let form = match op.caption {
            Some(caption) => form.text("caption", caption),
            None => form,
        };
        self.upload(form, media, op.chat, op.reply_to).await
    }

    pub(super) async fn send_voice(self, op: SendVoice, file: Media) -> BackendResult<Sent> {
        self.reachable(&op.chat)?;
        self.upload(Form::new(), file, op.chat, op.reply_to).await
    }

    async fn upload(
        &self,
        form: Form,
        file: Media,
        chat: ChatId,
        reply_to: Option<MessageId>,
    ) -> BackendResult<Sent> {
        self.check_quoted(&chat, reply_to.as_ref()).await?;
        let form = form
            .text("chatId", chat.as_str().to_owned())
            .text("fileName", file.typed_name())
            .part("file", part(file)?);
        let form = match reply_to {
            Some(message) => form.text("quotedMessageId", message.key().to_owned()),
            None => form,
        };
        self.progress.say("sending");
        let answer = self
            .client
            .upload(&self.progress, "sendFileByUpload", form, SENT)
            .await?;
        Ok(self.sent(&answer, chat).await)
    }
}

/// A file as a part of a form.
pub(super) fn part(file: Media) -> BackendResult<Part> {
    let name = file.typed_name();
    Part::bytes(file.bytes)
        .file_name(name)
        .mime_str(&file.mime)
        .map_err(|error| BackendError::internal(&error))
}
