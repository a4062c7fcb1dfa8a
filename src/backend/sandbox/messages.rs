//! Reading, writing and changing messages.

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post, put},
};
use serde_json::{Value, json};

use super::{
    Shared,
    history::Shown,
    reply::{Answer, Refused, found, or_nothing, working},
    window::Window,
};

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
    let message = state.write(chat, text, Shown::of(&body));
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

async fn messages(
    Extract(state): Extract<Shared>,
    Path((_, chat)): Path<(String, String)>,
    query: RawQuery,
) -> Answer {
    let window = Window::from(query);
    Ok(found(working(&state)?.messages.list(&chat, &window)))
}

async fn message(
    Extract(state): Extract<Shared>,
    Path((_, chat, id)): At,
    query: RawQuery,
) -> Answer {
    let downloaded = Window::from(query).media;
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
    let content = state.messages.content(field("messageId")?);
    let (text, shown) = content.ok_or_else(unknown)?;
    let copy = state.write(field("chatId")?, &text, shown);
    Ok((StatusCode::CREATED, Json(copy)).into_response())
}

/// Reactions and stars: taken, and shown nowhere, as on NOWEB.
async fn mark(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let state = working(&state)?;
    let id = body
        .get("messageId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    state.messages.content(id).ok_or_else(unknown)?;
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
