//! The sandbox's chats. It can delete them, which the NOWEB engine cannot.

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
    ME, Shared,
    reply::{Answer, Refused, found, working},
};

/// The chats of the account, newest first.
pub(super) struct Chats(Vec<Chat>);

struct Chat {
    id: &'static str,
    name: &'static str,
    unread: i64,
    archived: bool,
    /// Who wrote what when, newest first.
    messages: Vec<(&'static str, &'static str, i64)>,
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
        let chat = |id, name, unread, messages: &[_]| Chat {
            id,
            name,
            unread,
            archived: false,
            messages: messages.to_vec(),
        };
        Self(vec![
            chat(
                "15552220003@c.us",
                "Sam",
                0,
                &[(ME, "See you on Friday", 1_767_600_000)],
            ),
            chat(
                "120363000000000001@g.us",
                "Family",
                2,
                &[
                    ("15552220001@c.us", "Who brings the cake?", 1_767_590_000),
                    ("15552220002@c.us", "Dinner on Sunday at six", 1_767_580_000),
                    (ME, "Good morning!", 1_767_570_000),
                ],
            ),
            chat(
                "15552220001@c.us",
                "Mum",
                1,
                &[(
                    "15552220001@c.us",
                    "Did you call the dentist?",
                    1_767_500_000,
                )],
            ),
            chat(
                "120363000000000003@g.us",
                "Book club",
                0,
                &[(
                    "15552220006@c.us",
                    "Chapter four for Tuesday",
                    1_767_400_000,
                )],
            ),
            chat(
                "120363000000000002@g.us",
                "Old flatmates",
                0,
                &[("15552220004@c.us", "The deposit came back", 1_767_000_000)],
            ),
        ])
    }
}

impl Chat {
    fn json(&self) -> Value {
        let message = self.messages.first();
        json!({
            "id": self.id,
            "name": self.name,
            "picture": null,
            "lastMessage": message.map(|message| self.message(message)),
            "_chat": { "id": self.id, "unreadCount": self.unread, "archived": self.archived },
        })
    }

    fn message(&self, (sender, body, time): &(&str, &str, i64)) -> Value {
        let own = *sender == ME;
        json!({
            "id": format!("{own}_{}_{time}", self.id),
            "timestamp": time,
            "from": self.id,
            "fromMe": own,
            "participant": self.id.ends_with("@g.us").then_some(sender),
            "body": body,
            "hasMedia": false,
        })
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/{session}/chats/overview", get(overview))
        .route("/api/{session}/chats/{id}", delete(remove))
        .route(
            "/api/{session}/chats/{id}/messages",
            get(messages).delete(clear),
        )
        .route("/api/{session}/chats/{id}/messages/read", post(read))
        .route("/api/{session}/chats/{id}/{verb}", post(mark))
}

async fn overview(Extract(state): Extract<Shared>, query: RawQuery) -> Answer {
    let page = Page::from(query);
    let chats = &working(&state)?.chats.0;
    let asked = |chat: &&Chat| page.id.as_ref().is_none_or(|id| id == chat.id);
    let chats = chats
        .iter()
        .filter(asked)
        .skip(page.offset)
        .take(page.limit.unwrap_or(20));
    Ok(found(chats.map(Chat::json).collect()))
}

async fn messages(
    Extract(state): Extract<Shared>,
    Path((_, id)): Path<(String, String)>,
    query: RawQuery,
) -> Answer {
    let page = Page::from(query);
    let chats = &working(&state)?.chats.0;
    let chat = chats.iter().find(|chat| chat.id == id);
    let messages = chat.into_iter().flat_map(|chat| {
        let messages = chat.messages.iter().skip(page.offset);
        messages
            .take(page.limit.unwrap_or(10))
            .map(|message| chat.message(message))
    });
    Ok(found(messages.collect()))
}

/// Changes a chat, if there is one.
fn change(state: &Shared, id: &str, how: impl FnOnce(&mut Chat)) -> Result<(), Refused> {
    let chats = &mut working(state)?.chats.0;
    if let Some(chat) = chats.iter_mut().find(|chat| chat.id == id) {
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
    change(&state, &id, |chat| {
        chat.messages.clear();
        chat.unread = 0;
    })?;
    Ok(StatusCode::OK.into_response())
}

async fn remove(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    working(&state)?.chats.0.retain(|chat| chat.id != id);
    Ok(StatusCode::OK.into_response())
}
