//! What can be done to a message on WAHA.

use serde_json::{Value, json};

use super::{Waha, client::API, sending::message_id, session::is_false};
use crate::{
    backend::{
        http::{Body, Reply},
        settle::{Said, Seen, settle},
    },
    op::{
        BackendError, Briefing, ChangedMessage, ChangingMessage, ChatId, DeleteMessage,
        EditMessage, ForwardMessage, GetMessage, MessageId, PinMessage, Progress, React,
        StarMessage, UnpinMessage, UnstarMessage, Untrusted,
    },
};

impl Waha {
    pub(super) async fn edit_message(
        self,
        op: EditMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        progress.say("changing the message");
        let body = json!({ "text": op.text.as_str() });
        let path = self.message_path(&op.chat, &op.message);
        let said = self.0.put(&progress, &path, &body).await;
        let shows =
            |message: &Value| message.get("body").and_then(Value::as_str) == Some(op.text.as_str());
        let shows = |seen: &Look| matches!(seen, Look::There(message) if shows(message));
        self.changed(said, &op.chat, op.message.clone(), &progress, shows)
            .await
    }

    pub(super) async fn delete_message(
        self,
        op: DeleteMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        // Without this look an unknown id would seem to be a message that was deleted.
        let path = self.message_path(&op.chat, &op.message);
        self.0.get(&path, &[("downloadMedia", "false")]).await?;
        progress.say("deleting the message");
        let said = self.0.delete(&progress, &path).await;
        let shows = |seen: &Look| match seen {
            Look::Gone => true,
            Look::There(message) => is_revoked(message),
            Look::Nothing => false,
        };
        self.changed(said, &op.chat, op.message.clone(), &progress, shows)
            .await
    }

    pub(super) async fn brief_delete_message(
        self,
        op: DeleteMessage,
    ) -> Result<Briefing, BackendError> {
        let (chat, message) = (op.chat, op.message);
        let message = self.get_message(GetMessage { chat, message }).await?;
        Ok(message.briefing())
    }

    pub(super) async fn react(
        self,
        op: React,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        let body = json!({
            "session": self.0.session(),
            "messageId": op.message.as_str(),
            "reaction": op.emoji.as_str(),
        });
        let said = self.0.put(&progress, &["api", "reaction"], &body).await;
        accepted(said, op.message)
    }

    pub(super) async fn star_message(
        self,
        op: StarMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        self.star(&op.chat, op.message, true, &progress).await
    }

    pub(super) async fn unstar_message(
        self,
        op: UnstarMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        self.star(&op.chat, op.message, false, &progress).await
    }

    async fn star(
        &self,
        chat: &ChatId,
        message: MessageId,
        star: bool,
        progress: &Progress,
    ) -> Result<ChangedMessage, BackendError> {
        let body = json!({
            "session": self.0.session(),
            "chatId": chat.as_str(),
            "messageId": message.as_str(),
            "star": star,
        });
        let said = self.0.put(progress, &["api", "star"], &body).await;
        accepted(said, message)
    }

    pub(super) async fn pin_message(
        self,
        op: PinMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        let mut path = self.message_path(&op.chat, &op.message).to_vec();
        path.push("pin");
        let body = json!({ "duration": op.duration.seconds() });
        let said = self.0.post(&progress, &path, Some(&body)).await;
        accepted(said, op.message.clone())
    }

    pub(super) async fn unpin_message(
        self,
        op: UnpinMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        let mut path = self.message_path(&op.chat, &op.message).to_vec();
        path.push("unpin");
        let said = self.0.post(&progress, &path, None).await;
        accepted(said, op.message.clone())
    }

    pub(super) async fn forward_message(
        self,
        op: ForwardMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        let body = json!({
            "session": self.0.session(),
            "chatId": op.to.as_str(),
            "messageId": op.message.as_str(),
        });
        let reply = self
            .0
            .post(&progress, &["api", "forwardMessage"], Some(&body))
            .await?;
        let copy = match reply.body() {
            Body::Json(answer) => message_id(&answer),
            Body::Empty | Body::Text(_) => None,
        };
        Ok(ChangedMessage::new(ChangingMessage::Accepted, copy))
    }

    fn message_path<'a>(&'a self, chat: &'a ChatId, message: &'a MessageId) -> [&'a str; 6] {
        [
            "api",
            self.0.session(),
            "chats",
            chat.as_str(),
            "messages",
            message.as_str(),
        ]
    }

    /// Looks at the message until the change shows, or time is up.
    async fn changed(
        &self,
        said: Result<Reply, BackendError>,
        chat: &ChatId,
        message: MessageId,
        progress: &Progress,
        shows: impl Fn(&Look) -> bool,
    ) -> Result<ChangedMessage, BackendError> {
        let said = Said::of(said, |reply| is_false(&reply.body()).then(answered_no))?;
        let path = self.message_path(chat, &message);
        let look = || async {
            progress.say("looking at the message");
            let seen = match self.0.try_get(&path, &[("downloadMedia", "false")]).await {
                Ok(reply) if reply.is_success() => match reply.body() {
                    Body::Json(message) => Look::There(message),
                    Body::Empty | Body::Text(_) => Look::Nothing,
                },
                Ok(reply) if says_no_message(&self.0.refusal(&reply)) => Look::Gone,
                _ => Look::Nothing,
            };
            match seen {
                seen if shows(&seen) => Seen::Done,
                Look::There(_) => Seen::NotDone,
                Look::Gone | Look::Nothing => Seen::Nothing,
            }
        };
        let outcome = settle(said, self.0.timeouts.confirming(), look)
            .await?
            .into();
        Ok(ChangedMessage::new(outcome, Some(message)))
    }
}

/// What a look at a message shows.
enum Look {
    There(Value),
    Gone,
    Nothing,
}

/// A change that cannot be looked at.
fn accepted(
    said: Result<Reply, BackendError>,
    message: MessageId,
) -> Result<ChangedMessage, BackendError> {
    let body = said?.body();
    let denied =
        matches!(&body, Body::Json(json) if json.get("success") == Some(&Value::Bool(false)));
    if denied || is_false(&body) {
        return Err(answered_no());
    }
    Ok(ChangedMessage::new(
        ChangingMessage::Accepted,
        Some(message),
    ))
}

/// Engines keep a deleted message as an empty one of this type.
fn is_revoked(message: &Value) -> bool {
    message.get("isRevoked").and_then(Value::as_bool) == Some(true)
        || message.get("type").and_then(Value::as_str) == Some("revoked")
        || message.pointer("/_data/type").and_then(Value::as_str) == Some("revoked")
}

fn says_no_message(fault: &BackendError) -> bool {
    matches!(fault, BackendError::Refused { status: Some(404), said, .. } if said.as_str().contains("Message not found"))
}

/// WhatsApp's no, which comes as a success.
fn answered_no() -> BackendError {
    BackendError::Refused {
        api: API,
        status: None,
        said: Untrusted::new("it answered that this was not done"),
        next: "look with get_message; own messages can be changed for a short time only",
    }
}
