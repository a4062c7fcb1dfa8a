//! What can be done to a message on GREEN-API.

use serde_json::{Value, json};

use super::{GreenApi, client::flag as read_flag, messages::message_arguments};
use crate::{
    backend::{
        http::{Body, HttpReply},
        verify::{Observation, Response, change_and_verify},
    },
    op::{
        BackendResult, Briefing, ChangedMessage, ChangingMessage, ChatId, DeleteMessage,
        EditMessage, ForwardMessage, GetMessage, MessageId, OfMessage,
    },
};

impl GreenApi {
    pub(super) async fn edit_message(self, op: EditMessage) -> BackendResult<ChangedMessage> {
        self.reachable(&op.chat)?;
        self.progress.say("changing the message");
        let mut arguments = message_arguments(&op.chat, &op.message);
        if let Some(fields) = arguments.as_object_mut() {
            fields.insert("message".into(), op.text.as_str().into());
        }
        let request = async {
            let answer = self
                .client
                .change(&self.progress, "editMessage", Some(&arguments));
            let reply = answer.await?;
            let id = message_id(&reply);
            id.map(drop).ok_or_else(|| self.client.refusal(&reply))
        };
        self.change_message(request, &op.chat, op.message, "isEdited")
            .await
    }

    pub(super) async fn delete_message(self, op: DeleteMessage) -> BackendResult<ChangedMessage> {
        self.reachable(&op.chat)?;
        self.progress.say("deleting the message");
        let arguments = message_arguments(&op.chat, &op.message);
        let request = async {
            // Its success is a 200 with 0 bytes.
            let answer = self
                .client
                .change(&self.progress, "deleteMessage", Some(&arguments));
            answer.await.map(drop)
        };
        self.change_message(request, &op.chat, op.message, "isDeleted")
            .await
    }

    pub(super) async fn brief_delete_message(self, op: DeleteMessage) -> BackendResult<Briefing> {
        let (chat, message) = (op.chat, op.message);
        let message = self.get_message(GetMessage { chat, message }).await?;
        Ok(message.briefing())
    }

    pub(super) async fn forward_message(self, op: ForwardMessage) -> BackendResult<ChangedMessage> {
        self.reachable(&op.chat)?;
        self.reachable(&op.to)?;
        let arguments = json!({
            "chatId": op.to.as_str(),
            "chatIdFrom": op.chat.as_str(),
            "messages": [op.message.key()],
        });
        let reply = self
            .client
            .change(&self.progress, "forwardMessages", Some(&arguments))
            .await?;
        let copy = match reply.body() {
            Body::Json(answer) => answer
                .pointer("/messages/0")
                .and_then(Value::as_str)
                .and_then(|id| MessageId::parse(id).ok()),
            Body::Empty | Body::Text(_) => None,
        };
        match copy {
            None => Err(self.client.refusal(&reply)),
            message => Ok(ChangedMessage::new(
                ChangingMessage::Accepted,
                OfMessage { message },
            )),
        }
    }

    /// Sends a change of a message, and verifies that a flag of the message shows it.
    async fn change_message(
        &self,
        request: impl Future<Output = BackendResult<()>>,
        chat: &ChatId,
        message: MessageId,
        flag: &str,
    ) -> BackendResult<ChangedMessage> {
        let arguments = message_arguments(chat, &message);
        let read = |answer| Response::of(answer, |()| None);
        let observe = || async {
            self.progress.say("checking the message");
            match self.client.read("getMessage", Some(&arguments)).await {
                Ok(reply) => Observation::from(read_flag(&reply, flag)),
                Err(_) => Observation::Unclear,
            }
        };
        let timeouts = self.client.timeouts.confirming();
        let change = change_and_verify(request, read, timeouts, observe).await?;
        let message = Some(message);
        Ok(ChangedMessage::of(change, OfMessage { message }))
    }
}

pub(super) fn message_id(reply: &HttpReply) -> Option<MessageId> {
    match reply.body() {
        Body::Json(answer) => MessageId::parse(answer.get("idMessage")?.as_str()?).ok(),
        Body::Empty | Body::Text(_) => None,
    }
}
