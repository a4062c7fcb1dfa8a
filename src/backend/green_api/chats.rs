//! Chats on GREEN-API.

use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, unreadable},
    groups::text,
    refusals::DENIAL,
    sending::cannot,
};
use crate::{
    backend::{
        http::Body,
        refusals::unknown_chat,
        shapes::Shape,
        verify::{Observation, Response, change_and_verify},
    },
    config::Timeouts,
    op::{
        ArchiveChat, BackendError, BackendResult, Change, ChangedChat, ChangingChat, Chat, ChatId,
        ChatList, GetChat, ListChats, MarkChatRead, OfChat, UnarchiveChat,
    },
};

/// A change of the archive is answered with nothing, or denied.
const ARCHIVED: &[Shape] = &[Shape::Nothing, DENIAL];

impl GreenApi {
    pub(super) async fn list_chats(self, op: ListChats) -> BackendResult<ChatList> {
        if op.unread_only {
            return Err(cannot(
                "list what is unread: it does not report that",
                "call list_chats without unread_only",
            ));
        }
        Ok(ChatList::page(
            self.chats().await?,
            &op,
            self.progress.concealment(),
        ))
    }

    pub(super) async fn get_chat(self, op: GetChat) -> BackendResult<Chat> {
        let found = self.chat(&op.chat).await?;
        found.ok_or_else(|| unknown_chat(API, &op.chat))
    }

    pub(super) async fn mark_chat_read(self, op: MarkChatRead) -> BackendResult<ChangedChat> {
        self.progress.say("marking the chat as read");
        let answer = self.change_chat("readChat", &op.chat, &[Shape::Flag("setRead")]);
        // No method reports what is unread.
        let outcome = match self.client.response(answer.await, "setRead")? {
            Response::Accepted => ChangingChat::Accepted,
            Response::Denied(error) | Response::Ambiguous(error @ BackendError::Failed { .. }) => {
                return Err(error);
            }
            Response::Ambiguous(_) => ChangingChat::Unknown,
        };
        Ok(ChangedChat::new(outcome, OfChat { chat: op.chat }))
    }

    pub(super) async fn archive_chat(self, op: ArchiveChat) -> BackendResult<ChangedChat> {
        self.progress.say("archiving the chat");
        let request = self.change_chat("archiveChat", &op.chat, ARCHIVED);
        self.verify_archived(&op.chat, request, true).await
    }

    pub(super) async fn unarchive_chat(self, op: UnarchiveChat) -> BackendResult<ChangedChat> {
        self.progress.say("taking the chat out of the archive");
        let request = self.change_chat("unarchiveChat", &op.chat, ARCHIVED);
        self.verify_archived(&op.chat, request, false).await
    }

    async fn change_chat(
        &self,
        method: &str,
        chat: &ChatId,
        shapes: &[Shape],
    ) -> BackendResult<Body> {
        let arguments = json!({ "chatId": chat.as_str() });
        self.client
            .change(&self.progress, method, Some(&arguments), shapes)
            .await
    }

    /// Sends a change of the archive, and verifies that the list of chats shows it.
    async fn verify_archived(
        &self,
        chat: &ChatId,
        request: impl Future<Output = BackendResult<Body>>,
        wanted: bool,
    ) -> BackendResult<ChangedChat> {
        let read = |answer| {
            let denied =
                |body: &Body| (!Shape::Nothing.fits(body)).then(|| self.client.denial(body));
            Response::of(answer, denied)
        };
        let timeouts = Timeouts {
            // A mark that shows late does no harm: this is not worth the whole wait.
            settle: self.client.timeouts.settle / 5,
            ..self.client.timeouts
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

    async fn chat(&self, id: &ChatId) -> BackendResult<Option<Chat>> {
        let chats = self.chats().await?;
        Ok(chats.into_iter().find(|chat| chat.chat == *id))
    }

    /// The chats in the API's own order, which is not documented.
    pub(super) async fn chats(&self) -> BackendResult<Vec<Chat>> {
        match self
            .client
            .read(&self.progress, "getChats", None)
            .await?
            .into_body()
        {
            Body::Json(Value::Array(chats)) => Ok(chats.iter().filter_map(chat).collect()),
            _ => Err(unreadable("a list of chats is expected")),
        }
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
