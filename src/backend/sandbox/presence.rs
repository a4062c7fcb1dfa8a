//! The sandbox's presence: the chats that the account follows, and what it shows itself.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    SandboxState,
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest, done, found},
};

/// The chats that are followed, and whether this account is invisible.
#[derive(Default)]
pub(super) struct SandboxPresence {
    followed: BTreeSet<String>,
    offline: bool,
}

impl SandboxPresence {
    fn json(&self, chat: &str) -> Value {
        // An account that shows nothing sees nothing.
        let people = match chat.ends_with("@c.us") && !self.offline {
            true => {
                json!([{ "participant": chat, "lastSeen": 1_700_000_000, "lastKnownPresence": "online" }])
            }
            false => json!([]),
        };
        json!({ "id": chat, "presences": people })
    }
}

pub(super) fn list(state: &SandboxState) -> SandboxAnswer {
    let chats = state.presence.followed.iter();
    found(chats.map(|chat| state.presence.json(chat)).collect())
}

pub(super) fn get(state: &mut SandboxState, chat: &str) -> SandboxAnswer {
    state.presence.followed.insert(chat.to_owned());
    found(state.presence.json(chat))
}

pub(super) fn subscribe(state: &mut SandboxState, chat: &str) -> SandboxAnswer {
    state.presence.followed.insert(chat.to_owned());
    done()
}

pub(super) fn set(state: &mut SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    match (request.required("/presence")?, request.text("/chatId")) {
        ("online", None) => state.presence.offline = false,
        ("offline", None) => state.presence.offline = true,
        ("typing" | "recording" | "paused", Some(_)) => {}
        (word, _) => {
            let detail = format!("'{word}' presence and 'chatId' do not go together.");
            let body = json!({ "detail": detail });
            return Err(SandboxRefusal(StatusCode::BAD_REQUEST, body));
        }
    }
    done()
}
