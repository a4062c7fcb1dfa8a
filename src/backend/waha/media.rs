//! Sending media on WAHA: always the bytes, so that WAHA fetches nothing itself.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Waha, shapes::SENT};
use crate::{
    media::Media,
    op::{BackendResult, MediaKind, SendMedia, SendVoice, Sent, ShownMedia},
};

impl Waha {
    pub(super) async fn send_media(self, op: SendMedia, file: ShownMedia) -> BackendResult<Sent> {
        let ShownMedia { kind, media } = file;
        let mut body = body(&media);
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
        self.send(method, body, op.chat, op.reply_to, SENT).await
    }

    pub(super) async fn send_voice(self, op: SendVoice, file: Media) -> BackendResult<Sent> {
        let mut body = body(&file);
        convert(&mut body);
        self.send("sendVoice", body, op.chat, op.reply_to, SENT)
            .await
    }
}

fn body(media: &Media) -> Value {
    json!({ "file": file(media) })
}

/// A file in the form that WAHA accepts.
pub(super) fn file(file: &Media) -> Value {
    json!({
        "mimetype": file.mime,
        "filename": file.file_name,
        "data": STANDARD.encode(&file.bytes),
    })
}

/// Lets WAHA convert it to the format that WhatsApp plays.
fn convert(body: &mut Value) {
    if let Value::Object(fields) = body {
        fields.insert("convert".into(), true.into());
    }
}
