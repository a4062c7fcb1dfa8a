//! Pictures of the sandbox's account and of its groups: that there is one is kept,
//! its content is not.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State as Extract},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    Shared,
    group_settings::administered,
    media::LARGEST_BODY,
    reply::{Answer, Refused, found, or_nothing, working},
};

/// A picture, which may not be there.
#[derive(Default)]
pub(super) struct Picture {
    /// How many there have been.
    put: u32,
    shown: bool,
}

impl Picture {
    /// Takes another picture, if this is one.
    pub(super) fn put(&mut self, body: &Value) -> Result<(), Refused> {
        let file = |name: &str| body.get("file")?.get(name)?.as_str();
        if file("mimetype") != Some("image/jpeg") || file("data").is_none() {
            return Err(Refused::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "file.mimetype image/jpeg and file.data are needed",
            ));
        }
        self.put += 1;
        self.shown = true;
        Ok(())
    }

    fn remove(&mut self) {
        self.shown = false;
    }

    /// Where it is; nothing can be fetched there.
    pub(super) fn url(&self) -> Option<String> {
        let url = format!("https://sandbox.invalid/pictures/{}.jpg", self.put);
        self.shown.then_some(url)
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/api/{session}/groups/{id}/picture",
            get(picture).put(put).delete(remove),
        )
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// Done, as WAHA says it.
pub(super) fn yes() -> axum::response::Response {
    found(json!({ "success": true }))
}

async fn picture(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let state = working(&state)?;
    let group = state.groups.0.get(&id);
    Ok(or_nothing(
        group.map(|group| json!({ "url": group.picture.url() })),
    ))
}

async fn put(
    Extract(state): Extract<Shared>,
    Path((_, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?.picture.put(&body)?;
    Ok(yes())
}

async fn remove(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?.picture.remove();
    Ok(yes())
}
