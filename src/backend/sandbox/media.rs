//! Files that are sent.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    Shared,
    history::Shown,
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
    let data = file("data").and_then(|data| STANDARD.decode(data).ok());
    let (Some(chat), Some(mime), Some(bytes)) = (field("chatId"), file("mimetype"), data) else {
        return Err(refused());
    };
    let caption = field("caption").unwrap_or_default();
    let shown = Shown {
        file: Some(state.files.keep(mime, file("filename"), bytes)),
        ..Shown::of(&body)
    };
    let message = state.write(chat, caption, shown);
    Ok((StatusCode::CREATED, Json(message)).into_response())
}
