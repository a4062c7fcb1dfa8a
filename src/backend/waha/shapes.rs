//! The shapes in which WAHA's engines answer changes.

use serde_json::Value;

use super::{groups::id_text, invites::code, session::pairing_code};
use crate::{
    backend::{http::Body, shapes::Shape},
    op::PersonId,
};

/// Whether it was done, without anything about it: nothing, `true`, or `{"success": true}`.
pub(super) const DONE: &[Shape] = &[Shape::Nothing, Shape::Bool, Shape::Flag("success")];

/// A message that was sent.
pub(super) const SENT: &[Shape] = &[Shape::Is(is_message)];

/// As [`SENT`], where NOWEB of 2024 answers nothing.
pub(super) const SENT_OR_NOTHING: &[Shape] = &[Shape::Is(is_message), Shape::Nothing];

/// A message that was forwarded, or whether it was.
pub(super) const FORWARDED: &[Shape] = &[Shape::Is(is_message), Shape::Flag("sent")];

/// A message that changes another one; WEBJS answers nothing.
pub(super) const CHANGED: &[Shape] = &[
    Shape::Is(is_message),
    Shape::Nothing,
    Shape::Flag("success"),
];

/// Which messages were marked as read, or nothing.
pub(super) const READ: &[Shape] = &[Shape::With("ids"), Shape::Nothing];

/// What older servers answer in its place is not documented.
pub(super) const SEEN: &[Shape] = &[Shape::Nothing, Shape::Is(is_object)];

/// A session; some versions answer nothing.
pub(super) const SESSION: &[Shape] = &[Shape::With("name"), Shape::Nothing];

/// A pairing code.
pub(super) const PAIRING: &[Shape] = &[Shape::Is(|body| pairing_code(body).is_some())];

/// A group, under names that differ by engine.
pub(super) const GROUP: &[Shape] = &[Shape::With("id"), Shape::With("JID"), Shape::With("gid")];

/// The group that was joined, or a no.
pub(super) const JOINED: &[Shape] = &[Shape::With("id"), Shape::Bool];

/// An invite code or link, or a no.
pub(super) const INVITE: &[Shape] = &[Shape::Is(|body| code(body).is_some()), Shape::Bool];

/// What came of a change for each person, or a no for all.
pub(super) const MEMBERS: &[Shape] = &[Shape::Is(is_member_list), Shape::Bool];

fn is_object(body: &Body) -> bool {
    matches!(body, Body::Json(Value::Object(_)))
}

/// A message has an id or, on NOWEB, a key.
fn is_message(body: &Body) -> bool {
    let Body::Json(message) = body else {
        return false;
    };
    let id = message.get("id").and_then(id_text);
    let key = || message.pointer("/key/id")?.as_str();
    id.or_else(key).is_some_and(|id| !id.is_empty())
}

/// A list of people, or on WEBJS an object by id or with one status for all.
fn is_member_list(body: &Body) -> bool {
    match body {
        Body::Json(Value::Array(people)) => {
            !people.is_empty() && people.iter().all(Value::is_object)
        }
        Body::Json(Value::Object(people)) => {
            let by_id =
                |(id, one): (&String, &Value)| one.is_object() && PersonId::parse(id).is_ok();
            people.get("status").is_some_and(Value::is_u64)
                || (!people.is_empty() && people.iter().all(by_id))
        }
        Body::Json(_) | Body::Text(_) | Body::Empty => false,
    }
}
