//! The account on WAHA.

use serde_json::{Value, json};
use wiremock::Request;

use super::{GROUP, OWN, PERSON};

/// The answer to a read; `None` for a request that changes something.
pub fn read(tool: &str, request: &Request) -> Option<Value> {
    if request.method.as_str() != "GET" {
        return None;
    }
    let path = request.url.path();
    let rest = path.strip_prefix("/api/default/").unwrap_or_default();
    let group = format!("groups/{GROUP}");
    let chat = format!("chats/{PERSON}");
    Some(match path {
        "/api/sessions/default" => session(tool),
        "/api/contacts/about" => json!({ "about": "At work" }),
        "/api/contacts" => json!({ "id": PERSON, "isBlocked": tool != "block_contact" }),
        _ if rest == "profile" => {
            json!({ "id": OWN, "name": "Robin", "picture": "https://p.example/1.jpg" })
        }
        _ if rest == "groups" => json!([{ "id": GROUP, "subject": "Team" }]),
        _ if rest == "groups/join-info" => {
            json!({ "id": "120363000000000009@g.us", "subject": "Club" })
        }
        _ if rest == group => json!({
            "id": GROUP, "subject": "Team", "desc": "Plans", "participants": members(tool),
        }),
        _ if rest == format!("{group}/participants/v2") => members(tool),
        _ if rest == format!("{group}/invite-code") => json!("ABCDEF123456"),
        _ if rest == format!("{group}/picture") => json!({ "url": "https://p.example/2.jpg" }),
        _ if rest.starts_with(&format!("{group}/settings/security/")) => {
            // The first choice of the tool is `all`.
            json!({ "adminsOnly": true })
        }
        _ if rest == "chats/overview" => json!([chat_row(tool)]),
        _ if rest == format!("{chat}/messages") => json!([message()]),
        _ if rest.starts_with(&format!("{chat}/messages/")) => message(),
        _ => json!([]),
    })
}

fn session(tool: &str) -> Value {
    let status = match tool {
        "open_session" => "SCAN_QR_CODE",
        _ => "WORKING",
    };
    json!({ "name": "default", "status": status, "me": { "id": OWN, "pushName": "Robin" } })
}

/// Nobody is as the tool wants it.
fn members(tool: &str) -> Value {
    let role = match tool {
        "demote_group_admin" => "admin",
        _ => "participant",
    };
    let mut members = vec![json!({ "id": OWN, "role": "superadmin" })];
    if tool != "add_group_members" {
        members.push(json!({ "id": PERSON, "role": role }));
    }
    members.into()
}

fn chat_row(tool: &str) -> Value {
    let chat = json!({
        "archived": tool == "unarchive_chat",
        "unreadCount": if tool == "mark_chat_read" { 2 } else { 0 },
    });
    json!({ "id": PERSON, "name": "Ann", "_chat": chat })
}

fn message() -> Value {
    let id = format!("false_{PERSON}_SANDBOX00000004");
    json!({ "id": id, "body": "hello", "fromMe": false, "timestamp": 1_700_000_000, "ack": 0 })
}
