//! Sending media on WAHA: always the bytes, so that WAHA fetches nothing itself.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::Waha;
use crate::{
    backend::{Fault, media},
    media::Media,
    op::{ChatId, MediaKind, MessageId, SendMedia, SendVoice, Sent},
    progress::Progress,
};

impl Waha {
    pub(super) async fn send_media(self, op: SendMedia, progress: Progress) -> Result<Sent, Fault> {
        progress.say("loading");
        let (kind, file) = media::to_show(&op, &self.0.media).await?;
        let mut body = self.media_body(&op.chat, &file, op.reply_to.as_ref());
        if let (Value::Object(fields), Some(caption)) = (&mut body, &op.caption) {
            fields.insert("caption".into(), caption.as_str().into());
        }
        let method = match kind {
            MediaKind::Image => "sendImage",
            MediaKind::Video => "sendVideo",
            MediaKind::Document => "sendFile",
        };
        if kind == MediaKind::Video {
            convert(&mut body);
        }
        self.send_file(method, &body, op.chat, &progress).await
    }

    pub(super) async fn send_voice(self, op: SendVoice, progress: Progress) -> Result<Sent, Fault> {
        progress.say("loading");
        let file = media::to_hear(&op, &self.0.media).await?;
        let mut body = self.media_body(&op.chat, &file, op.reply_to.as_ref());
        convert(&mut body);
        self.send_file("sendVoice", &body, op.chat, &progress).await
    }

    fn media_body(&self, chat: &ChatId, file: &Media, reply_to: Option<&MessageId>) -> Value {
        let mut body = json!({
            "session": self.0.session(),
            "chatId": chat.as_str(),
            "file": {
                "mimetype": file.mime,
                "filename": file.file_name,
                "data": STANDARD.encode(&file.bytes),
            },
        });
        if let (Value::Object(fields), Some(message)) = (&mut body, reply_to) {
            fields.insert("reply_to".into(), message.as_str().into());
        }
        body
    }

    async fn send_file(
        &self,
        method: &str,
        body: &Value,
        chat: ChatId,
        progress: &Progress,
    ) -> Result<Sent, Fault> {
        progress.say("sending");
        let reply = self.0.post(progress, &["api", method], Some(body)).await?;
        Ok(self.confirmed(&reply, chat, progress).await)
    }
}

/// Has WAHA bring it into the form that WhatsApp plays.
fn convert(body: &mut Value) {
    if let Value::Object(fields) = body {
        fields.insert("convert".into(), true.into());
    }
}
