//! The list of a group's members.

use serde_json::json;
use wiremock::MockServer;

use super::{
    members::{ANNA, BEN, PLACE, V2, v2},
    *,
};
use crate::app::{self, code, text};

#[tokio::test]
async fn members_are_listed_by_every_engine() {
    let both = json!({ "person": ANNA, "hidden_id": "88@lid", "role": "admin", "name": "Anna" });
    let plain = json!({ "person": ANNA, "role": "member" });
    for (what, v2, group, expected) in [
        (
            "v2",
            reply(
                200,
                json!([{ "id": "88@lid", "pn": ANNA, "role": "admin", "name": "Anna" }, { "id": "99@lid", "role": "left" }]),
            ),
            empty(200),
            both.clone(),
        ),
        (
            "GOWS, without v2",
            refused(404, "Cannot GET /api/default/groups"),
            reply(
                200,
                json!({ "JID": GROUP, "Participants": [{ "JID": "88@lid", "PhoneNumber": "15552223333@s.whatsapp.net", "IsAdmin": true, "DisplayName": "Anna" }] }),
            ),
            both,
        ),
        (
            "NOWEB, without v2",
            empty(200),
            reply(
                200,
                json!({ "participants": [{ "id": "15552223333@s.whatsapp.net", "admin": null }] }),
            ),
            plain.clone(),
        ),
        (
            "WEBJS, without v2",
            refused(500, "oops"),
            reply(
                200,
                json!({ "groupMetadata": { "participants": [{ "id": { "_serialized": ANNA }, "isAdmin": false }] } }),
            ),
            plain,
        ),
        (
            "only a hidden id",
            reply(200, json!([{ "id": "88@lid", "role": "superadmin" }])),
            empty(200),
            json!({ "person": "88@lid", "role": "creator" }),
        ),
    ] {
        let mock = MockServer::start().await;
        get(V2).respond_with(v2).expect(1).mount(&mock).await;
        get(PLACE).respond_with(group).mount(&mock).await;
        let result = call(&mock, "list_group_members", json!({ "group": GROUP })).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "group": GROUP, "members": [expected], "total": 1 }),
            "{what}"
        );
    }
}

#[tokio::test]
async fn members_come_in_pages() {
    let mock = MockServer::start().await;
    let answer = v2(&[(BEN, "participant"), (ANNA, "participant")]);
    get(V2).respond_with(answer).mount(&mock).await;
    let mut app = app::waha(&mock).start().await;
    let first = app
        .call("list_group_members", json!({ "group": GROUP, "limit": 2 }))
        .await;
    let page = &first["structuredContent"];
    assert_eq!(page["members"][1]["person"], ANNA);
    assert_eq!(
        (&page["total"], &page["next_cursor"]),
        (&json!(3), &json!(ANNA))
    );
    assert!(text(&first).contains("2 of 3 members"), "{first}");
    let second = app
        .call(
            "list_group_members",
            json!({ "group": GROUP, "cursor": ANNA }),
        )
        .await;
    let page = &second["structuredContent"];
    assert_eq!(
        page["members"],
        json!([{ "person": BEN, "role": "member" }])
    );
    assert_eq!(page.get("next_cursor"), None);
}

#[tokio::test]
async fn a_group_without_members_to_be_read_is_no_empty_list() {
    for (group, expected) in [
        (empty(200), "backend-refused"),
        (refused(500, "item-not-found"), "backend-refused"),
        (reply(200, json!({ "id": GROUP })), "backend-unreadable"),
        (reply(200, json!([])), "backend-unreadable"),
    ] {
        let mock = MockServer::start().await;
        get(V2)
            .respond_with(reply(200, json!([])))
            .mount(&mock)
            .await;
        get(PLACE).respond_with(group).mount(&mock).await;
        let result = call(&mock, "list_group_members", json!({ "group": GROUP })).await;
        assert_eq!(code(&result), expected);
    }
}
