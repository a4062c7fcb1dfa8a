//! Marking, archiving, clearing and deleting chats on WAHA.

use serde_json::{Value, json};

use super::{Waha, chats::is_too_old, client::API, groups::unreadable, session::is_false};
use crate::{
    backend::{
        effect::{leaves_doubt, watch},
        http::{Body, Reply},
    },
    op::{
        ArchiveChat, BackendError, ChangedChat, ChangingChat, Chat, ChatId, ClearChat, DeleteChat,
        MarkChatRead, MarkChatUnread, Progress, UnarchiveChat, Untrusted,
    },
};

impl Waha {
    pub(super) async fn mark_chat_read(
        self,
        op: MarkChatRead,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("marking the chat as read");
        let path = self.chat_path(&op.chat, &["messages", "read"]);
        let mut said = self.0.post(&progress, &path, None).await;
        if said.as_ref().is_err_and(is_too_old) {
            let body = json!({ "session": self.0.session(), "chatId": op.chat.as_str() });
            let path = ["api", "sendSeen"];
            said = self.0.post(&progress, &path, Some(&body)).await;
        }
        let read = |chat: &Chat| chat.unread.is_some() && !chat.is_unread();
        self.marked(op.chat, said, &progress, read).await
    }

    pub(super) async fn mark_chat_unread(
        self,
        op: MarkChatUnread,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("marking the chat as unread");
        let path = self.chat_path(&op.chat, &["unread"]);
        let said = self.0.post(&progress, &path, None).await;
        self.marked(op.chat, said, &progress, Chat::is_unread).await
    }

    pub(super) async fn archive_chat(
        self,
        op: ArchiveChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("archiving the chat");
        let path = self.chat_path(&op.chat, &["archive"]);
        let said = self.0.post(&progress, &path, None).await;
        let archived = |chat: &Chat| chat.archived == Some(true);
        self.marked(op.chat, said, &progress, archived).await
    }

    pub(super) async fn unarchive_chat(
        self,
        op: UnarchiveChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        progress.say("taking the chat out of the archive");
        let path = self.chat_path(&op.chat, &["unarchive"]);
        let said = self.0.post(&progress, &path, None).await;
        let unarchived = |chat: &Chat| chat.archived == Some(false);
        self.marked(op.chat, said, &progress, unarchived).await
    }

    pub(super) async fn clear_chat(
        self,
        op: ClearChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        self.working().await?;
        progress.say("deleting the messages of the chat");
        let path = self.chat_path(&op.chat, &["messages"]);
        let doubt = doubt(self.0.delete(&progress, &path).await)?;
        let look = || self.has_messages(&op.chat);
        let empty = |seen: &Result<bool, BackendError>| matches!(seen, Ok(false));
        let seen = watch(self.0.timeouts.settle, self.0.timeouts.look, look, empty).await;
        removed(op.chat, seen, doubt)
    }

    pub(super) async fn delete_chat(
        self,
        op: DeleteChat,
        progress: Progress,
    ) -> Result<ChangedChat, BackendError> {
        self.working().await?;
        // Without this look an unknown id would seem to be a chat that was deleted.
        let was_there = self.chat(&op.chat).await?.is_some();
        progress.say("deleting the chat");
        let path = self.chat_path(&op.chat, &[]);
        let doubt = doubt(self.0.delete(&progress, &path).await)?;
        if !was_there {
            return match doubt {
                None => Ok(ChangedChat::new(ChangingChat::Accepted, op.chat)),
                Some(fault) => Err(fault),
            };
        }
        let look = || async { self.chat(&op.chat).await.map(|chat| chat.is_some()) };
        let gone = |seen: &Result<bool, BackendError>| matches!(seen, Ok(false));
        let seen = watch(self.0.timeouts.settle, self.0.timeouts.look, look, gone).await;
        removed(op.chat, seen, doubt)
    }

    fn chat_path<'a>(&'a self, chat: &'a ChatId, rest: &[&'a str]) -> Vec<&'a str> {
        let mut path = vec!["api", self.0.session(), "chats", chat.as_str()];
        path.extend(rest);
        path
    }

    /// The outcome of a mark: engines that tell of it are looked at.
    async fn marked(
        &self,
        id: ChatId,
        said: Result<Reply, BackendError>,
        progress: &Progress,
        shows: impl Fn(&Chat) -> bool,
    ) -> Result<ChangedChat, BackendError> {
        let doubt = doubt(said)?;
        progress.say("looking at the chat");
        let shown = |seen: &Result<Option<Chat>, BackendError>| matches!(seen, Ok(Some(chat)) if shows(chat));
        // A mark does no harm when it is late: this is not worth the whole wait.
        let settle = self.0.timeouts.settle / 5;
        let look = || self.chat(&id);
        let seen = watch(settle, self.0.timeouts.look, look, shown).await;
        let outcome = match doubt {
            _ if shown(&seen) => ChangingChat::Done,
            None => ChangingChat::Accepted,
            Some(fault @ BackendError::Refused { .. }) => return Err(about_chat(fault)),
            Some(_) => ChangingChat::Unknown,
        };
        Ok(ChangedChat::new(outcome, id))
    }

    /// Whether a chat holds any message.
    async fn has_messages(&self, chat: &ChatId) -> Result<bool, BackendError> {
        let path = self.chat_path(chat, &["messages"]);
        let query = [("downloadMedia", "false"), ("limit", "1")];
        match self.0.get(&path, &query).await?.body() {
            Body::Json(Value::Array(messages)) => Ok(!messages.is_empty()),
            _ => Err(unreadable("a list of messages is expected")),
        }
    }
}

/// What stands against a yes; an error where nothing was done.
fn doubt(said: Result<Reply, BackendError>) -> Result<Option<BackendError>, BackendError> {
    match said {
        Ok(reply) if says_no(&reply) => Err(BackendError::Refused {
            api: API,
            status: None,
            said: Untrusted::new("it answered no, without a reason"),
            next: "look with get_chat; do it on the phone if it has to be done",
        }),
        Ok(_) => Ok(None),
        Err(fault) if leaves_doubt(&fault) && !is_engine_limit(&fault) => Ok(Some(fault)),
        Err(fault) => Err(about_chat(fault)),
    }
}

/// A plain `false`, or `success: false`, which come with status 201.
pub(super) fn says_no(reply: &Reply) -> bool {
    let body = reply.body();
    is_false(&body)
        || matches!(&body, Body::Json(json) if json.get("success").and_then(Value::as_bool) == Some(false))
}

/// Whether the engine has no such method: then nothing was done, whatever the status.
pub(super) fn is_engine_limit(fault: &BackendError) -> bool {
    matches!(fault, BackendError::Refused { said, .. } if said.as_str().contains("not implemented by"))
}

/// A refusal that is about an id leads to the list of chats.
fn about_chat(fault: BackendError) -> BackendError {
    match fault {
        BackendError::Refused {
            api,
            status,
            said,
            next,
        } => BackendError::Refused {
            api,
            status,
            said,
            next: if next.contains("list_groups") {
                "check the id; list_chats shows the chats there are"
            } else {
                next
            },
        },
        fault => fault,
    }
}

/// The outcome of a removal; `seen` is whether what was to go is still there.
fn removed(
    id: ChatId,
    seen: Result<bool, BackendError>,
    doubt: Option<BackendError>,
) -> Result<ChangedChat, BackendError> {
    let outcome = match (seen, doubt) {
        (Ok(false), _) => ChangingChat::Done,
        (Ok(true), None) => ChangingChat::StillThere,
        (Err(_), None) => ChangingChat::Accepted,
        // A refusal that left everything as it was is a refusal.
        (Ok(true), Some(fault @ BackendError::Refused { .. })) => return Err(about_chat(fault)),
        (_, Some(_)) => ChangingChat::Unknown,
    };
    Ok(ChangedChat::new(outcome, id))
}
