//! The sandbox's messages.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Shared,
    reply::{Answer, Refused, found, working},
};

/// The messages of each chat, oldest first.
#[derive(Default)]
pub(super) struct Messages(BTreeMap<String, Vec<Message>>);

struct Message {
    id: String,
    text: String,
    timestamp: i64,
}

/// How many messages of a chat are kept.
const KEPT: usize = 1000;

impl Messages {
    /// Takes a message of this account's own.
    fn send(&mut self, chat: &str, text: &str) -> Value {
        let number = self.0.values().map(Vec::len).sum::<usize>() + 1;
        let message = Message {
            id: format!("true_{chat}_SANDBOX{number:08}"),
            text: text.to_owned(),
            timestamp: Timestamp::now().as_second(),
        };
        let json = message.json(chat);
        let messages = self.0.entry(chat.to_owned()).or_default();
        if messages.len() == KEPT {
            messages.remove(0);
        }
        messages.push(message);
        json
    }

    fn get(&self, chat: &str, id: &str) -> Option<Value> {
        let messages = self.0.get(chat)?;
        let message = messages.iter().find(|message| message.id == id)?;
        Some(message.json(chat))
    }
}

impl Message {
    fn json(&self, chat: &str) -> Value {
        json!({
            "id": self.id,
            "timestamp": self.timestamp,
            "from": chat,
            "fromMe": true,
            "body": self.text,
            "hasMedia": false,
            "ack": 1,
            "ackName": "SERVER",
        })
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/sendText", post(send))
        .route("/api/{session}/chats/{chat}/messages/{id}", get(message))
}

async fn send(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(chat), Some(text)) = (field("chatId"), field("text")) else {
        let message = "chatId and text are needed";
        return Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message));
    };
    let message = state.messages.send(chat, text);
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

async fn message(
    Extract(state): Extract<Shared>,
    Path((_, chat, id)): Path<(String, String, String)>,
) -> Answer {
    match working(&state)?.messages.get(&chat, &id) {
        Some(message) => Ok(found(message)),
        None => Err(Refused::new(StatusCode::NOT_FOUND, "Message not found")),
    }
}
