//! Refusals for answers in which an API says no without a message of its own.

use std::fmt::Display;

use crate::op::{BackendError, ChatId, GroupId, MessageId, PersonId};

pub(super) fn unknown_group(api: &'static str, id: &GroupId) -> BackendError {
    BackendError::unknown_chat(api, &ChatId::from(id))
}

pub(super) fn unknown_chat(api: &'static str, id: &ChatId) -> BackendError {
    BackendError::refused(
        api,
        &format!("it knows no chat {id}"),
        "check the id; list_chats shows the chats there are",
    )
}

pub(super) fn unknown_contact(api: &'static str, id: &PersonId) -> BackendError {
    let remedy = "check the id; list_contacts shows the contacts there are";
    unknown(api, "contact", id, remedy)
}

pub(super) fn unknown_message(api: &'static str, id: &MessageId) -> BackendError {
    let remedy = "check chat and id; list_messages shows the messages there are";
    unknown(api, "message", id, remedy)
}

fn unknown(api: &'static str, what: &str, id: &dyn Display, remedy: &'static str) -> BackendError {
    BackendError::refused(api, &format!("it knows no {what} {id}"), remedy)
}

/// The API does not report a group's invite link.
pub(super) fn no_invite_link(api: &'static str) -> BackendError {
    let remedy = "only an administrator of the group may see it: check with get_group";
    BackendError::refused(api, "it reports no invite link", remedy)
}
