//! What was written in the sandbox's chats.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    contacts,
    files::{Attached, url},
    past,
    window::Window,
};

/// The messages of each chat, oldest first, and how many there ever were.
pub(super) struct Messages(BTreeMap<String, Vec<Message>>, usize);

struct Message {
    id: String,
    text: String,
    timestamp: i64,
    /// Who wrote it; `None` for this account.
    writer: Option<String>,
    shown: Shown,
}

/// What a message shows beside its text.
#[derive(Clone, Default)]
pub(super) struct Shown {
    pub(super) location: Option<Value>,
    pub(super) cards: Vec<String>,
    pub(super) file: Option<Attached>,
    /// The message that it answers.
    pub(super) reply_to: Option<String>,
}

impl Shown {
    /// What every request to send something may say.
    pub(super) fn of(body: &Value) -> Self {
        let reply_to = body.get("reply_to").and_then(Value::as_str);
        Self {
            reply_to: reply_to.map(str::to_owned),
            ..Self::default()
        }
    }
}

impl Default for Messages {
    fn default() -> Self {
        let mut messages = Self(BTreeMap::new(), 0);
        past::fill(&mut messages);
        for chat in messages.0.values_mut() {
            chat.sort_by_key(|message| message.timestamp);
        }
        messages
    }
}

/// How many messages of a chat are kept.
const KEPT: usize = 1000;

impl Messages {
    /// Takes a message of this account, written now.
    pub(super) fn add_own(&mut self, chat: &str, text: &str, shown: Shown) -> Value {
        // An answer of before may lie a second ahead.
        let now = Timestamp::now().as_second();
        let at = self.newest(chat).map_or(now, |newest| newest.max(now));
        self.add(chat, None, text, at, shown)
    }

    /// Takes a message of somebody, written right after the newest one.
    pub(super) fn add_other(&mut self, chat: &str, writer: &str, text: &str) {
        let now = Timestamp::now().as_second();
        let at = self.newest(chat).map_or(now, |newest| newest.max(now) + 1);
        self.add(chat, Some(writer), text, at, Shown::default());
    }

    /// Takes a message, from this account where there is no writer.
    pub(super) fn add(
        &mut self,
        chat: &str,
        writer: Option<&str>,
        text: &str,
        timestamp: i64,
        shown: Shown,
    ) -> Value {
        self.1 += 1;
        let number = self.1;
        let message = Message {
            id: format!("{}_{chat}_SANDBOX{number:08}", writer.is_none()),
            text: text.to_owned(),
            timestamp,
            writer: writer.map(str::to_owned),
            shown,
        };
        let json = message.json(chat, false);
        let messages = self.0.entry(chat.to_owned()).or_default();
        if messages.len() == KEPT {
            messages.remove(0);
        }
        messages.push(message);
        json
    }

    /// The part of a chat that is asked for.
    pub(super) fn list(&self, chat: &str, window: &Window) -> Value {
        let messages = self.0.get(chat).into_iter().flatten();
        let mut messages: Vec<&Message> = messages
            .filter(|message| window.holds(message.timestamp, message.writer.is_none()))
            .collect();
        if !window.ascending {
            messages.sort_by_key(|message| Reverse(message.timestamp));
        }
        let shown = messages.into_iter().skip(window.offset).take(window.limit);
        shown
            .map(|message| message.json(chat, window.media))
            .collect()
    }

    /// The newest message of a chat.
    pub(super) fn last(&self, chat: &str) -> Option<Value> {
        Some(self.0.get(chat)?.last()?.json(chat, false))
    }

    /// When something was written in a chat last.
    pub(super) fn newest(&self, chat: &str) -> Option<i64> {
        Some(self.0.get(chat)?.last()?.timestamp)
    }

    pub(super) fn clear(&mut self, chat: &str) {
        self.0.remove(chat);
    }

    pub(super) fn edit(&mut self, chat: &str, id: &str, text: &str) -> Option<()> {
        let messages = self.0.get_mut(chat)?;
        let message = messages.iter_mut().find(|message| message.id == id)?;
        text.clone_into(&mut message.text);
        Some(())
    }

    pub(super) fn delete(&mut self, chat: &str, id: &str) {
        if let Some(messages) = self.0.get_mut(chat) {
            messages.retain(|message| message.id != id);
        }
    }

    /// A message, with the address of its file where it is to be `downloaded`.
    pub(super) fn get(&self, chat: &str, id: &str, downloaded: bool) -> Option<Value> {
        let messages = self.0.get(chat)?;
        let message = messages.iter().find(|message| message.id == id)?;
        Some(message.json(chat, downloaded))
    }

    /// What a message says and shows.
    pub(super) fn content(&self, id: &str) -> Option<(String, Shown)> {
        let mut messages = self.0.values().flatten();
        let message = messages.find(|message| message.id == id)?;
        Some((message.text.clone(), message.shown.clone()))
    }
}

impl Message {
    fn json(&self, chat: &str, downloaded: bool) -> Value {
        let media = self.shown.file.as_ref().map(|file| {
            let mut media = file.json();
            if let (true, Value::Object(fields)) = (downloaded, &mut media) {
                fields.insert("url".into(), url(&file.key).into());
            }
            media
        });
        let writer = self.writer.as_deref();
        json!({
            "id": self.id,
            "timestamp": self.timestamp,
            "from": chat,
            "fromMe": writer.is_none(),
            "participant": writer.filter(|_| chat.ends_with("@g.us")),
            "body": self.text,
            "location": self.shown.location,
            "vCards": self.shown.cards,
            "hasMedia": media.is_some(),
            "media": media,
            "replyTo": self.shown.reply_to.as_ref().map(|id| json!({ "id": id })),
            "ack": 1,
            "ackName": "SERVER",
            "_data": { "pushName": writer.and_then(contacts::name) },
        })
    }
}
