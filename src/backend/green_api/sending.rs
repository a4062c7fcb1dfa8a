//! Sending on GREEN-API.

use serde_json::{Value, json};

use super::{GreenApi, client::API};
use crate::{
    backend::{
        effect::watch,
        http::{Body, Reply},
    },
    op::{BackendError, ChatId, Delivery, MessageId, Progress, SendMessage, Sent, Untrusted},
};

impl GreenApi {
    pub(super) async fn send_message(
        self,
        op: SendMessage,
        progress: Progress,
    ) -> Result<Sent, BackendError> {
        if !op.mentions.is_empty() {
            return Err(cannot("mention people", "send the text without mentions"));
        }
        let mut body = json!({ "message": op.text.as_str() });
        if let Value::Object(fields) = &mut body {
            let preview = op.link_preview.map(Value::Bool);
            fields.extend(preview.map(|preview| ("linkPreview".to_owned(), preview)));
        }
        self.send(
            "sendMessage",
            body,
            op.chat,
            op.reply_to.as_ref(),
            &progress,
        )
        .await
    }

    /// Sends a message to a chat, and looks how far it has come.
    pub(super) async fn send(
        &self,
        method: &str,
        mut body: Value,
        chat: ChatId,
        reply_to: Option<&MessageId>,
        progress: &Progress,
    ) -> Result<Sent, BackendError> {
        self.reachable(&chat)?;
        if let Value::Object(fields) = &mut body {
            fields.insert("chatId".to_owned(), chat.as_str().into());
            let quoted = reply_to.map(|id| id.as_str().into());
            fields.extend(quoted.map(|id| ("quotedMessageId".to_owned(), id)));
        }
        progress.say("sending");
        let reply = self.0.change(progress, method, Some(&body)).await?;
        self.sent(&reply, chat, progress).await
    }

    /// Reads the id of what was sent, and looks how far it has come.
    pub(super) async fn sent(
        &self,
        reply: &Reply,
        chat: ChatId,
        progress: &Progress,
    ) -> Result<Sent, BackendError> {
        let id = match reply.body() {
            Body::Json(answer) => answer
                .get("idMessage")
                .and_then(Value::as_str)
                .map(str::to_owned),
            Body::Empty | Body::Text(_) => None,
        };
        let Some(message) = id.and_then(|id| MessageId::parse(&id).ok()) else {
            return Err(self.0.refusal(reply));
        };
        let delivery = self.confirmed(&message, &chat, progress).await;
        Ok(Sent::new(delivery, Some(message), chat))
    }

    /// Looks how far a message has come; an id says only that it stands in the queue.
    async fn confirmed(&self, message: &MessageId, chat: &ChatId, progress: &Progress) -> Delivery {
        let body = json!({ "chatId": chat.as_str(), "idMessage": message.as_str() });
        let look = || async {
            progress.say("looking whether WhatsApp has it");
            match self
                .0
                .read("getMessage", Some(&body))
                .await
                .map(|reply| reply.body())
            {
                Ok(Body::Json(message)) => delivery(&message),
                _ => Delivery::Accepted,
            }
        };
        let settled = |seen: &Delivery| *seen != Delivery::Accepted;
        watch(self.0.timeouts.confirm, self.0.timeouts.look, look, settled).await
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

pub(super) fn cannot(what: &str, next: &'static str) -> BackendError {
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new(&format!("it cannot {what}; nothing was sent")),
        next,
    }
}
