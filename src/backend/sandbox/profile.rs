//! The profile of the sandbox's account.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State as Extract},
    http::StatusCode,
    routing::{get, put},
};
use serde_json::{Value, json};

use super::{
    ME, Shared,
    media::LARGEST_BODY,
    pictures::{Picture, yes},
    reply::{Answer, Refused, found, working},
};

/// What others see of the account; its name at first is nobody's.
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) about: String,
    picture: Picture,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: "Sandbox".into(),
            about: String::new(),
            picture: Picture::default(),
        }
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/profile", get(profile))
        .route("/api/{session}/profile/name", put(rename))
        .route("/api/{session}/profile/status", put(tell))
        .route("/api/{session}/profile/picture", put(show))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

async fn profile(Extract(state): Extract<Shared>) -> Answer {
    let profile = &working(&state)?.profile;
    Ok(found(
        json!({ "id": ME, "name": profile.name, "picture": profile.picture.url() }),
    ))
}

async fn rename(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    state.profile.name = text(&body, "name")?;
    Ok(yes())
}

async fn tell(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    let mut state = working(&state)?;
    state.profile.about = text(&body, "status")?;
    Ok(yes())
}

async fn show(Extract(state): Extract<Shared>, Json(body): Json<Value>) -> Answer {
    working(&state)?.profile.picture.put(&body)?;
    Ok(yes())
}

fn text(body: &Value, name: &str) -> Result<String, Refused> {
    let text = body.get(name).and_then(Value::as_str);
    text.map(ToOwned::to_owned).ok_or_else(|| {
        let message = format!("{name} is needed");
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, &message)
    })
}
