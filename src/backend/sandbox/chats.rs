//! The sandbox's chats. It can delete them, which the NOWEB engine cannot.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    FLATMATES, SandboxState, contacts,
    request::{SandboxAnswer, SandboxRequest, created, found, nothing},
};

/// The chats of the account, without their messages, by id.
pub(super) struct SandboxChats(BTreeMap<String, SandboxChat>);

#[derive(Default)]
struct SandboxChat {
    unread: i64,
    archived: bool,
}

impl Default for SandboxChats {
    fn default() -> Self {
        let chat = |(id, unread): (&str, i64)| {
            let chat = SandboxChat {
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

impl SandboxChats {
    /// A chat that something was written in is a chat.
    pub(super) fn know(&mut self, id: &str) {
        self.0.entry(id.to_owned()).or_default();
    }

    /// Something was written in a chat by somebody else.
    pub(super) fn count_unread(&mut self, id: &str) {
        let chat = self.0.entry(id.to_owned()).or_default();
        chat.unread = chat.unread.max(0) + 1;
    }
}

impl SandboxChat {
    fn json(&self, id: &str, state: &SandboxState) -> Value {
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

pub(super) fn overview(state: &SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let wanted = request.query("ids");
    let chats = state.chats.0.iter();
    let mut chats: Vec<_> = chats
        .filter(|(id, _)| wanted.is_none_or(|wanted| wanted == *id))
        .collect();
    chats.sort_by_key(|(id, _)| std::cmp::Reverse(state.messages.newest(id)));
    let page = chats
        .into_iter()
        .skip(request.parsed("offset").unwrap_or(0))
        .take(request.parsed("limit").unwrap_or(20));
    found(page.map(|(id, chat)| chat.json(id, state)).collect())
}

/// Changes a chat, if there is one.
fn change(state: &mut SandboxState, id: &str, change: impl FnOnce(&mut SandboxChat)) {
    if let Some(chat) = state.chats.0.get_mut(id) {
        change(chat);
    }
}

pub(super) fn read(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    change(state, id, |chat| chat.unread = 0);
    created(json!({ "ids": [] }))
}

pub(super) fn mark_unread(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    change(state, id, |chat| chat.unread = -1);
    created(json!({}))
}

pub(super) fn archive(state: &mut SandboxState, id: &str, archived: bool) -> SandboxAnswer {
    change(state, id, |chat| chat.archived = archived);
    created(json!({}))
}

pub(super) fn clear(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    change(state, id, |chat| chat.unread = 0);
    state.messages.clear(id);
    nothing()
}

pub(super) fn delete(state: &mut SandboxState, id: &str) -> SandboxAnswer {
    state.chats.0.remove(id);
    state.messages.clear(id);
    nothing()
}
