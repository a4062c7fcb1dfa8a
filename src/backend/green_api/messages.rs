//! Reading messages on GREEN-API.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    GreenApi,
    client::{API, unreadable},
    message_kinds::{is_incoming, kind, words},
    refusals::refused,
};
use crate::{
    backend::{belonging::check_chats, http::Body, refusals::unknown_message},
    op::{
        BackendResult, ChatId, GetMessage, ListMessages, Listed, Message, MessageId, MessageList,
        PersonId, Untrusted,
    },
};

/// How many messages are requested; the journal has no other way to go back.
const SCAN: usize = 500;

impl GreenApi {
    pub(super) async fn list_messages(self, op: ListMessages) -> BackendResult<MessageList> {
        let messages = self.chat_history(&op.chat).await?;
        let own = match &op.from {
            Some(_) => self.own_ids().await.unwrap_or_default().into_iter().next(),
            None => None,
        };
        let listed = messages
            .iter()
            .filter_map(|message| read(message, &op.chat, own.as_ref()));
        let listed: Vec<Listed> = listed.collect();
        check_chats(&self, API, &op.chat, messages.iter().filter_map(named_chat)).await?;
        let concealment = self.progress.concealment();
        let listed = listed.into_iter();
        let listed: Vec<Listed> = listed.map(|one| one.concealing(concealment)).collect();
        // Older messages than these cannot be reached by another call.
        let Some(message) = &op.around else {
            return Ok(MessageList::page(listed, false, &op));
        };
        let of_it = |listed: &&Listed| listed.message.message.key() == message.key();
        match listed
            .iter()
            .find(of_it)
            .map(|listed| listed.message.clone())
        {
            Some(middle) => Ok(MessageList::around(listed, &middle, false, &op)),
            None => Err(refused(
                &format!("message {message} is not among the last {SCAN} of the chat"),
                "check chat and id; get_message shows an older message by itself",
            )),
        }
    }

    /// The newest messages of a chat, in the API's order.
    async fn chat_history(&self, chat: &ChatId) -> BackendResult<Vec<Value>> {
        self.reachable(chat)?;
        let arguments = json!({ "chatId": chat.as_str(), "count": SCAN });
        let reply = self
            .client
            .read(&self.progress, "getChatHistory", Some(&arguments))
            .await?;
        match reply.into_body() {
            Body::Json(Value::Array(messages)) => Ok(messages),
            _ => Err(unreadable("a list of messages is expected")),
        }
    }

    /// The time of the newest message that somebody else wrote, at `until` or before.
    pub(super) async fn newest_incoming(
        &self,
        chat: &ChatId,
        until: Timestamp,
    ) -> BackendResult<Option<Timestamp>> {
        let messages = self.chat_history(chat).await?;
        let mut newest = None;
        let mut named = Vec::new();
        for message in messages.iter().filter(|message| is_incoming(message)) {
            let at = message.get("timestamp").and_then(Value::as_i64);
            let at = at.and_then(|second| Timestamp::from_second(second).ok());
            // A message that names no chat may be of another one.
            if let (Some(at), Some(of)) = (at.filter(|at| *at <= until), named_chat(message)) {
                named.push(of);
                newest = newest.max(Some(at));
            }
        }
        check_chats(self, API, chat, named).await?;
        Ok(newest)
    }

    pub(super) async fn get_message(self, op: GetMessage) -> BackendResult<Message> {
        self.reachable(&op.chat)?;
        let found = self.find(&op.chat, &op.message).await?;
        let listed = read(&found, &op.chat, None);
        let listed = listed.ok_or_else(|| unknown_message(API, &op.message))?;
        Ok(listed.concealing(self.progress.concealment()).message)
    }

    /// Finds a message of a chat.
    ///
    /// # Errors
    /// When there is none, or when the answer is a message of another chat.
    pub(super) async fn find(&self, asked: &ChatId, message: &MessageId) -> BackendResult<Value> {
        let arguments = message_arguments(asked, message);
        match self
            .client
            .read(&self.progress, "getMessage", Some(&arguments))
            .await?
            .into_body()
        {
            Body::Json(found) => {
                check_chats(self, API, asked, named_chat(&found)).await?;
                Ok(found)
            }
            Body::Empty | Body::Text(_) => Err(unknown_message(API, message)),
        }
    }

    /// GREEN-API knows people and groups only; a channel is an error.
    pub(super) fn reachable(&self, chat: &ChatId) -> BackendResult<()> {
        match chat {
            ChatId::Person(_) | ChatId::Group(_) => Ok(()),
            ChatId::Channel(_) => Err(refused(
                "it has no channels; nothing was sent",
                "name a person or a group",
            )),
        }
    }
}

/// The arguments by which methods find a message.
pub(super) fn message_arguments(chat: &ChatId, message: &MessageId) -> Value {
    json!({ "chatId": chat.as_str(), "idMessage": message.key() })
}

/// The chat that a message names.
pub(super) fn named_chat(message: &Value) -> Option<ChatId> {
    ChatId::parse(message.get("chatId")?.as_str()?).ok()
}

fn read(message: &Value, chat: &ChatId, own: Option<&PersonId>) -> Option<Listed> {
    let field = |name: &str| message.get(name).and_then(Value::as_str);
    // A message of a broadcast list or the status is of no chat.
    if field("chatId").is_some_and(|chat| ChatId::parse(chat).is_err()) {
        return None;
    }
    let mine = field("type") == Some("outgoing");
    let body = words(message);
    let writer = if mine {
        own.cloned()
    } else {
        field("senderId")
            .and_then(|id| PersonId::parse(id).ok())
            .or_else(|| match chat {
                ChatId::Person(person) => Some(person.clone()),
                ChatId::Group(_) | ChatId::Channel(_) => None,
            })
    };
    let name = field("senderContactName")
        .filter(|name| !name.is_empty())
        .or_else(|| field("senderName"));
    Some(Listed {
        message: Message {
            from_name: name.filter(|_| !mine).and_then(Untrusted::nonempty),
            from: match &writer {
                _ if mine => "me".to_owned(),
                Some(writer) => writer.to_string(),
                None => "unknown".to_owned(),
            },
            at: Timestamp::from_second(message.get("timestamp")?.as_i64()?).ok()?,
            text: (!body.trim().is_empty()).then(|| Untrusted::long(&body)),
            kind: kind(message).and_then(Untrusted::nonempty),
            reply_to: message
                .pointer("/quotedMessage/stanzaId")
                .and_then(Value::as_str)
                .and_then(|id| MessageId::parse(id).ok()),
            message: MessageId::parse(field("idMessage")?).ok()?,
        },
        writer,
        text: body,
    })
}
