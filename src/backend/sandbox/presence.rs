//! The sandbox's presence: who is followed, and what this account shows.

use std::collections::BTreeSet;

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    reply::{Answer, Refused, done, found, working},
};

/// The chats that are followed, and whether this account shows itself.
#[derive(Default)]
pub(super) struct Presences {
    followed: BTreeSet<String>,
    offline: bool,
}

/// What this account is to show.
#[derive(Deserialize)]
struct Wanted {
    presence: String,
    #[serde(rename = "chatId")]
    chat: Option<String>,
}

impl Presences {
    fn json(&self, chat: &str) -> Value {
        // Who shows nothing is shown nothing.
        let people = match chat.ends_with("@c.us") && !self.offline {
            true => {
                json!([{ "participant": chat, "lastSeen": 1_700_000_000, "lastKnownPresence": "online" }])
            }
            false => json!([]),
        };
        json!({ "id": chat, "presences": people })
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/presence", get(all).post(show))
        .route("/api/{session}/presence/{chat}", get(one))
        .route("/api/{session}/presence/{chat}/subscribe", post(subscribe))
}

async fn all(Extract(state): Extract<Shared>) -> Answer {
    let presences = &working(&state)?.presences;
    let chats = presences.followed.iter();
    Ok(found(chats.map(|chat| presences.json(chat)).collect()))
}

async fn one(Extract(state): Extract<Shared>, Path((_, chat)): Path<(String, String)>) -> Answer {
    let presences = &mut working(&state)?.presences;
    presences.followed.insert(chat.clone());
    Ok(found(presences.json(&chat)))
}

async fn subscribe(
    Extract(state): Extract<Shared>,
    Path((_, chat)): Path<(String, String)>,
) -> Answer {
    working(&state)?.presences.followed.insert(chat);
    Ok(done())
}

async fn show(Extract(state): Extract<Shared>, Json(wanted): Json<Wanted>) -> Answer {
    let presences = &mut working(&state)?.presences;
    match (wanted.presence.as_str(), wanted.chat) {
        ("online", None) => presences.offline = false,
        ("offline", None) => presences.offline = true,
        ("typing" | "recording" | "paused", Some(_)) => {}
        (word, _) => {
            let detail = format!("'{word}' presence and 'chatId' do not go together.");
            return Err(Refused(
                StatusCode::BAD_REQUEST,
                json!({ "detail": detail }),
            ));
        }
    }
    Ok(done())
}
