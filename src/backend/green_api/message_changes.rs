//! What can be done to a message on GREEN-API.

use serde_json::{Value, json};

use super::GreenApi;
use crate::{
    backend::{
        http::{Body, Reply},
        settle::{Said, Seen, settle},
    },
    op::{
        BackendError, Briefing, ChangedMessage, ChangingMessage, ChatId, DeleteMessage,
        EditMessage, ForwardMessage, GetMessage, MessageId, Progress,
    },
};

impl GreenApi {
    pub(super) async fn edit_message(
        self,
        op: EditMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        self.reachable(&op.chat)?;
        progress.say("changing the message");
        let arguments = json!({
            "chatId": op.chat.as_str(),
            "idMessage": op.message.as_str(),
            "message": op.text.as_str(),
        });
        let said = self
            .0
            .change(&progress, "editMessage", Some(&arguments))
            .await;
        let said = said.and_then(|reply| match message_id(&reply) {
            Some(_) => Ok(()),
            None => Err(self.0.refusal(&reply)),
        });
        self.changed(said, &op.chat, op.message, "isEdited", &progress)
            .await
    }

    pub(super) async fn delete_message(
        self,
        op: DeleteMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        self.reachable(&op.chat)?;
        progress.say("deleting the message");
        let arguments = json!({ "chatId": op.chat.as_str(), "idMessage": op.message.as_str() });
        // 200 with 0 bytes is its yes.
        let said = self
            .0
            .change(&progress, "deleteMessage", Some(&arguments))
            .await;
        self.changed(said.map(drop), &op.chat, op.message, "isDeleted", &progress)
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

    pub(super) async fn forward_message(
        self,
        op: ForwardMessage,
        progress: Progress,
    ) -> Result<ChangedMessage, BackendError> {
        self.reachable(&op.chat)?;
        self.reachable(&op.to)?;
        let arguments = json!({
            "chatId": op.to.as_str(),
            "chatIdFrom": op.chat.as_str(),
            "messages": [op.message.as_str()],
        });
        let reply = self
            .0
            .change(&progress, "forwardMessages", Some(&arguments))
            .await?;
        let copy = match reply.body() {
            Body::Json(answer) => answer
                .pointer("/messages/0")
                .and_then(Value::as_str)
                .and_then(|id| MessageId::parse(id).ok()),
            Body::Empty | Body::Text(_) => None,
        };
        match copy {
            Some(copy) => Ok(ChangedMessage::new(ChangingMessage::Accepted, Some(copy))),
            None => Err(self.0.refusal(&reply)),
        }
    }

    /// Looks at the message until its flag shows the change, or time is up.
    async fn changed(
        &self,
        said: Result<(), BackendError>,
        chat: &ChatId,
        message: MessageId,
        flag: &str,
        progress: &Progress,
    ) -> Result<ChangedMessage, BackendError> {
        let said = Said::of(said, |()| None)?;
        let arguments = json!({ "chatId": chat.as_str(), "idMessage": message.as_str() });
        let look = || async {
            progress.say("looking at the message");
            match self
                .0
                .read("getMessage", Some(&arguments))
                .await
                .map(|reply| reply.body())
            {
                Ok(Body::Json(Value::Object(fields))) => {
                    Seen::wanted(fields.get(flag).and_then(Value::as_bool))
                }
                _ => Seen::Nothing,
            }
        };
        let outcome = settle(said, self.0.timeouts.confirming(), look)
            .await?
            .into();
        Ok(ChangedMessage::new(outcome, Some(message)))
    }
}

fn message_id(reply: &Reply) -> Option<MessageId> {
    match reply.body() {
        Body::Json(answer) => MessageId::parse(answer.get("idMessage")?.as_str()?).ok(),
        Body::Empty | Body::Text(_) => None,
    }
}
