//! What can be done to a message on GREEN-API.

use serde_json::json;

use super::{GreenApi, messages::message_arguments};
use crate::{
    backend::{
        http::Body,
        shapes::{Shape, flag as read_flag},
        verify::{Observation, Response, change_and_verify},
    },
    op::{
        BackendResult, Briefing, ChangedMessage, ChangingMessage, ChatId, DeleteMessage,
        EditMessage, ForwardMessage, GetMessage, MessageId, OfMessage,
    },
};

/// The id of a message that was sent or edited.
pub(super) const SENT: &[Shape] = &[Shape::Is(|body| message_id(body).is_some())];

/// The ids of messages that were forwarded.
const FORWARDED: &[Shape] = &[Shape::Is(|body| copy_id(body).is_some())];

impl GreenApi {
    pub(super) async fn edit_message(self, op: EditMessage) -> BackendResult<ChangedMessage> {
        self.reachable(&op.chat)?;
        self.progress.say("changing the message");
        let mut arguments = message_arguments(&op.chat, &op.message);
        if let Some(fields) = arguments.as_object_mut() {
            fields.insert("message".into(), op.text.as_str().into());
        }
        let request = self
            .client
            .change(&self.progress, "editMessage", Some(&arguments), SENT);
        self.change_message(request, &op.chat, op.message, "isEdited")
            .await
    }

    pub(super) async fn delete_message(self, op: DeleteMessage) -> BackendResult<ChangedMessage> {
        self.reachable(&op.chat)?;
        self.progress.say("deleting the message");
        let arguments = message_arguments(&op.chat, &op.message);
        let request = self.client.change(
            &self.progress,
            "deleteMessage",
            Some(&arguments),
            &[Shape::Nothing],
        );
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
        let (method, arguments) = ("forwardMessages", Some(&arguments));
        let answer = self
            .client
            .change(&self.progress, method, arguments, FORWARDED)
            .await?;
        let message = copy_id(&answer);
        let outcome = ChangingMessage::Accepted;
        Ok(ChangedMessage::new(outcome, OfMessage { message }))
    }

    /// Sends a change of a message, and verifies that a flag of the message shows it.
    async fn change_message(
        &self,
        request: impl Future<Output = BackendResult<Body>>,
        chat: &ChatId,
        message: MessageId,
        flag: &str,
    ) -> BackendResult<ChangedMessage> {
        let arguments = message_arguments(chat, &message);
        let read = |answer| Response::of(answer, |_| None);
        let observe = || async {
            self.progress.say("checking the message");
            match self
                .client
                .read(&self.progress, "getMessage", Some(&arguments))
                .await
            {
                Ok(reply) => Observation::from(read_flag(reply.body(), flag)),
                Err(_) => Observation::Unclear,
            }
        };
        let timeouts = self.client.timeouts.confirming();
        let change = change_and_verify(request, read, timeouts, observe).await?;
        let message = Some(message);
        Ok(ChangedMessage::of(change, OfMessage { message }))
    }
}

pub(super) fn message_id(body: &Body) -> Option<MessageId> {
    id_at(body, "/idMessage")
}

/// The id of the copy of a message that was forwarded.
fn copy_id(body: &Body) -> Option<MessageId> {
    id_at(body, "/messages/0")
}

fn id_at(body: &Body, pointer: &str) -> Option<MessageId> {
    match body {
        Body::Json(answer) => MessageId::parse(answer.pointer(pointer)?.as_str()?).ok(),
        Body::Empty | Body::Text(_) => None,
    }
}
