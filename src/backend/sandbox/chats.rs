//! The sandbox's chats. It can delete them, which the NOWEB engine cannot.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, RawQuery, State as Extract},
    http::StatusCode,
    response::IntoResponse,
    routing::{delete, get, post},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    FLATMATES, Shared, State, contacts,
    reply::{Answer, Refused, found, working},
};

/// What is known of the chats beside their messages, by id.
pub(super) struct Chats(BTreeMap<String, Chat>);

#[derive(Default)]
struct Chat {
    unread: i64,
    archived: bool,
}

/// Which part of a list is asked for.
#[derive(Default)]
struct Page {
    limit: Option<usize>,
    offset: usize,
    id: Option<String>,
}

impl From<RawQuery> for Page {
    fn from(RawQuery(query): RawQuery) -> Self {
        let mut page = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "limit" => page.limit = value.parse().ok(),
                "offset" => page.offset = value.parse().unwrap_or(0),
                "ids" => page.id = Some(value.into_owned()),
                _ => {}
            }
        }
        page
    }
}

impl Default for Chats {
    fn default() -> Self {
        let chat = |(id, unread): (&str, i64)| {
            let chat = Chat {
                unread,
                archived: false,
            };
            (id.to_owned(), chat)
        };
        let chats = [
            ("15552220003@c.us", 0),
            ("120363000000000001@g.us", 2),
            ("15552220001@c.us", 1),
            ("120363000000000003@g.us", 2),
            (FLATMATES, 0),
        ];
        Self(chats.into_iter().map(chat).collect())
    }
}

impl Chats {
    /// A chat that something was written in is a chat.
    pub(super) fn know(&mut self, id: &str) {
        self.0.entry(id.to_owned()).or_default();
    }

    /// Something was written in a chat by somebody else.
    pub(super) fn told(&mut self, id: &str) {
        let chat = self.0.entry(id.to_owned()).or_default();
        chat.unread = chat.unread.max(0) + 1;
    }
}

impl Chat {
    fn json(&self, id: &str, state: &State) -> Value {
        let group = state.groups.0.get(id);
        let name = group.map(|group| group.subject.as_str());
        json!({
            "id": id,
            "name": name.or_else(|| contacts::name(id)),
            "picture": null,
            "lastMessage": state.messages.last(id),
            "_chat": { "id": id, "unreadCount": self.unread, "archived": self.archived },
        })
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/chats/overview", get(overview))
        .route("/api/{session}/chats/{id}", delete(remove))
        .route("/api/{session}/chats/{id}/messages", delete(clear))
        .route("/api/{session}/chats/{id}/messages/read", post(read))
        .route("/api/{session}/chats/{id}/{verb}", post(mark))
}

async fn overview(Extract(state): Extract<Shared>, query: RawQuery) -> Answer {
    let page = Page::from(query);
    let state = working(&state)?;
    let asked = |(id, _): &(&String, &Chat)| page.id.as_ref().is_none_or(|wanted| wanted == *id);
    let mut chats: Vec<_> = state.chats.0.iter().filter(asked).collect();
    chats.sort_by_key(|(id, _)| std::cmp::Reverse(state.messages.newest(id)));
    let chats = chats
        .into_iter()
        .skip(page.offset)
        .take(page.limit.unwrap_or(20));
    Ok(found(
        chats.map(|(id, chat)| chat.json(id, &state)).collect(),
    ))
}

/// Changes a chat, if there is one.
fn change(state: &Shared, id: &str, how: impl FnOnce(&mut Chat)) -> Result<(), Refused> {
    if let Some(chat) = working(state)?.chats.0.get_mut(id) {
        how(chat);
    }
    Ok(())
}

async fn read(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    change(&state, &id, |chat| chat.unread = 0)?;
    Ok((StatusCode::CREATED, found(json!({ "ids": [] }))).into_response())
}

async fn mark(
    Extract(state): Extract<Shared>,
    Path((_, id, verb)): Path<(String, String, String)>,
) -> Answer {
    match verb.as_str() {
        "unread" => change(&state, &id, |chat| chat.unread = -1)?,
        "archive" => change(&state, &id, |chat| chat.archived = true)?,
        "unarchive" => change(&state, &id, |chat| chat.archived = false)?,
        _ => {
            return Err(Refused::new(
                StatusCode::NOT_FOUND,
                &format!("Cannot POST {verb}"),
            ));
        }
    }
    Ok((StatusCode::CREATED, found(json!({}))).into_response())
}

async fn clear(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    change(&state, &id, |chat| chat.unread = 0)?;
    working(&state)?.messages.clear(&id);
    Ok(StatusCode::OK.into_response())
}

async fn remove(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    let mut state = working(&state)?;
    state.chats.0.remove(&id);
    state.messages.clear(&id);
    Ok(StatusCode::OK.into_response())
}
