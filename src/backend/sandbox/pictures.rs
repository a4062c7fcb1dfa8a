//! Pictures of the sandbox's account, of its groups and of people.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State as Extract},
    http::StatusCode,
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    ME, Shared,
    files::{Files, MUM, url},
    group_settings::administered,
    media::LARGEST_BODY,
    reply::{Answer, Refused, found, or_nothing, working},
};

/// The people who have a picture.
const PEOPLE: [(&str, &str); 1] = [("15552220001@c.us", MUM)];

/// A picture, which may not be there: the file that it is.
#[derive(Default)]
pub(super) struct Picture(Option<String>);

impl Picture {
    /// One of the pictures that are there from the start.
    pub(super) fn first(key: &str) -> Self {
        Self(Some(key.to_owned()))
    }

    /// What is put, if it is a picture.
    pub(super) fn put(body: &Value, files: &mut Files) -> Result<Self, Refused> {
        let file = |name: &str| body.get("file")?.get(name)?.as_str();
        let data = file("data").and_then(|data| STANDARD.decode(data).ok());
        let (Some(mime @ "image/jpeg"), Some(bytes)) = (file("mimetype"), data) else {
            return Err(Refused::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "file.mimetype image/jpeg and file.data are needed",
            ));
        };
        Ok(Self(Some(files.keep(mime, None, bytes).key)))
    }

    /// Where it is.
    pub(super) fn url(&self) -> Option<String> {
        self.0.as_deref().map(url)
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/chats/{id}/picture", get(shown))
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

/// The picture of any chat.
async fn shown(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let state = working(&state)?;
    let url = if id == ME {
        state.profile.picture.url()
    } else if let Some(group) = state.groups.0.get(&id) {
        group.picture.url()
    } else {
        let person = PEOPLE.iter().find(|(person, _)| *person == id);
        person.map(|(_, key)| url(key))
    };
    Ok(found(json!({ "url": url })))
}

async fn put(
    Extract(state): Extract<Shared>,
    Path((_, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?;
    let picture = Picture::put(&body, &mut state.files)?;
    administered(&mut state, &id)?.picture = picture;
    Ok(yes())
}

async fn remove(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let mut state = working(&state)?;
    administered(&mut state, &id)?.picture = Picture::default();
    Ok(yes())
}
