//! Reading and changing the sandbox's messages.

use axum::http::StatusCode;

use super::{
    SandboxState,
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest, created, found, nothing},
};

pub(super) fn unknown() -> SandboxRefusal {
    SandboxRefusal::new(StatusCode::NOT_FOUND, "Message not found")
}

/// Whether the addresses of files are wanted.
fn with_media(request: &SandboxRequest) -> bool {
    request.query("downloadMedia") != Some("false")
}

/// A part of a chat's messages, newest first unless the request wants another order.
pub(super) fn list(state: &SandboxState, chat: &str, request: &SandboxRequest) -> SandboxAnswer {
    let since = request.parsed("filter.timestamp.gte").unwrap_or(i64::MIN);
    let until = request.parsed("filter.timestamp.lte").unwrap_or(i64::MAX);
    let own = request.parsed::<bool>("filter.fromMe");
    let all = state.messages.of(chat).iter().filter(|message| {
        (since..=until).contains(&message.timestamp)
            && own.is_none_or(|own| own == message.is_own())
    });
    let mut messages: Vec<_> = all.collect();
    if request.query("sortOrder") != Some("asc") {
        messages.sort_by_key(|message| std::cmp::Reverse(message.timestamp));
    }
    let page = messages
        .into_iter()
        .skip(request.parsed("offset").unwrap_or(0))
        .take(request.parsed("limit").unwrap_or(10));
    found(
        page.map(|message| message.json(chat, with_media(request)))
            .collect(),
    )
}

pub(super) fn get(
    state: &SandboxState,
    chat: &str,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    let message = state
        .messages
        .of(chat)
        .iter()
        .find(|message| message.id == id);
    found(message.ok_or_else(unknown)?.json(chat, with_media(request)))
}

pub(super) fn edit(
    state: &mut SandboxState,
    chat: &str,
    id: &str,
    request: &SandboxRequest,
) -> SandboxAnswer {
    let text = request.text("/text").unwrap_or_default();
    state.messages.edit(chat, id, text).ok_or_else(unknown)?;
    nothing()
}

pub(super) fn delete(state: &mut SandboxState, chat: &str, id: &str) -> SandboxAnswer {
    state.messages.delete(chat, id);
    nothing()
}

/// Accepts a reaction or a star, which is visible nowhere, as on NOWEB.
pub(super) fn mark(state: &SandboxState, request: &SandboxRequest) -> SandboxAnswer {
    let id = request.text("/messageId").unwrap_or_default();
    state.messages.find(id).ok_or_else(unknown)?;
    nothing()
}

/// Accepts a pin, which is visible nowhere.
pub(super) fn pin(state: &SandboxState, chat: &str, id: &str) -> SandboxAnswer {
    let mut messages = state.messages.of(chat).iter();
    messages
        .find(|message| message.id == id)
        .ok_or_else(unknown)?;
    created(serde_json::json!({ "success": true }))
}
