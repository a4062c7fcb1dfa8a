//! Files that are sent: they are kept as messages, their content is not.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::post,
};
use serde_json::Value;

use super::{
    Shared,
    reply::{Answer, Refused, working},
};

/// As large a body as WAHA takes.
pub(super) const LARGEST_BODY: usize = 50 * 1024 * 1024;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/sendImage", post(send))
        .route("/api/sendVideo", post(send))
        .route("/api/sendFile", post(send))
        .route("/api/sendVoice", post(send))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

async fn send(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let file = |name: &str| body.get("file")?.get(name)?.as_str();
    let refused = || {
        let message = "chatId, file.mimetype and file.data are needed";
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    };
    let (Some(chat), Some(mime), Some(_)) = (field("chatId"), file("mimetype"), file("data"))
    else {
        return Err(refused());
    };
    state.chats.know(chat);
    let caption = field("caption").unwrap_or_default();
    let message = state
        .messages
        .add_media(chat, caption, mime)
        .ok_or_else(refused)?;
    Ok((StatusCode::CREATED, Json(message)).into_response())
}
