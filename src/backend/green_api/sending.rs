//! Sending on GREEN-API.

use serde_json::{Value, json};

use super::{
    GreenApi,
    message_changes::{SENT, message_id},
    messages::message_arguments,
    refusals::refused,
};
use crate::{
    backend::{
        http::{Body, HttpReply},
        verify::confirm,
    },
    op::{BackendError, BackendResult, ChatId, Delivery, MessageId, SendMessage, Sent},
};

impl GreenApi {
    pub(super) async fn send_message(self, op: SendMessage) -> BackendResult<Sent> {
        if !op.mentions.is_empty() {
            return Err(cannot("mention people", "send the text without mentions"));
        }
        let mut body = json!({ "message": op.text.as_str() });
        if let Value::Object(fields) = &mut body {
            let preview = op.link_preview.map(Value::Bool);
            fields.extend(preview.map(|preview| ("linkPreview".to_owned(), preview)));
        }
        self.send("sendMessage", body, op.chat, op.reply_to).await
    }

    /// Sends a message to a chat, and checks how far it has come.
    pub(super) async fn send(
        &self,
        method: &str,
        mut body: Value,
        chat: ChatId,
        reply_to: Option<MessageId>,
    ) -> BackendResult<Sent> {
        self.reachable(&chat)?;
        self.check_quoted(&chat, reply_to.as_ref()).await?;
        if let Value::Object(fields) = &mut body {
            fields.insert("chatId".to_owned(), chat.as_str().into());
            let quoted = reply_to.map(|id| id.key().into());
            fields.extend(quoted.map(|id| ("quotedMessageId".to_owned(), id)));
        }
        self.progress.say("sending");
        let answer = self
            .client
            .change(&self.progress, method, Some(&body), SENT)
            .await?;
        Ok(self.sent(&answer, chat).await)
    }

    /// Checks that the message that is to be quoted is of the chat: the API takes its key
    /// alone.
    pub(super) async fn check_quoted(
        &self,
        chat: &ChatId,
        reply_to: Option<&MessageId>,
    ) -> BackendResult<()> {
        match reply_to {
            Some(message) => self.find(chat, message).await.map(drop),
            None => Ok(()),
        }
    }

    /// Reads the id of the message that was sent, and checks how far it has come.
    pub(super) async fn sent(&self, answer: &Body, chat: ChatId) -> Sent {
        let Some(message) = message_id(answer) else {
            return Sent::new(Delivery::Accepted, None, chat);
        };
        // An id says only that the message is in the queue.
        let arguments = message_arguments(&chat, &message);
        let fetch = || async {
            let reply = self
                .client
                .read(&self.progress, "getMessage", Some(&arguments))
                .await;
            match reply.map(HttpReply::into_body) {
                Ok(Body::Json(message)) => Some(delivery(&message)),
                _ => Some(Delivery::Accepted),
            }
        };
        let delivery = confirm(self.client.timeouts, &self.progress, fetch).await;
        Sent::new(delivery, Some(message), chat)
    }
}

/// How far a message has come, by its `statusMessage`.
fn delivery(message: &Value) -> Delivery {
    match message.get("statusMessage").and_then(Value::as_str) {
        Some("sent") => Delivery::Sent,
        Some("delivered") => Delivery::Delivered,
        Some("read" | "played") => Delivery::Read,
        Some("failed") => Delivery::Failed,
        _ => Delivery::Accepted,
    }
}

pub(super) fn cannot(what: &str, remedy: &'static str) -> BackendError {
    refused(&format!("it cannot {what}; nothing was sent"), remedy)
}
