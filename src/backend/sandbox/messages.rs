//! The sandbox's messages.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post, put},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Shared,
    files::{Attached, CAKE, CHAPTER, LETTERS, VOICE, url},
    reply::{Answer, Refused, found, or_nothing, working},
};

/// The messages of each chat, oldest first, and how many there ever were.
pub(super) struct Messages(BTreeMap<String, Vec<Message>>, usize);

struct Message {
    id: String,
    text: String,
    timestamp: i64,
    /// Who wrote it; `None` for this account.
    writer: Option<&'static str>,
    shown: Shown,
}

/// What a message shows beside its text.
#[derive(Clone, Default)]
pub(super) struct Shown {
    pub(super) location: Option<Value>,
    pub(super) cards: Vec<String>,
    pub(super) file: Option<Attached>,
}

impl Default for Messages {
    fn default() -> Self {
        let mut messages = Self(BTreeMap::new(), 0);
        let (family, books) = ("120363000000000001@g.us", "120363000000000003@g.us");
        let (mum, sam) = ("15552220001@c.us", "15552220003@c.us");
        let flatmates = "120363000000000002@g.us";
        for (chat, writer, text, at) in [
            (family, None, "Good morning!", 1_767_570_000),
            (
                family,
                Some("15552220002@c.us"),
                "Dinner on Sunday at six",
                1_767_580_000,
            ),
            (family, Some(mum), "Who brings the cake?", 1_767_590_000),
            (mum, Some(mum), "Did you call the dentist?", 1_767_500_000),
            (sam, None, "See you on Friday", 1_767_600_000),
            (
                books,
                Some("15552220006@c.us"),
                "Chapter four for Tuesday",
                1_767_400_000,
            ),
            (
                flatmates,
                Some("15552220004@c.us"),
                "The deposit came back",
                1_767_000_000,
            ),
        ] {
            messages.add(chat, writer, text, at, None);
        }
        for (chat, writer, text, at, file) in [
            (mum, mum, "The cake of last year", 1_767_490_000, CAKE),
            (family, mum, "", 1_767_560_000, VOICE),
            (books, "15552220006@c.us", "", 1_767_390_000, CHAPTER),
            (
                flatmates,
                "15552220004@c.us",
                "All the letters",
                1_766_990_000,
                LETTERS,
            ),
        ] {
            messages.add(chat, Some(writer), text, at, Some(file));
        }
        for chat in messages.0.values_mut() {
            chat.sort_by_key(|message| message.timestamp);
        }
        messages
    }
}

/// How many messages of a chat are kept.
const KEPT: usize = 1000;

impl Messages {
    /// Takes a message, from this account where there is no writer.
    fn add(
        &mut self,
        chat: &str,
        writer: Option<&'static str>,
        text: &str,
        timestamp: i64,
        file: Option<&str>,
    ) {
        let shown = Shown {
            file: file.and_then(Attached::first),
            ..Shown::default()
        };
        self.add_shown(chat, writer, text, timestamp, shown);
    }

    /// Takes a message of this account, written now.
    pub(super) fn add_own(&mut self, chat: &str, text: &str, shown: Shown) -> Value {
        self.add_shown(chat, None, text, Timestamp::now().as_second(), shown)
    }

    fn add_shown(
        &mut self,
        chat: &str,
        writer: Option<&'static str>,
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
            writer,
            shown,
        };
        let json = message.json(chat);
        let messages = self.0.entry(chat.to_owned()).or_default();
        if messages.len() == KEPT {
            messages.remove(0);
        }
        messages.push(message);
        json
    }

    /// The messages of a chat, newest first.
    fn list(&self, chat: &str) -> Value {
        let messages = self.0.get(chat).into_iter().flatten();
        messages.rev().map(|message| message.json(chat)).collect()
    }

    /// The newest message of a chat.
    pub(super) fn last(&self, chat: &str) -> Option<Value> {
        Some(self.0.get(chat)?.last()?.json(chat))
    }

    /// When something was written in a chat last.
    pub(super) fn newest(&self, chat: &str) -> Option<i64> {
        Some(self.0.get(chat)?.last()?.timestamp)
    }

    pub(super) fn clear(&mut self, chat: &str) {
        self.0.remove(chat);
    }

    fn edit(&mut self, chat: &str, id: &str, text: &str) -> Option<()> {
        let messages = self.0.get_mut(chat)?;
        let message = messages.iter_mut().find(|message| message.id == id)?;
        text.clone_into(&mut message.text);
        Some(())
    }

    fn delete(&mut self, chat: &str, id: &str) {
        if let Some(messages) = self.0.get_mut(chat) {
            messages.retain(|message| message.id != id);
        }
    }

    fn find(&self, id: &str) -> Option<&Message> {
        let mut messages = self.0.values().flatten();
        messages.find(|message| message.id == id)
    }

    /// A message, with the address of its file where it is to be `downloaded`.
    fn get(&self, chat: &str, id: &str, downloaded: bool) -> Option<Value> {
        let messages = self.0.get(chat)?;
        let message = messages.iter().find(|message| message.id == id)?;
        let mut json = message.json(chat);
        if let (true, Some(file)) = (downloaded, &message.shown.file)
            && let Some(Value::Object(media)) = json.get_mut("media")
        {
            media.insert("url".into(), url(&file.key).into());
        }
        Some(json)
    }
}

impl Message {
    fn json(&self, chat: &str) -> Value {
        json!({
            "id": self.id,
            "timestamp": self.timestamp,
            "from": chat,
            "fromMe": self.writer.is_none(),
            "participant": self.writer.filter(|_| chat.ends_with("@g.us")),
            "body": self.text,
            "location": self.shown.location,
            "vCards": self.shown.cards,
            "hasMedia": self.shown.file.is_some(),
            "media": self.shown.file.as_ref().map(Attached::json),
            "ack": 1,
            "ackName": "SERVER",
        })
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/sendText", post(send))
        .route("/api/{session}/chats/{id}/messages", get(messages))
        .route("/api/forwardMessage", post(forward))
        .route("/api/reaction", put(mark))
        .route("/api/star", put(mark))
        .route(
            "/api/{session}/chats/{id}/messages/{message}",
            get(message).put(edit).delete(delete),
        )
        .route(
            "/api/{session}/chats/{id}/messages/{message}/{verb}",
            post(pin),
        )
}

async fn send(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(chat), Some(text)) = (field("chatId"), field("text")) else {
        let message = "chatId and text are needed";
        return Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message));
    };
    state.chats.know(chat);
    let message = state.messages.add_own(chat, text, Shown::default());
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

async fn messages(
    Extract(state): Extract<Shared>,
    Path((_, chat)): Path<(String, String)>,
) -> Answer {
    Ok(found(working(&state)?.messages.list(&chat)))
}

async fn message(
    Extract(state): Extract<Shared>,
    Path((_, chat, id)): At,
    RawQuery(query): RawQuery,
) -> Answer {
    let downloaded = !query.is_some_and(|query| query.contains("downloadMedia=false"));
    match working(&state)?.messages.get(&chat, &id, downloaded) {
        Some(message) => Ok(found(message)),
        None => Err(unknown()),
    }
}

/// A message in its chat, as a path names it.
type At = Path<(String, String, String)>;

fn unknown() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "Message not found")
}

async fn edit(
    Extract(state): Extract<Shared>,
    Path((_, chat, id)): At,
    Json(body): Json<Value>,
) -> Answer {
    let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
    let mut state = working(&state)?;
    state.messages.edit(&chat, &id, text).ok_or_else(unknown)?;
    Ok(or_nothing(None))
}

async fn delete(Extract(state): Extract<Shared>, Path((_, chat, id)): At) -> Answer {
    working(&state)?.messages.delete(&chat, &id);
    Ok(or_nothing(None))
}

async fn forward(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    let field = |name: &str| body.get(name).and_then(Value::as_str).ok_or_else(unknown);
    let message = state
        .messages
        .find(field("messageId")?)
        .ok_or_else(unknown)?;
    let (text, shown) = (message.text.clone(), message.shown.clone());
    let chat = field("chatId")?;
    state.chats.know(chat);
    let copy = state.messages.add_own(chat, &text, shown);
    Ok((StatusCode::CREATED, Json(copy)).into_response())
}

/// Reactions and stars: taken, and shown nowhere, as on NOWEB.
async fn mark(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let state = working(&state)?;
    let id = body
        .get("messageId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    state.messages.find(id).ok_or_else(unknown)?;
    Ok(or_nothing(None))
}

async fn pin(
    Extract(state): Extract<Shared>,
    Path((_, chat, id, _verb)): Path<(String, String, String, String)>,
) -> Answer {
    working(&state)?
        .messages
        .get(&chat, &id, false)
        .ok_or_else(unknown)?;
    Ok((StatusCode::CREATED, Json(json!({ "success": true }))).into_response())
}
