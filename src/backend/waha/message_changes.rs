//! What can be done to a message on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    found_message::{Download, is_no_message},
    refusals::{accepted, response},
    sending::message_id,
    shapes::{CHANGED, DONE, FORWARDED},
};
use crate::{
    backend::{
        http::Body,
        verify::{Observation, change_and_verify},
    },
    op::{
        BackendResult, Briefing, ChangedMessage, ChangingMessage, ChatId, DeleteMessage,
        EditMessage, ForwardMessage, GetMessage, MessageId, OfMessage, PinMessage, React,
        StarMessage, UnpinMessage, UnstarMessage,
    },
};

const REMEDY: &str = "check with get_message; own messages can be changed for a short time only";

impl Waha {
    pub(super) async fn edit_message(self, op: EditMessage) -> BackendResult<ChangedMessage> {
        let id = self.full_id(&op.chat, op.message).await?;
        self.progress.say("changing the message");
        let body = json!({ "text": op.text.as_str() });
        let path = self.client.message_path(&op.chat, &id);
        let request = self.client.put(&self.progress, &path, &body, CHANGED);
        let text = Some(op.text.as_str());
        let shows = |seen: &SeenMessage| matches!(seen, SeenMessage::There(message) if message.get("body").and_then(Value::as_str) == text);
        self.change_message(request, &op.chat, &id, shows).await
    }

    pub(super) async fn delete_message(self, op: DeleteMessage) -> BackendResult<ChangedMessage> {
        // Without this check an unknown id would look like a message that was deleted.
        let id = self.find(&op.chat, &op.message, Download::No).await?.id;
        let path = self.client.message_path(&op.chat, &id);
        self.progress.say("deleting the message");
        let request = self.client.delete(&self.progress, &path, CHANGED);
        let shows = |seen: &SeenMessage| match seen {
            SeenMessage::Gone => true,
            SeenMessage::There(message) => is_revoked(message),
            SeenMessage::Unclear => false,
        };
        self.change_message(request, &op.chat, &id, shows).await
    }

    pub(super) async fn brief_delete_message(self, op: DeleteMessage) -> BackendResult<Briefing> {
        let (chat, message) = (op.chat, op.message);
        let message = self.get_message(GetMessage { chat, message }).await?;
        Ok(message.briefing())
    }

    pub(super) async fn react(self, op: React) -> BackendResult<ChangedMessage> {
        let id = self.full_id(&op.chat, op.message).await?;
        let body = json!({
            "session": self.client.session(),
            "messageId": id.as_str(),
            "reaction": op.emoji.as_str(),
        });
        let answer = self
            .client
            .put(&self.progress, &["api", "reaction"], &body, CHANGED)
            .await;
        unverified(answer, id)
    }

    pub(super) async fn star_message(self, op: StarMessage) -> BackendResult<ChangedMessage> {
        self.star(&op.chat, op.message, true).await
    }

    pub(super) async fn unstar_message(self, op: UnstarMessage) -> BackendResult<ChangedMessage> {
        self.star(&op.chat, op.message, false).await
    }

    async fn star(
        &self,
        chat: &ChatId,
        message: MessageId,
        star: bool,
    ) -> BackendResult<ChangedMessage> {
        let id = self.full_id(chat, message).await?;
        let body = json!({
            "session": self.client.session(),
            "chatId": chat.as_str(),
            "messageId": id.as_str(),
            "star": star,
        });
        let answer = self
            .client
            .put(&self.progress, &["api", "star"], &body, DONE)
            .await;
        unverified(answer, id)
    }

    pub(super) async fn pin_message(self, op: PinMessage) -> BackendResult<ChangedMessage> {
        let id = self.full_id(&op.chat, op.message).await?;
        let mut path = self.client.message_path(&op.chat, &id);
        path.push("pin");
        let body = json!({ "duration": op.duration.seconds() });
        let answer = self
            .client
            .post(&self.progress, &path, Some(&body), DONE)
            .await;
        unverified(answer, id.clone())
    }

    pub(super) async fn unpin_message(self, op: UnpinMessage) -> BackendResult<ChangedMessage> {
        let id = self.full_id(&op.chat, op.message).await?;
        let mut path = self.client.message_path(&op.chat, &id);
        path.push("unpin");
        let answer = self.client.post(&self.progress, &path, None, DONE).await;
        unverified(answer, id.clone())
    }

    pub(super) async fn forward_message(self, op: ForwardMessage) -> BackendResult<ChangedMessage> {
        let id = self.full_id(&op.chat, op.message).await?;
        let body = json!({
            "session": self.client.session(),
            "chatId": op.to.as_str(),
            "messageId": id.as_str(),
        });
        let path = ["api", "forwardMessage"];
        let message = match self
            .client
            .post(&self.progress, &path, Some(&body), FORWARDED)
            .await?
        {
            Body::Json(answer) => message_id(&answer),
            Body::Empty | Body::Text(_) => None,
        };
        Ok(ChangedMessage::new(
            ChangingMessage::Accepted,
            OfMessage { message },
        ))
    }

    /// Sends a change of a message, and verifies that it shows.
    async fn change_message(
        &self,
        request: impl Future<Output = BackendResult<Body>>,
        chat: &ChatId,
        id: &MessageId,
        shows: impl Fn(&SeenMessage) -> bool,
    ) -> BackendResult<ChangedMessage> {
        let path = self.client.message_path(chat, id);
        let is_it = |seen: &Value| message_id(seen).is_none_or(|seen| seen.chat() == id.chat());
        let read = |answer| response(answer, REMEDY);
        let observe = || async {
            self.progress.say("checking the message");
            let seen = match self
                .client
                .try_get(&self.progress, &path, &[("downloadMedia", "false")])
                .await
            {
                Ok(reply) if reply.is_success() => match reply.into_body() {
                    Body::Json(message) if is_it(&message) => SeenMessage::There(message),
                    Body::Json(_) | Body::Empty | Body::Text(_) => SeenMessage::Unclear,
                },
                Ok(reply) if is_no_message(&self.client.refusal(&reply)) => SeenMessage::Gone,
                _ => SeenMessage::Unclear,
            };
            match seen {
                seen if shows(&seen) => Observation::Done,
                SeenMessage::There(_) => Observation::NotDone,
                SeenMessage::Gone | SeenMessage::Unclear => Observation::Unclear,
            }
        };
        let timeouts = self.client.timeouts.confirming();
        let change = change_and_verify(request, read, timeouts, observe).await?;
        let message = Some(id.clone());
        Ok(ChangedMessage::of(change, OfMessage { message }))
    }
}

/// What is seen of a message.
enum SeenMessage {
    There(Value),
    Gone,
    Unclear,
}

/// The outcome of a change that WAHA cannot show.
fn unverified(answer: BackendResult<Body>, message: MessageId) -> BackendResult<ChangedMessage> {
    accepted(answer?, REMEDY)?;
    let message = Some(message);
    Ok(ChangedMessage::new(
        ChangingMessage::Accepted,
        OfMessage { message },
    ))
}

/// Engines keep a deleted message as an empty one of this type.
fn is_revoked(message: &Value) -> bool {
    message.get("isRevoked").and_then(Value::as_bool) == Some(true)
        || message.get("type").and_then(Value::as_str) == Some("revoked")
        || message.pointer("/_data/type").and_then(Value::as_str) == Some("revoked")
}
