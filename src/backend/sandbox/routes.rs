//! Which function answers which request.

use axum::http::StatusCode;

use super::{
    SandboxState, chats, contacts, files, group_settings, groups, members, messages, pictures,
    presence, profile,
    request::{SandboxAnswer, SandboxRefusal, SandboxRequest},
    sending,
    session::{self, Status},
};

/// Answers a request for a path below `/api`.
pub(super) fn answer(
    state: &mut SandboxState,
    method: &str,
    path: &[&str],
    request: &SandboxRequest,
) -> SandboxAnswer {
    match (method, path) {
        ("GET", ["server", "version"]) => session::version(),
        ("POST", ["sessions"]) => session::create(state),
        ("GET", ["sessions", _]) => session::get(state),
        ("DELETE", ["sessions", _]) => session::delete(state),
        ("POST", ["sessions", _, verb]) => session::control(state, verb),
        ("GET", [_, "auth", "qr"]) => session::qr(state),
        ("POST", [_, "auth", "request-code"]) => session::request_code(state),
        ("GET", ["files", _, name]) => files::get(state, name),
        _ => {
            state.expect(Status::Working)?;
            answer_linked(state, method, path, request)
        }
    }
}

/// Answers a request that needs an account.
fn answer_linked(
    state: &mut SandboxState,
    method: &str,
    path: &[&str],
    request: &SandboxRequest,
) -> SandboxAnswer {
    match (method, path) {
        ("GET", [_, "profile"]) => profile::get(state),
        ("PUT", [_, "profile", "name"]) => profile::rename(state, request),
        ("PUT", [_, "profile", "status"]) => profile::describe(state, request),
        ("PUT", [_, "profile", "picture"]) => profile::set_picture(state, request),

        ("POST", ["sendText"]) => sending::text(state, request),
        ("POST", ["sendImage" | "sendVideo" | "sendFile" | "sendVoice"]) => {
            sending::file(state, request)
        }
        ("POST", ["sendLocation"]) => sending::location(state, request),
        ("POST", ["sendContactVcard"]) => sending::contact(state, request),
        ("POST", ["sendPoll"]) => sending::poll(state, request),
        ("POST", ["forwardMessage"]) => sending::forward(state, request),
        ("PUT", ["reaction" | "star"]) => messages::mark(state, request),

        ("GET", [_, "chats", "overview"]) => chats::overview(state, request),
        ("DELETE", [_, "chats", chat]) => chats::delete(state, chat),
        ("GET", [_, "chats", chat, "picture"]) => pictures::of_chat(state, chat),
        ("GET", [_, "chats", chat, "messages"]) => messages::list(state, chat, request),
        ("DELETE", [_, "chats", chat, "messages"]) => chats::clear(state, chat),
        ("POST", [_, "chats", chat, "messages", "read"]) => chats::read(state, chat),
        ("GET", [_, "chats", chat, "messages", id]) => messages::get(state, chat, id, request),
        ("PUT", [_, "chats", chat, "messages", id]) => messages::edit(state, chat, id, request),
        ("DELETE", [_, "chats", chat, "messages", id]) => messages::delete(state, chat, id),
        ("POST", [_, "chats", chat, "messages", id, "pin" | "unpin"]) => {
            messages::pin(state, chat, id)
        }
        ("POST", [_, "chats", chat, "unread"]) => chats::mark_unread(state, chat),
        ("POST", [_, "chats", chat, "archive"]) => chats::archive(state, chat, true),
        ("POST", [_, "chats", chat, "unarchive"]) => chats::archive(state, chat, false),

        ("GET", ["contacts"]) => contacts::get(state, request),
        ("GET", ["contacts", "all"]) => contacts::list(state),
        ("GET", ["contacts", "about"]) => contacts::about(state, request),
        ("GET", ["contacts", "check-exists"]) => contacts::check(state, request),
        ("POST", ["contacts", "block"]) => contacts::block(state, request, true),
        ("POST", ["contacts", "unblock"]) => contacts::block(state, request, false),
        ("GET", [_, "lids", "pn", number]) => contacts::lid_of(state, number),
        ("GET", [_, "lids", lid]) => contacts::number_of(state, lid),

        ("GET", [_, "presence"]) => presence::list(state),
        ("POST", [_, "presence"]) => presence::set(state, request),
        ("GET", [_, "presence", chat]) => presence::get(state, chat),
        ("POST", [_, "presence", chat, "subscribe"]) => presence::subscribe(state, chat),

        ("GET", [_, "groups"]) => groups::list(state),
        ("POST", [_, "groups"]) => members::create(state, request),
        ("GET", [_, "groups", "join-info"]) => group_settings::preview(state, request),
        ("POST", [_, "groups", "join"]) => group_settings::join(state, request),
        ("GET", [_, "groups", id]) => groups::get(state, id),
        ("POST", [_, "groups", id, "leave"]) => groups::leave(state, id),
        ("PUT", [_, "groups", id, "subject"]) => group_settings::rename(state, id, request),
        ("PUT", [_, "groups", id, "description"]) => group_settings::describe(state, id, request),
        ("GET", [_, "groups", id, "settings", "security", setting]) => {
            group_settings::get(state, id, setting)
        }
        ("PUT", [_, "groups", id, "settings", "security", setting]) => {
            group_settings::set(state, id, setting, request)
        }
        ("GET", [_, "groups", id, "picture"]) => pictures::of_group(state, id),
        ("PUT", [_, "groups", id, "picture"]) => pictures::set(state, id, request),
        ("DELETE", [_, "groups", id, "picture"]) => pictures::delete(state, id),
        ("GET", [_, "groups", id, "invite-code"]) => group_settings::invite(state, id),
        ("POST", [_, "groups", id, "invite-code", "revoke"]) => group_settings::revoke(state, id),
        ("GET", [_, "groups", id, "participants", "v2"]) => groups::members(state, id),
        ("POST", [_, "groups", id, "participants", "add"]) => members::add(state, id, request),
        ("POST", [_, "groups", id, "participants", "remove"]) => {
            members::remove(state, id, request)
        }
        ("POST", [_, "groups", id, "admin", "promote"]) => members::promote(state, id, request),
        ("POST", [_, "groups", id, "admin", "demote"]) => members::demote(state, id, request),

        _ => {
            let message = format!("Cannot {method} /api/{}", path.join("/"));
            Err(SandboxRefusal::new(StatusCode::NOT_FOUND, &message))
        }
    }
}
