//! Marking, archiving, clearing and deleting chats on WAHA.

use serde_json::{Value, json};

use super::{
    Waha,
    client::unreadable,
    refusals::{is_too_old, refused, response},
    shapes::{DONE, READ, SEEN},
};
use crate::{
    backend::{
        http::Body,
        shapes::boolean,
        verify::{Observation, Response, change_and_verify},
    },
    config::Timeouts,
    op::{
        ArchiveChat, BackendResult, Change, ChangedChat, ChangingChat, Chat, ChatId, ClearChat,
        DeleteChat, MarkChatRead, MarkChatUnread, OfChat, UnarchiveChat,
    },
};

const REMEDY: &str = "check with get_chat; do it on the phone if it has to be done";

impl Waha {
    pub(super) async fn mark_chat_read(self, op: MarkChatRead) -> BackendResult<ChangedChat> {
        self.progress.say("marking the chat as read");
        let path = self.client.chat_path(&op.chat, &["messages", "read"]);
        let mut answer = self.client.post(&self.progress, &path, None, READ).await;
        if answer.as_ref().is_err_and(is_too_old) {
            let body = json!({ "session": self.client.session(), "chatId": op.chat.as_str() });
            let path = ["api", "sendSeen"];
            let seen = self.client.post(&self.progress, &path, Some(&body), SEEN);
            answer = seen.await;
        }
        let is_read = |chat: &Chat| chat.unread.is_some() && !chat.is_unread();
        self.verify_mark(op.chat, read(answer)?, is_read).await
    }

    pub(super) async fn mark_chat_unread(self, op: MarkChatUnread) -> BackendResult<ChangedChat> {
        self.progress.say("marking the chat as unread");
        let answer = self.mark(&op.chat, "unread").await;
        self.verify_mark(op.chat, read(answer)?, Chat::is_unread)
            .await
    }

    pub(super) async fn archive_chat(self, op: ArchiveChat) -> BackendResult<ChangedChat> {
        self.progress.say("archiving the chat");
        let answer = self.mark(&op.chat, "archive").await;
        let archived = |chat: &Chat| chat.archived == Some(true);
        self.verify_mark(op.chat, state(answer, true)?, archived)
            .await
    }

    pub(super) async fn unarchive_chat(self, op: UnarchiveChat) -> BackendResult<ChangedChat> {
        self.progress.say("taking the chat out of the archive");
        let answer = self.mark(&op.chat, "unarchive").await;
        let unarchived = |chat: &Chat| chat.archived == Some(false);
        self.verify_mark(op.chat, state(answer, false)?, unarchived)
            .await
    }

    pub(super) async fn clear_chat(self, op: ClearChat) -> BackendResult<ChangedChat> {
        self.working().await?;
        self.progress.say("deleting the messages of the chat");
        let path = self.client.chat_path(&op.chat, &["messages"]);
        let request = self.client.delete(&self.progress, &path, DONE);
        let observe = || async {
            let there = self.has_messages(&op.chat).await.ok();
            Observation::from(there.map(|there| !there))
        };
        let change = change_and_verify(request, read, self.client.timeouts, observe).await?;
        Ok(ChangedChat::of(change, OfChat { chat: op.chat }))
    }

    pub(super) async fn delete_chat(self, op: DeleteChat) -> BackendResult<ChangedChat> {
        self.working().await?;
        // Without this check an unknown id would look like a chat that was deleted.
        let was_there = self.chat(&op.chat).await?.is_some();
        self.progress.say("deleting the chat");
        let path = self.client.chat_path(&op.chat, &[]);
        let response = read(self.client.delete(&self.progress, &path, DONE).await)?;
        let change = match response {
            response if was_there => {
                let observe = || async {
                    let chat = self.chat(&op.chat).await.ok();
                    Observation::from(chat.map(|chat| chat.is_none()))
                };
                response.verify(self.client.timeouts, observe).await?
            }
            Response::Accepted => Change::Accepted,
            Response::Denied(error) | Response::Ambiguous(error) => return Err(error),
        };
        Ok(ChangedChat::of(change, OfChat { chat: op.chat }))
    }

    async fn mark(&self, chat: &ChatId, verb: &str) -> BackendResult<Body> {
        let path = self.client.chat_path(chat, &[verb]);
        self.client.post(&self.progress, &path, None, DONE).await
    }

    async fn verify_mark(
        &self,
        chat: ChatId,
        response: Response,
        shows: impl Fn(&Chat) -> bool,
    ) -> BackendResult<ChangedChat> {
        self.progress.say("checking the chat");
        let timeouts = Timeouts {
            // A mark that shows late does no harm: this is not worth the whole wait.
            settle: self.client.timeouts.settle / 5,
            ..self.client.timeouts
        };
        let observe = || async {
            match self.chat(&chat).await {
                Ok(Some(chat)) if shows(&chat) => Observation::Done,
                _ => Observation::NotDone,
            }
        };
        let outcome = match response.verify(timeouts, observe).await? {
            Change::Changed => ChangingChat::Done,
            Change::Unknown => ChangingChat::Unknown,
            // Engines that do not report it show the same.
            _ => ChangingChat::Accepted,
        };
        Ok(ChangedChat::new(outcome, OfChat { chat }))
    }

    /// Whether a chat holds any message.
    async fn has_messages(&self, chat: &ChatId) -> BackendResult<bool> {
        let path = self.client.chat_path(chat, &["messages"]);
        let query = [("downloadMedia", "false"), ("limit", "1")];
        match self
            .client
            .get(&self.progress, &path, &query)
            .await?
            .into_body()
        {
            Body::Json(Value::Array(messages)) => Ok(!messages.is_empty()),
            _ => Err(unreadable("a list of messages is expected")),
        }
    }
}

fn read(answer: BackendResult<Body>) -> BackendResult<Response> {
    response(answer, REMEDY)
}

/// The response in an answer in which `true` and `false` are the new state: on WEBJS a chat
/// that was taken out of the archive is answered with `false`.
fn state(answer: BackendResult<Body>, wanted: bool) -> BackendResult<Response> {
    match answer {
        Ok(body) if boolean(&body) == Some(wanted) => Ok(Response::Accepted),
        Ok(body) if boolean(&body).is_some() => Ok(Response::Denied(refused(
            "it answered that the chat is as before",
            REMEDY,
        ))),
        answer => read(answer),
    }
}
