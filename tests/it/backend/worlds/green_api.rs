//! The account on GREEN-API.

use serde_json::{Value, json};
use wiremock::Request;

use super::{GROUP, OWN, PERSON};

/// The answer to a read; `None` for a method that changes something.
pub fn read(tool: &str, request: &Request) -> Option<Value> {
    let method = request.url.path_segments()?.nth(1)?;
    let state = match tool {
        "open_session" => "notAuthorized",
        _ => "authorized",
    };
    Some(match method {
        "getStateInstance" => json!({ "stateInstance": state }),
        "getSettings" => json!({ "wid": OWN }),
        "getWaSettings" => json!({ "phone": "15550001111", "avatar": "https://p.example/1.jpg" }),
        "getGroupData" => group(tool),
        "getContacts" => json!([{ "id": GROUP, "name": "Team", "type": "group" }]),
        "getChats" => json!([{ "id": PERSON, "archive": tool == "unarchive_chat" }]),
        "getMessage" => json!({
            "type": "outgoing", "idMessage": "3EB0", "timestamp": 1_700_000_000,
            "typeMessage": "textMessage", "textMessage": "hello",
            "isEdited": false, "isDeleted": false,
        }),
        "getAvatar" => json!({ "urlAvatar": "https://p.example/2.jpg", "available": true }),
        "getContactInfo" => json!({ "name": "Robin" }),
        _ => return None,
    })
}

/// Nobody is as the tool wants it, and neither are the permissions.
fn group(tool: &str) -> Value {
    let mut members = vec![json!({ "id": OWN, "isAdmin": true, "isSuperAdmin": true })];
    if tool != "add_group_members" {
        let admin = tool == "demote_group_admin";
        members.push(json!({ "id": PERSON, "isAdmin": admin, "isSuperAdmin": false }));
    }
    json!({
        "groupId": GROUP, "subject": "Team", "participants": members,
        "allowParticipantsEditGroupSettings": false, "allowParticipantsSendMessages": false,
    })
}
