//! Sending on WAHA.

use serde_json::{Value, json};

use super::{Waha, shapes::SENT};
use crate::{
    backend::{
        http::{Body, HttpReply},
        shapes::Shape,
        verify::confirm,
    },
    op::{BackendResult, ChatId, Delivery, MessageId, PersonId, SendMessage, Sent},
};

impl Waha {
    pub(super) async fn send_message(self, op: SendMessage) -> BackendResult<Sent> {
        let mut body = json!({ "text": op.text.as_str() });
        if let Value::Object(fields) = &mut body {
            if !op.mentions.is_empty() {
                let people = op.mentions.iter().map(PersonId::as_str).collect();
                fields.insert("mentions".to_owned(), people);
            }
            let preview = op.link_preview.map(Value::Bool);
            fields.extend(preview.map(|preview| ("linkPreview".to_owned(), preview)));
        }
        self.send("sendText", body, op.chat, op.reply_to, SENT)
            .await
    }

    /// Sends a message to a chat, which is answered in one of these shapes, and checks how
    /// far it has come.
    pub(super) async fn send(
        &self,
        method: &str,
        mut body: Value,
        chat: ChatId,
        reply_to: Option<MessageId>,
        shapes: &[Shape],
    ) -> BackendResult<Sent> {
        let quoted = match reply_to {
            Some(message) => Some(self.quotable(&chat, message).await?),
            None => None,
        };
        if let Value::Object(fields) = &mut body {
            fields.insert("session".to_owned(), self.client.session().into());
            fields.insert("chatId".to_owned(), chat.as_str().into());
            let quoted = quoted.map(|message| message.as_str().into());
            fields.extend(quoted.map(|id| ("reply_to".to_owned(), id)));
        }
        self.progress.say("sending");
        let path = ["api", method];
        let answer = match self
            .client
            .post(&self.progress, &path, Some(&body), shapes)
            .await?
        {
            Body::Json(answer) => answer,
            // Accepted, without an id.
            Body::Empty | Body::Text(_) => Value::Null,
        };
        let (message, mut delivery) = (message_id(&answer), delivery(&answer));
        if let (Some(id), Delivery::Accepted) = (&message, delivery) {
            delivery = self.confirmed(&chat, id).await;
        }
        Ok(Sent::new(delivery, message, chat))
    }

    /// How far a message has come; a 201 says only that WAHA accepted it.
    async fn confirmed(&self, chat: &ChatId, id: &MessageId) -> Delivery {
        let path = self.client.message_path(chat, id);
        let fetch = || async {
            let query = [("downloadMedia", "false")];
            match self
                .client
                .get(&self.progress, &path, &query)
                .await
                .map(HttpReply::into_body)
            {
                Ok(Body::Json(message)) => Some(delivery(&message)),
                // A server that cannot report it now will not a moment later.
                _ => None,
            }
        };
        confirm(self.client.timeouts, &self.progress, fetch).await
    }
}

/// The message's full id: at the top, as WEBJS's object, or put together from NOWEB's key.
pub(super) fn message_id(answer: &Value) -> Option<MessageId> {
    let id = answer.get("id");
    let plain = id.and_then(|id| id.as_str().or_else(|| id.get("_serialized")?.as_str()));
    if let Some(id) = plain {
        return MessageId::parse(id).ok();
    }
    let key = answer.get("key")?;
    let chat = ChatId::parse(key.get("remoteJid")?.as_str()?).ok()?;
    let (own, id) = (key.get("fromMe")?.as_bool()?, key.get("id")?.as_str()?);
    MessageId::of_chat(&chat, own, id).ok()
}

/// How far a message has come, by its `ack` (-1 error, 0 pending, 1 server, 2 device,
/// 3 read, 4 played).
fn delivery(message: &Value) -> Delivery {
    match message.get("ack").and_then(Value::as_i64) {
        Some(1) => Delivery::Sent,
        Some(2) => Delivery::Delivered,
        Some(3..) => Delivery::Read,
        Some(..=-1) => Delivery::Failed,
        Some(0) | None => Delivery::Accepted,
    }
}
