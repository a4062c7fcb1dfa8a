//! Chats on GREEN-API.

use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, flag},
    groups::text,
};
use crate::{
    backend::{
        effect::{leaves_doubt, watch},
        http::{Body, Reply},
    },
    op::{
        ArchiveChat, BackendError, ChangedChat, ChangingChat, Chat, ChatId, ChatList, GetChat,
        ListChats, MarkChatRead, Progress, UnarchiveChat, Untrusted,
    },
};

impl GreenApi {
    pub(super) async fn list_chats(self, op: ListChats) -> Result<ChatList, BackendError> {
        Ok(ChatList::page(self.chats().await?, &op))
    }

    pub(super) async fn get_chat(self, op: GetChat) -> Result<Chat, BackendError> {
        let found = self.chat(&op.chat).await?;
        found.ok_or_else(|| BackendError::Refused {
            api: API,
            status: None,
            said: Untrusted::new(&format!("it knows no chat {}", op.chat)),
            next: "check the id; list_chats shows the chats there are",
        })
    }

    pub(super) async fn mark_chat_read(
        self,
        op: MarkChatRead,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("marking the chat as read");
        let said = self.change_chat(&progress, "readChat", &op.chat).await;
        // No method tells what is unread.
        let outcome = match said {
            Ok(reply) => match flag(&reply, "setRead") {
                Some(true) => ChangingChat::Accepted,
                Some(false) => return Err(self.0.refusal(&reply)),
                None => ChangingChat::Unknown,
            },
            Err(BackendError::OutcomeUnknown { .. }) => ChangingChat::Unknown,
            Err(fault) => return Err(fault),
        };
        Ok(ChangedChat::new(outcome, op.chat))
    }

    pub(super) async fn archive_chat(
        self,
        op: ArchiveChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("archiving the chat");
        let said = self.change_chat(&progress, "archiveChat", &op.chat).await;
        self.archived(op.chat, said, true).await
    }

    pub(super) async fn unarchive_chat(
        self,
        op: UnarchiveChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("taking the chat out of the archive");
        let said = self.change_chat(&progress, "unarchiveChat", &op.chat).await;
        self.archived(op.chat, said, false).await
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

    /// The outcome of (un)archiving, as the list of chats shows it.
    async fn archived(
        &self,
        id: ChatId,
        said: Result<Reply, BackendError>,
        wanted: bool,
    ) -> Result<ChangedChat, BackendError> {
        let doubt = match said {
            // A yes comes without a word.
            Ok(reply) if self.0.said(&reply).is_some() || says_false(&reply) => {
                return Err(self.0.refusal(&reply));
            }
            Ok(_) => None,
            Err(fault) if leaves_doubt(&fault) => Some(fault),
            Err(fault) => return Err(fault),
        };
        let look = || self.chat(&id);
        let shown = |seen: &Result<Option<Chat>, BackendError>| matches!(seen, Ok(Some(chat)) if chat.archived == Some(wanted));
        // A mark does no harm when it is late: this is not worth the whole wait.
        let settle = self.0.timeouts.settle / 5;
        let seen = watch(settle, self.0.timeouts.look, look, shown).await;
        let outcome = match doubt {
            _ if shown(&seen) => ChangingChat::Done,
            None => ChangingChat::Accepted,
            Some(fault @ BackendError::Refused { .. }) => return Err(fault),
            Some(_) => ChangingChat::Unknown,
        };
        Ok(ChangedChat::new(outcome, id))
    }

    async fn chat(&self, id: &ChatId) -> Result<Option<Chat>, BackendError> {
        let chats = self.chats().await?;
        Ok(chats.into_iter().find(|chat| chat.chat == *id))
    }

    /// The chats in the API's own order, which is not documented.
    pub(super) async fn chats(&self) -> Result<Vec<Chat>, BackendError> {
        match self.0.read("getChats", None).await?.body() {
            Body::Json(Value::Array(chats)) => Ok(chats.iter().filter_map(chat).collect()),
            _ => Err(BackendError::Unreadable {
                api: API,
                why: "a list of chats is expected".into(),
            }),
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
