//! The messages of the sandbox's chats.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    contacts,
    files::{Attached, url},
    past,
};

/// The messages of each chat, oldest first, and how many there ever were.
pub(super) struct Messages(BTreeMap<String, Vec<SandboxMessage>>, usize);

pub(super) struct SandboxMessage {
    pub(super) id: String,
    pub(super) timestamp: i64,
    text: String,
    /// Who wrote it; `None` for this account.
    writer: Option<String>,
    content: MessageContent,
}

/// The content of a message besides its text.
#[derive(Clone, Default)]
pub(super) struct MessageContent {
    pub(super) location: Option<Value>,
    pub(super) cards: Vec<String>,
    pub(super) file: Option<Attached>,
    /// The message that it answers.
    pub(super) reply_to: Option<String>,
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
    /// Adds a message of this account, written now.
    pub(super) fn add_own(&mut self, chat: &str, text: &str, content: MessageContent) -> Value {
        // An answer of before may lie a second ahead.
        let now = Timestamp::now().as_second();
        let at = self.newest(chat).map_or(now, |newest| newest.max(now));
        self.add(chat, None, text, at, content)
    }

    /// Adds a message of somebody, written right after the newest one.
    pub(super) fn add_other(&mut self, chat: &str, writer: &str, text: &str) {
        let now = Timestamp::now().as_second();
        let at = self.newest(chat).map_or(now, |newest| newest.max(now) + 1);
        self.add(chat, Some(writer), text, at, MessageContent::default());
    }

    /// Adds a message, from this account where there is no writer.
    pub(super) fn add(
        &mut self,
        chat: &str,
        writer: Option<&str>,
        text: &str,
        timestamp: i64,
        content: MessageContent,
    ) -> Value {
        self.1 += 1;
        let number = self.1;
        let message = SandboxMessage {
            id: format!("{}_{chat}_SANDBOX{number:08}", writer.is_none()),
            text: text.to_owned(),
            timestamp,
            writer: writer.map(str::to_owned),
            content,
        };
        let json = message.json(chat, false);
        let messages = self.0.entry(chat.to_owned()).or_default();
        if messages.len() == KEPT {
            messages.remove(0);
        }
        messages.push(message);
        json
    }

    /// The messages of a chat, oldest first.
    pub(super) fn of(&self, chat: &str) -> &[SandboxMessage] {
        self.0.get(chat).map_or(&[], Vec::as_slice)
    }

    /// The newest message of a chat.
    pub(super) fn last(&self, chat: &str) -> Option<Value> {
        Some(self.of(chat).last()?.json(chat, false))
    }

    /// When something was written in a chat last.
    pub(super) fn newest(&self, chat: &str) -> Option<i64> {
        Some(self.of(chat).last()?.timestamp)
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

    /// A message of any chat.
    pub(super) fn find(&self, id: &str) -> Option<&SandboxMessage> {
        let mut messages = self.0.values().flatten();
        messages.find(|message| message.id == id)
    }
}

impl SandboxMessage {
    /// Whether this account wrote it.
    pub(super) fn is_own(&self) -> bool {
        self.writer.is_none()
    }

    /// Its text and content, for another message.
    pub(super) fn parts(&self) -> (String, MessageContent) {
        (self.text.clone(), self.content.clone())
    }

    /// The message as WAHA shows it, with the address of its file if it is `downloaded`.
    pub(super) fn json(&self, chat: &str, downloaded: bool) -> Value {
        let media = self.content.file.as_ref().map(|file| {
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
            "location": self.content.location,
            "vCards": self.content.cards,
            "hasMedia": media.is_some(),
            "media": media,
            "replyTo": self.content.reply_to.as_ref().map(|id| json!({ "id": id })),
            "ack": 1,
            "ackName": "SERVER",
            "_data": { "pushName": writer.and_then(contacts::name) },
        })
    }
}
