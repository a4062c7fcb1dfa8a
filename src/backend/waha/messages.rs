//! Reading messages on WAHA.

use jiff::Timestamp;
use serde_json::Value;

use super::{Waha, client::API};
use crate::{
    backend::{Fault, http::Body},
    op::{
        ChatId, Foreign, GetMessage, ListMessages, Listed, Message, MessageId, MessageList,
        PersonId,
    },
};

/// How many messages are asked for at once, whatever filters leave of them.
const SCAN: usize = 200;

impl Waha {
    pub(super) async fn list_messages(self, op: ListMessages) -> Result<MessageList, Fault> {
        let path = [
            "api",
            self.0.session(),
            "chats",
            op.chat.as_str(),
            "messages",
        ];
        let scan = SCAN.to_string();
        let mut query = vec![
            // WAHA would download every picture otherwise.
            ("downloadMedia", "false".to_owned()),
            ("sortBy", "timestamp".to_owned()),
            ("sortOrder", "desc".to_owned()),
            ("limit", scan),
        ];
        let cursor = op.cursor.as_ref().map(|cursor| cursor.second);
        let before = op.before.map(Timestamp::as_second);
        if let Some(latest) = [cursor, before].into_iter().flatten().min() {
            query.push(("filter.timestamp.lte", latest.to_string()));
        }
        if let Some(after) = op.after {
            query.push(("filter.timestamp.gte", after.as_second().to_string()));
        }
        let query: Vec<(&str, &str)> = query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let messages = match self.0.get(&path, &query).await?.body() {
            Body::Json(Value::Array(messages)) => messages,
            Body::Empty => Vec::new(),
            _ => {
                return Err(Fault::Unreadable {
                    api: API,
                    why: "a list of messages is expected".into(),
                });
            }
        };
        let more = messages.len() >= SCAN;
        let own = self.own_id(&op).await;
        let listed = messages
            .iter()
            .filter_map(|message| read(message, &op.chat, own.as_ref()));
        Ok(MessageList::page(listed.collect(), more, &op))
    }

    pub(super) async fn get_message(self, op: GetMessage) -> Result<Message, Fault> {
        let path = [
            "api",
            self.0.session(),
            "chats",
            op.chat.as_str(),
            "messages",
            op.message.as_str(),
        ];
        let found = match self
            .0
            .get(&path, &[("downloadMedia", "false")])
            .await?
            .body()
        {
            Body::Json(message) => read(&message, &op.chat, None),
            Body::Empty | Body::Text(_) => None,
        };
        found
            .map(|listed| listed.message)
            .ok_or_else(|| Fault::Refused {
                api: API,
                status: None,
                said: Foreign::new(&format!("it knows no message {}", op.message)),
                next: "check chat and id; list_messages shows the messages there are",
            })
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
    let id = message.get("id")?;
    let id = id.as_str().or_else(|| id.get("_serialized")?.as_str())?;
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
    let body = text("body").unwrap_or_default();
    let name = message
        .pointer("/_data/notifyName")
        .or_else(|| message.pointer("/_data/pushName"));
    let kind = media_kind(message);
    Some(Listed {
        message: Message {
            from_name: name
                .and_then(Value::as_str)
                .filter(|_| !mine)
                .and_then(Foreign::nonempty),
            from: match &writer {
                _ if mine => "me".to_owned(),
                Some(writer) => writer.to_string(),
                None => "unknown".to_owned(),
            },
            at: timestamp(message.get("timestamp")?)?,
            text: (!body.trim().is_empty()).then(|| Foreign::long(body)),
            kind: kind.as_deref().and_then(Foreign::nonempty),
            reply_to: message
                .pointer("/replyTo/id")
                .and_then(Value::as_str)
                .and_then(|id| MessageId::parse(id).ok()),
            message: MessageId::parse(id).ok()?,
        },
        writer,
        text: body.to_owned(),
    })
}

/// The main part of the media type, such as `image`; `media` where there is no type.
fn media_kind(message: &Value) -> Option<String> {
    if message.get("hasMedia").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let mime = message
        .pointer("/media/mimetype")
        .and_then(Value::as_str)
        .unwrap_or("media");
    Some(
        mime.split('/')
            .next()
            .unwrap_or(mime)
            .replace("application", "document"),
    )
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
