//! Reading messages on WAHA.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Waha,
    client::{API, unreadable},
    found_message::Download,
    message_kinds::{is_incoming, kind, words},
    refusals::refused,
    sending::message_id,
};
use crate::{
    backend::{belonging::check_chats, http::Body},
    op::{
        BackendResult, ChatId, GetMessage, ListMessages, Listed, Message, MessageId, MessageList,
        PersonId, Untrusted,
    },
};

/// How many messages are requested at once, however many the filters leave.
const SCAN: usize = 200;

/// Whose messages are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Authors {
    All,
    /// Everybody but this account.
    Others,
}

impl Waha {
    pub(super) async fn list_messages(self, op: ListMessages) -> BackendResult<MessageList> {
        if let Some(message) = &op.around {
            return self.around(&op, message).await;
        }
        let cursor = op.cursor.as_ref().map(|cursor| cursor.second);
        let before = op.before.map(Timestamp::as_second);
        let until = [cursor, before].into_iter().flatten().min();
        let since = op.after.map(Timestamp::as_second);
        let messages = self
            .fetch(&op.chat, "desc", since, until, Authors::All)
            .await?;
        let more = messages.len() >= SCAN;
        let listed = self.listed(&messages, &op).await?;
        Ok(MessageList::page(listed, more, &op))
    }

    /// The messages on both sides of one: what was written until then, and since.
    async fn around(&self, op: &ListMessages, message: &MessageId) -> BackendResult<MessageList> {
        let (chat, message) = (op.chat.clone(), message.clone());
        let middle = self
            .clone()
            .get_message(GetMessage { chat, message })
            .await?;
        let at = middle.at.as_second();
        let mut messages = self
            .fetch(&op.chat, "desc", None, Some(at), Authors::All)
            .await?;
        let more = messages.len() >= SCAN;
        let newer = self
            .fetch(&op.chat, "asc", Some(at), None, Authors::All)
            .await?;
        let reaches = |list: &[Value]| list.iter().any(|message| second(message) == Some(at));
        // Without a message of that second in it, messages next to it may be missing from a list.
        if !reaches(&messages) || (newer.len() >= SCAN && !reaches(&newer)) {
            return Err(refused(
                "it does not show the messages next to that one",
                "use after and before with times close to the message's",
            ));
        }
        messages.extend(newer);
        let listed = self.listed(&messages, op).await?;
        Ok(MessageList::around(listed, &middle, more, op))
    }

    /// Messages of a chat between two times, in seconds since 1970.
    async fn fetch(
        &self,
        chat: &ChatId,
        order: &str,
        since: Option<i64>,
        until: Option<i64>,
        authors: Authors,
    ) -> BackendResult<Vec<Value>> {
        let path = self.client.chat_path(chat, &["messages"]);
        let scan = SCAN.to_string();
        let mut query = vec![
            // WAHA would download every picture otherwise.
            ("downloadMedia", "false"),
            ("sortBy", "timestamp"),
            ("sortOrder", order),
            ("limit", &scan),
        ];
        let (since, until) = (
            since.map(|at| at.to_string()),
            until.map(|at| at.to_string()),
        );
        query.extend(until.as_deref().map(|at| ("filter.timestamp.lte", at)));
        query.extend(since.as_deref().map(|at| ("filter.timestamp.gte", at)));
        if authors == Authors::Others {
            query.push(("filter.fromMe", "false"));
        }
        match self
            .client
            .get(&self.progress, &path, &query)
            .await?
            .into_body()
        {
            Body::Json(Value::Array(messages)) => Ok(messages),
            Body::Empty => Ok(Vec::new()),
            _ => Err(unreadable("a list of messages is expected")),
        }
    }

    /// The time of the newest message that somebody else wrote, at `until` or before.
    pub(super) async fn newest_incoming(
        &self,
        chat: &ChatId,
        until: Timestamp,
    ) -> BackendResult<Option<Timestamp>> {
        let before = Some(until.as_second());
        let messages = self
            .fetch(chat, "desc", None, before, Authors::Others)
            .await?;
        // Servers that do not know a filter ignore it.
        let written = messages.iter().filter(|message| is_incoming(message));
        let mut named = Vec::new();
        let mut newest = None;
        for message in written {
            let at = message.get("timestamp").and_then(timestamp);
            let Some(at) = at.filter(|at| *at <= until) else {
                continue;
            };
            // A message without an id names no chat, so it may be of another one.
            let Some(of) = message_id(message).and_then(|id| id.chat().cloned()) else {
                continue;
            };
            named.push(of);
            newest = newest.max(Some(at));
        }
        check_chats(self, API, chat, named).await?;
        Ok(newest)
    }

    async fn listed(&self, messages: &[Value], op: &ListMessages) -> BackendResult<Vec<Listed>> {
        let own = self.own_id(op).await;
        let listed = messages
            .iter()
            .filter_map(|message| read(message, &op.chat, own.as_ref()));
        let listed: Vec<Listed> = listed.collect();
        let chat = |one: &Listed| one.message.message.chat().cloned();
        let named: Vec<ChatId> = listed.iter().filter_map(chat).collect();
        check_chats(self, API, &op.chat, named).await?;
        let concealment = self.progress.concealment();
        let listed = listed.into_iter();
        Ok(listed.map(|one| one.concealing(concealment)).collect())
    }

    pub(super) async fn get_message(self, op: GetMessage) -> BackendResult<Message> {
        let found = self.find(&op.chat, &op.message, Download::No).await?;
        let listed = read(&found.json, &op.chat, None);
        let listed = listed.ok_or_else(|| unreadable("a message with its time is expected"))?;
        Ok(listed.concealing(self.progress.concealment()).message)
    }

    /// The account's own id, where a filter needs it.
    async fn own_id(&self, op: &ListMessages) -> Option<PersonId> {
        op.from.as_ref()?;
        let info = self.info().await.ok().flatten()?;
        info.own_ids().into_iter().next()
    }
}

fn read(message: &Value, chat: &ChatId, own: Option<&PersonId>) -> Option<Listed> {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let mine = message.get("fromMe").and_then(Value::as_bool) == Some(true);
    let id = message_id(message)?;
    let person = |id: &str| PersonId::parse(id).ok();
    let writer = if mine {
        own.cloned()
    } else {
        text("participant")
            .or_else(|| text("author"))
            .and_then(person)
            .or_else(|| match chat {
                ChatId::Person(person) => Some(person.clone()),
                ChatId::Group(_) | ChatId::Channel(_) => text("from").and_then(person),
            })
    };
    let body = words(message);
    let name = message
        .pointer("/_data/notifyName")
        .or_else(|| message.pointer("/_data/pushName"));
    let kind = kind(message);
    Some(Listed {
        message: Message {
            from_name: name
                .and_then(Value::as_str)
                .filter(|_| !mine)
                .and_then(Untrusted::nonempty),
            from: match &writer {
                _ if mine => "me".to_owned(),
                Some(writer) => writer.to_string(),
                None => "unknown".to_owned(),
            },
            at: timestamp(message.get("timestamp")?)?,
            text: (!body.trim().is_empty()).then(|| Untrusted::long(&body)),
            kind: kind.as_deref().and_then(Untrusted::nonempty),
            reply_to: message
                .pointer("/replyTo/id")
                .and_then(Value::as_str)
                .and_then(|id| MessageId::parse(id).ok())
                .filter(|quoted| quoted.is_of(chat).is_ok()),
            message: id,
        },
        writer,
        text: body,
    })
}

fn second(message: &Value) -> Option<i64> {
    Some(timestamp(message.get("timestamp")?)?.as_second())
}

/// Seconds as a number, with a fraction, as text, or as `{low, high}`.
fn timestamp(value: &Value) -> Option<Timestamp> {
    let seconds = match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let seconds = number.as_f64()?;
            // Far enough for any date, and exact.
            (seconds.abs() < 1e12).then_some(seconds as i64)
        }),
        Value::String(text) => text.parse().ok(),
        other => other.get("low")?.as_i64(),
    }?;
    Timestamp::from_second(seconds).ok()
}
