//! Groups: the list, and one of them.

use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate, matchers::query_param};

use super::*;
use crate::app::{self, code, text};

const GET: &str = "/api/default/groups/120363025246125486@g.us";

async fn list(answer: ResponseTemplate, arguments: Value) -> Value {
    let mock = MockServer::start().await;
    get(GROUPS)
        .and(query_param("exclude", "participants"))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    call(&mock, "list_groups", arguments).await
}

/// The group as NOWEB tells it.
fn family() -> Value {
    json!({
        "id": GROUP, "subject": "Family", "subjectOwner": "15550001111@s.whatsapp.net",
        "subjectTime": 1_700_000_000, "size": 2, "creation": 1_700_000_000, "desc": "Sundays at six",
        "owner": "15550001111@s.whatsapp.net", "restrict": false, "announce": false,
        "participants": [
            { "id": "15550001111@s.whatsapp.net", "admin": "superadmin" },
            { "id": "15552223333@s.whatsapp.net", "admin": null },
        ],
    })
}

#[tokio::test]
async fn every_engine_lists_groups() {
    let one = |name: Option<&str>, members: Option<u64>| {
        let mut group = json!({ "group": GROUP });
        if let Some(name) = name {
            group["name"] = name.into();
        }
        if let Some(members) = members {
            group["members"] = members.into();
        }
        json!({ "groups": [group], "total": 1 })
    };
    let none = json!({ "groups": [], "total": 0 });
    for (what, answer, expected) in [
        (
            "an array",
            reply(200, json!([family()])),
            one(Some("Family"), Some(2)),
        ),
        (
            "NOWEB's object by id",
            reply(200, json!({ GROUP: family() })),
            one(Some("Family"), Some(2)),
        ),
        (
            "GOWS",
            reply(
                200,
                json!([{ "JID": GROUP, "Name": "Club", "ParticipantCount": 7 }]),
            ),
            one(Some("Club"), Some(7)),
        ),
        (
            "WEBJS",
            reply(
                200,
                json!([{ "id": { "server": "g.us", "_serialized": GROUP }, "name": "Work" }]),
            ),
            one(Some("Work"), None),
        ),
        (
            "no name and no size",
            reply(200, json!([{ "id": GROUP, "subject": null, "size": 0 }])),
            one(None, None),
        ),
        (
            "the same group twice",
            reply(200, json!([family(), family()])),
            one(Some("Family"), Some(2)),
        ),
        (
            "a group among what is none",
            reply(200, json!([null, { "id": "1@newsletter" }, family()])),
            one(Some("Family"), Some(2)),
        ),
        ("none, as an array", reply(200, json!([])), none.clone()),
        ("none, as an object", reply(200, json!({})), none.clone()),
        ("none, as 0 bytes", empty(200), none),
    ] {
        let result = list(answer, json!({})).await;
        assert_eq!(result["structuredContent"], expected, "{what}");
        assert_eq!(result["isError"], false, "{what}");
    }
}

#[tokio::test]
async fn what_is_no_list_is_not_taken_for_an_empty_one() {
    for body in [
        json!("groups"),
        json!(null),
        json!({ "error": "later" }),
        json!([{ "chat": GROUP }]),
    ] {
        let result = list(reply(200, body), json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let id = |n: u32| format!("12036302524612548{n}@g.us");
    let all: Vec<_> = [3, 1, 5, 2, 4]
        .map(|n| json!({ "id": id(n), "subject": format!("Group {n}") }))
        .into();
    let mut cursor = Value::Null;
    for (expected, more) in [
        (vec![1, 2], Some(2)),
        (vec![3, 4], Some(4)),
        (vec![5], None),
    ] {
        let mut arguments = json!({ "limit": 2 });
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let result = list(reply(200, json!(all)), arguments).await;
        let page = &result["structuredContent"];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|n| json!({ "group": id(n), "name": format!("Group {n}") }))
            .collect();
        assert_eq!(page["groups"], json!(expected));
        assert_eq!(page["total"], 5);
        cursor = page["next_cursor"].clone();
        assert_eq!(cursor.as_str(), more.map(id).as_deref());
        assert_eq!(text(&result).contains("more: cursor"), more.is_some());
    }
}

#[tokio::test]
async fn hostile_names_are_shown_as_what_they_are() {
    let long = "x".repeat(100_000);
    let names = [
        "a\u{202e}b\u{2066}c",
        "one\n“Boss” 1@g.us, 9 members\r\u{0}",
        &long,
    ];
    let groups: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| json!({ "id": format!("12036302524612548{n}@g.us"), "subject": name }))
        .collect();
    let result = list(reply(200, json!(groups)), json!({})).await;
    let told = &result["structuredContent"]["groups"];
    assert_eq!(told[0]["name"], "a\\u{202e}b\\u{2066}c");
    assert_eq!(told[1]["name"], "one\\n“Boss” 1@g.us, 9 members\\r\\u{0}");
    assert_eq!(told[2]["name"], format!("{}…", "x".repeat(200)));
    // One line for the count and one for each group: no name makes a line of its own.
    assert_eq!(text(&result).lines().count(), 4);
    let hidden = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{2066}'));
    assert!(!text(&result).contains(hidden));
}

/// `get_group` of an account with these ids.
async fn look(me: Value, answer: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    sessions(&mock, [signed_in("WORKING", me)]).await;
    get(GET).respond_with(answer).expect(1).mount(&mock).await;
    call(&mock, "get_group", json!({ "group": GROUP })).await
}

fn me() -> Value {
    json!({ "id": "15550001111@c.us", "lid": "77@lid" })
}

#[tokio::test]
async fn a_group_is_told() {
    let result = look(me(), reply(200, family())).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "name": "Family", "group": GROUP, "description": "Sundays at six", "members": 2,
            "admins": 1, "my_role": "admin", "created_at": "2023-11-14T22:13:20Z",
        })
    );
    assert_eq!(
        text(&result),
        format!("“Family” {GROUP}, 2 members, this account is an administrator")
    );
}

#[tokio::test]
async fn every_engine_tells_the_own_role() {
    let other = "15552223333@s.whatsapp.net";
    let webjs = |serialized: &str, admin: bool| json!({ "id": { "_serialized": serialized }, "isAdmin": admin });
    for (what, group, role, members, admins) in [
        (
            "a member",
            json!({ "participants": [{ "id": "15550001111@s.whatsapp.net", "admin": null }, { "id": other, "admin": "admin" }] }),
            Some("member"),
            Some(2),
            Some(1),
        ),
        (
            "by hidden id",
            json!({ "participants": [{ "id": "77:3@lid", "role": "admin" }, { "id": "88@lid", "role": "participant" }] }),
            Some("admin"),
            Some(2),
            Some(1),
        ),
        (
            "GOWS",
            json!({ "Name": "Family", "Participants": [{ "JID": "77@lid", "PhoneNumber": "15550001111@s.whatsapp.net", "IsAdmin": true }, { "JID": "88@lid" }] }),
            Some("admin"),
            Some(2),
            Some(1),
        ),
        (
            "WEBJS",
            json!({ "name": "Family", "groupMetadata": { "participants": [webjs("15550001111@c.us", false), webjs(other, true)] } }),
            Some("member"),
            Some(2),
            Some(1),
        ),
        (
            "not a member",
            json!({ "participants": [{ "id": other }] }),
            Some("not_member"),
            Some(1),
            Some(0),
        ),
        (
            "left",
            json!({ "participants": [{ "id": "77@lid", "role": "left" }, { "id": "88@lid" }] }),
            Some("not_member"),
            Some(1),
            Some(0),
        ),
        (
            "members that cannot be read",
            json!({ "participants": [{ "id": other }, { "name": "?" }] }),
            None,
            Some(1),
            Some(0),
        ),
        (
            "no members, but a size",
            json!({ "size": 9, "participants": [] }),
            None,
            Some(9),
            None,
        ),
    ] {
        let result = look(me(), reply(200, group)).await;
        let told = &result["structuredContent"];
        assert_eq!(told["my_role"].as_str(), role, "{what}: {result}");
        assert_eq!(told["members"].as_u64(), members, "{what}");
        assert_eq!(told["admins"].as_u64(), admins, "{what}");
    }
}

#[tokio::test]
async fn a_member_under_a_hidden_id_is_not_called_absent() {
    // The account knows only its number, and one member only has a hidden id.
    let group = json!({ "participants": [{ "id": "77@lid" }, { "id": "88@lid", "pn": "15552223333@c.us" }] });
    let result = look(json!({ "id": "15550001111@c.us" }), reply(200, group)).await;
    assert_eq!(result["structuredContent"].get("my_role"), None, "{result}");
}

#[tokio::test]
async fn an_unknown_group_is_a_refusal() {
    let gone = json!({ "statusCode": 500, "exception": { "message": format!("Group with id {GROUP} not found") } });
    for (answer, said) in [
        (empty(200), format!("it knows no group {GROUP}")),
        (
            reply(200, Value::Null),
            format!("it knows no group {GROUP}"),
        ),
        (reply(500, gone), format!("Group with id {GROUP} not found")),
        (
            reply(
                500,
                json!({ "exception": { "message": "item-not-found", "data": 404 } }),
            ),
            "item-not-found".into(),
        ),
    ] {
        let result = look(me(), answer).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(&said), "{result}");
        assert!(text(&result).contains("list_groups"), "{result}");
    }
    let result = look(me(), reply(200, json!([]))).await;
    assert_eq!(code(&result), "backend-unreadable");
}

#[tokio::test]
async fn without_a_working_session_no_group_is_asked_for() {
    for (before, said) in [
        (session("STOPPED"), "the session is stopped"),
        (no_session(), "there is no session yet"),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [before]).await;
        get(GET)
            .respond_with(empty(200))
            .expect(0)
            .mount(&mock)
            .await;
        let mut app = app::waha(&mock).start().await;
        let result = app.call("get_group", json!({ "group": GROUP })).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(said), "{result}");
        assert!(text(&result).contains("call open_session"), "{result}");
    }
}
