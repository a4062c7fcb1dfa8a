//! Chats on WAHA: the list of them, and one of them.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Waha,
    client::{API, unreadable},
    groups::{field, id_text, text},
    refusals::is_too_old,
    sending::message_id,
};
use crate::{
    backend::{
        http::{Body, HttpReply},
        refusals::unknown_chat,
    },
    op::{
        BackendResult, Briefing, Chat, ChatId, ChatList, ChatPage, ClearChat, DeleteChat, GetChat,
        LastMessage, ListChats, MAX_CHATS_SEARCHED, MessageId, PersonId, Untrusted,
    },
};

/// How many chats are requested at once.
pub(super) const STRIDE: usize = 100;

impl Waha {
    pub(super) async fn list_chats(self, op: ListChats) -> BackendResult<ChatList> {
        let (mut page, mut seen) = (
            ChatPage::new(&op, self.progress.concealment()),
            HashSet::new(),
        );
        let mut position = op.start();
        let end = position.saturating_add(MAX_CHATS_SEARCHED);
        while position < end {
            let Some(rows) = self.overview(None, STRIDE, position).await? else {
                return Ok(ChatList::page(
                    self.all_chats().await?,
                    &op,
                    self.progress.concealment(),
                ));
            };
            // Merged chats leave holes: only an empty page is the end.
            if rows.is_empty() {
                return Ok(page.end(None));
            }
            for (index, row) in rows.iter().enumerate() {
                let Some(chat) = chat(row).filter(|chat| seen.insert(chat.chat.clone())) else {
                    continue;
                };
                if !page.take(chat) {
                    return Ok(page.end(Some(position + index)));
                }
            }
            position += STRIDE;
        }
        Ok(page.end(Some(position)))
    }

    pub(super) async fn get_chat(self, op: GetChat) -> BackendResult<Chat> {
        let chat = self.chat(&op.chat).await?;
        let chat = chat.ok_or_else(|| unknown_chat(API, &op.chat))?;
        Ok(chat.concealing(self.progress.concealment()))
    }

    pub(super) async fn brief_clear_chat(self, op: ClearChat) -> BackendResult<Briefing> {
        let chat = op.chat;
        Ok(self.get_chat(GetChat { chat }).await?.briefing())
    }

    pub(super) async fn brief_delete_chat(self, op: DeleteChat) -> BackendResult<Briefing> {
        let chat = op.chat;
        Ok(self.get_chat(GetChat { chat }).await?.briefing())
    }

    /// A chat, or `None` where the account has none with this id.
    pub(super) async fn chat(&self, id: &ChatId) -> BackendResult<Option<Chat>> {
        let one = |found: Chat| (found.chat == *id).then_some(found);
        match self.overview(Some(id), 1, 0).await? {
            Some(page) if page.is_empty() => return Ok(None),
            Some(page) => {
                if let Some(found) = page.iter().filter_map(chat).find_map(one) {
                    return Ok(Some(found));
                }
            }
            None => {}
        }
        // The server is older than the overview, or than its filter.
        Ok(self.all_chats().await?.into_iter().find_map(one))
    }

    /// A part of the overview; `None` from a server that is older than it.
    pub(super) async fn overview(
        &self,
        id: Option<&ChatId>,
        limit: usize,
        offset: usize,
    ) -> BackendResult<Option<Vec<Value>>> {
        let path = self.client.path(&["chats", "overview"]);
        let (limit, offset) = (limit.to_string(), offset.to_string());
        let mut query = vec![("limit", limit.as_str()), ("offset", offset.as_str())];
        query.extend(id.map(|id| ("ids", id.as_str())));
        let reply = self.client.try_get(&self.progress, &path, &query).await?;
        if reply.is_success() {
            return rows(reply).map(Some);
        }
        match self.client.refusal(&reply) {
            error if is_too_old(&error) => Ok(None),
            error => Err(error),
        }
    }

    /// Every chat as older servers list them, newest first.
    pub(super) async fn all_chats(&self) -> BackendResult<Vec<Chat>> {
        let path = self.client.path(&["chats"]);
        let mut rows = rows(self.client.get(&self.progress, &path, &[]).await?)?;
        rows.sort_by_key(|row| {
            std::cmp::Reverse(seconds(row, &["conversationTimestamp", "timestamp"]))
        });
        Ok(rows.iter().filter_map(chat).collect())
    }
}

fn rows(reply: HttpReply) -> BackendResult<Vec<Value>> {
    match reply.into_body() {
        Body::Json(Value::Array(rows)) => Ok(rows),
        _ => Err(unreadable("a list of chats is expected")),
    }
}

/// A chat, wherever the engine puts its fields.
pub(super) fn chat(row: &Value) -> Option<Chat> {
    let inner = row.get("_chat").unwrap_or(&Value::Null);
    let any = |names: &[&str]| field(row, names).or_else(|| field(inner, names));
    let id = ChatId::parse(field(row, &["id"]).and_then(id_text)?).ok()?;
    // A message that names another chat is not of this one, whatever lists it here.
    let is_of_chat = |message: &&Value| {
        let message = message_id(message);
        let named = message.as_ref().and_then(MessageId::chat);
        named.is_none_or(|named| *named == id)
    };
    let chat = Chat {
        name: text(row, &["name"])
            .or_else(|| text(inner, &["name"]))
            .and_then(Untrusted::nonempty),
        chat: id.clone(),
        unread: None,
        marked_unread: false,
        archived: any(&["archived", "archive"]).and_then(Value::as_bool),
        last_message: field(row, &["lastMessage"])
            .filter(is_of_chat)
            .and_then(last_message),
    };
    Some(chat.with_unread(any(&["unreadCount"]).and_then(Value::as_i64)))
}

fn last_message(message: &Value) -> Option<LastMessage> {
    let from_me = message.get("fromMe").and_then(Value::as_bool);
    // In a group `from` is the group.
    let sender = ["participant", "author", "from"]
        .iter()
        .filter_map(|name| PersonId::parse(id_text(message.get(name)?)?).ok())
        .next();
    let last = LastMessage {
        text: text(message, &["body"]).and_then(Untrusted::nonempty),
        sender: sender.filter(|_| from_me != Some(true)),
        from_me,
        at: seconds(message, &["timestamp"])
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
    };
    message.is_object().then_some(last)
}

/// A time in seconds: a number, a text, or an object with its lower half.
fn seconds(object: &Value, names: &[&str]) -> Option<i64> {
    let value = field(object, names)?;
    let value = value.get("low").unwrap_or(value);
    value
        .as_i64()
        .or_else(|| value.as_str()?.parse().ok())
        .filter(|seconds| *seconds > 0)
}
