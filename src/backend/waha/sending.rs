//! Sending on WAHA.

use serde_json::{Value, json};

use super::Waha;
use crate::{
    backend::{
        Fault,
        effect::watch,
        http::{Body, Reply},
    },
    op::{ChatId, Delivery, MessageId, PersonId, SendMessage, Sent},
    progress::Progress,
};

impl Waha {
    pub(super) async fn send_message(
        self,
        op: SendMessage,
        progress: Progress,
    ) -> Result<Sent, Fault> {
        let mut body = json!({
            "session": self.0.session(),
            "chatId": op.chat.as_str(),
            "text": op.text.as_str(),
        });
        let mut set = |name: &str, value: Value| {
            if let Value::Object(fields) = &mut body {
                fields.insert(name.to_owned(), value);
            }
        };
        if let Some(message) = &op.reply_to {
            set("reply_to", message.as_str().into());
        }
        if !op.mentions.is_empty() {
            set(
                "mentions",
                op.mentions.iter().map(PersonId::as_str).collect(),
            );
        }
        if let Some(preview) = op.link_preview {
            set("linkPreview", preview.into());
        }
        progress.say("sending");
        let reply = self
            .0
            .post(&progress, &["api", "sendText"], Some(&body))
            .await?;
        Ok(self.confirmed(&reply, op.chat, &progress).await)
    }

    /// Looks how far a message has come; a 201 says only that it was taken.
    pub(super) async fn confirmed(&self, reply: &Reply, chat: ChatId, progress: &Progress) -> Sent {
        let answer = match reply.body() {
            Body::Json(answer) => answer,
            // Taken, and told of no further.
            Body::Empty | Body::Text(_) => Value::Null,
        };
        let message = message_id(&answer);
        let told = delivery(&answer);
        let Some(id) = message.as_ref().filter(|_| told == Delivery::Accepted) else {
            return Sent::new(told, message, chat);
        };
        let path = [
            "api",
            self.0.session(),
            "chats",
            chat.as_str(),
            "messages",
            id.as_str(),
        ];
        let look = || async {
            progress.say("looking whether WhatsApp has it");
            let query = [("downloadMedia", "false")];
            match self.0.get(&path, &query).await.map(|reply| reply.body()) {
                Ok(Body::Json(message)) => Some(delivery(&message)),
                // A server that cannot tell, and a look that failed, show nothing.
                _ => None,
            }
        };
        let settled = |seen: &Option<Delivery>| *seen != Some(Delivery::Accepted);
        let seen = watch(self.0.waits.confirm, self.0.waits.look, look, settled).await;
        Sent::new(seen.unwrap_or(told), message, chat)
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
    MessageId::parse(&format!("{own}_{}_{id}", chat.as_str())).ok()
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
