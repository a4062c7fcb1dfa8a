//! Chats on GREEN-API.

use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, unreadable},
    groups::text,
};
use crate::{
    backend::{
        http::{Body, Reply},
        refusals::unknown_chat,
        verify::{Observation, Response, change_and_verify},
    },
    config::Timeouts,
    op::{
        ArchiveChat, BackendError, Change, ChangedChat, ChangingChat, Chat, ChatId, ChatList,
        GetChat, ListChats, MarkChatRead, OfChat, Progress, UnarchiveChat,
    },
};

impl GreenApi {
    pub(super) async fn list_chats(self, op: ListChats) -> Result<ChatList, BackendError> {
        Ok(ChatList::page(self.chats().await?, &op))
    }

    pub(super) async fn get_chat(self, op: GetChat) -> Result<Chat, BackendError> {
        let found = self.chat(&op.chat).await?;
        found.ok_or_else(|| unknown_chat(API, &op.chat))
    }

    pub(super) async fn mark_chat_read(
        self,
        op: MarkChatRead,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("marking the chat as read");
        let answer = self.change_chat(&progress, "readChat", &op.chat).await;
        // No method reports what is unread.
        let outcome = match self.0.response(answer, "setRead")? {
            Response::Accepted => ChangingChat::Accepted,
            Response::Denied(error) | Response::Ambiguous(error @ BackendError::Refused { .. }) => {
                return Err(error);
            }
            Response::Ambiguous(_) => ChangingChat::Unknown,
        };
        Ok(ChangedChat::new(outcome, OfChat { chat: op.chat }))
    }

    pub(super) async fn archive_chat(
        self,
        op: ArchiveChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("archiving the chat");
        let request = self.change_chat(&progress, "archiveChat", &op.chat);
        self.verify_archived(&op.chat, request, true).await
    }

    pub(super) async fn unarchive_chat(
        self,
        op: UnarchiveChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("taking the chat out of the archive");
        let request = self.change_chat(&progress, "unarchiveChat", &op.chat);
        self.verify_archived(&op.chat, request, false).await
    }

    async fn change_chat(
        &self,
        progress: &Progress,
        method: &str,
        chat: &ChatId,
    ) -> Result<Reply, BackendError> {
        let arguments = json!({ "chatId": chat.as_str() });
        self.0.change(progress, method, Some(&arguments)).await
    }

    /// Sends a change of the archive, and verifies that the list of chats shows it.
    async fn verify_archived(
        &self,
        chat: &ChatId,
        request: impl Future<Output = Result<Reply, BackendError>>,
        wanted: bool,
    ) -> Result<ChangedChat, BackendError> {
        let read = |answer| {
            // A success has no message.
            Response::of(answer, |reply| {
                let denied = self.0.message(reply).is_some() || says_false(reply);
                denied.then(|| self.0.refusal(reply))
            })
        };
        let timeouts = Timeouts {
            // A mark that shows late does no harm: this is not worth the whole wait.
            settle: self.0.timeouts.settle / 5,
            ..self.0.timeouts
        };
        let observe = || async {
            match self.chat(chat).await {
                Ok(Some(chat)) if chat.archived == Some(wanted) => Observation::Done,
                _ => Observation::NotDone,
            }
        };
        let outcome = match change_and_verify(request, read, timeouts, observe).await? {
            Change::Changed => ChangingChat::Done,
            Change::Unknown => ChangingChat::Unknown,
            _ => ChangingChat::Accepted,
        };
        let chat = chat.clone();
        Ok(ChangedChat::new(outcome, OfChat { chat }))
    }

    async fn chat(&self, id: &ChatId) -> Result<Option<Chat>, BackendError> {
        let chats = self.chats().await?;
        Ok(chats.into_iter().find(|chat| chat.chat == *id))
    }

    /// The chats in the API's own order, which is not documented.
    pub(super) async fn chats(&self) -> Result<Vec<Chat>, BackendError> {
        match self.0.read("getChats", None).await?.body() {
            Body::Json(Value::Array(chats)) => Ok(chats.iter().filter_map(chat).collect()),
            _ => Err(unreadable("a list of chats is expected")),
        }
    }
}

fn says_false(reply: &Reply) -> bool {
    let is_false = |value: &Value| value.as_bool() == Some(false);
    match reply.body() {
        Body::Json(Value::Object(fields)) => fields.values().any(is_false),
        Body::Json(value) => is_false(&value),
        Body::Text(_) | Body::Empty => false,
    }
}

fn chat(value: &Value) -> Option<Chat> {
    Some(Chat {
        name: text(value, "name"),
        chat: ChatId::parse(value.get("id")?.as_str()?).ok()?,
        unread: None,
        marked_unread: false,
        archived: value.get("archive").and_then(Value::as_bool),
        last_message: None,
    })
}
